import numpy as np
import pytest

from gedanken.own_data.read.windows import rows_per_sample


def test_a_motion_that_is_slow_against_a_long_stretch_is_averaged_as_a_whole():
    t = np.arange(1_000_000) * 1e-4
    slow, fast = np.sin(2 * np.pi * t / 40.0), np.sin(2 * np.pi * t / 0.05)
    assert rows_per_sample([slow]) == pytest.approx(400_000 / 20, rel=0.5)
    assert rows_per_sample([fast]) == pytest.approx(500 / 20, rel=0.2)
    assert rows_per_sample([slow, fast]) == rows_per_sample([fast])
