import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import norm

from gedanken.seeding import stream
from gedanken.statistics import RESAMPLES, Z95, bootstrap, cluster_bootstrap, summarise_mean, summarise_rate, wilson


def test_wilsons_interval_is_the_published_one():
    # R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: 81/263, 15/148, 0/20, 1/29.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_wilsons_interval_solves_its_equation_at_both_ends():
    for successes, n in ((3, 10), (50, 63), (1, 2)):
        for end in wilson(successes, n):
            assert abs(successes / n - end) == pytest.approx(Z95 * np.sqrt(end * (1 - end) / n), rel=1e-9)


def test_the_normal_quantile_is_that_of_95_percent():
    assert pytest.approx(norm.ppf(0.975), rel=1e-15) == Z95


def test_intervals_cover_the_true_rate():
    rng = stream("test", "coverage")
    hits, times = np.unique(rng.binomial(60, 0.85, 2000), return_counts=True)
    covered = [low <= 0.85 <= high for low, high in (wilson(int(k), 60) for k in hits)]
    assert 0.93 < np.average(covered, weights=times) < 0.97


def test_groups_that_rise_and_fall_together_widen_the_interval():
    rng = stream("test", "clusters")
    systems = rng.random(63) < 0.7
    together = [[bool(s), bool(s)] for s in systems]
    low, high = cluster_bootstrap(together)
    narrow = wilson(2 * int(systems.sum()), 126)
    wide = wilson(int(systems.sum()), 63)
    assert high - low > 1.2 * (narrow[1] - narrow[0])
    assert high - low == pytest.approx(wide[1] - wide[0], rel=0.15)


def test_large_groups_weigh_more():
    # 1 of 1 and 0 of 3, over and over: the rate of all trials is 1/4, the mean of the groups' rates 1/2.
    low, high = cluster_bootstrap([[True], [False] * 3] * 40)
    assert low < 0.25 < high < 0.4


def test_groups_are_resampled_from_a_stream_of_their_own():
    rng = stream("test", "groups")
    groups = [(rng.random(size) < 0.4).tolist() for size in rng.integers(1, 30, size=50)]
    hits, sizes = np.array([sum(group) for group in groups]), np.array([len(group) for group in groups])
    drawn = stream("bench", "cluster_bootstrap", 50).integers(0, 50, (RESAMPLES, 50))
    expected = np.percentile(hits[drawn].sum(1) / sizes[drawn].sum(1), [2.5, 97.5])
    assert cluster_bootstrap(groups) == pytest.approx(tuple(expected), rel=1e-12)


def test_rates_are_percent():
    assert summarise_rate([[True]] * 3 + [[False]]) == {"rate": 75.0, "ci": [30.06, 95.44]}
    assert summarise_rate([])["rate"] == 0.0
    assert summarise_rate([]) == {"rate": 0.0, "ci": [0.0, 100.0]}


def test_a_rate_of_nothing_or_all_takes_the_number_of_groups_for_n():
    assert summarise_rate([[True, True]] * 63) == {"rate": 100.0, "ci": [94.25, 100.0]}
    assert summarise_rate([[False, False]] * 63) == {"rate": 0.0, "ci": [0.0, 5.75]}


def test_only_groups_of_one_trial_are_independent():
    mixed = [[True]] * 20 + [[False, False]] * 20
    assert summarise_rate(mixed)["ci"] == [round(100 * end, 2) for end in cluster_bootstrap(mixed)]
    assert summarise_rate(mixed)["rate"] == 33.33


def test_a_bootstrap_interval_is_the_percentiles_of_resampled_statistics():
    values = stream("test", "values").exponential(size=30)
    drawn = stream("test", "draws").integers(0, 30, (RESAMPLES, 30))
    for statistic in (np.mean, np.median):
        expected = np.percentile(statistic(values[drawn], axis=1), [2.5, 97.5])
        assert bootstrap(statistic, values, rng=stream("test", "draws")) == pytest.approx(tuple(expected), rel=1e-12)


def test_a_bootstrap_interval_has_the_width_of_theory():
    values = stream("test", "normal").normal(3.0, 2.0, size=400)
    low, high = bootstrap(np.mean, values, rng=stream("test", "draws"))
    assert high - low == pytest.approx(2 * Z95 * values.std() / 20, rel=0.05)
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=0.02)


def test_samples_are_resampled_together_and_a_statistic_may_have_several_values():
    x = stream("test", "x").normal(size=(2, 50))

    def differences(a, b, axis):
        return (a - b).mean(axis)

    low, high = bootstrap(differences, x, x - [[1.0], [2.0]], rng=stream("test", "draws"))
    assert low == pytest.approx([1.0, 2.0])
    assert high == pytest.approx([1.0, 2.0])


def test_one_value_has_no_spread_and_none_has_no_mean():
    assert summarise_mean([0.5], "test") == {"mean": 0.5, "ci": [0.5, 0.5]}
    with pytest.raises(ValueError, match="no observation"):
        summarise_mean([], "test")


def test_a_mean_has_its_interval_around_it_and_the_same_each_time():
    values = stream("test", "values").random(40).tolist()
    summary = summarise_mean(values, "test", 1)
    low, high = summary["ci"]
    assert summary["mean"] == pytest.approx(np.mean(values))
    assert low < summary["mean"] < high
    assert (low, high) == bootstrap(np.mean, values, rng=stream("test", 1))
    assert summary == summarise_mean(values, "test", 1)
    assert summary["ci"] != summarise_mean(values, "test", 2)["ci"]


def test_the_module_is_light():
    code = "import sys, gedanken.statistics; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
