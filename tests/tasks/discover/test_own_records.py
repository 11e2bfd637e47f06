"""What speaks against a law of a person's own record, and how hidden samples are scored."""

import json

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.tasks.discover.hidden import count_shown, predict, score_hidden
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

TASK = DiscoverTask()
ONE, SPRING = StateSpace.first_order("x"), StateSpace.second_order(x="v")


def answer(equation, **params):
    return json.dumps({"equation": equation, "params": params})


def law(equation, states=SPRING, **params):
    return Law.of(Answer(equation, params), states)


def test_a_law_that_names_the_time_is_solved_only_where_that_was_asked_for():
    t = np.linspace(0.0, 3.0, 40)
    record = Trajectory(t, (5.0 + t + np.sin(2 * t))[:, None])
    timed = answer("dx/dt = 1 + 2*cos(2*t)")
    assert TASK.verify(TASK.pose_record(ONE, [record], clock=True), timed).solved
    verdict = TASK.verify(TASK.pose_record(ONE, [record]), timed)
    assert verdict.terms["match"] > 0.999
    assert not verdict.solved
    assert "names the time t" in verdict.feedback
    assert "solved" not in verdict.feedback


def test_a_close_law_that_leaves_a_wave_is_not_solved_and_noise_is_no_reason():
    t = np.linspace(0.0, 10.0, 200)
    wave = np.exp(-0.3 * t) + 0.05 * np.sin(4 * t)
    noisy = np.exp(-0.3 * t) + 0.05 * stream("test", "own records").standard_normal(200)
    decay = answer("dx/dt = -0.3*x")
    verdict = TASK.verify(TASK.pose_record(ONE, [Trajectory(t, wave[:, None])]), decay)
    assert verdict.terms["match"] > 0.95
    assert not verdict.solved
    assert "is not noise" in verdict.feedback
    assert TASK.verify(TASK.pose_record(ONE, [Trajectory(t, noisy[:, None])]), decay).solved
    # What is left of perfect data has a shape, too, but it is nothing.
    exact = np.exp(-0.3 * t)[:, None] * (1 + 1e-4 * np.sin(t))[:, None]
    assert TASK.verify(TASK.pose_record(ONE, [Trajectory(t, exact)]), decay).solved


def positions(frequency, samples=60):
    t = np.linspace(0.0, 6.0, samples)
    return Trajectory(t, np.stack([np.cos(frequency * t), np.full(samples, np.nan)], 1))


def test_the_start_of_a_hidden_trial_does_not_come_from_the_samples_that_are_scored():
    right = predict(law("d2x/dt2 = -4*x"), positions(2.0))
    assert right.shown == count_shown(2, 60) == 12
    assert right.start == pytest.approx([1.0, 0.0], abs=1e-3)
    assert score_hidden([positions(2.0)], [right])[0] == pytest.approx(1.0, abs=1e-6)
    # Another spring: a start can be fitted to its first samples, but the rest is not predicted.
    wrong = predict(law("d2x/dt2 = -4*x"), positions(3.0))
    assert score_hidden([positions(3.0)], [wrong])[0] < 0.0


def test_a_hidden_trial_starts_from_what_was_measured():
    t = np.linspace(0.0, 2.0, 30)
    trial = Trajectory(t, np.exp(-t)[:, None] + 0.0)
    trial.values[0] += 0.1
    found = predict(law("dx/dt = -x", ONE), trial)
    assert found.shown == 1
    assert found.start == pytest.approx([1.1])
    assert found.values[-1, 0] == pytest.approx(1.1 * np.exp(-2.0), rel=1e-4)


def test_hidden_samples_that_continue_a_trial_are_predicted_from_its_start():
    t = np.linspace(1.0, 2.0, 20)
    found = predict(law("dx/dt = -x", ONE), Trajectory(t, np.zeros((20, 1))), (np.array([3.0]), 0.0))
    assert found.shown == 0
    assert found.values[:, 0] == pytest.approx(3.0 * np.exp(-t), rel=1e-4)


def test_a_record_with_a_hidden_trial_of_another_spring_is_not_solved():
    problem = TASK.pose_record(SPRING, [positions(2.0)], held_out=[positions(3.0)])
    verdict = TASK.verify(problem, answer("d2x/dt2 = -4*x"))
    assert verdict.details["shown"] > 0.999
    assert not verdict.solved
    assert "on held-out samples" in verdict.feedback
    same = TASK.pose_record(SPRING, [positions(2.0)], held_out=[positions(2.0)])
    assert TASK.verify(same, answer("d2x/dt2 = -4*x")).solved
