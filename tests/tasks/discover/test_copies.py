"""A law that could copy the record is tried elsewhere, and an honest one loses nothing by it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

TASK = DiscoverTask()
CAUTION = "tried at another time and from another start"


def answer(equation, **params):
    return json.dumps({"equation": equation, "params": params})


def pad(equation, operators, states, params):
    """The same law with so many operators: `+ 0*y` counts for two and adds nothing."""
    while parse(equation, states, params).operators < operators - 1:
        equation += " + 0*y"
    if parse(equation, states, params).operators < operators:
        equation += " + 0"
    assert parse(equation, states, params).operators == operators
    return equation


def energy_cheat(problem, operators):
    """Free fall, plus a force that vanishes at the record's own energy: exact on this record and on no other."""
    g = problem.truth.params["g"]
    height, speed = problem.truth.scored[0].values[0]
    params = {"g": g, "c": 0.2, "E": speed**2 / 2 + g * height}
    equation = "d2y/dt2 = -g + c*(vy**2/2 + g*y - E)"
    return answer(pad(equation, operators, problem.observation.states, params), **params)


def test_a_law_of_24_operators_is_believed_and_one_of_25_is_tried_elsewhere():
    # An instance whose unseen start has quite another energy.
    fall = TASK.pose("free_fall", noise=0.0, index=8)
    short, long = (TASK.verify(fall, energy_cheat(fall, operators)) for operators in (24, 25))
    assert short.solved
    assert CAUTION not in short.feedback
    assert CAUTION in long.feedback
    assert not long.solved
    assert long.terms["match"] < 0.5
    assert long.reward < short.reward


@pytest.mark.parametrize("subject", ["free_fall", "spring_mass", "van_der_pol"])
@pytest.mark.parametrize("trials", [1, 3])
def test_a_long_law_that_is_true_loses_nothing_elsewhere(subject, trials):
    # The padding only counts as operators: the trajectories stay the law's, from every start and at every time.
    problem = TASK.pose(subject, split="val", noise=0.0, trials=trials)
    truth = problem.truth
    equation = truth.equation + " + 0*1" * 13
    verdict = TASK.verify(problem, answer(equation, **truth.params))
    assert verdict.terms["simplicity"] == 0.0
    assert verdict.terms["match"] == pytest.approx(1.0, abs=1e-6)
    assert verdict.solved


def clock(problem):
    """The record of a spring as a force in t alone."""
    w = (problem.truth.params["k"] / problem.truth.params["m"]) ** 0.5
    x, v = problem.truth.clean[0].values[0]
    return answer("d2x/dt2 = -w**2*(x0*cos(w*t) + v0/w*sin(w*t))", w=w, x0=x, v0=v)


def test_the_clock_is_set_back_so_that_a_copy_in_t_fails_even_from_the_records_own_start():
    problem = TASK.pose("spring_mass", noise=0.0)
    assert TASK.verify(problem, clock(problem)).terms["match"] < 0.5
    # Without another start, and with one that is the record's own.
    for unseen in ((), problem.truth.clean):
        same = replace(problem, truth=replace(problem.truth, unseen=unseen))
        verdict = TASK.verify(same, clock(same))
        assert min(verdict.details["r2"].values()) > 0.99, "the copy follows the record"
        assert verdict.terms["match"] < 0.5
        assert CAUTION in verdict.feedback


def test_every_trials_later_half_is_tried():
    # Of two trials, the copy is of the first; alone, it is worth a half at most, and the shifted clock takes that, too.
    problem = TASK.pose("spring_mass", noise=0.0, trials=2)
    same = replace(problem, truth=replace(problem.truth, unseen=()))
    plain, tried = (TASK.verify(each, clock(each)).terms["match"] for each in (problem, same))
    assert plain <= tried < 0.5


def test_a_true_law_that_names_t_without_need_loses_nothing():
    problem = TASK.pose("spring_mass", noise=0.0)
    for each in (problem, replace(problem, truth=replace(problem.truth, unseen=()))):
        verdict = TASK.verify(each, answer(each.truth.equation + " + 0*t", **each.truth.params))
        assert verdict.terms["match"] == pytest.approx(1.0, abs=1e-6)


def test_what_is_tried_elsewhere_can_only_cost():
    # Wrong on the record, and less wrong elsewhere: the record counts.
    problem = TASK.pose("spring_mass", noise=0.0)
    params = dict(problem.truth.params)
    params["k"] *= 1.02
    same = replace(problem, truth=replace(problem.truth, unseen=()))
    short = TASK.verify(same, answer("d2x/dt2 = -(k/m)*x", **params))
    timed = TASK.verify(same, answer("d2x/dt2 = -(k/m)*x + 0*t", **params))
    assert short.terms["match"] < 0.999
    assert timed.terms["match"] == short.terms["match"]
    assert CAUTION not in timed.feedback


def test_a_users_own_record_has_no_elsewhere():
    t = np.linspace(0.0, 3.0, 40)
    record = Trajectory(t, (5.0 + t + np.sin(2 * t))[:, None])
    problem = TASK.pose_record(StateSpace.first_order("x"), [record])
    verdict = TASK.verify(problem, answer("dx/dt = 1 + 2*cos(2*t)"))
    assert verdict.terms["match"] == pytest.approx(1.0, abs=1e-6)
    assert verdict.solved
    assert CAUTION not in verdict.feedback
