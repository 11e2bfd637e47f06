import re
from dataclasses import replace

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse import discover
from gedanken.sparse.ladder import Rung, choose, leave_out
from gedanken.worlds.ode.fit import Record
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

PENDULUM = StateSpace.second_order(theta="omega")


def lagging(samples=300):
    """A damped pendulum in a video: the errors of neighbouring frames are alike, and the scale is slightly bent."""
    t = np.linspace(0.0, 20.0, samples)
    law = "d2theta/dt2 = -6.8*sin(theta) - 0.02*omega"
    theta = simulate(law, PENDULUM, {}, [0.3, 0.0], t).values[:, 0]
    rng = stream("test", "ladder", "video")
    error = rng.standard_normal(samples)
    for k in range(1, samples):
        error[k] = 0.95 * error[k - 1] + np.sqrt(1 - 0.95**2) * error[k]
    seen = theta + 0.01 * theta**2 + 1e-3 * error
    return Trajectory(t, np.stack([seen, np.full(samples, np.nan)], 1))


def test_the_two_constants_of_a_pendulum_stand_before_the_terms_that_follow_the_camera():
    found = discover(PENDULUM, [lagging()], clock=False)
    assert found.best.equation in ("d2theta/dt2 = -c1*omega - c2*sin(theta)", "d2theta/dt2 = -c1*sin(theta) - c2*omega")
    assert sorted(found.best.params.values()) == pytest.approx([0.02, 6.8], rel=0.05)
    assert found.best.r2["theta"] > 0.999
    assert found.correlation["theta"] > 3
    constants = [rung.constants for rung in found.ladder]
    assert min(constants) == 1
    # Longer laws were weighed; those that come no closer to the record are no rungs.
    assert max(c.constants for c in found.candidates) > 2
    assert found.best in found.ladder
    matches = [rung.match for rung in found.ladder if rung is not found.best]
    assert matches == sorted(matches)
    assert all(rung.terms > 0 for rung in found.ladder)
    assert found.best.left_out["theta"] > 0.998


def test_white_noise_in_a_long_record_leaves_the_choice_to_the_criterion():
    # A damping that changes R2 by less than 1e-4 is found where nothing but independent noise is left over.
    t = np.linspace(0.0, 20.0, 600)
    clean = simulate("d2theta/dt2 = -9.81*sin(theta) - 0.002*omega", PENDULUM, {}, [0.5, 0.0], t).values
    data = clean + 0.01 * clean.std(0) * stream("test", "ladder", "white").standard_normal(clean.shape)
    found = discover(PENDULUM, [Trajectory(t, data)], clock=False)
    assert "omega" in found.best.equation
    assert found.best.params["c1"] == pytest.approx(0.002, rel=0.3)
    assert found.reason == ""


def test_two_cups_that_cool_side_by_side_do_not_drive_each_other():
    states = StateSpace.first_order("A", "B")
    t = np.arange(0.0, 48.0, 2.0)
    rates = stream("test", "ladder", "cups").normal(0.0, 0.05, (len(t), 2))
    # Cups lose a little more than Newton's law says while they are hot.
    law = "dA/dt = -0.03*(A - 22)**1.15; dB/dt = -0.035*(B - 22)**1.15"
    clean = simulate(law, states, {}, [70.0, 84.0], t).values
    found = discover(states, [Trajectory(t, np.round(clean + rates, 1))], clock=False)
    assert found.best.couplings == 0
    assert found.best.equation.startswith("dA/dt = c1 - c2*A")
    assert min(found.best.r2.values()) > 0.998


def test_short_trials_share_their_noise_level_so_that_two_constants_are_enough():
    states = StateSpace.first_order("gut", "blood")
    rng = stream("test", "ladder", "patients")
    trials = []
    for _ in range(12):
        t = np.sort(rng.choice(25, 7, replace=False)).astype(float)
        dose, k, m = 50 + 30 * rng.random(), 0.15, 0.07
        gut = dose * np.exp(-k * t)
        blood = dose * k / (m - k) * (np.exp(-k * t) - np.exp(-m * t)) + 3.0 * np.exp(-m * t)
        trials.append(Trajectory(t, np.stack([gut, blood], 1) + 0.6 * rng.standard_normal((7, 2))))
    found = discover(states, trials, clock=False)
    assert found.best.equation == "dgut/dt = -c1*gut; dblood/dt = c1*gut - c2*blood"
    assert list(found.best.params.values()) == pytest.approx([0.15, 0.07], rel=0.05)


def test_the_choice_takes_the_simplest_law_within_the_tolerance():
    rungs = [
        Rung((0, 9, 4), np.array([0.9995]), np.array([0.9994])),
        Rung((0, 5, 2), np.array([0.9990]), np.array([0.9985])),
        Rung((0, 3, 1), np.array([0.9900]), np.array([0.9880])),
    ]
    assert choose(rungs, 0, 2e-3) == 1
    assert choose(rungs, 0, 2e-4) == 0
    # What fits as well but predicts worse is not taken, nor what leaves a hundred times as much.
    assert choose([rungs[0], replace(rungs[1], left_out=np.array([0.99]))], 0, 2e-3) == 0
    exact = Rung((0, 9, 4), np.array([1.0]), np.array([1.0]))
    assert choose([exact, rungs[1]], 0, 2e-3) == 0
    # Separate coordinates come before shorter laws that couple them.
    assert choose([rungs[0], rungs[1], Rung((1, 2, 1), np.array([0.9994]), np.array([0.9993]))], 0, 2e-3) == 1


def test_a_third_of_a_trial_or_every_fourth_trial_is_left_out():
    def record(*lengths):
        return Record.of([Trajectory(np.arange(float(m)), np.ones((m, 1))) for m in lengths])

    rows, words = leave_out(record(120), 1)
    assert rows.sum() == 40
    assert rows[-1]
    assert not rows[0]
    assert "windows" in words
    rows, words = leave_out(record(20, 20, 20, 20), 2)
    assert rows[:60].sum() == 0
    assert rows[60:].sum() == 15
    assert "one trial" in words
    assert leave_out(record(8), 1)[1] == ""


def test_a_trial_of_one_sample_does_not_stop_the_others():
    states = StateSpace.first_order("x")
    t = np.linspace(0.0, 4.0, 40)
    good = Trajectory(t, np.exp(-t)[:, None])
    lone = Trajectory(np.array([0.0, 1.0, 2.0, 3.0]), np.array([[2.0], [np.nan], [np.nan], [np.nan]]))
    found = discover(states, [good, lone])
    assert found.best.equation == "dx/dt = -x"


def test_time_is_a_last_resort_without_the_clock():
    states = StateSpace.second_order(x="v")
    t = np.linspace(0.0, 40.0, 250)
    clean = simulate("d2x/dt2 = -x - 0.2*v + 1.5*cos(1.7*t)", states, {}, [1.0, 0.0], t).values
    data = Trajectory(t, clean + 0.01 * clean.std(0) * stream("test", "ladder", "clock").standard_normal(clean.shape))
    # No law without the time explains a forced motion, so it is named all the same.
    found = discover(states, [data], clock=False)
    # A coefficient of one may be written as such.
    assert re.fullmatch(r"d2x/dt2 = -(c1\*)?x - c\d\*v \+ c\d\*cos\(c\d\*t\)", found.best.equation)
    values = list(found.best.params.values())
    assert [1.0] * (4 - len(values)) + values == pytest.approx([1.0, 0.2, 1.5, 1.7], rel=0.05)
    assert "t)" not in discover(states, [data], clock=None).best.equation
    t = np.linspace(0.0, 10.0, 120)
    clean = simulate("d2x/dt2 = -4*x - 0.3*v - 0.6*v*abs(v)**0.5*sin(x)", states, {}, [1.5, 0.0], t).values
    stages = []
    found = discover(states, [Trajectory(t, clean)], clock=False, progress=stages.append)
    assert not any("periodic" in stage for stage in stages)
    assert all("t)" not in c.equation for c in found.candidates)


def test_the_linear_law_stands_on_the_ladder_beside_the_dry_friction_that_explains_more():
    states = StateSpace.second_order(x="vx")
    t = np.linspace(0.0, 4.0, 400)
    clean = simulate("d2x/dt2 = -60*x - 0.8*vx - 1.5*vx/(abs(vx) + 0.02)", states, {}, [0.4, 0.0], t).values[:, 0]
    noise = 2e-4 * stream("test", "ladder", "friction").standard_normal(len(t))
    record = Trajectory(t, np.stack([clean + noise, np.full(len(t), np.nan)], 1))
    found = discover(states, [record], clock=False)
    laws = {rung.equation: rung for rung in found.ladder}
    linear = [rung for law, rung in laws.items() if re.fullmatch(r"d2x/dt2 = -c1\*x( - c2\*vx)?", law)]
    assert linear
    assert linear[-1].params["c1"] == pytest.approx(60.0, rel=0.05)
    assert found.best.match > linear[-1].match
