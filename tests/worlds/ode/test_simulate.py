import json
import math
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from gedanken.bench import hostile
from gedanken.errors import Unanswerable, UserError
from gedanken.seeding import stream
from gedanken.worlds.ode import system
from gedanken.worlds.ode.kernel import status as codes
from gedanken.worlds.ode.kernel.dopri5 import ACCEPTED, HANDED_OVER
from gedanken.worlds.ode.kernel.score import STIFF
from gedanken.worlds.ode.kernel.workspace import run_one
from gedanken.worlds.ode.law.algebra import to_sympy
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.simulate import (
    MAX_SAMPLES,
    UNREADABLE,
    Track,
    decode,
    explain,
    score,
    score_batch,
    score_json,
    score_json_batch,
    simulate,
)
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

FALL = StateSpace.second_order(y="vy")
SPRING = StateSpace.second_order(x="vx")
LINE = StateSpace.first_order("x")
T = np.linspace(0.0, 10.0, 120)
SEED_SYSTEMS = (
    "free_fall", "free_fall_drag", "simple_pendulum", "damped_pendulum",
    "spring_mass", "damped_spring", "projectile_drag", "charged_b_field",
)  # fmt: skip


def reference(equation, states, params, y0, t, method="DOP853", rtol=1e-12, atol=1e-13):
    """Solution by scipy, with the right-hand side that SymPy makes of the tree."""
    import sympy

    equations = parse(equation, states, params)
    names = [sympy.Symbol(name, real=True) for name in (*states.columns, "t", *params)]
    sides = iter([to_sympy(side) for side in equations.right_sides])
    full = [
        names[i] if i is not None else next(sides)
        for i in states.derivative_of
    ]  # fmt: skip
    rhs = sympy.lambdify(names, full, modules="numpy")
    with np.errstate(all="ignore"):  # Radau's own Jacobian overflows on x'' = f(x')
        found = solve_ivp(
            lambda time, y: rhs(*y, time, *params.values()),
            (t[0], t[-1]),
            y0,
            method=method,
            t_eval=t,
            rtol=rtol,
            atol=atol,
        )
    assert found.success
    return found.y.T


@pytest.fixture(scope="module")
def spring():
    return Track(SPRING, Trajectory(T, np.c_[np.cos(2 * T), -2 * np.sin(2 * T)]), [1.0, 0.0])


@pytest.mark.parametrize("name", system.names())
def test_every_system_agrees_with_scipy(name):
    entry = system.load(name)
    instance = system.draw(entry, stream("tests", "simulate", name))
    t = np.linspace(0.0, instance.duration, 60)
    want = reference(entry.equation, entry.states, dict(instance.params), instance.initial, t)
    found = simulate(entry.equation, entry.states, instance.params, instance.initial, t, rtol=1e-10, atol=1e-13)
    assert (found.status, found.reason, found.reached) == (0, "", pytest.approx(t[-1]))
    # Chaotic systems multiply what the integrators disagree on.
    tolerance = 1e-4 if name in ("lorenz", "rossler", "henon_heiles", "driven_duffing", "driven_pendulum") else 2e-7
    assert np.abs(found.values - want).max() <= tolerance * np.abs(want).max()


@pytest.mark.parametrize("name", SEED_SYSTEMS)
def test_the_true_law_scores_one(name):
    entry = system.load(name)
    instance = system.draw(entry, stream("tests", "truth", name))
    want = reference(entry.equation, entry.states, dict(instance.params), instance.initial, T)
    track = Track(entry.states, Trajectory(T, want), instance.initial)
    for found in (
        score(track, entry.equation, instance.params),
        score_json(track, json.dumps({"equation": entry.equation, "params": dict(instance.params)})),
    ):
        assert 1.0 - found.r2 <= 1e-8
        assert found.reason == ""
        assert found.operators == parse(entry.equation, entry.states, instance.params).operators


@pytest.mark.parametrize(
    ("equation", "states", "y0", "solution"),
    [
        ("dx/dt = -x", LINE, [1.0], lambda t: np.exp(-t)),
        ("dx/dt = x*(1 - x)", LINE, [0.1], lambda t: 1 / (1 + 9 * np.exp(-t))),
        ("dx/dt = t**3", LINE, [0.0], lambda t: t**4 / 4),
        ("dx/dt = cos(t)*x", LINE, [1.0], lambda t: np.exp(np.sin(t))),
        ("d2x/dt2 = -4*x", SPRING, [1.0, 0.0], lambda t: np.cos(2 * t)),
        ("d2x/dt2 = -x - 2*vx", SPRING, [1.0, 0.0], lambda t: (1 + t) * np.exp(-t)),
        ("dx/dt = -1000*(x - cos(t)) - sin(t)", LINE, [1.0], np.cos),
    ],
)
def test_known_solutions(equation, states, y0, solution):
    found = simulate(equation, states, {}, y0, T, rtol=1e-10, atol=1e-12)
    assert np.abs(found.values[:, 0] - solution(T)).max() < 1e-7 * max(1.0, np.abs(solution(T)).max())


def test_the_error_follows_the_tolerance():
    """Of a method of order 5 with error control: the error goes down with rtol, about in proportion."""
    errors = []
    for rtol in (1e-5, 1e-6, 1e-7, 1e-8, 1e-9):
        found = simulate("d2x/dt2 = -4*x", SPRING, {}, [1.0, 0.0], T, rtol=rtol, atol=rtol)
        errors.append(np.abs(found.values[:, 0] - np.cos(2 * T)).max())
    slope = np.polyfit(np.arange(5), np.log10(errors), 1)[0]
    assert -1.25 < slope < -0.75


def run(track, equation, mode):
    space, status, row = run_one(track._symbols, track._packed, (equation.encode(), b"", []), mode)
    return (
        status,
        space.copy_trajectory(len(track.trajectory.t), track.states.size, len(track.trajectory.t)),
        space.info.copy(),
        row,
    )


def test_the_work_grows_with_the_fifth_root_of_the_tolerance():
    steps = []
    for rtol in (1e-5, 1e-10):
        track = Track(SPRING, Trajectory(T, np.c_[np.cos(2 * T), -2 * np.sin(2 * T)]), [1, 0], rtol=rtol, atol=rtol)
        steps.append(run(track, "d2x/dt2 = -4*x", 0)[2][ACCEPTED])
    assert 5 < steps[1] / steps[0] < 20  # 10**(5/5)


@pytest.mark.parametrize(
    ("equation", "y0", "switches"),
    [
        ("d2x/dt2 = -1e6*(vx - cos(t))", [0.0, 2.0], True),
        ("d2x/dt2 = 1000*(1 - x**2)*vx - x", [2.0, 0.0], True),
        ("d2x/dt2 = -100*x - 1e5*vx", [1.0, 0.0], True),
        ("d2x/dt2 = sin(t) - 1e6*vx**3", [0.0, 1.0], False),
    ],
)
def test_stiff_equations(equation, y0, switches):
    want = reference(equation, SPRING, {}, y0, T, "Radau", 1e-10, 1e-12)
    track = Track(SPRING, Trajectory(T, want), y0)
    status, values, info, row = run(track, equation, 0)
    assert status == codes.OK
    assert row[0] > 1 - 1e-6
    assert bool(info[HANDED_OVER]) == switches
    assert np.abs(values - want).max() < 2e-4 * np.abs(want).max()


@pytest.mark.parametrize("name", SEED_SYSTEMS)
def test_the_stiff_solver_alone_agrees(name):
    entry = system.load(name)
    instance = system.draw(entry, stream("tests", "rodas", name))
    values = system.trajectory(instance, T).values
    track = Track(entry.states, Trajectory(T, values), instance.initial, rtol=1e-8, fuel=50_000_000)
    text = parse(entry.equation, entry.states, instance.params).bind(instance.params).text()
    status, found, _, row = run(track, text, STIFF)
    assert status == codes.OK
    assert np.abs(found - values).max() < 1e-4 * np.abs(values).max()
    assert row[0] > 1 - 1e-8


def test_missing_samples_do_not_count(spring):
    rng = stream("tests", "missing")
    values = spring.trajectory.values.copy()
    wrong = rng.random(values.shape) < 0.5
    equation, params = "d2x/dt2 = -k*x", {"k": 4.04}
    full = score(spring, equation, params)
    masked = np.where(wrong, np.nan, values)
    found = score(Track(SPRING, Trajectory(T, masked), [1, 0]), equation, params)
    for column in range(2):
        seen = np.isfinite(masked[:, column])
        error = ((full.predicted[seen, column] - values[seen, column]) ** 2).sum()
        spread = ((values[seen, column] - values[seen, column].mean()) ** 2).sum()
        assert found.columns[column] == pytest.approx(1 - error / spread, rel=1e-4)
    assert found.r2 == pytest.approx(np.mean(found.columns))


def test_an_unobserved_column_has_no_r2(spring):
    values = spring.trajectory.values.copy()
    values[:, 1] = np.nan
    found = score(Track(SPRING, Trajectory(T, values), [1, 0]), "d2x/dt2 = -4*x", {})
    assert math.isnan(found.columns[1])
    assert found.r2 == found.columns[0] > 1 - 1e-8
    assert np.isfinite(found.predicted).all()
    broken = score(Track(SPRING, Trajectory(T, values), [1, 0]), "nonsense", {})
    assert broken.columns[0] == 0
    assert math.isnan(broken.columns[1])


@given(st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_stopping_early_never_changes_a_score(seed):
    rng = np.random.default_rng(seed)
    values = np.c_[np.cos(2 * T), -2 * np.sin(2 * T)] + 0.3 * rng.standard_normal((120, 2))
    values[rng.random(values.shape) < rng.random()] = np.nan
    values[:3] = 0.1, 0.2
    track = Track(SPRING, Trajectory(T, values), [1, 0])
    equation, params = "d2x/dt2 = -k*x - c*vx", {"k": rng.uniform(-1, 9), "c": rng.normal()}
    complete = score(track, equation, params)
    quick = score(track, equation, params, predict=False)
    if not complete.reason:
        assert quick.r2 == complete.r2
        np.testing.assert_array_equal(quick.columns, complete.columns)


def test_a_constant_column_is_measured_against_a_millionth_of_its_size():
    values = np.c_[np.full(120, 5.0), np.zeros(120)]
    track = Track(SPRING, Trajectory(T, values), [5, 0])
    assert score(track, "d2x/dt2 = 0", {}).columns == (1.0, 1.0)
    assert score(track, "d2x/dt2 = 1e-3", {}).columns == (0.0, 0.0)
    within = score(track, "d2x/dt2 = 1e-8", {}).columns
    assert 0 < within[0] < 1


def test_a_small_motion_far_from_zero_keeps_its_own_spread():
    values = np.c_[6.4e6 + 10 * np.cos(2 * T), -20 * np.sin(2 * T)]
    track = Track(SPRING, Trajectory(T, values), values[0])
    assert score(track, "d2x/dt2 = 0", {}).columns[0] == 0
    assert score(track, "d2x/dt2 = -4*(x - 6.4e6)", {}).columns[0] > 1 - 1e-6


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_scores_do_not_depend_on_the_unit(size):
    values = size * np.c_[np.cos(2 * T), -2 * np.sin(2 * T)]
    track = Track(SPRING, Trajectory(T, values), values[0])
    assert score(track, "d2x/dt2 = -4*x", {}).r2 > 1 - 1e-8
    ordinary = Track(SPRING, Trajectory(T, values / size), values[0] / size)
    law = "d2x/dt2 = -4.2*x"
    assert score(track, law, {}).r2 == pytest.approx(score(ordinary, law, {}).r2, abs=1e-7)


@pytest.mark.parametrize("hidden", [False, True])
def test_an_unknown_start_is_fitted(hidden):
    rng = stream("tests", "start")
    truth = np.c_[np.cos(2 * T), -2 * np.sin(2 * T)]
    values = truth + 0.05 * rng.standard_normal(truth.shape)
    if hidden:
        values[:, 1] = np.nan
    track = Track(SPRING, Trajectory(T, values))
    assert not track.known_start
    found = score(track, "d2x/dt2 = -4*x", {})
    assert found.r2 > 0.98
    np.testing.assert_allclose(found.start, [1.0, 0.0], atol=0.05)
    guess = score(Track(SPRING, Trajectory(T, values), track.y0), "d2x/dt2 = -4*x", {})
    assert found.r2 >= guess.r2
    assert score(track, "d2x/dt2 = -4*x", {}, predict=False).r2 == found.r2


def test_fitting_a_start_reaches_the_least_squares_minimum():
    """The model is linear in its start, so that the best one is known."""
    rng = stream("tests", "start minimum")
    values = np.c_[np.cos(2 * T), -2 * np.sin(2 * T)] + 0.3 * rng.standard_normal((120, 2))
    weights = 1 / values.std(0)
    basis = np.stack([np.c_[np.cos(2 * T), -2 * np.sin(2 * T)], np.c_[np.sin(2 * T) / 2, np.cos(2 * T)]], 2)
    best, *_ = np.linalg.lstsq((basis * weights[:, None]).reshape(-1, 2), (values * weights).ravel(), rcond=None)
    found = score(Track(SPRING, Trajectory(T, values)), "d2x/dt2 = -4*x", {})
    np.testing.assert_allclose(found.start, best, rtol=2e-3, atol=2e-3)


def test_a_start_that_is_fitted_cannot_hide_a_wrong_law():
    values = np.c_[np.cos(2 * T), -2 * np.sin(2 * T)]
    assert score(Track(SPRING, Trajectory(T, values)), "d2x/dt2 = -9*x", {}).r2 < 0.3


def test_fitting_a_start_is_bounded():
    values = np.c_[np.cos(2 * T), -2 * np.sin(2 * T)]
    track = Track(SPRING, Trajectory(T, values))
    for equation in hostile.BOUNDED.values():
        found = score(track, equation.replace("vy", "vx").replace("y", "x"), {})
        assert 0 <= found.r2 <= 1


def test_the_prediction_ends_where_the_solution_does():
    track = Track(LINE, Trajectory(T, np.exp(-T)[:, None]), [1.0])
    found = score(track, "dx/dt = x**2", {})
    assert found.status == codes.S_STEP
    assert found.reached == pytest.approx(1.0, abs=1e-6)
    assert "t = 1" in found.reason
    seen = found.reached > T
    np.testing.assert_allclose(found.predicted[seen, 0], 1 / (1 - T[seen]), rtol=1e-4)
    assert np.isnan(found.predicted[~seen]).all()
    assert found.r2 == 0
    simulated = simulate("dx/dt = x**2", LINE, {}, [1.0], T)
    assert (simulated.status, simulated.reason) == (found.status, found.reason)


def test_a_time_that_does_not_begin_at_zero():
    t = np.linspace(1900.0, 1920.0, 21)
    found = simulate("dx/dt = -0.1*(t - 1900)", LINE, {}, [3.0], t, rtol=1e-9)
    np.testing.assert_allclose(found.values[:, 0], 3 - 0.05 * (t - 1900) ** 2, atol=1e-6)


def test_eight_states():
    names = [f"x{i}" for i in range(8)]
    states = StateSpace.first_order(*names)
    equation = "; ".join(f"d{name}/dt = -{i + 1}*{name}" for i, name in enumerate(names))
    found = simulate(equation, states, {}, np.ones(8), T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.values, np.exp(-np.outer(T, np.arange(1, 9))), atol=1e-7)
    track = Track(states, Trajectory(T, found.values), np.ones(8))
    assert score(track, equation, {}).r2 > 1 - 1e-8


MIX = [
    json.dumps({"equation": "d2x/dt2 = -k*x", "params": {"k": 4 + 0.01 * i}}) if i % 3 else text
    for i, text in enumerate([*map(hostile.as_json, hostile.BOUNDED.values()), *hostile.REFUSED_JSON.values()] * 8)
]


def same(a, b):
    assert (a.status, a.r2, a.operators, a.reached) == (b.status, b.r2, b.operators, b.reached)
    np.testing.assert_array_equal(a.columns, b.columns)
    assert a.reason == b.reason


def test_batch_single_and_threads_give_the_same_scores(spring):
    one, two, four = (score_json_batch(spring, MIX, threads=n) for n in (1, 2, 4))
    assert len(one) == len(MIX) > 300
    for i, text in enumerate(MIX):
        single = score_json(spring, text)
        for batch in (one, two, four):
            same(single, batch[i])
    np.testing.assert_array_equal(one.r2, [found.r2 for found in one])


def test_a_batch_may_mix_tracks(spring):
    fall = Track(FALL, Trajectory(T, np.c_[100 - 5 * T**2, -10 * T]), [100, 0])
    tracks = [spring if i % 3 else fall for i in range(200)]
    answers = [("d2x/dt2 = -k*x" if i % 3 else "d2y/dt2 = -k", {"k": 4.0 if i % 3 else 10.0}) for i in range(200)]
    answers[50] = ("\u03b8", {})
    batch = score_batch(tracks, answers)
    for i, (track, (equation, params)) in enumerate(zip(tracks, answers, strict=True)):
        same(batch[i], score(track, equation, params, predict=False))
    assert (np.delete(batch.r2, 50) > 0.999).all()
    assert batch[50].reason
    assert len(batch[10:20]) == 10
    with pytest.raises(ValueError, match="tracks"):
        score_batch(tracks, answers[:-1])
    assert len(score_batch(spring, [])) == 0


def test_scoring_from_many_threads(spring):
    found = {}

    def work(number):
        found[number] = [score_json(spring, text).r2 for text in MIX[:60]]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(values == found[0] for values in found.values())


@pytest.mark.parametrize("name", hostile.REFUSED_JSON)
def test_hostile_json_scores_zero_with_a_reason(spring, name):
    found = score_json(spring, hostile.REFUSED_JSON[name].replace("d2y", "d2x").replace("vy", "vx"))
    assert (found.r2, found.columns) == (0.0, (0.0, 0.0))
    assert found.reason
    assert len(found.reason) < 300


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_hostile_equations_score_zero_with_a_reason(name):
    track = Track(FALL, Trajectory(T, np.c_[100 - 5 * T**2, -10 * T]), [100, 0])
    equation = hostile.REFUSED[name]
    for found in (
        score(track, equation, {}),
        score_json(track, hostile.as_json(equation)),
        score_batch(track, [(equation, {})])[0],
    ):
        assert found.r2 == 0
        assert found.predicted is None
        assert found.reason
        assert len(found.reason) < 300


@pytest.mark.parametrize("name", hostile.BOUNDED)
def test_hostile_solutions_end(name):
    track = Track(FALL, Trajectory(T, np.c_[100 - 5 * T**2, -10 * T]), [100, 0])
    found = score(track, hostile.BOUNDED[name], {})
    assert 0 <= found.r2 < 0.999
    assert bool(found.reason) == (found.status != codes.OK)


@pytest.mark.parametrize(
    "params",
    [None, [1.0], {"k": "9.81"}, {"k": True}, {"k": None}, {"k": math.nan}, {"k": math.inf}, {"k": 10**400}, {1: 2.0},
     {"k": [1]}, {"\ud800": 1.0}, {"a\0b": 1.0}],
)  # fmt: skip
def test_parameters_of_any_kind_are_refused_with_a_reason(spring, params):
    found = score(spring, "d2x/dt2 = -x", params)
    assert (found.r2, found.predicted) == (0, None)
    assert found.reason
    assert score_batch(spring, [("d2x/dt2 = -x", params)])[0].reason == found.reason


@pytest.mark.parametrize("equation", [None, 3, b"d2x/dt2 = x", ["d2x/dt2 = x"]])
def test_an_equation_that_is_no_text_is_refused(spring, equation):
    assert "not a text" in score(spring, equation, {}).reason


def test_decode():
    answer = decode('{"rationale": "free", "equation": "d2y/dt2 = -g", "params": {"g": 10}, "more": []}')
    assert answer == ("d2y/dt2 = -g", {"g": 10}, "free", ())
    started = decode('{"equation": "d2y/dt2 = -g", "initial": [{"y": 3, "vy": 0.5}, {"y": 1}]}')
    assert started.initial == ({"y": 3, "vy": 0.5}, {"y": 1})
    for unreadable in ("3", '"y"', '{"y": "high"}', '[{"y": 1}, 2]', '{"y": true}'):
        assert decode('{"equation": "d2y/dt2 = 1", "initial": ' + unreadable + "}").initial == ()
    assert decode('{"equation": "d2y/dt2 = 1"}').params == {}
    reasons = []
    for text in hostile.REFUSED_JSON.values():
        try:
            assert isinstance(decode(text).equation, str)
        except Unanswerable as refusal:
            reasons.append(str(refusal))
    assert len(reasons) > 15
    assert max(map(len, reasons)) < 300


@given(st.text(max_size=60) | st.text('{}[]":,0123eE+-.truefalsn equationparams\\u', max_size=120))
@settings(max_examples=500, deadline=None)
def test_any_text_is_scored(text):
    track = Track(FALL, Trajectory(T, np.c_[100 - 5 * T**2, -10 * T]), [100, 0])
    for answer in (text, '{"equation": "d2y/dt2 = ' + text + '", "params": {}}'):
        found = score_json(track, answer)
        assert 0 <= found.r2 <= 1
        assert bool(found.reason) or found.status in (codes.OK, codes.S_ZERO)


def test_every_status_has_a_reason():
    for name in dir(codes):
        if name.startswith("S_") and name != "S_ZERO":
            assert explain(getattr(codes, name), FALL, "d2y/dt2 = 1", {}, 1.5).count("1.5") == 1
    assert explain(codes.OK, FALL, "", {}, 0) == ""
    assert UNREADABLE not in {getattr(codes, name) for name in dir(codes) if name[:2] in ("E_", "S_")}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(t=np.arange(MAX_SAMPLES + 1.0)), "1025"),
        (dict(t=np.array([0.0])), "between 2"),
        (dict(t=np.array([0.0, 0.0])), "increasing"),
        (dict(t=np.array([0.0, np.nan])), "increasing"),
        (dict(y0=[1.0]), "2 finite numbers"),
        (dict(y0=[1.0, np.inf]), "2 finite numbers"),
        (dict(rtol=0.0), "rtol"),
        (dict(atol=-1.0), "atol"),
    ],
)
def test_unusable_arguments_raise(arguments, words):
    given_arguments = {"y0": [0.0, 0.0], "t": T, **arguments}
    with pytest.raises(ValueError, match=words):
        simulate("d2y/dt2 = 1", FALL, {}, **given_arguments)


def test_tracks_that_cannot_be_scored_raise():
    many = np.linspace(0, 1, MAX_SAMPLES + 1)
    with pytest.raises(ValueError, match="1025"):
        Track(LINE, Trajectory(many, many[:, None]))
    Track(LINE, Trajectory(many[1:], many[1:, None]))
    with pytest.raises(ValueError, match="columns"):
        Track(FALL, Trajectory(T, T[:, None]))
    with pytest.raises(ValueError, match="nothing was observed"):
        Track(LINE, Trajectory(T, np.full((120, 1), np.nan)))
    with pytest.raises(UserError):
        Track(StateSpace.first_order("sin"), Trajectory(T, T[:, None]))


FORK = """
import os
import numpy as np
from gedanken.worlds.ode.simulate import Track, score_json_batch
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

t = np.linspace(0.0, 10.0, 120)
track = Track(StateSpace.first_order("x"), Trajectory(t, np.exp(-t)[:, None]), [1.0])
texts = ['{"equation": "dx/dt = -x", "params": {}}'] * 500
assert score_json_batch(track, texts, threads=2).r2.min() > 0.999
child = os.fork()
if child == 0:
    os._exit(0 if score_json_batch(track, texts, threads=2).r2.min() > 0.999 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
print("both")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
def test_a_forked_process_scores_with_threads_of_its_own():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "both", done.stderr
