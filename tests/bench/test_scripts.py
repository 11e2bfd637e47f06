"""Scripts of `benchmarks/` that measure what no suite does, on a problem or two."""

import json
import runpy
import sys

import pytest

from gedanken.models.laws.player import LawPlayer


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script as its documentation does; returns what it printed."""

    def call(script, *options):
        monkeypatch.setattr(sys, "argv", [script, *options])
        runpy.run_path(f"benchmarks/{script}", run_name="__main__")
        return capsys.readouterr().out

    return call


def test_turns_against_samples(run, monkeypatch):
    asked = []
    answer = LawPlayer.answer

    def listen(player, question):
        asked.append((player._feedback, len(question.messages)))
        return answer(player, question)

    monkeypatch.setattr(LawPlayer, "answer", listen)
    found = json.loads(
        run("turns_or_samples.py", "--problems", "1", "--turns", "2", "--systems", "spring_mass,rossler")
    )
    assert found["problems"] == 2
    assert list(found["systems"]) == ["spring_mass", "rossler"]
    in_turns = [each["in_turns"]["rate"] for each in found["systems"].values()]
    assert sum(in_turns) / 2 == pytest.approx(found["in_turns"]["rate"])
    spent = found["of_those_not_solved_at_once"]
    # Chaos in three variables is nothing that a small model sees at once.
    assert spent["problems"] >= 1
    assert spent["tokens_independent"] <= spent["tokens_in_turns"]
    assert spent["answers_independent"] >= spent["answers_in_turns"] > 1
    told, alone = ([length for feedback, length in asked if feedback == kind] for kind in (True, False))
    assert len(told) <= 4
    assert len(alone) > len(told)
    gap, rates = found["gap"], [found[name]["rate"] for name in ("in_turns", "independent")]
    assert gap["mean"] == pytest.approx(rates[0] - rates[1])
    assert gap["ci"][0] <= gap["mean"] <= gap["ci"][1]


def test_small_angles(run):
    found = json.loads(run("small_angles.py", "--problems", "1", "--player", "sparse"))
    assert found["n"] == 2
    assert found["solved"]["rate"] == 100.0
    assert {"generalises", "form", "seconds"} < set(found)
