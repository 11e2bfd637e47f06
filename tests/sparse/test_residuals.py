import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse.residuals import correlation_time, correlations, likeness


def noise(length, correlation, *key):
    """A first-order autoregressive series, whose correlation at lag k is `correlation**k`."""
    rng = stream("test", "residuals", *key)
    x = rng.standard_normal(length)
    for k in range(1, length):
        x[k] = correlation * x[k - 1] + np.sqrt(1 - correlation**2) * x[k]
    return x


def test_correlations_are_those_of_the_process_and_skip_gaps():
    x = noise(20_000, 0.8, "long")
    x[::50] = np.nan
    found, pairs = correlations([x], 4)
    assert found == pytest.approx([0.8, 0.64, 0.512, 0.41], abs=0.03)
    assert 19_000 < pairs < 19_300


def test_white_noise_is_hardly_ever_taken_for_structure():
    alarms = sum(likeness([noise(60, 0.0, "white", k)]) is not None for k in range(300))
    assert alarms <= 3


def test_a_slow_wave_below_the_noise_is_seen():
    t = np.linspace(0.0, 1.0, 400)
    x = noise(400, 0.0, "wave") + 0.45 * np.sin(2 * np.pi * 3 * t)
    assert likeness([x]) is not None
    assert likeness([noise(400, 0.0, "wave")]) is None


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_the_correlation_time_is_that_of_the_process(correlation):
    x = [noise(4_000, correlation, "time", k) for k in range(2)]
    assert correlation_time(x) == pytest.approx((1 + correlation) / (1 - correlation), rel=0.25)


def test_few_residuals_say_nothing():
    assert likeness([np.ones(5)]) is None
    assert correlation_time([np.ones(5)]) == 1.0
    assert likeness([np.array([1.0, np.nan])] * 3) is None
