import shlex
import sys

import pytest

from gedanken.cli.main import run as gedanken
from gedanken.errors import UserError
from gedanken.training.submit import JobOptions, compose, submit

TRAIN = ["sft", "--model", "Qwen/Qwen2.5-3B-Instruct", "--output-dir", "runs/sft", "--with", "rows=10"]
PUSH = ["--push-to-hub", "--hub-repo-id", "me/model"]


def test_the_job_is_the_same_command_line_with_secrets_by_name(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "a-value-that-stays-here")
    job = compose([*TRAIN, *PUSH], JobOptions(flavor="l40sx1", secrets=("HF_TOKEN", "WANDB_API_KEY")))
    words = shlex.split(job.line())
    assert words[:3] == ["hf", "jobs", "run"]
    assert words[words.index("--flavor") + 1] == "l40sx1"
    assert [words[k + 1] for k, word in enumerate(words) if word == "--secrets"] == ["HF_TOKEN", "WANDB_API_KEY"]
    assert words[words.index("gedanken") :] == ["gedanken", "train", *TRAIN, *PUSH]
    assert "a-value-that-stays-here" not in repr(job) + job.line()


def test_the_package_comes_from_an_index_or_from_a_repository():
    told = compose([*TRAIN, *PUSH], JobOptions(package="gedanken[train]==0.1.0")).command
    assert told[told.index("--with") + 1] == "gedanken[train]==0.1.0"
    told = compose([*TRAIN, *PUSH], JobOptions(package="git+https://example.org/me/gedanken")).command
    assert told[told.index("--with") + 1] == "gedanken[train] @ git+https://example.org/me/gedanken"


def test_what_would_be_lost_or_told_is_refused(monkeypatch):
    with pytest.raises(UserError, match="--push-to-hub"):
        compose(TRAIN)
    with pytest.raises(UserError, match="say what to run"):
        compose([])
    with pytest.raises(UserError, match="name of an environment variable") as refused:
        compose([*TRAIN, *PUSH], JobOptions(secrets=("HF_TOKEN=hf_abc",)))
    assert "hf_abc" not in str(refused.value)
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    pytest.importorskip("huggingface_hub")
    with pytest.raises(UserError, match="NOT_SET_ANYWHERE is not in the environment"):
        submit(compose([*TRAIN, *PUSH], JobOptions(secrets=("NOT_SET_ANYWHERE",))))


@pytest.mark.parametrize(
    "words, code, says",
    [
        (["--flavor", "h200", "--", *TRAIN, *PUSH], 0, "--flavor h200"),
        (["--", "sft", "--modell", "x", *PUSH], 2, "--modell"),
        (["--", "sft", *PUSH], 2, "--model"),
        (["--", "curriculum", "--output-dir", "runs/c", "--stages", "9", *PUSH], 2, "stages"),
        (["--", "curriculum", "--output-dir", "runs/c", *PUSH], 0, "gedanken train curriculum"),
        (["--", "dance"], 2, "dance"),
        (["--", "submit", "--", "sft"], 2, "submit"),
    ],
)
def test_a_typing_error_costs_no_rented_machine(words, code, says, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gedanken", "train", "submit", *words])
    with pytest.raises(SystemExit) as stopped:
        gedanken()
    told = capsys.readouterr()
    assert (stopped.value.code or 0) == code
    assert says in (told.out if code == 0 else told.err)
