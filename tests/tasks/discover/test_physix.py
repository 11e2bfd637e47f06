"""The seed's own table, to the letter: `DiscoverTask(reward="physix")`."""

import math

import pytest

from gedanken.tasks.discover.physix import TABLE
from gedanken.tasks.discover.rewards import Evidence


def found(match, finite, operators, previous=0.0):
    """What the simulator found out, as far as this table looks."""
    return Evidence(match, 1.0, finite, operators, 0, previous)


def test_the_episode_pays_by_the_published_table():
    assert TABLE.weights() == {"match": 0.5, "progress": 0.2, "simplicity": 0.2, "format": 0.1}


def test_training_leaves_progress_out_and_adds_the_dense_terms():
    assert set(TABLE.weights("training")) == {"match", "match_dense", "correctness", "simplicity", "format"}


def test_terms_of_a_good_answer():
    terms = TABLE.compute(found(match=0.81, finite=True, operators=3, previous=0.5))
    assert terms["match"] == 0.81
    assert terms["progress"] == pytest.approx(0.31)
    assert terms["simplicity"] == pytest.approx(1 - 3 / 12)
    assert terms["format"] == 1.0
    assert terms["match_dense"] == pytest.approx(0.9)
    assert terms["correctness"] == 1.0


def test_a_trivial_equation_earns_no_simplicity():
    assert TABLE.compute(found(match=0.09, finite=True, operators=0))["simplicity"] == 0.0


def test_an_equation_that_does_not_integrate_earns_no_format():
    assert TABLE.compute(found(match=0.0, finite=False, operators=2)) == {
        "match": 0, "progress": 0, "simplicity": 0, "format": 0, "match_dense": 0, "correctness": 0,
    }  # fmt: skip


def test_getting_worse_is_not_paid_back():
    assert TABLE.compute(found(match=0.4, finite=True, operators=3, previous=0.6))["progress"] == 0.0


def test_all_of_the_match_is_progress_where_no_turn_came_before():
    assert TABLE.compute(found(match=0.6, finite=True, operators=3))["progress"] == 0.6


def test_every_term_stays_between_zero_and_one():
    for match in (0.0, 0.05, 0.1, 0.7, 1.0):
        for operators in (0, 5, 12, 60):
            terms = TABLE.compute(found(match, True, operators, previous=0.3))
            assert all(0.0 <= value <= 1.0 and math.isfinite(value) for value in terms.values())


def test_a_new_term_is_one_function(monkeypatch):
    monkeypatch.setattr(TABLE, "entries", dict(TABLE.entries))

    @TABLE.term(training=0.5)
    def brevity(evidence: Evidence) -> float:
        return float(evidence.operators < 4)

    assert "brevity" not in TABLE.weights()
    assert TABLE.weights("training")["brevity"] == 0.5
    assert TABLE.compute(found(0.5, True, 3))["brevity"] == 1.0
