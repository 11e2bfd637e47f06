import numpy as np
import pytest

from gedanken.errors import Unanswerable, UserError
from gedanken.seeding import stream
from gedanken.worlds.ode.fit import Compiler, Record, covariance_of, differentiate, evaluate, fit, refine
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

PENDULUM = StateSpace.second_order(theta="omega")
PREY = StateSpace.first_order("x", "y")
LOTKA = "dx/dt = a*x - b*x*y; dy/dt = -c*y + d*x*y"
RATES = {"a": 1.1, "b": 0.4, "c": 0.8, "d": 0.2}


def record(equation, states, params, start, noise, *key, samples=100, duration=10.0):
    t = np.linspace(0.0, duration, samples)
    clean = simulate(equation, states, params, np.array(start), t).values
    values = clean + noise * clean.std(0) * stream("test", "fit", *key).standard_normal(clean.shape)
    return Trajectory(t, values)


def test_parameters_and_start_come_back_within_their_standard_errors():
    misses = []
    for k in range(20):
        data = record("d2theta/dt2 = -w*sin(theta) - b*omega", PENDULUM, {"w": 6.0, "b": 0.3}, [1.5, 0.2], 0.05, k)
        found = fit("d2theta/dt2 = -w*sin(theta) - b*omega", {"w": 5.0, "b": 0.1}, PENDULUM, [data])
        assert found.status == "fitted"
        assert found.segments == 1
        for name, truth in (("w", 6.0), ("b", 0.3)):
            misses.append((found.params[name] - truth) / found.standard_errors[name])
        assert np.abs(found.initials[0] - [1.5, 0.2]).max() < 0.1
    # 40 standard normal variables: the mean square has a standard deviation of 0.22.
    assert 0.4 < np.mean(np.square(misses)) < 1.8


def test_noise_free_records_give_the_parameters_back_to_the_integrator_accuracy():
    data = record(LOTKA, PREY, RATES, [4.0, 2.0], 0.0)
    found = fit(LOTKA, {name: 1.3 * value for name, value in RATES.items()}, PREY, [data])
    for name, truth in RATES.items():
        assert found.params[name] == pytest.approx(truth, rel=1e-5)
    assert found.r2.min() > 1 - 1e-9


def test_a_frequency_far_off_does_not_end_in_a_false_minimum():
    data = record("d2theta/dt2 = -w*theta", PENDULUM, {"w": 9.0}, [1.0, 0.0], 0.02, "far", duration=20.0)
    for start in (4.0, 16.0):
        found = fit("d2theta/dt2 = -w*theta", {"w": start}, PENDULUM, [data])
        assert found.params["w"] == pytest.approx(9.0, rel=0.01)


def test_missing_samples_gaps_and_unobserved_velocities_are_left_out():
    data = record("d2theta/dt2 = -w*sin(theta)", PENDULUM, {"w": 4.0}, [1.2, 0.0], 0.02, "gaps")
    values = data.values.copy()
    values[:, 1] = np.nan
    values[30:50, 0] = np.nan
    values[::7, 0] = np.nan
    found = fit("d2theta/dt2 = -w*sin(theta)", {"w": 3.0}, PENDULUM, [Trajectory(data.t, values)])
    assert found.params["w"] == pytest.approx(4.0, rel=0.02)
    assert np.isfinite(found.r2[0])
    assert np.isnan(found.r2[1])


def test_several_trajectories_share_parameters_and_keep_their_own_starts():
    starts = ([4.0, 2.0], [1.0, 1.0], [8.0, 3.0])
    trials = [record(LOTKA, PREY, RATES, start, 0.05, "trial", k) for k, start in enumerate(starts)]
    one = fit(LOTKA, RATES, PREY, trials[:1])
    all_three = fit(LOTKA, RATES, PREY, trials)
    for k, start in enumerate(starts):
        assert np.abs(all_three.initials[k] - start).max() < 0.4
    for name, truth in RATES.items():
        assert abs(all_three.params[name] - truth) < 4 * all_three.standard_errors[name]
        assert all_three.standard_errors[name] < one.standard_errors[name]


def test_what_the_record_does_not_determine_has_an_infinite_standard_error():
    data = record("d2theta/dt2 = -w*theta", PENDULUM, {"w": 4.0}, [1.0, 0.0], 0.01, "ratio")
    found = fit("d2theta/dt2 = -(k/m)*theta", {"k": 4.0, "m": 1.0}, PENDULUM, [data])
    assert found.params["k"] / found.params["m"] == pytest.approx(4.0, rel=0.01)
    assert found.standard_errors == {"k": np.inf, "m": np.inf}


def test_nearly_collinear_parameters_have_the_standard_errors_of_their_correlation():
    """For correlation r and unit information, each variance is 1 / (1 - r**2), in any units of the parameters."""
    for gap in (1e-2, 1e-4, 1e-6, 1e-8):
        correlation = 1.0 - gap
        for units in ([1.0, 1.0], [1e-6, 1e4]):
            information = np.array([[1.0, correlation], [correlation, 1.0]]) / np.outer(units, units)
            variance = np.diag(covariance_of(information)) / np.square(units)
            assert variance == pytest.approx(1.0 / (gap * (2.0 - gap)), rel=1e-6)


def test_a_direction_with_less_than_1e_minus_10_of_the_information_counts_as_undetermined():
    correlation = 1.0 - 1e-12
    assert np.isinf(np.diag(covariance_of(np.array([[1.0, correlation], [correlation, 1.0]])))).all()


def test_only_parameters_in_an_undetermined_direction_have_infinite_variances():
    information = np.diag([4.0, 1.0, 1.0, 0.0])
    information[1, 2] = information[2, 1] = 1.0  # only the sum of these two is determined
    covariance = covariance_of(information)
    assert np.diag(covariance) == pytest.approx([0.25, np.inf, np.inf, np.inf])
    assert np.isfinite(covariance[0]).all()


def test_a_fit_of_nearly_collinear_parameters_has_the_standard_errors_of_linear_least_squares():
    """x = x0 + a (t - t0) + b (t**2 - t0**2) / 2, late enough that a and b do nearly the same."""
    line = StateSpace.first_order("x")
    t = np.linspace(100.0, 101.0, 50)
    design = np.stack([np.ones(50), t - 100.0, (t**2 - 100.0**2) / 2], 1)
    values = design @ [1.0, 0.5, 0.01] + 0.05 * stream("test", "fit", "collinear").standard_normal(50)
    found = fit("dx/dt = a + b*t", {"a": 0.0, "b": 0.0}, line, [Trajectory(t, values[:, None])])
    best, rss, _, _ = np.linalg.lstsq(design, values, rcond=None)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * rss[0] / 50)
    assert np.corrcoef(design[:, 1:].T)[0, 1] > 1 - 1e-5
    for name, value, error in zip("ab", best[1:], errors[1:], strict=True):
        assert found.params[name] == pytest.approx(value, abs=0.01 * error)
        assert found.standard_errors[name] == pytest.approx(error, rel=1e-3)


def test_a_parameter_without_effect_has_an_infinite_standard_error_and_the_others_keep_theirs():
    data = record("d2theta/dt2 = -w*theta", PENDULUM, {"w": 4.0}, [1.0, 0.0], 0.01, "ratio")
    alone = fit("d2theta/dt2 = -w*theta", {"w": 3.5}, PENDULUM, [data])
    found = fit("d2theta/dt2 = -w*theta + 0*u", {"w": 3.5, "u": 1.0}, PENDULUM, [data])
    assert found.standard_errors["u"] == np.inf
    assert found.standard_errors["w"] == pytest.approx(alone.standard_errors["w"], rel=1e-6)


def test_an_equation_that_cannot_be_simulated_says_so():
    data = record("d2theta/dt2 = -w*theta", PENDULUM, {"w": 4.0}, [1.0, 0.0], 0.01, "hopeless")
    found = fit("d2theta/dt2 = k*sqrt(-1 - theta**2)", {"k": 1.0}, PENDULUM, [data])
    assert "cannot be simulated" in found.status
    assert found.segments == 0
    with pytest.raises(Unanswerable):
        fit("d2theta/dt2 = -q*theta", {"w": 4.0}, PENDULUM, [data])
    with pytest.raises(UserError):
        fit("d2theta/dt2 = -w*theta", {"w": 4.0}, PENDULUM, [Trajectory(data.t, np.full_like(data.values, np.nan))])


def test_an_equation_without_parameters_still_gets_its_starts():
    data = record("d2theta/dt2 = -theta", PENDULUM, {}, [1.0, 0.5], 0.01, "plain")
    found = fit("d2theta/dt2 = -theta", {}, PENDULUM, [data])
    assert found.params == {}
    assert np.abs(found.initials[0] - [1.0, 0.5]).max() < 0.02


def test_chaos_falls_back_to_segments_with_starts_of_their_own():
    states = StateSpace.first_order("x", "y", "z")
    lorenz = "dx/dt = s*(y - x); dy/dt = x*(r - z) - y; dz/dt = x*y - b*z"
    truth = {"s": 10.0, "r": 28.0, "b": 8 / 3}
    data = record(lorenz, states, truth, [1.0, 1.0, 20.0], 0.02, "lorenz", samples=600, duration=30.0)
    found = fit(lorenz, {"s": 9.0, "r": 27.0, "b": 3.0}, states, [data])
    assert found.segments > 1
    for name, value in truth.items():
        assert found.params[name] == pytest.approx(value, rel=0.03)


def test_derivatives_of_a_program_agree_with_differences():
    program = Compiler(PREY)("dx/dt = a*x*exp(-b*y); dy/dt = x**b/(a + y) - sin(x*y) + cos(t)", ("a", "b"))
    rng = stream("test", "fit", "derivatives")
    t, x, p = rng.uniform(0, 5, 6), rng.uniform(0.5, 2.0, (6, 2)), np.array([1.3, 0.7])
    values, by_state, by_param = differentiate(program, t, x, p)
    assert values == pytest.approx(evaluate(program, t, x, p))
    for j in range(2):
        step = np.zeros(2)
        step[j] = 1e-6
        slope = (evaluate(program, t, x + step, p) - evaluate(program, t, x - step, p)) / 2e-6
        assert by_state[:, :, j] == pytest.approx(slope, rel=1e-6, abs=1e-8)
        slope = (evaluate(program, t, x, p + step) - evaluate(program, t, x, p - step)) / 2e-6
        assert by_param[:, :, j] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_information_agrees_with_the_curvature_of_the_sum_of_squares():
    data = record("d2theta/dt2 = -w*sin(theta)", PENDULUM, {"w": 4.0}, [1.2, 0.0], 0.05, "curvature")
    program = Compiler(PENDULUM)("d2theta/dt2 = -w*sin(theta)", ("w",))
    sums = Record.of([data])
    best = refine(program, np.array([4.0]), sums, iterations=40, tolerance=1e-12, rtol=1e-9)
    step = 3.0 / np.sqrt(best.information[0, 0])
    # Half the second difference of the sum over profile fits of the starts, with w held.
    held = [
        refine(Compiler(PENDULUM)(f"d2theta/dt2 = -{float(best.params[0] + k * step)!r}*sin(theta)"), np.empty(0), sums,
               iterations=40, tolerance=1e-12, rtol=1e-9, starts=best.starts).chi2
        for k in (-1, 1)
    ]  # fmt: skip
    curvature = (held[0] + held[1] - 2 * best.chi2) / (2 * step**2)
    assert best.information[0, 0] == pytest.approx(curvature, rel=0.02)
