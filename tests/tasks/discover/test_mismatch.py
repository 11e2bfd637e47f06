import re

import numpy as np
import pytest

from gedanken.tasks.discover.mismatch import describe_mismatch
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

STATES = StateSpace.first_order("x")
T = np.linspace(0.0, 10.0, 100)


def describe(observed, predicted, r2=0.5):
    return describe_mismatch(STATES, Trajectory(T, observed[:, None]), predicted[:, None], (r2,))


@pytest.mark.parametrize(
    "predicted, words",
    [
        (np.sin(2.4 * T), ["x (R2 0.500)", "faster", "x1.2"]),
        (np.sin(1.6 * T), ["slower", "x0.8"]),
        (1.5 * np.sin(2 * T), ["amplitude is too large", "x1.50"]),
        (np.exp(-0.2 * T) * np.sin(2 * T), ["decays too fast"]),
        (np.sin(2 * T + 0.8), ["it runs out of phase."]),
        (np.sin(2.04 * T), ["slightly faster", "out of phase (frequency x1.0"]),
        (np.sin(1.97 * T), ["slightly slower", "out of phase (frequency x0.9"]),
        (np.full_like(T, 0.3), ["does not"]),
    ],
)
def test_an_oscillation_is_compared_by_its_features(predicted, words):
    sentence = describe(np.sin(2 * T), predicted)
    assert all(word in sentence for word in words), sentence


@pytest.mark.parametrize("ratio", [0.96, 0.98, 0.99, 1.01, 1.02, 1.04])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_a_small_gap_of_frequencies_is_told_to_a_percent(ratio, noise):
    rng = np.random.default_rng(1)
    for _ in range(10):
        rate = rng.uniform(1.5, 5.0)
        observed = np.cos(rate * T) + noise * rng.standard_normal(len(T))
        sentence = describe(observed, np.cos(ratio * rate * T))
        told = re.search(r"frequency x([\d.]+)\)", sentence)
        assert told, sentence
        assert float(told[1]) == pytest.approx(ratio, abs=0.008 if noise == 0 else 0.012)


def test_too_slow_a_decay_is_seen():
    assert "decays too slowly" in describe(np.exp(-0.2 * T) * np.sin(2 * T), np.sin(2 * T))


@pytest.mark.parametrize(
    "predicted, words",
    [
        (T + 0.2 * T**2 / 10, ["too high", "gap grows with time", "to t=10"]),
        (T - 0.1 * T, ["too low", "gap grows"]),
        (T + 2.0, ["too high", "throughout", "constant offset"]),
        (T + 3 * np.exp(-T), ["gap shrinks"]),
    ],
)
def test_a_trend_is_named_with_sign_and_span(predicted, words):
    sentence = describe(T, predicted)
    assert all(word in sentence for word in words), sentence


def test_a_breakdown_says_when():
    predicted = np.where(T < 5, T, np.nan)
    assert describe(T, predicted).startswith("The simulation left the finite numbers near t=5.05")


def test_noise_is_no_mismatch():
    noise = 0.05 * np.random.default_rng(0).standard_normal(len(T))
    assert "No column shows a pattern" in describe(np.sin(2 * T) + noise, np.sin(2 * T), 0.99)


def test_missing_samples_are_left_out():
    observed = T.copy()
    observed[10:30] = np.nan
    assert "too high" in describe(observed, T + 2.0)
