import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.worlds.ode.trajectory import r_squared


def test_r_squared_is_the_squared_correlation_of_a_least_squares_line():
    rng = stream("test", "r_squared")
    x = rng.standard_normal(50)
    y = 3.0 * x + rng.standard_normal(50)
    predicted = np.polyval(np.polyfit(x, y, 1), x)
    assert r_squared(y[:, None], predicted[:, None])[0] == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)


def test_r_squared_counts_observed_samples_only():
    observed = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan], [4.0, np.nan]])
    predicted = np.array([[1.0, 0.0], [3.0, 0.0], [1e9, 0.0], [4.0, np.nan]])
    first, second = r_squared(observed, predicted)
    assert first == pytest.approx(1.0 - 1.0 / (16.0 / 9 + 1.0 / 9 + 25.0 / 9))
    assert np.isnan(second)


def test_r_squared_of_a_constant_is_undefined_and_of_a_broken_prediction_minus_infinity():
    observed = np.array([[2.0, 1.0], [2.0, 3.0]])
    constant, broken = r_squared(observed, np.array([[2.0, 1.0], [2.0, np.nan]]))
    assert np.isnan(constant)
    assert broken == -np.inf
    assert r_squared(observed, observed[::-1])[1] == -3.0
