"""Inputs: their values between readings, the motion they drive, and what equations, prompts and fits make of them."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from gedanken.errors import Unanswerable, UserError
from gedanken.worlds.ode.fit import Compiler, fit
from gedanken.worlds.ode.inputs import Drive, Input
from gedanken.worlds.ode.kernel.driven import NONE, pack_drive
from gedanken.worlds.ode.kernel.limits import MAX_OPERATORS
from gedanken.worlds.ode.law.parser import check_states, parse
from gedanken.worlds.ode.simulate import Track, score, simulate
from gedanken.worlds.ode.text import write_prompt
from gedanken.worlds.ode.trajectory import Coordinate, StateSpace, Trajectory

LAW = "d2x/dt2 = -k*x/m - 0.3*v + u"


def driven(between: str) -> tuple[StateSpace, Drive]:
    """A spring with a force that is read at uneven times, and a mass of 2."""
    inputs = (Input("u", between), Input("m", "trial"))
    rng = np.random.default_rng(4)
    t = np.sort(rng.uniform(0.5, 9.0, 30))
    return StateSpace((Coordinate("x", "v"),), inputs), Drive(t, np.c_[rng.normal(size=30), np.full(30, 2.0)], inputs)


def by_scipy(drive: Drive, t: np.ndarray) -> np.ndarray:
    """The same motion from an integrator that restarts at every reading."""
    stops, y, found = np.union1d(t, drive.t[(drive.t > t[0]) & (drive.t < t[-1])]), np.array([1.0, 0.0]), []
    found.append(y)
    for a, b in pairwise(stops):
        # A held input has, within the step, the value of its beginning.
        def rhs(s, y, a=a):
            u = drive.at(np.array([s if drive.inputs[0].between == "line" else a]))[0, 0]
            return [y[1], -3.0 * y[0] / 2.0 - 0.3 * y[1] + u]

        y = solve_ivp(rhs, (a, b), y, method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
        if b in t:
            found.append(y)
    return np.array(found)


@pytest.mark.parametrize("between", ["line", "hold"])
def test_the_motion_is_that_of_an_integrator_that_stops_at_every_reading(between):
    states, drive = driven(between)
    t = np.linspace(0.0, 10.0, 41)
    solution = simulate(LAW, states, {"k": 3.0}, [1.0, 0.0], t, drive=drive, rtol=1e-9, atol=1e-11)
    assert solution.reason == ""
    assert np.abs(solution.values - by_scipy(drive, t)).max() < 1e-7


def test_what_is_stiff_under_an_input_follows_it():
    states, drive = driven("line")
    t = np.linspace(0.0, 10.0, 60)
    solution = simulate("d2x/dt2 = -1e6*(v - u)", states, {}, [0.0, 0.0], t, drive=drive)
    assert solution.reason == ""
    inside = t > 0.6
    assert np.abs(solution.values[inside, 1] - drive.at(t)[inside, 0]).max() < 1e-3


def test_values_between_readings_and_outside_of_them():
    inputs = (Input("a", "line"), Input("b", "hold"), Input("c", "trial"))
    drive = Drive(np.array([1.0, 2.0, 4.0]), np.array([[0.0, 5.0, 7.0], [2.0, 6.0, 7.0], [2.0, 8.0, 7.0]]), inputs)
    assert drive.at(np.array([0.0, 1.5, 2.0, 3.9, 9.0])).tolist() == [
        [0.0, 5.0, 7.0],
        [1.0, 5.0, 7.0],
        [2.0, 6.0, 7.0],
        [2.0, 6.0, 7.0],
        [2.0, 8.0, 7.0],
    ]
    assert drive.shifted(1.0).at(np.array([2.5])).tolist() == [[1.0, 5.0, 7.0]]


@pytest.mark.parametrize("between", ["line", "hold"])
def test_kinks_are_the_fewest_readings_that_say_the_same(between):
    t = np.arange(200.0)
    steps = (t // 50) % 2
    drive = Drive(t, steps[:, None], (Input("u", between),))
    assert len(drive.kinks.t) <= 2 * 4 + 2
    fine = np.linspace(-1.0, 201.0, 1001)
    assert np.allclose(drive.kinks.at(fine), drive.at(fine), atol=1e-12)


def test_a_constant_input_has_no_kinks_to_stop_at():
    drive = Drive(np.arange(50.0), np.full((50, 1), 2.0), (Input("m", "trial"),))
    assert len(drive.kinks.t) == 1


def test_a_law_that_names_no_input_compiles_to_the_same_instructions():
    plain, (states, _) = StateSpace((Coordinate("x", "v"),)), driven("line")
    law = "d2x/dt2 = -k*x - 0.3*v*abs(v) + sin(t)"
    one, other = Compiler(plain)(law, ("k",)), Compiler(states)(law, ("k",))
    assert one.operations == other.operations
    assert (one.code[: one.operations] & 255).tolist() == (other.code[: other.operations] & 255).tolist()


def test_no_inputs_are_packed_as_none():
    plain = StateSpace((Coordinate("x", "v"),))
    assert pack_drive(plain, Trajectory(np.arange(3.0), np.zeros((3, 2)))) is NONE


def test_a_trajectory_without_the_inputs_of_its_system_is_an_error():
    states, drive = driven("line")
    trajectory = Trajectory(np.linspace(0, 1, 5), np.random.default_rng(0).normal(size=(5, 2)))
    with pytest.raises(ValueError, match="no values of the inputs u, m"):
        Track(states, trajectory)
    with pytest.raises(ValueError, match="no values"):
        Track(StateSpace((Coordinate("x", "v"),)), Trajectory(trajectory.t, trajectory.values, drive=drive))


def test_names_of_inputs_in_the_grammar():
    states, _ = driven("line")
    assert parse(LAW, states, ("k",)).names == {"x", "v", "u", "m", "k"}
    with pytest.raises(Unanswerable, match="name of an input, whose values are given"):
        parse(LAW, states, {"k": 1.0, "u": 2.0})
    with pytest.raises(Unanswerable, match="there are x, v, t, u, m"):
        parse("d2x/dt2 = w", states)
    with pytest.raises(Unanswerable, match="left side"):
        parse("d2x/dt2 = u; du/dt = 0", states)


@pytest.mark.parametrize("name", ["x", "t", "sin", "2u"])
def test_names_that_no_input_may_have(name):
    with pytest.raises(UserError, match="input"):
        check_states(StateSpace((Coordinate("x", "v"),), (Input(name),)))


def test_the_readers_agree_on_the_limit_of_operators():
    states, drive = driven("line")
    t = np.linspace(0.0, 1.0, 4)
    for count, accepted in ((MAX_OPERATORS - 4, True), (MAX_OPERATORS - 3, False)):
        law = "d2x/dt2 = u" + "+x" * count
        solution = simulate(law, states, {}, [0.0, 0.0], t, drive=drive)
        assert (solution.reason == "") is accepted


def test_starts_and_constants_are_fitted_under_inputs():
    states, drive = driven("hold")
    t = np.linspace(0.0, 10.0, 101)
    clean = simulate(LAW, states, {"k": 3.0}, [1.0, 0.0], t, drive=drive).values
    noisy = clean + 0.01 * np.random.default_rng(1).normal(size=clean.shape)
    trajectory = Trajectory(t, noisy, drive=drive)
    found = score(Track(states, trajectory), LAW, {"k": 3.0})
    assert found.r2 > 0.999
    assert np.abs(found.start - [1.0, 0.0]).max() < 0.02
    start = {"k": 2.0, "c": 0.6, "a": 0.5}
    fitted = fit("d2x/dt2 = -k*x/m - c*v + a*u", start, states, [trajectory])
    for name, true in {"k": 3.0, "c": 0.3, "a": 1.0}.items():
        assert abs(fitted.params[name] - true) < 5 * fitted.standard_errors[name] < 0.05
    held = fit("d2x/dt2 = -k*x/m - c*v + a*u", start, states, [trajectory], limits={"a": (1.0, 1.0), "c": (0.4, 9.0)})
    assert held.params["a"] == 1.0
    assert held.standard_errors["a"] < 1e-12
    assert held.params["c"] == 0.4  # the bound that keeps it from 0.3
    assert abs(held.params["k"] - 3.0) < 0.1


def test_trials_with_constants_of_their_own_share_one_law():
    inputs = (Input("m", "trial"),)
    states = StateSpace((Coordinate("x", "v"),), inputs)
    t, trials = np.linspace(0.0, 6.0, 61), []
    for mass in (0.5, 1.0, 3.0):
        drive = Drive(np.array([0.0]), np.array([[mass]]), inputs)
        values = simulate("d2x/dt2 = -4*x/m", states, {}, [1.0, 0.0], t, drive=drive).values
        trials.append(Trajectory(t, values, drive=drive))
    fitted = fit("d2x/dt2 = -k*x/m", {"k": 3.0}, states, trials)
    assert abs(fitted.params["k"] - 4.0) < 1e-4


def test_the_prompt_shows_and_explains_inputs():
    states, drive = driven("hold")
    t = np.linspace(0.0, 10.0, 12)
    prompt = write_prompt(states, [Trajectory(t, np.c_[np.sin(t), np.cos(t)], drive=drive)])
    assert "input u; m = 2" in prompt
    assert "measured inputs that drive the system and have no equation u (each reading holds until the next)" in prompt
    assert "known constants that differ between trials m" in prompt
    rows = prompt.split("\n")
    head = next(k for k, row in enumerate(rows) if row.split() == ["t", "x", "v", "u"])
    shown = [float(row.split()[-1]) for row in rows[head + 1 : head + 13]]
    assert np.abs(np.array(shown) - drive.at(t)[:, 0]).max() < 0.01
