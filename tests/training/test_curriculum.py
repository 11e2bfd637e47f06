import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import orjson
import pytest

from gedanken.errors import UserError

for library in ("torch", "transformers", "trl", "peft", "datasets"):
    pytest.importorskip(library)

from gedanken.models import loading  # noqa: E402
from gedanken.models.backends import hf  # noqa: E402
from gedanken.training import curriculum  # noqa: E402
from gedanken.training.curriculum import train_curriculum  # noqa: E402
from gedanken.training.options import CurriculumOptions  # noqa: E402
from gedanken.training.packing import Packer, keep_newest  # noqa: E402
from gedanken.training.run import RunFolder  # noqa: E402
from gedanken.training.scenes import RecordedScenes  # noqa: E402


def tiny(model, folder, **changes):
    chosen = {
        "model": str(model),
        "output_dir": folder,
        "subjects": ("billiards",),
        "instances": 4,
        "context": 2,
        "max_seq_length": 3000,
        "batch_size": 2,
        "grad_accum": 1,
        "lora_r": 4,
        "lora_alpha": 8,
        "learning_rate": 1e-2,
        "warmup_steps": 0,
        "save_steps": 1,
        "eval_examples": 1,
        "eval_problems": 0,
        "device": "cpu",
    }
    return CurriculumOptions(**(chosen | changes))


def adapter(folder):
    from safetensors.torch import load_file

    tensors = load_file(folder / "model" / "adapter_model.safetensors")
    return {name: tensor.float().numpy() for name, tensor in tensors.items()}


def test_the_defaults_are_those_of_the_published_adapter():
    options = CurriculumOptions(output_dir="x")
    assert options.model == "LiquidAI/LFM2-350M"
    assert options.text_format == "lfm"
    assert (options.lora_r, options.lora_alpha, options.lora_dropout) == (32, 64, 0.05)
    assert (options.batch_size, options.grad_accum, options.learning_rate) == (4, 8, 2e-4)
    assert (options.max_seq_length, options.warmup_steps, options.epochs, options.stages) == (8192, 10, 1.0, 5)
    assert CurriculumOptions(model="Qwen/Qwen2.5-0.5B", output_dir="x").text_format == "v1"


@pytest.mark.parametrize(
    "wrong, says",
    [
        ({"stages": 6}, "stages go from 1 to 5"),
        ({"from_stage": 4, "stages": 3}, "stages go from 1 to 5"),
        ({"task": "discover"}, "predict"),
        ({"context": 0}, "context"),
        ({"conditions": {"level": 3}}, "level"),
        ({"format": "prose"}, "prose"),
    ],
)
def test_options_that_make_no_sense_are_refused(wrong, says):
    with pytest.raises(UserError, match=says):
        CurriculumOptions(output_dir="x", **wrong)


@pytest.mark.slow
def test_two_stages_train_one_after_the_other_and_every_level_is_examined(tiny_model, tmp_path):
    options = tiny(tiny_model("lfm2"), tmp_path / "run", stages=1, eval_problems=1, instances=8)
    train_curriculum(options)
    # A finished folder takes another stage.
    folder = train_curriculum(replace(options, stages=2, resume=True))
    lines = [line for line in RunFolder(tmp_path / "run").metrics() if line["kind"] == "stage"]
    assert [line["step"] for line in lines] == [0, 1, 2]
    assert [list(line["levels"]) for line in lines] == [["1"], ["1"], ["1", "2"]]
    losses = [line["levels"]["1"]["loss"] for line in lines]
    assert losses[0] > losses[1] > losses[2]
    assert lines[0]["levels"]["1"]["frames"] == 2
    assert lines[0]["levels"]["1"]["n"] == 1
    # The second stage went on from the first one's adapter, under the base's own name.
    first, second = adapter(tmp_path / "run/stage-1"), adapter(tmp_path / "run/stage-2")
    assert first.keys() == second.keys()
    assert any(not np.array_equal(first[name], second[name]) for name in first)
    stage = orjson.loads((tmp_path / "run/stage-2/config.json").read_bytes())
    assert stage["options"]["stage"] == 2
    assert (folder / "adapter_model.safetensors").read_bytes() == (
        tmp_path / "run/stage-2/model/adapter_model.safetensors"
    ).read_bytes()
    card = (tmp_path / "run/README.md").read_text()
    assert "| after stage | level 1 | level 2 |" in card
    assert card.count("\n| none |") == 3  # loss, readable answers and skill before the first stage
    assert (tmp_path / "run/curves.png").stat().st_size > 1000


@pytest.mark.slow
def test_a_finished_curriculum_is_left_as_it_is(tiny_model, tmp_path):
    def files():
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*") if path.is_file()}

    options = tiny(tiny_model("llama"), tmp_path / "run", stages=1, max_steps=1)
    train_curriculum(options)
    before = files()
    assert train_curriculum(replace(options, resume=True)) == tmp_path / "run/model"
    assert files() == before
    train_curriculum(replace(options, resume=True, merge=True))
    assert (tmp_path / "run/merged/model.safetensors").is_file()
    assert {path: content for path, content in files().items() if "merged" not in path.parts} == before


@pytest.mark.slow
def test_a_killed_stage_goes_on_at_its_last_checkpoint(tiny_model, tmp_path):
    """Killed in the middle of stage 2, the run resumes there and ends with the weights of an uninterrupted run."""
    model = tiny_model("llama")
    whole = train_curriculum(tiny(model, tmp_path / "whole", stages=2, instances=10))
    program = (
        "import sys; sys.path.insert(0, {here!r}); from pathlib import Path; import torch; torch.set_num_threads(1)\n"
        "from test_curriculum import tiny\n"
        "from gedanken.training.curriculum import train_curriculum\n"
        "train_curriculum(tiny({model!r}, Path({folder!r}), stages=2, instances=10))\n"
    ).format(here=os.path.dirname(__file__), model=str(model), folder=str(tmp_path / "cut"))
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while not list((tmp_path / "cut/stage-2/checkpoints").glob("checkpoint-[234]/trainer_state.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "cut/stage-2/model").exists()
    first = (tmp_path / "cut/stage-1/model/adapter_model.safetensors").stat().st_mtime_ns
    resumed = train_curriculum(tiny(model, tmp_path / "cut", stages=2, instances=10, resume=True))
    assert (tmp_path / "cut/stage-1/model/adapter_model.safetensors").stat().st_mtime_ns == first
    for name, value in adapter(whole.parent).items():
        np.testing.assert_array_equal(value, adapter(resumed.parent)[name])


@pytest.mark.slow
def test_a_data_set_feeds_the_stages_of_its_levels(tiny_model, tmp_path):
    from gedanken.data.generate import generate, make_plan
    from gedanken.data.local import Processes

    plan = make_plan("train", 12, ["billiards", "plinko"], [1, 2], frames=20, labels="raw", shard_scenes=6)
    generate(plan, tmp_path / "data", Processes(1))
    scenes = RecordedScenes(tmp_path / "data", 1, "lfm", context=4)
    assert 0 < len(scenes) < 12
    prompt, state = scenes[0]
    assert prompt.header.level == 1
    assert len(prompt.states) <= 4
    assert state.shape == prompt.states.shape[1:]
    np.testing.assert_array_equal(scenes[0][0].states, prompt.states)
    assert len(RecordedScenes(tmp_path / "data", 1, "lfm", 4, ["plinko"])) < len(scenes)
    with pytest.raises(UserError, match="no scene of level 3"):
        RecordedScenes(tmp_path / "data", 3, "lfm", context=4)
    options = tiny(tiny_model("lfm2"), tmp_path / "run", stages=1, data=tmp_path / "data", subjects=None)
    train_curriculum(options)
    steps = [line for line in RunFolder(tmp_path / "run/stage-1").metrics() if line["kind"] == "train"]
    assert len(steps) == -(-len(scenes) // 2)


def test_the_loss_counts_the_answer_and_nothing_else(tiny_model):
    """Against the library's own loss with everything but the answer masked."""
    import torch

    model, tokenizer = hf.open_model(loading.find(str(tiny_model("qwen2"))), device="cpu")
    scenes = curriculum.open_scenes(tiny("x", "x", format="v1"), 1)
    examples = [Packer(tokenizer, "v1", 4000).pack(*scenes[k]) for k in range(2)]
    columns = curriculum.collate(examples)
    with torch.inference_mode():
        losses = [
            float(model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss)
            for ids, labels in zip(columns["input_ids"], columns["labels"], strict=True)
        ]
    weights = [len(example.answer) for example in examples]
    assert curriculum.measure_loss(model, examples) == pytest.approx(np.average(losses, weights=weights), rel=1e-5)


def test_a_scene_that_does_not_fit_gives_its_place_to_the_next(tiny_model):
    tokenizer = hf.open_model(loading.find(str(tiny_model("qwen2"))), device="cpu")[1]
    scenes = curriculum.open_scenes(tiny("x", "x", format="v1", instances=6), 2)
    lengths = [Packer(tokenizer, "v1", 10**9).pack(keep_newest(scenes[k][0], 1), scenes[k][1]).length for k in range(6)]
    longest = int(np.argmax(lengths))
    packer = Packer(tokenizer, "v1", lengths[longest] - 1)
    following = next(k % 6 for k in range(longest + 1, longest + 6) if lengths[k % 6] < lengths[longest])
    found = curriculum.pack_scene(packer, scenes, longest)
    assert found.prompt.next == scenes[following][0].next
    assert found.length <= packer.limit
    with pytest.raises(UserError, match="not even one frame fits"):
        curriculum.pack_scene(Packer(tokenizer, "v1", min(lengths) - 1), scenes, 0)


def test_a_report_is_written_again_from_the_measurements(tmp_path, monkeypatch, capsys):
    from gedanken.cli.main import run
    from gedanken.training.run import open_run

    folder = open_run(tmp_path / "run", "curriculum", tiny("m", tmp_path / "run").pinned())
    folder.log(0, {"kind": "stage", "levels": {"1": {"loss": 3.0, "examples": 4}}})
    folder.log(1, {"kind": "stage", "levels": {"1": {"loss": 1.25, "examples": 4}, "2": {"loss": 2.5, "examples": 4}}})
    monkeypatch.setattr(sys, "argv", ["gedanken", "train", "report", str(folder.path)])
    with pytest.raises(SystemExit):
        run()
    assert "README.md" in capsys.readouterr().out
    card = (folder.path / "README.md").read_text()
    assert "| none | 3.000 |  |" in card
    assert "| 1 | 1.250 | 2.500 |" in card
    assert (folder.path / "curves.png").stat().st_size > 1000


def test_stages_that_lie_ahead_of_an_unfinished_one_are_refused(tiny_model, tmp_path):
    (tmp_path / "run/stage-1").mkdir(parents=True)
    with pytest.raises(UserError, match=r"stage 1 of .* is not finished"):
        train_curriculum(tiny(tiny_model("llama"), tmp_path / "run", from_stage=2, stages=2))


def test_the_command_line_admits_every_level_as_a_stage():
    from dataclasses import fields

    from gedanken.worlds.rigid.scene.scene import LEVELS

    for option in fields(CurriculumOptions):
        if option.name in ("stages", "from_stage"):
            assert (option.metadata["min"], option.metadata["max"]) == (min(LEVELS), max(LEVELS))
