"""`gedanken train evaluate`: which problems, how many samples, and what it says where there is no terminal."""

import json

import pytest

from gedanken.cli import _show

pytest.importorskip("transformers")

SMALL = ("--with", "rows=4", "--max-new-tokens", 4, "--device", "cpu", "--dtype", "float32", "--subjects", "free_fall")


def test_chosen_systems_with_samples_give_pass_at_k(gedanken, tiny_model, tmp_path):
    ask = ("train", "evaluate", "--model", tiny_model("llama"), *SMALL, "--problems", 2)
    code, out, _ = gedanken(*ask, "--samples", 3, "--temperature", 1, "--json", "--out", tmp_path)
    assert code == 0
    (summary,) = json.loads(out).values()
    assert (summary["n"], list(summary["subjects"])) == (2, ["free_fall"])
    assert list(summary["pass"]) == ["1", "2", "3"]
    assert summary["pass"]["3"] == {"rate": 0.0, "ci": [0.0, 0.0]}
    rows = [json.loads(line) for line in (tmp_path / "outcomes.jsonl").read_bytes().splitlines()]
    assert [(row["key"]["index"] - 100_000, row["sample"]) for row in rows] == [
        (index, sample) for sample in range(3) for index in range(2)
    ]
    # Samples differ from each other.
    assert len({row["answer"] for row in rows}) > 2
    assert all(row["cut"] for row in rows if len(row["answer"]) > 8)
    assert "| pass@1 % | pass@2 % | pass@3 % |" in (tmp_path / "table.md").read_text()
    # The rows can be scored again.
    code, out, said = gedanken("score", "discover", tmp_path / "outcomes.jsonl")
    assert (code, len(out.splitlines())) == (0, 6)
    assert "all 6 recorded rewards are the same" in said


def test_one_problem_has_no_interval(gedanken, tiny_model):
    ask = ("train", "evaluate", "--model", tiny_model("llama"), *SMALL, "--problems", 1)
    assert "| 0.000 (n = 1) |" in gedanken(*ask)[1]
    (summary,) = json.loads(gedanken(*ask, "--json")[1]).values()
    assert summary["match"] == {"mean": 0.0, "ci": None}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--samples", 4), "give a --temperature"),
        (("--levels", "1,x"), "--levels wants whole numbers"),
        (("--levels", "1", "--with", "level=2"), "given twice"),
        (("--subjects", "free_fal"), "free_fal is not known"),
    ],
)
def test_the_users_faults_are_one_sentence(gedanken, words, why):
    code, _, complaint = gedanken("train", "evaluate", "--model", "m", *words)
    assert code == 2
    assert why in complaint
    assert "\n" not in complaint.strip()


def test_a_model_that_cannot_read_a_problem_is_an_error_and_no_score(gedanken, tiny_model, tmp_path):
    import shutil

    small = tmp_path / "small"
    shutil.copytree(tiny_model("llama"), small)
    config = json.loads((small / "config.json").read_text())
    (small / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 64}))
    code, out, complaint = gedanken("train", "evaluate", "--model", small, *SMALL, "--problems", 1)
    assert code == 2
    assert "could answer none of 1 problems" in complaint
    assert out == ""


def test_without_a_terminal_lines_are_printed_now_and_then(capsys, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(_show.time, "monotonic", lambda: clock[0])
    with _show.progress_bar("smollm2", seconds=30) as advance:
        for done in range(1, 11):
            clock[0] += 10
            advance(done, 10, "free_fall")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "smollm2: 3/10 (30%), 30 s  free_fall"
    assert [line.split()[1] for line in lines] == ["3/10", "6/10", "9/10"]


def test_what_is_quick_prints_nothing_without_a_terminal(capsys):
    with _show.progress_bar("smollm2") as advance:
        advance(1, 1, "done")
    assert capsys.readouterr().err == ""
