import importlib
import json
from pathlib import Path

import pytest

pytest.importorskip("trl")


SFT = (
    *("train", "sft", "--max-steps", "2", "--system-ids", "free_fall", "--instances-per-system", "2"),
    *(
        "--batch-size",
        "2",
        "--lora-r",
        "2",
        "--eval-problems",
        "1",
        "--bench-problems",
        "0",
        "--max-new-tokens",
        "4",
        "--device",
        "cpu",
    ),
    *("--with", "rows=4", "--dtype", "float32"),
)


@pytest.mark.slow
def test_from_sft_to_a_table_of_before_and_after(gedanken, tiny_model, tmp_path):
    model, out = tiny_model("llama"), tmp_path / "run"
    code, said, _ = gedanken(*SFT, "--model", model, "--output-dir", out, "--merge")
    assert code == 0
    assert str(out / "model") in said
    assert (out / "merged" / "model.safetensors").is_file()

    code, _, complaint = gedanken(*SFT, "--model", model, "--output-dir", out)
    assert code == 2
    assert "--resume" in complaint

    # The run's adapter by itself, since it names its base; and the same on its base.
    ask = ("train", "evaluate", "--problems", 1, "--turns", 2, "--with", "rows=4", "--max-new-tokens", 4)
    pair = ("--model", model, "--model", out / "model", "--model", f"{model}+{out / 'model'}")
    code, said, _ = gedanken(*ask, *pair, "--json", "--out", tmp_path / "table")
    assert code == 0
    base, alone, on_base = json.loads(said).values()
    assert base["n"] == alone["n"] == on_base["n"] == 8
    assert alone == on_base
    assert "| all |" in (tmp_path / "table" / "table.md").read_text()

    (out / "curves.png").unlink()
    assert gedanken("train", "report", out)[0] == 0
    assert (out / "curves.png").is_file()


def test_a_table_of_models_and_players_gives_each_the_options_it_knows(gedanken, tiny_model, tmp_path):
    ask = ("train", "evaluate", "--task", "predict", "--subjects", "billiards", "--problems", 1, "--with", "context=1")
    pair = ("--model", tiny_model("llama"), "--model", "each_alone")
    code, said, _ = gedanken(*ask, *pair, "--device", "cpu", "--max-new-tokens", 4, "--json")
    assert code == 0
    assert [found["n"] for found in json.loads(said).values()] == [1, 1]
    # What no player takes is refused before any plays.
    code, _, complaint = gedanken(*ask, "--model", "each_alone", "--device", "cpu", "--out", tmp_path / "none")
    assert code == 2
    assert "option 'device'" in complaint
    assert not (tmp_path / "none").exists()


def test_what_was_played_is_kept_whatever_becomes_of_the_next_model(gedanken, tmp_path):
    ask = ("train", "evaluate", "--task", "predict", "--subjects", "billiards", "--problems", 1, "--with", "context=1")
    code, _, complaint = gedanken(*ask, "--model", "each_alone", "--model", tmp_path / "nothing", "--out", tmp_path)
    assert code == 2
    assert "there is no model" in complaint
    [row] = (tmp_path / "outcomes.jsonl").read_text().splitlines()
    assert json.loads(row)["model"] == "each_alone"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--model", "nowhere"), "there is no model at nowhere"),
        (("--model", "m", "--system-ids", "projectile_drag"), "held out"),
        (("--model", "m", "--push-to-hub"), "--hub-repo-id"),
        (("--model", "m", "--report-to", "stone_tablet"), "report_to is one of"),
        (("--model", "m", "--with", "rows"), "NAME=VALUE"),
        (("--model", "m", "--learning-rate", "0"), "learning_rate must be positive"),
    ],
)
def test_the_users_faults_are_one_sentence(gedanken, tmp_path, words, why):
    code, _, complaint = gedanken("train", "sft", "--output-dir", tmp_path / "run", *words)
    assert code == 2
    assert why in complaint
    assert "\n" not in complaint.strip()
    assert not (tmp_path / "run").exists()


def test_a_run_from_nothing_that_should_be_pushed_needs_a_place_first(gedanken, tmp_path):
    words = ("--data", tmp_path, "--output-dir", tmp_path / "run", "--steps", "1", "--push-to-hub")
    code, _, complaint = gedanken("train", "scratch", *words)
    assert code == 2
    assert "--hub-repo-id" in complaint
    assert not (tmp_path / "run").exists()


COMMANDS = {
    "sft": ("gedanken.training.sft", "train_sft", "SFTOptions", {"model": "m"}),
    "grpo": ("gedanken.training.grpo", "train_grpo", "GRPOOptions", {"model": "m"}),
    "curriculum": ("gedanken.training.curriculum", "train_curriculum", "CurriculumOptions", {}),
    "scratch": (
        "gedanken.training.scratch.contacts.lesson",
        "train_scratch",
        "ScratchOptions",
        {"data": "d", "steps": 1},
    ),
    "collisions": (
        "gedanken.training.scratch.collisions.lesson",
        "train_collisions",
        "CollisionOptions",
        {"steps": 1},
    ),
    "laws": ("gedanken.training.scratch.laws.lesson", "train_laws", "LawOptions", {"steps": 1}),
    "laws-rl": ("gedanken.training.scratch.laws.reinforce", "reinforce_laws", "ReinforceOptions", {"steps": 1}),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_defaults_of_the_command_are_those_of_python(gedanken, monkeypatch, command):
    place, function, options_class, required = COMMANDS[command]
    module = importlib.import_module(place)
    calls = []

    def train(options, progress):
        calls.append(options)
        return Path("x")

    train.__name__ = function
    monkeypatch.setattr(module, function, train)
    words = [word for name, value in required.items() for word in (f"--{name}", value)]
    assert gedanken("train", command, "--output-dir", "r", *words)[0] == 0
    given = {name: Path(value) if name == "data" else value for name, value in required.items()}
    assert calls == [getattr(module, options_class)(output_dir=Path("r"), **given)]
