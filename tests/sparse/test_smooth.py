import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse.identify import discover
from gedanken.sparse.smooth import interpolate, smooth
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

ONE = StateSpace.first_order("x")
T = np.linspace(0.0, 10.0, 150)


def noise(*key, size=150):
    return stream("test", "smooth", *key).standard_normal(size)


def of(values, states=ONE, t=T):
    columns = values if values.ndim == 2 else values[:, None]
    return smooth(states, [Trajectory(t, columns)])[0]


@pytest.mark.parametrize("frequency", [0.3, 2.0, 8.0])
def test_signal_and_noise_are_told_apart_at_every_frequency(frequency):
    clean = np.sin(frequency * T)
    found = of(clean + 0.1 * noise(frequency))
    assert np.sqrt(np.mean((found.values[:, 0] - clean) ** 2)) < 0.08
    assert np.median(found.sigma) == pytest.approx(0.1, rel=0.25)


def test_exact_samples_are_interpolated():
    clean = np.exp(-0.3 * T) * np.cos(3 * T)
    found = of(clean)
    assert np.abs(found.values[:, 0] - clean).max() < 1e-5
    at = np.linspace(0.5, 9.5, 777)
    assert np.abs(interpolate(found, ONE, at)[:, 0] - np.exp(-0.3 * at) * np.cos(3 * at)).max() < 1e-4


def test_positions_alone_give_velocities():
    states = StateSpace.second_order(x="v")
    clean = np.sin(1.5 * T)
    values = np.stack([clean + 0.02 * noise("positions"), np.full(len(T), np.nan)], 1)
    found = of(values, states)
    inner = slice(10, -10)
    assert np.sqrt(np.mean((found.values[inner, 1] - 1.5 * np.cos(1.5 * T[inner])) ** 2)) < 0.08
    assert (found.weights[:, 1] == 0).all()


def test_a_measured_velocity_sharpens_the_position():
    states = StateSpace.second_order(x="v")
    position = np.sin(4 * T) + 0.2 * noise("p")
    velocity = 4 * np.cos(4 * T) + 0.2 * noise("v")
    alone = of(np.stack([position, np.full(len(T), np.nan)], 1), states)
    both = of(np.stack([position, velocity], 1), states)
    error = [np.sqrt(np.mean((s.values[:, 0] - np.sin(4 * T)) ** 2)) for s in (alone, both)]
    assert error[1] < 0.7 * error[0]


def test_noise_in_proportion_to_the_signal_is_recognised_and_even_noise_is_not():
    clean = 5.0 * np.exp(-0.3 * T) + 0.2
    grown = of(clean * (1 + 0.05 * noise("grows")))
    assert grown.sigma[0, 0] / grown.sigma[-1, 0] == pytest.approx(clean[0] / clean[-1], rel=0.15)
    false = sum(np.ptp(of(clean + 0.1 * noise("even", k)).sigma) > 1e-3 for k in range(40))
    assert false == 0


def test_outliers_are_left_out_and_a_sharp_feature_is_not():
    values = np.sin(T) + 0.02 * noise("outliers")
    values[[20, 60, 111]] += np.array([1.0, -0.8, 0.7])
    left_out = set(np.flatnonzero(of(values).outliers[:, 0]))
    assert {20, 60, 111} <= left_out
    assert len(left_out) <= 5
    kick = np.where(T < 5.0, 0.0, np.exp(-3 * (T - 5.0))) + 0.01 * noise("kick")
    assert not of(kick).outliers.any()


def test_gaps_and_uneven_times():
    rng = stream("test", "smooth", "uneven")
    t = np.sort(rng.uniform(0.0, 10.0, 120))
    values = np.sin(2 * t) + 0.05 * rng.standard_normal(120)
    values[(t > 4.0) & (t < 4.8)] = np.nan
    found = of(values, t=t)
    assert np.abs(found.values[:, 0] - np.sin(2 * t)).max() < 0.2


@pytest.mark.parametrize("samples", [4, 5, 8])
def test_tiny_and_constant_records_do_not_break(samples):
    t = np.arange(samples, dtype=float)
    for values in (t**2, np.full(samples, 3.0), np.zeros(samples)):
        found = of(values, t=t)
        assert np.isfinite(found.values).all()
        assert (found.sigma > 0).all()


def test_rest_between_the_steps_of_an_encoder_is_not_taken_for_precision():
    t = np.arange(250) * 0.01
    swing = -68.0 * np.exp(-3.0 * t) * np.cos(np.sqrt(350.0 - 9.0) * t)
    states = StateSpace.second_order(x="vx")
    read = Trajectory(t, np.stack([2.0 * np.round(swing / 2.0), np.full(250, np.nan)], 1))
    (smoothed,) = smooth(states, [read])
    sigma = smoothed.sigma[:, 0]
    assert np.ptp(sigma) < 1e-9, "the noise is even"
    # Rounding to steps of 2 errs by 0.58.
    assert 0.2 < sigma[0] < 1.0
    law = discover(states, [read]).candidates[0]
    assert law.equation == "d2x/dt2 = -c1*x - c2*vx"
    assert law.params["c1"] == pytest.approx(350.0, rel=0.02)
    assert law.params["c2"] == pytest.approx(6.0, rel=0.05)
