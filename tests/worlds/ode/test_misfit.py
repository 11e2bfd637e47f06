import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.worlds.ode.misfit import FEWEST, LARGEST, measure_shapes


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
    kernel = np.ones(min(5, m))
    smooth = np.convolve(residual, kernel, "same") / np.convolve(np.ones(m), kernel, "same")
    off = np.flatnonzero(np.abs(smooth) > 0.15)
    changes = np.flatnonzero(np.diff(np.sign(smooth[off])))
    u = (t - t[0]) / np.ptp(t)
    slope, level = np.polyfit(u, residual, 1)
    first, later = slice(m // 2), slice(m // 2, None)
    expected = {
        "largest": np.abs(smooth).max(),
        "first": t[off[0]],
        "last": t[off[-1]],
        "off": len(off) / m,
        "above": (smooth[off] > 0).mean(),
        "turns": len(changes),
        "turn": t[off[changes[0]]] if len(changes) else 0.0,
        "begins": np.sign(smooth[off[0]]),
        "decay": predicted[later].std() / predicted[first].std() * observed[first].std() / observed[later].std(),
        "amplitude": predicted.std() / observed.std(),
        "slope": slope,
        "level": level,
        "curve": np.polyfit(u, residual, 2)[0],
        "scatter": np.diff(residual).std() / np.sqrt(2),
        "late": np.abs(residual[u > 0.7]).mean(),
        "early": np.abs(residual[u < 0.3]).mean(),
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


def excursion(share, offset, sign):
    """Up, an excursion of one sample that passes the mean by `share` of the spread, up again, and down for good."""
    x = np.array([1.0] * 20 + [0.0] + [1.0] * 20 + [-1.0] * 41)
    for _ in range(100):
        x[20] = x.mean() - share * x.std()
    return sign * x + offset


@pytest.mark.parametrize("offset, sign", [(0.0, 1.0), (0.0, -1.0), (30.0, 1.0), (-30.0, -1.0)])
def test_a_crossing_passes_the_mean_by_a_quarter_of_the_spread(offset, sign):
    t = np.linspace(2.0, 10.1, 82)
    small, large = (excursion(share, offset, sign) for share in (0.24, 0.26))
    shape = measure_shape(t, small, large, 0.15)
    assert (shape.data_crossings, shape.model_crossings) == (1, 3)
    # Down past the threshold, between samples 19 and 20, and 40 and 41.
    down = sign * (offset - large + (large - offset).mean()) / large.std()
    first, last = (np.interp(0.25, down[k - 1 : k + 1], t[k - 1 : k + 1]) for k in (20, 41))
    assert (shape.data_span, shape.model_span) == (0.0, pytest.approx(last - first))


def test_a_running_mean_is_over_five_samples_or_as_many_as_there_are():
    for samples, window in [(4, 2), (5, 3), (40, 3)]:
        # At the first sample the window reaches two samples ahead, or one where there are only four.
        spike = np.zeros(samples)
        spike[0] = 1.0
        assert measure_shape(np.arange(float(samples)), np.zeros(samples), spike, 0.1).largest == pytest.approx(
            1 / window
        )
    spike = np.zeros(40)
    spike[20] = 1.0
    shape = measure_shape(np.arange(40.0), np.zeros(40), spike, 0.1)
    assert shape.largest == pytest.approx(1 / 5)
    assert (shape.first, shape.last, shape.off) == (18.0, 22.0, 5 / 40)


def test_what_is_just_as_large_as_noticeable_is_not_off():
    t = np.linspace(0, 1, 10)
    shape = measure_shape(t, np.zeros(10), np.full(10, 0.5), 0.5)
    assert (shape.off, shape.above, shape.turns) == (0.0, 0.0, 0.0)
    assert measure_shape(t, np.zeros(10), np.full(10, 0.5), 0.499).off == 1.0


def test_the_turn_is_the_last_noticeable_sample_before_the_first_change_of_sign():
    residual = np.repeat([0.0, 1.0, 0.0, -1.0, 0.0, 1.0], 20)
    shape = measure_shape(np.arange(120.0), np.zeros(120), residual, 0.5)
    assert (shape.turns, shape.turn, shape.begins) == (2, 39.0, 1.0)
    assert (shape.first, shape.last) == (20.0, 119.0)
    assert shape.above == pytest.approx(40 / 60)
    once = measure_shape(np.arange(120.0), np.zeros(120), -np.abs(residual), 0.5)
    assert (once.turns, once.turn, once.begins, once.above) == (0, 0.0, -1.0, 0.0)


def test_late_and_early_are_beyond_seven_and_before_three_tenths_of_the_time():
    t = np.arange(5.0, 16.0)
    residual = 2.0 ** np.arange(11)
    shape = measure_shape(t, np.zeros(11), residual, 0.1)
    assert shape.late == pytest.approx(residual[8:].mean())
    assert shape.early == pytest.approx(residual[:3].mean())


def test_a_record_without_scatter_still_divides():
    t = np.linspace(0, 1, 10)
    assert 0.0 < measure_shape(t, np.zeros(10), np.full(10, 0.5), 0.15).scatter < 1e-9


def test_four_samples_have_a_shape_and_three_have_none():
    t = np.linspace(0.0, 1.0, 8)
    observed = np.stack([np.sin(t), np.sin(t)], 1)
    observed[3:, 0] = observed[4:, 1] = np.nan
    _, (three, four) = measure_shapes(t, observed, np.zeros((8, 2)), 0.15)
    assert three is None
    assert four is not None


def test_a_prediction_that_breaks_down_at_once_has_no_shape():
    t = np.linspace(0.0, 1.0, 8)
    assert measure_shapes(t, np.zeros((8, 1)), np.full((8, 1), np.nan), 0.15) == (0, [None])


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
