"""What the seed's table pays an answer of a given match: thresholds, gates and weights, through the verifier."""

import json

import numpy as np
import pytest
from scipy.optimize import brentq

from gedanken.loop import Turn
from gedanken.tasks.discover.task import DiscoverTask

TASK, TRAINING = DiscoverTask(reward="physix"), DiscoverTask(mode="training", reward="physix")


@pytest.fixture(scope="module")
def fall():
    return TASK.pose("free_fall", noise=0.0)


def fall_of_match(problem, match, padding=0):
    """An answer whose match is `match`: too strong a gravity, its R2 from the formula of free fall."""
    record = problem.truth.clean[0]
    t, seen = record.t, record.values
    y, v = seen[0]

    def miss(g):
        model = np.stack([y + v * t - g * t * t / 2, v - g * t], 1)
        r2 = 1 - ((model - seen) ** 2).sum(0) / ((seen - seen.mean(0)) ** 2).sum(0)
        return np.clip(r2, 0, 1).mean() - match

    g = problem.truth.params["g"]
    found = brentq(miss, g, 4 * g, xtol=1e-13)
    return json.dumps({"equation": "d2y/dt2 = -g" + " + 0" * padding, "params": {"g": found}})


@pytest.mark.parametrize("match, solved", [(0.929, False), (0.931, True)])
def test_an_answer_is_solved_above_093(fall, match, solved):
    verdict = TASK.verify(fall, fall_of_match(fall, match))
    assert verdict.terms["match"] == pytest.approx(match, abs=1e-6)
    assert verdict.solved == solved
    assert ("; solved." in verdict.feedback) == solved
    assert ("wanted is more than 0.93." in verdict.feedback) == (not solved)
    assert verdict.feedback.startswith(f"Match {match:.3f}")


@pytest.mark.parametrize("match, correctness", [(0.699, 0.0), (0.701, 1.0)])
def test_correctness_steps_at_070(fall, match, correctness):
    assert TASK.verify(fall, fall_of_match(fall, match)).terms["correctness"] == correctness


@pytest.mark.parametrize("match, simplicity", [(0.099, 0.0), (0.101, 11 / 12)])
def test_simplicity_is_paid_from_a_match_of_010(fall, match, simplicity):
    assert TASK.verify(fall, fall_of_match(fall, match)).terms["simplicity"] == pytest.approx(simplicity)


@pytest.mark.parametrize("operators, simplicity", [(1, 11 / 12), (6, 1 / 2), (11, 1 / 12), (12, 0.0), (20, 0.0)])
def test_each_of_twelve_operators_costs_a_twelfth_of_simplicity(fall, operators, simplicity):
    verdict = TASK.verify(fall, fall_of_match(fall, 0.5, operators - 1))
    assert verdict.terms["simplicity"] == pytest.approx(simplicity)


def test_an_answer_of_half_a_match_is_paid_by_the_table(fall):
    answer = fall_of_match(fall, 0.5)
    first = TASK.verify(fall, answer)
    assert first.reward == pytest.approx(0.5 * 0.5 + 0.2 * 0.5 + 0.2 * 11 / 12 + 0.1)
    later = TASK.verify(fall, answer, [Turn("", TASK.verify(fall, fall_of_match(fall, 0.3)))])
    assert later.reward == pytest.approx(0.5 * 0.5 + 0.2 * (0.5 - 0.3) + 0.2 * 11 / 12 + 0.1)
    assert TRAINING.verify(fall, answer).reward == pytest.approx(0.5 + 0.5**0.5 + 0.0 + 11 / 12 + 1)


def test_what_is_refused_earns_no_term_even_after_a_good_turn(fall):
    turns = [Turn("", TASK.verify(fall, TASK.solve(fall)))]
    for answer in ("no answer", '{"equation": "d2y/dt2 = 1/(y - y)"}'):
        for task in (TASK, TRAINING):
            verdict = task.verify(fall, answer, turns)
            assert set(verdict.terms.values()) == {0.0}
            assert verdict.error
            assert not verdict.solved
