import numpy as np
import pytest

from gedanken.bench.form import same_form
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.sparse import Candidate, Discovery, discover
from gedanken.sparse.ladder import shorter_at_a_tie
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.system import solve
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

PREY = StateSpace.first_order("x", "y")
LOTKA = "dx/dt = a*x - b*x*y; dy/dt = -c*y + d*x*y"
RATES = {"a": 1.1, "b": 0.4, "c": 0.8, "d": 0.4}
FALL = StateSpace.second_order(y="vy")


def record(equation, states, params, start, noise, *key, samples=100, duration=10.0):
    t = np.linspace(0.0, duration, samples)
    clean = simulate(equation, states, params, np.array(start), t).values
    return Trajectory(t, clean + noise * clean.std(0) * stream("test", "identify", *key).standard_normal(clean.shape))


def test_a_law_with_its_intervals_and_alternatives():
    data = record(LOTKA, PREY, RATES, [4.0, 2.0], 0.05, "lotka")
    found = discover(PREY, [data])
    assert found.best.equation == "dx/dt = c1*x - c2*x*y; dy/dt = -c3*y + c2*x*y"
    truth = {"c1": 1.1, "c2": 0.4, "c3": 0.8}
    for name, (low, high) in found.best.intervals.items():
        reach = high - low  # twice the half width, so that one bad draw in thousands fails
        assert low - reach / 2 < truth[name] < high + reach / 2
    assert found.best.match > 0.99
    assert found.segments == 1
    assert [c.delta for c in found.candidates] == sorted(c.delta for c in found.candidates)
    assert found.candidates[0].delta == 0.0
    assert len({c.equation for c in found.candidates}) == len(found.candidates)
    assert found.noise["x"] == pytest.approx(0.05 * np.std(data.values[:, 0]), rel=0.3)
    assert all(0.5 < value < 1.6 for value in found.best.chi2.values())
    assert not any("short" in note for note in found.notes)


def test_the_same_record_gives_the_same_answer():
    data = record("d2y/dt2 = -g + k*vy**2", FALL, {"g": 9.8, "k": 0.05}, [50.0, 0.0], 0.05, "twice")
    assert discover(FALL, [data]).candidates[0].params == discover(FALL, [data]).candidates[0].params


def test_what_one_fall_cannot_tell_is_reported_with_the_experiment_that_would():
    data = record("d2y/dt2 = -g + k*vy**2", FALL, {"g": 9.8, "k": 0.05}, [50.0, -1.0], 0.02, "fall")
    found = discover(FALL, [data])
    forms = {c.equation for c in found.indistinct}
    # While a body only falls, vy**2 and -vy*abs(vy) are the same number.
    assert {"d2y/dt2 = -c1 + c2*vy**2", "d2y/dt2 = -c1 - c2*vy*abs(vy)"} <= forms
    assert found.experiment is not None
    assert found.experiment.start["vy"] > 0
    assert found.experiment.noise > 10
    assert any("Not identified" in note for note in found.notes)


def test_two_trials_together_tell_what_one_cannot():
    truth = "d2y/dt2 = -g - k*vy*abs(vy)"
    down = record(truth, FALL, {"g": 9.8, "k": 0.05}, [50.0, -1.0], 0.02, "down")
    up = record(truth, FALL, {"g": 9.8, "k": 0.05}, [0.0, 30.0], 0.02, "up")
    assert "abs" not in discover(FALL, [down]).best.equation
    both = discover(FALL, [down, up])
    assert both.best.equation == "d2y/dt2 = -c1 - c2*vy*abs(vy)"
    assert len(both.best.initials) == 2
    assert not any("vy**2" in c.equation and "abs" not in c.equation for c in both.indistinct)


def test_positions_alone_gaps_outliers_and_uneven_times():
    rng = stream("test", "identify", "hard")
    data = record("d2y/dt2 = -k*y - b*vy", FALL, {"k": 6.0, "b": 0.3}, [1.0, 0.0], 0.03, "hard", samples=160)
    values = data.values.copy()
    values[:, 1] = np.nan
    values[50:65, 0] = np.nan
    values[[10, 33, 120], 0] += [1.0, -1.2, 0.9]
    kept = np.sort(rng.choice(160, 130, replace=False))
    found = discover(FALL, [Trajectory(data.t[kept], values[kept])])
    assert found.best.equation == "d2y/dt2 = -c1*y - c2*vy"
    assert found.best.params["c1"] == pytest.approx(6.0, rel=0.03)
    assert set(found.best.r2) == {"y"}
    assert any("not measured" in note for note in found.notes)


def test_neighbouring_outliers_do_not_bend_the_law():
    data = record("d2y/dt2 = -k*y - b*vy", FALL, {"k": 6.0, "b": 0.3}, [1.0, 0.0], 0.03, "pairs", samples=120)
    values = data.values.copy()
    values[[15, 16, 40, 41, 90], 0] += [2.0, 2.5, -2.0, 2.0, 3.0]
    values[[30, 31, 70], 1] += [8.0, 7.0, -9.0]
    found = discover(FALL, [Trajectory(data.t, values)])
    assert found.best.equation == "d2y/dt2 = -c1*y - c2*vy"
    assert found.outliers >= 8
    assert found.best.params["c1"] == pytest.approx(6.0, rel=0.02)


def test_eight_positions_give_a_cautious_answer():
    # Galileo's inclined plane, about 1604 (folio 107v, read by S. Drake, Scientific American 228(5), 1973).
    t = np.arange(1.0, 9.0)
    d = np.array([33, 130, 298, 526, 824, 1192, 1620, 2104.0])
    states = StateSpace.second_order(d="vd")
    found = discover(states, [Trajectory(t, np.stack([d, np.full(8, np.nan)], 1))])
    assert found.best.equation == "d2d/dt2 = c1"
    assert found.best.params["c1"] == pytest.approx(65.5, rel=0.02)
    assert any("short" in note for note in found.notes)


def test_a_periodic_force_of_the_time():
    truth = "d2y/dt2 = -k*y - b*vy + f*cos(w*t)"
    params = {"k": 4.0, "b": 0.3, "f": 1.5, "w": 1.1}
    found = discover(FALL, [record(truth, FALL, params, [0.5, 0.0], 0.03, "driven", samples=200, duration=20.0)])
    assert found.best.equation == "d2y/dt2 = -c1*y - c2*vy + c3*cos(c4*t)"
    assert found.best.params["c4"] == pytest.approx(1.1, rel=0.01)


def test_free_exponents_and_saturations():
    truth = "d2y/dt2 = -g + k*abs(vy)**1.5"
    found = discover(FALL, [record(truth, FALL, {"g": 9.8, "k": 0.2}, [80.0, -0.5], 0.001, "three halves")])
    assert found.best.equation == "d2y/dt2 = -c1 - c2*vy*abs(vy)**0.5"
    states = StateSpace.first_order("s")
    decay = record("ds/dt = -v*s/(k + s)", states, {"v": 2.0, "k": 1.5}, [8.0], 0.005, "enzyme")
    found = discover(states, [decay], "an enzyme takes its substrate up")
    assert found.best.equation == "ds/dt = -c1*s/(c2 + s)"
    assert found.best.params["c2"] == pytest.approx(1.5, rel=0.15)


def test_records_that_cannot_be_used_are_refused_in_a_sentence():
    t = np.arange(3.0)
    with pytest.raises(UserError, match="too short"):
        discover(FALL, [Trajectory(t, np.zeros((3, 2)))])
    t = np.arange(20.0)
    with pytest.raises(UserError, match="y has fewer than two samples"):
        discover(PREY, [Trajectory(t, np.stack([t, np.full(20, np.nan)], 1))])
    with pytest.raises(UserError, match="no trajectory"):
        discover(PREY, [])


@pytest.mark.parametrize("values", [np.full((30, 2), 2.0), np.zeros((30, 2)), np.ones((30, 1)) * [1e-9, 1e9]])
def test_constant_columns_do_not_break(values):
    found = discover(PREY, [Trajectory(np.linspace(0, 5, 30), values)])
    assert found.candidates
    assert all(np.isfinite(value) for value in found.best.params.values())


def test_a_time_limit_still_gives_an_answer():
    data = record(LOTKA, PREY, RATES, [4.0, 2.0], 0.05, "hurry")
    told = []
    assert discover(PREY, [data], seconds=0.05, progress=told.append).candidates
    assert told


def test_a_law_that_owes_its_fit_to_one_exact_start_is_not_preferred():
    # x = exp(-0.7 t) also solves x'' = 0.49 x, which is the more likely law before any data. But from every start but
    # one it grows as exp(0.7 t), by a factor of 1000 over the record.
    states = StateSpace.second_order(x="v")
    data = record("d2x/dt2 = -0.7*v", states, {}, [1.0, -0.7], 0.02, "fragile")
    found = discover(states, [data])
    criteria = {c.equation: c.criterion for c in found.candidates}
    assert found.best.equation == "d2x/dt2 = -c1*v"
    assert criteria["d2x/dt2 = c1*x"] > found.best.criterion + 4


@pytest.mark.parametrize(("samples", "noted"), [(36, True), (44, False)])
def test_a_record_of_fewer_than_forty_readings_is_called_short(samples, noted):
    data = record("d2y/dt2 = -g", FALL, {"g": 9.8}, [50.0, 0.0], 0.02, "short", samples=samples, duration=3.0)
    values = data.values * [1.0, np.nan]
    found = discover(FALL, [Trajectory(data.t, values)])
    assert any("short" in note for note in found.notes) is noted


def candidate(delta, complexity):
    return Candidate("", {}, {}, delta, delta, 1.0, {}, {}, complexity, ())


def test_the_shorter_law_comes_first_only_at_a_tie_and_on_a_short_record():
    longer, shorter, worse = candidate(0.0, 5), candidate(1.5, 3), candidate(2.5, 1)
    laws = (longer, shorter, worse)
    assert shorter_at_a_tie(laws, 60) == (shorter, longer, worse)
    assert shorter_at_a_tie(laws, 99) == (shorter, longer, worse)
    assert shorter_at_a_tie(laws, 100) == laws


def test_laws_within_a_factor_of_twenty_in_probability_are_indistinct():
    laws = tuple(candidate(delta, 1) for delta in (0.0, 2 * np.log(19), 2 * np.log(21)))
    found = Discovery(PREY, laws, {}, (), 0, 1, None, (), 1)
    assert found.indistinct == laws[:2]


@pytest.mark.parametrize(("samples", "tried"), [(50, False), (70, True)])
def test_no_periodic_force_is_looked_for_in_a_short_record(samples, tried):
    truth = "d2y/dt2 = -k*y - b*vy + f*cos(w*t)"
    params = {"k": 4.0, "b": 0.3, "f": 1.5, "w": 1.1}
    data = record(truth, FALL, params, [0.5, 0.0], 0.03, "short driven", samples=samples, duration=20.0)
    stages = []
    discover(FALL, [data], progress=stages.append)
    assert any("periodic" in stage for stage in stages) is tried


def test_ten_coupled_variables_are_told_apart():
    states = StateSpace.first_order(*(f"x{k}" for k in range(10)))
    law = "; ".join(f"dx{k}/dt = -0.5*x{k} + {(0.4, -0.6)[k % 2]}*x{(k + 1) % 10}" for k in range(10))
    t = np.linspace(0.0, 10.0, 200)
    rng = np.random.default_rng(3)
    clean = solve(law, states, {}, rng.normal(0, 1.2, 10), t)
    best = discover(states, [Trajectory(t, clean + 1e-3 * rng.standard_normal(clean.shape))]).best
    found = parse(best.equation, states, best.params).bind(best.params)
    assert same_form(parse(law, states).bind({}), found, [Trajectory(t, clean)]), best.equation
