import numpy as np
import pytest

from gedanken.bench.statistics import cluster_bootstrap, summarise_rate, wilson
from gedanken.seeding import stream


def test_wilsons_interval_is_the_published_one():
    # R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: 81/263, 15/148, 0/20, 1/29.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_intervals_cover_the_true_rate():
    rng = stream("test", "coverage")
    hits = rng.binomial(60, 0.85, 2000)
    covered = np.mean([low <= 0.85 <= high for low, high in (wilson(int(k), 60) for k in hits)])
    assert 0.93 < covered < 0.97


def test_groups_that_rise_and_fall_together_widen_the_interval():
    rng = stream("test", "clusters")
    systems = rng.random(63) < 0.7
    together = [[bool(s), bool(s)] for s in systems]
    low, high = cluster_bootstrap(together)
    narrow = wilson(2 * int(systems.sum()), 126)
    wide = wilson(int(systems.sum()), 63)
    assert high - low > 1.2 * (narrow[1] - narrow[0])
    assert high - low == pytest.approx(wide[1] - wide[0], rel=0.15)


def test_rates_are_percent():
    assert summarise_rate([[True]] * 3 + [[False]]) == {"rate": 75.0, "ci": [30.06, 95.44]}
    assert summarise_rate([[True, True]] * 63)["ci"] == [94.25, 100.0]
    assert summarise_rate([])["rate"] == 0.0
