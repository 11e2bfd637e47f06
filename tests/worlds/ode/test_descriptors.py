import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.worlds.ode.descriptors import Slopes, Swing, describe

T = np.linspace(0.0, 10.0, 101)


@pytest.mark.parametrize("frequency", [1.5, 4.0])
@pytest.mark.parametrize("decay", [0.0, 0.15, -0.05])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_swing_is_measured_through_noise(frequency, decay, noise):
    clean = 3.0 + 2.0 * np.exp(-decay * T) * np.cos(frequency * T + 0.4)
    found = describe(T, clean + noise * clean.std() * stream("swing", frequency, decay).standard_normal(len(T)))
    assert isinstance(found, Swing)
    assert found.frequency == pytest.approx(frequency, rel=0.03)
    assert found.decay == pytest.approx(decay, abs=0.03)


def test_time_and_size_have_no_say():
    x = np.exp(-0.1 * T) * np.sin(3.0 * T)
    one, other = describe(T, x), describe(T * 1e-3, x * 1e6)
    assert (other.frequency, other.decay) == pytest.approx((one.frequency * 1e3, one.decay * 1e3))


def test_what_does_not_swing_has_slopes_at_both_ends():
    fall = describe(T, -9.81 * T)
    assert fall == Slopes(pytest.approx(-9.81), pytest.approx(-9.81))
    settling = describe(T, 1.0 - np.exp(-T))
    assert settling.first > 0.3
    assert abs(settling.last) < 1e-3


def test_noise_alone_about_a_line_is_no_swing():
    noisy = T + 0.05 * stream("line").standard_normal(len(T))
    assert isinstance(describe(T, noisy), Slopes)


def test_missing_readings_are_passed_over_and_few_say_nothing():
    x = np.cos(3.0 * T)
    x[20:30] = np.nan
    assert describe(T, x).frequency == pytest.approx(3.0, rel=0.05)
    assert describe(T[:5], x[:5]) is None
    assert describe(T, np.full(101, np.nan)) is None
    assert describe(T, np.full(101, 2.0)) == Slopes(0.0, 0.0)
