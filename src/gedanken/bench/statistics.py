"""Rates and medians with 95 % intervals."""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from gedanken.seeding import stream

Z95 = 1.959963984540054
RESAMPLES = 2000


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a rate of independent trials, in [0, 1].

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212.
    """
    if n == 0:
        return 0.0, 1.0
    rate, spread = successes / n, Z95 * Z95 / n
    middle = (rate + spread / 2) / (1 + spread)
    half = Z95 * sqrt(rate * (1 - rate) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def cluster_bootstrap(groups: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """95 % interval of a rate whose trials come in groups that rise and fall together, by resampling the groups."""
    hits = np.array([sum(group) for group in groups], float)
    sizes = np.array([len(group) for group in groups], float)
    rng = stream("bench", "cluster_bootstrap", len(groups))
    picked = rng.integers(len(groups), size=(RESAMPLES, len(groups)))
    rates = hits[picked].sum(1) / sizes[picked].sum(1)
    low, high = np.quantile(rates, [0.025, 0.975])
    return float(low), float(high)


def summarise_rate(groups: Sequence[Sequence[bool]]) -> dict[str, float | list[float]]:
    """`{"rate": percent, "ci": [percent, percent]}` of all trials.

    Groups of one are independent draws and get Wilson's interval; otherwise the groups are resampled. A rate of 0 or 1
    leaves nothing to resample, so there, too, Wilson's interval is used, with the number of groups for n.
    """
    trials = [trial for group in groups for trial in group]
    hits, n = sum(trials), len(trials)
    if all(len(group) == 1 for group in groups):
        ci = wilson(hits, n)
    elif hits in (0, n):
        ci = wilson(len(groups) if hits else 0, len(groups))
    else:
        ci = cluster_bootstrap(groups)
    return {"rate": round(100 * hits / n, 2) if n else 0.0, "ci": [round(100 * end, 2) for end in ci]}
