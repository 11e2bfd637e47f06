import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.worlds.ode import corrupt
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

T = np.linspace(0.0, 10.0, 2001)
CLEAN = Trajectory(T, np.column_stack([5.0 + 2.0 * np.sin(T), 100.0 * np.cos(T)]))
STATES = StateSpace.second_order(x="vx")


def test_noise_is_a_share_of_each_columns_spread():
    error = corrupt.add_noise(CLEAN, 0.1, stream("test")).values - CLEAN.values
    assert error.std(0) == pytest.approx(0.1 * CLEAN.values.std(0), rel=0.06)
    assert abs(np.corrcoef(error.T)[0, 1]) < 0.1


def test_multiplied_noise_vanishes_where_the_value_does():
    noisy = corrupt.multiply_noise(CLEAN, 0.05, stream("test"))
    assert (noisy.values / CLEAN.values - 1).std(0) == pytest.approx([0.05, 0.05], rel=0.06)
    quiet = np.abs(CLEAN.values[:, 1]) < 0.5
    assert np.abs(noisy.values - CLEAN.values)[quiet, 1].max() < 0.5 * 0.05 * 5


def test_zero_noise_changes_nothing():
    assert (corrupt.add_noise(CLEAN, 0.0, stream("test")).values == CLEAN.values).all()
    assert (corrupt.multiply_noise(CLEAN, 0.0, stream("test")).values == CLEAN.values).all()


def test_dropped_samples_leave_the_rest_untouched():
    thin = corrupt.drop_samples(CLEAN, 0.5, stream("test"))
    assert len(thin.t) == 2001 - 1000
    assert (thin.values == CLEAN.values[np.searchsorted(CLEAN.t, thin.t)]).all()
    assert len(corrupt.drop_samples(CLEAN, 1.0, stream("test")).t) == 2


def test_uneven_times_keep_the_span_and_the_order():
    t = corrupt.uneven_times(np.linspace(2.0, 7.0, 100), stream("test"))
    assert t[[0, -1]].tolist() == [2.0, 7.0]
    assert (np.diff(t) > 0).all()
    assert np.diff(t).std() > 0.2 * np.diff(t).mean()


def test_a_gap_is_one_span():
    cut = corrupt.cut_gap(CLEAN, 0.2, stream("test"))
    steps = np.diff(cut.t)
    assert (steps > 1.5 * steps.min()).sum() == 1
    assert steps.max() == pytest.approx(2.0, abs=0.02)
    assert cut.t[[0, -1]].tolist() == [0.0, 10.0]


def test_outliers_are_named_and_far_off():
    wild, wrong = corrupt.add_outliers(CLEAN, 0.02, stream("test"))
    assert wrong.mean() == pytest.approx(0.02, abs=0.006)
    assert (wild.values[~wrong] == CLEAN.values[~wrong]).all()
    off = np.abs(wild.values - CLEAN.values) / CLEAN.values.std(0)
    assert off[wrong].min() >= 2.0


def test_outliers_leave_an_unobserved_column_alone():
    hidden = corrupt.hide_velocities(CLEAN, STATES)
    wild, wrong = corrupt.add_outliers(hidden, 0.1, stream("test"))
    assert np.isnan(wild.values[:, 1]).all()
    assert not wrong[:, 1].any()
    assert wrong[:, 0].any()


def test_hidden_velocities_are_not_observed():
    assert corrupt.hide_velocities(CLEAN, STATES).observed.tolist() == [True, False]
    first_order = StateSpace.first_order("x", "y")
    assert corrupt.hide_velocities(CLEAN, first_order).observed.tolist() == [True, True]
    assert corrupt.hide_columns(CLEAN, first_order, ["x"]).observed.tolist() == [False, True]
