"""Every law is tried where the record does not reach, and an honest one loses nothing by it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gedanken.tasks.discover.judge import hide_settled
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

TASK = DiscoverTask()
CAUTION = "but "


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


def test_a_force_that_vanishes_on_the_record_fails_elsewhere_however_short_it_is():
    # An instance whose other starts have quite another energy.
    fall = TASK.pose("free_fall", noise=0.0, index=8)
    teacher = TASK.verify(fall, TASK.solve(fall))
    for operators in (10, 24, 25):
        verdict = TASK.verify(fall, energy_cheat(fall, operators))
        assert verdict.details["shown"] == pytest.approx(1.0, abs=1e-6)
        assert not verdict.solved
        assert verdict.terms["match"] <= verdict.details["elsewhere"] < 0.8
        assert verdict.terms["simplicity"] == 0.0
        assert verdict.reward < teacher.reward
        assert CAUTION in verdict.feedback
    physix = DiscoverTask(reward="physix")
    assert physix.verify(fall, energy_cheat(fall, 10)).solved


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
    for starts in ((), problem.truth.clean):
        same = replace(problem, truth=replace(problem.truth, elsewhere=starts))
        verdict = TASK.verify(same, clock(same))
        assert min(verdict.details["r2"].values()) > 0.99, "the copy follows the record"
        assert verdict.terms["match"] < 0.5
        assert CAUTION in verdict.feedback


def test_every_trials_later_half_is_tried():
    # Of two trials, the copy is of the first; alone, it is worth a half at most, and the shifted clock takes that, too.
    problem = TASK.pose("spring_mass", noise=0.0, trials=2)
    same = replace(problem, truth=replace(problem.truth, elsewhere=()))
    plain, tried = (TASK.verify(each, clock(each)).terms["match"] for each in (problem, same))
    assert plain <= tried < 0.5


def test_a_true_law_that_names_t_without_need_loses_nothing():
    problem = TASK.pose("spring_mass", noise=0.0)
    for each in (problem, replace(problem, truth=replace(problem.truth, elsewhere=()))):
        verdict = TASK.verify(each, answer(each.truth.equation + " + 0*t", **each.truth.params))
        assert verdict.terms["match"] == pytest.approx(1.0, abs=1e-6)


def test_what_is_tried_elsewhere_can_only_cost():
    # Wrong on the record, and less wrong elsewhere: the record counts.
    problem = TASK.pose("spring_mass", noise=0.0)
    params = dict(problem.truth.params)
    params["k"] *= 1.02
    same = replace(problem, truth=replace(problem.truth, elsewhere=()))
    short = TASK.verify(same, answer("d2x/dt2 = -(k/m)*x", **params))
    timed = TASK.verify(same, answer("d2x/dt2 = -(k/m)*x + 0*t", **params))
    assert short.terms["match"] < 0.999
    assert timed.terms["match"] == pytest.approx(short.terms["match"], abs=1e-6)


def test_a_users_own_record_has_no_elsewhere():
    t = np.linspace(0.0, 3.0, 40)
    record = Trajectory(t, (5.0 + t + np.sin(2 * t))[:, None])
    problem = TASK.pose_record(StateSpace.first_order("x"), [record], clock=True)
    verdict = TASK.verify(problem, answer("dx/dt = 1 + 2*cos(2*t)"))
    assert verdict.terms["match"] == pytest.approx(1.0, abs=1e-6)
    assert verdict.solved
    assert CAUTION not in verdict.feedback


def test_a_force_in_t_that_is_right_from_every_start_fails_past_the_end():
    # The thrust of a rocket depends on t alone, so a copy of it in t is the law within the record, from every start.
    problem = TASK.pose("rocket_ascent", split="val", noise=0.0)
    record = problem.truth.clean[0]
    t, turn = record.t, 2 * np.pi / record.t[-1]
    waves = [wave(k * turn * t) for k in (1, 2, 3, 4) for wave in (np.cos, np.sin)]
    weights = np.linalg.lstsq(np.stack([np.ones_like(t), t, *waves], 1), record.values[:, -1], rcond=None)[0]
    # The derivative of the fitted speed.
    params, text = {"b": weights[1], "w": turn}, "b"
    for k in (1, 2, 3, 4):
        params |= {f"s{k}": -weights[2 * k] * k * turn, f"c{k}": weights[2 * k + 1] * k * turn}
        text += f" + s{k}*sin({k}*w*t) + c{k}*cos({k}*w*t)"
    side = problem.observation.states.left_sides[-1]
    verdict = TASK.verify(problem, answer(f"{side} = {text}", **params))
    assert verdict.details["shown"] > 0.98
    assert "past the end of the record it is 0.000" in verdict.feedback
    assert not verdict.solved
    assert verdict.reward == 0.0


def test_noise_that_hides_the_motion_does_not_hide_the_truth():
    problem = TASK.pose("spring_mass", noise=1.0)
    verdict = TASK.verify(problem, TASK.solve(problem))
    assert min(verdict.details["r2"].values()) < 0.7
    assert verdict.reward == pytest.approx(1.0)


def test_a_users_held_out_trial_counts():
    t = np.linspace(0.0, 3.0, 40)
    first, second = (Trajectory(t, (start * np.exp(-t))[:, None]) for start in (1.0, 10.0))
    states = StateSpace.first_order("x")
    # A straight line in x is right for both; a law with the first trial's constants for the first alone.
    for held_out, match in (((), 1.0), ((second,), 0.0)):
        problem = TASK.pose_record(states, [first], held_out=held_out)
        assert TASK.verify(problem, answer("dx/dt = -x")).terms["match"] == pytest.approx(1.0, abs=1e-6)
        copied = TASK.verify(problem, answer("dx/dt = -exp(-t)"))
        assert copied.details["shown"] == pytest.approx(1.0, abs=1e-6)
        assert copied.terms["match"] == pytest.approx(match, abs=0.02)


def test_a_good_law_is_not_refuted_by_the_last_digit_of_a_terminal_velocity():
    # Past the end of this record the speed no longer changes, so R2 of that column would be 0 at any error.
    problem = TASK.pose("free_fall_drag", noise=0.0)
    params = {name: 1.01 * value for name, value in problem.truth.params.items()}
    verdict = TASK.verify(problem, answer(problem.truth.equation, **params))
    assert verdict.details["elsewhere"] > 0.9
    assert verdict.solved


def test_what_has_settled_is_not_observed():
    t = np.linspace(0.0, 1.0, 50)
    record = Trajectory(t, np.stack([t, np.sin(t)], axis=1))
    still = Trajectory(t, np.stack([t, 0.01 * np.sin(t)], axis=1))
    assert hide_settled(record, record) is record
    hidden = hide_settled(still, record)
    assert np.isnan(hidden.values[:, 1]).all()
    assert np.array_equal(hidden.values[:, 0], t)
    assert hide_settled(Trajectory(t, 0.01 * record.values), record) is None
