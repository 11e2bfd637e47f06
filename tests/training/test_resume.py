"""`resume` leaves a finished run as it is; a run that was trained, but not finished, is finished without training."""

import json

import pytest

pytest.importorskip("trl")

from safetensors.torch import load_file

from gedanken.cli.main import run
from gedanken.training import session
from gedanken.training.grpo import train_grpo
from gedanken.training.options import GRPOOptions, SFTOptions
from gedanken.training.run import RunFolder
from gedanken.training.sft import train_sft

SMALL = {
    "subjects": ("free_fall",),
    "instances": 5,
    "conditions": {"rows": 4},
    "lora_r": 2,
    "batch_size": 2,
    "eval_problems": 0,
    "bench_problems": 0,
    "max_new_tokens": 8,
    "device": "cpu",
    "dtype": "float32",
}


def sft(model, folder, **changes):
    return train_sft, SFTOptions(model=str(model), output_dir=folder, max_steps=2, **SMALL, **changes)


def grpo(model, folder, **changes):
    plan = {"num_steps": 2, "num_generations": 2, "replace_flat": 0, "beta": 0.0}
    return train_grpo, GRPOOptions(model=str(model), output_dir=folder, **SMALL, **plan, **changes)


def files(folder):
    """Every file's content and time."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def words(options, **changes):
    """The options as the command line takes them."""
    line = ["--model", options.model, "--output-dir", options.output_dir, "--system-ids", "free_fall"]
    line += ["--instances-per-system", 5, "--with", "rows=4", "--lora-r", 2, "--batch-size", 2, "--eval-problems", 0]
    line += ["--bench-problems", 0, "--max-new-tokens", 8, "--device", "cpu", "--dtype", "float32", "--resume"]
    for name, value in changes.items():
        line += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    return [str(word) for word in line]


@pytest.mark.parametrize(
    ("command", "make", "steps"),
    [
        ("sft", sft, {"max_steps": 2}),
        ("grpo", grpo, {"num_steps": 2, "num_generations": 2, "replace_flat": 0}),
    ],
)
def test_a_finished_run_is_left_as_it_is(tiny_model, tmp_path, monkeypatch, capsys, command, make, steps):
    train, options = make(tiny_model("llama"), tmp_path / "run")
    train(options)
    before = files(tmp_path / "run")
    assert RunFolder(tmp_path / "run").end()["step"] == 2

    def call(**more):
        capsys.readouterr()
        monkeypatch.setattr("sys.argv", ["gedanken", "train", command, *words(options, **steps, **more)])
        with pytest.raises(SystemExit) as stopped:
            run()
        return stopped.value.code, capsys.readouterr().out

    code, said = call()
    assert not code
    assert said == f"{tmp_path / 'run'} is finished already, at step 2; its model is {tmp_path / 'run' / 'model'}\n"
    assert files(tmp_path / "run") == before

    # What was not asked for before is made, and nothing else.
    code, said = call(merge=True)
    assert not code
    assert said.endswith(f"wrote {tmp_path / 'run' / 'merged'}\n")
    after = files(tmp_path / "run")
    assert {path: after[path] for path in before} == before
    assert (tmp_path / "run" / "merged" / "model.safetensors").is_file()


@pytest.mark.parametrize("make", [sft, grpo])
def test_a_run_killed_behind_its_last_step_is_finished_without_another_step(tiny_model, tmp_path, monkeypatch, make):
    class KilledError(Exception):
        pass

    def die(*_):
        raise KilledError

    train, options = make(tiny_model("llama"), tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(session, "finish", die)
        with pytest.raises(KilledError):
            train(options)
    folder = RunFolder(tmp_path / "run")
    assert folder.end() is None
    checkpoint = folder.last_checkpoint()
    assert checkpoint.name == "checkpoint-2"
    train, again = make(tiny_model("llama"), tmp_path / "run", resume=True)
    train(again)
    assert [line["step"] for line in folder.metrics("train")] == [1, 2]
    assert folder.last_checkpoint() == checkpoint
    assert json.loads((checkpoint / "trainer_state.json").read_text())["global_step"] == 2
    trained, saved = (
        load_file(checkpoint / "adapter_model.safetensors"),
        load_file(folder.model / "adapter_model.safetensors"),
    )
    assert trained.keys() == saved.keys()
    for name, tensor in trained.items():
        assert saved[name].float().equal(tensor.to(saved[name].dtype).float()), name
    assert folder.end()["step"] == 2
