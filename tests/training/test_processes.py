"""Several processes that train together, as `torchrun` starts them, learn what one does."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("trl")
pytest.importorskip("accelerate")

from gedanken.errors import UserError
from gedanken.training.run import RunFolder, is_first, require_one_process

OPTIONS = (
    "--subjects free_fall --instances-per-system 8 --with rows=4 --with noise=0 --max-steps 4 --lora-r 4 "
    "--lora-dropout 0 --learning-rate 5e-3 --warmup-steps 1 --dtype float32 --device cpu --eval-problems 1 "
    "--bench-problems 0 --max-new-tokens 4"
).replace("--subjects", "--system-ids")
LAUNCH = "torch.distributed.run --standalone --nproc-per-node 2 -m gedanken"


def train(tiny_model, folder, start, *more):
    command = [sys.executable, "-m", *start.split(), "train", "sft", "--model", str(tiny_model("llama"))]
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
    _, one = train(tiny_model, tmp_path / "one", "gedanken", "--batch-size", "4")
    said, two = train(tiny_model, tmp_path / "two", LAUNCH, "--batch-size", "2")
    assert said.count("wrote ") == 1, "one of them tells"
    assert two.config()["machine"]["processes"] == 2
    losses = [[line["loss"] for line in run.metrics("train")] for run in (one, two)]
    assert len(losses[1]) == 4
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    assert (two.model / "adapter_model.safetensors").is_file()
    assert len(two.metrics("eval")) == 1
    assert two.end() is not None


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
