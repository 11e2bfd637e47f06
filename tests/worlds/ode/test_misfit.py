import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.worlds.ode.misfit import FEWEST, LARGEST, WIDTH, measure_shapes


def measure_shape(t, observed, predicted, noticeable):
    reached, (shape,) = measure_shapes(t, observed[:, None], predicted[:, None], noticeable)
    assert reached == len(t)
    return shape


@pytest.mark.parametrize("m", [4, 5, 9, 100])
def test_the_compiled_measures_are_those_of_numpy(m):
    rng = stream("test residual", m)
    t = np.sort(rng.uniform(0, 3, m))
    observed = np.sin(4 * t) + 0.1 * rng.normal(size=m)
    predicted = 1.2 * np.sin(4.5 * t) * np.exp(-0.2 * t)
    shape = measure_shape(t, observed, predicted, 0.15)
    residual = (predicted - observed) / observed.std()
    kernel = np.ones(min(WIDTH, m))
    smooth = np.convolve(residual, kernel, "same") / np.convolve(np.ones(m), kernel, "same")
    off = np.flatnonzero(np.abs(smooth) > 0.15)
    u = (t - t[0]) / np.ptp(t)
    slope, level = np.polyfit(u, residual, 1)
    expected = {
        "largest": np.abs(smooth).max(),
        "first": t[off[0]],
        "last": t[off[-1]],
        "off": len(off) / m,
        "above": (smooth[off] > 0).mean(),
        "turns": np.count_nonzero(np.diff(np.sign(smooth[off]))),
        "begins": np.sign(smooth[off[0]]),
        "amplitude": predicted.std() / observed.std(),
        "slope": slope,
        "level": level,
        "curve": np.polyfit(u, residual, 2)[0],
        "scatter": np.diff(residual).std() / np.sqrt(2),
    }
    for name, value in expected.items():
        assert getattr(shape, name) == pytest.approx(value, rel=1e-9, abs=1e-9), name


def test_crossings_give_the_period_and_noise_does_not_add_any():
    t = np.linspace(0, 10, 200)
    clean = np.cos(2 * np.pi * t / 2.5)
    noisy = clean + 0.1 * stream("test residual", "noise").normal(size=200)
    shape = measure_shape(t, noisy, clean, 0.15)
    assert shape.data_crossings == shape.model_crossings == 8
    assert shape.model_span / (shape.model_crossings - 1) == pytest.approx(1.25, rel=0.02)


def test_constant_columns_divide_by_nothing():
    t = np.linspace(0, 1, 10)
    shape = measure_shape(t, np.zeros(10), np.full(10, 0.5), 0.15)
    assert np.isfinite(shape).all()
    assert (shape.largest, shape.above, shape.level) == (0.5, 1.0, pytest.approx(0.5))


def test_each_column_is_measured_where_it_was_observed_and_the_prediction_reaches():
    t = np.linspace(0.0, 5.0, 60)
    observed = np.stack([np.sin(3 * t), np.cos(t), t], 1)
    observed[10:20, 0] = np.nan
    observed[FEWEST - 1 :, 2] = np.nan
    predicted = np.stack([np.sin(2.5 * t), np.full(60, 1e200), t], 1)
    predicted[50:, 1] = np.inf
    reached, (first, second, third) = measure_shapes(t, observed, predicted, 0.15)
    assert reached == 50
    seen = np.isfinite(observed[:50, 0])
    assert first == measure_shape(t[:50][seen], observed[:50, 0][seen], predicted[:50, 0][seen], 0.15)
    assert second == measure_shape(t[:50], observed[:50, 1], np.full(50, LARGEST), 0.15)
    assert third is None
