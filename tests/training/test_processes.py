"""Several processes that train together, as `torchrun` starts them, learn what one does."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("trl")
pytest.importorskip("accelerate")

from gedanken.errors import UserError
from gedanken.training.run import RunFolder, is_first, require_one_process

OPTIONS = (
    "--system-ids free_fall --instances-per-system 8 --with rows=4 --with noise=0 --lora-r 4 --lora-dropout 0 "
    "--learning-rate 5e-3 --warmup-steps 1 --dtype float32 --device cpu --eval-problems 1 --bench-problems 0 "
    "--max-new-tokens 4"
)
LAUNCH = "torch.distributed.run --standalone --nproc-per-node 2 -m gedanken"


def train(tiny_model, folder, start, kind, *more):
    command = [sys.executable, "-m", *start.split(), "train", kind, "--model", str(tiny_model("llama"))]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        [*command, "--output-dir", str(folder), *OPTIONS.split(), *more],
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, RunFolder(folder)


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tiny_model, tmp_path):
    _, one = train(tiny_model, tmp_path / "one", "gedanken", "sft", "--max-steps", "4", "--batch-size", "4")
    said, two = train(tiny_model, tmp_path / "two", LAUNCH, "sft", "--max-steps", "4", "--batch-size", "2")
    assert said.count("wrote ") == 1, "one of them tells"
    assert two.config()["machine"]["processes"] == 2
    losses = [[line["loss"] for line in run.metrics("train")] for run in (one, two)]
    assert len(losses[1]) == 4
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    assert (two.model / "adapter_model.safetensors").is_file()
    assert len(two.metrics("eval")) == 1
    assert two.end() is not None


@pytest.mark.slow
def test_two_processes_share_the_groups_of_a_reinforcement_step(tiny_model, tmp_path):
    more = ("--num-steps", "2", "--batch-size", "2", "--num-generations", "4")
    said, run = train(tiny_model, tmp_path / "two", LAUNCH, "grpo", *more)
    assert said.count("wrote ") == 1
    assert len(run.metrics("train")) == 2
    rows = [json.loads(line) for line in (run.path / "samples.jsonl").read_text().splitlines()]
    # Each process judges the answers that it drew: two of each group of four.
    for step in (1, 2):
        asked = [row["key"]["index"] for row in rows if row["kind"] == "train" and row["step"] == step]
        assert len(asked) == 4
        assert len(set(asked)) == 1
    assert (run.model / "adapter_model.safetensors").is_file()


def test_of_several_processes_the_first_one_writes(tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert not is_first()
    RunFolder(tmp_path).log(1, {"kind": "train"})
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_shared_is_refused(monkeypatch):
    require_one_process("scratch")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="train scratch runs in one process"):
        require_one_process("scratch")
