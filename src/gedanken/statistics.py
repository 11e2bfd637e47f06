"""95 % intervals of rates, means and other statistics. scipy.stats takes a while to import: only where it is called."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gedanken.seeding import Scalar, stream

Z95 = 1.959963984540054
"""Half-width of a 95 % interval of a normal variable, in standard deviations: `scipy.stats.norm.ppf(0.975)`."""

RESAMPLES = 2000


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % interval of a rate of independent trials, in [0, 1]; (0, 1) without any trial.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209-212.
    """
    if n == 0:
        return 0.0, 1.0
    from scipy.stats import binomtest

    interval = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def bootstrap(statistic: Callable[..., Any], *samples: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """95 % interval of a statistic by the percentile method, from `RESAMPLES` resamples.

    A single observation cannot be resampled: the statistic itself is then both ends.

    Args:
        statistic: called as `statistic(*samples, axis=-1)`, with resamples of shape (..., RESAMPLES, n); it may give
            several values along further leading axes.
        samples: arrays of shape (..., n). They are paired: a resample takes the same observations from each.
        rng: where the resamples are drawn from.

    Returns:
        The lower and the upper end, of the statistic's shape.

    Raises:
        ValueError: the samples are empty.
    """
    arrays = [np.asarray(sample, dtype=np.float64) for sample in samples]
    n = arrays[0].shape[-1]
    if n == 0:
        raise ValueError("there is no observation to resample")
    if n == 1:
        value = statistic(*arrays, axis=-1)
        return value, value
    from scipy.stats import bootstrap as resample

    result = resample(
        arrays,
        statistic,
        n_resamples=RESAMPLES,
        paired=True,
        vectorized=True,
        axis=-1,
        method="percentile",
        rng=rng,
    )
    return result.confidence_interval.low, result.confidence_interval.high


def cluster_bootstrap(groups: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """95 % interval of a rate, in [0, 1], whose trials are correlated within groups: whole groups are resampled."""
    hits, sizes = [sum(group) for group in groups], [len(group) for group in groups]

    def rate(hits: Any, sizes: Any, axis: int) -> Any:
        return hits.sum(axis) / sizes.sum(axis)

    low, high = bootstrap(rate, hits, sizes, rng=stream("bench", "cluster_bootstrap", len(groups)))
    return float(low), float(high)


def summarise_rate(groups: Sequence[Sequence[bool]]) -> dict[str, float | list[float]]:
    """`{"rate": percent, "ci": [percent, percent]}` of all trials.

    Groups of one trial are independent and get Wilson's interval; otherwise whole groups are resampled. A rate of 0 or
    1 is the same in every resample, so there, too, Wilson's interval is used, with the number of groups for n.
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


def summarise_mean(values: Sequence[float], *key: Scalar) -> dict[str, float | list[float]]:
    """`{"mean": value, "ci": [low, high]}` of independent values; `key` names the stream of the resamples.

    Raises:
        ValueError: there are no values.
    """
    low, high = bootstrap(np.mean, values, rng=stream(*key))
    return {"mean": float(np.mean(values)), "ci": [float(low), float(high)]}
