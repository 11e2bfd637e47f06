"""What the residuals of a law tell: whether neighbours are alike, and how many independent samples they are worth."""

import math
from collections.abc import Sequence

import numpy as np

from gedanken.worlds.ode.trajectory import Array

_ALARM = 3.0  # standard errors of a correlation of white noise, above which it is no chance
_LAGS = 8  # neighbours that a slow wave in much noise is looked for in
FEWEST = 10  # pairs of neighbours below which nothing is said


def correlations(series: Sequence[Array], lags: int) -> tuple[Array, int]:
    """Correlation of residuals with those 1, 2, ... `lags` samples later, and the number of neighbouring pairs.

    The mean is not removed: residuals of a right law have none.

    Args:
        series: residuals of each trial in order of time, shape (m,) each, NaN where nothing was measured.
        lags: how many.
    """
    found = np.zeros(lags)
    power = sum(float(np.nansum(r**2)) for r in series)
    count = sum(int(np.isfinite(r).sum()) for r in series)
    pairs = 0
    if not count or not power > 0:
        return found, 0
    for lag in range(1, lags + 1):
        products = [r[:-lag] * r[lag:] for r in series if len(r) > lag]
        known = sum(int(np.isfinite(p).sum()) for p in products)
        pairs = known if lag == 1 else pairs
        if known:
            found[lag - 1] = sum(float(np.nansum(p)) for p in products) / known / (power / count)
    return found, pairs


def likeness(series: Sequence[Array]) -> float | None:
    """Correlation of neighbouring residuals where it is too large for noise, else None.

    A slow wave below the noise shows in the mean over several lags rather than in the first one. Both tests alarm about
    once in a thousand records of white noise.
    """
    found, pairs = correlations(series, _LAGS)
    if pairs < FEWEST:
        return None
    lags = min(_LAGS, pairs // FEWEST)
    slow = float(found[:lags].mean()) * math.sqrt(lags * pairs)
    if found[0] > _ALARM / math.sqrt(pairs) or (found[0] > 0 and slow > _ALARM + 1.0):
        return float(min(found[0], 1.0))
    return None


def correlation_time(series: Sequence[Array]) -> float:
    """Number of samples that count as one: 1 + 2 times the sum of the correlations, at least 1.

    The sum ends at the first correlation that is within the noise of zero, or where the window reaches five times the
    value (A. Sokal, Monte Carlo methods in statistical mechanics, 1997).
    """
    length = max((len(r) for r in series), default=0)
    found, pairs = correlations(series, max(min(length // 3, 200), 1))
    if pairs < FEWEST or likeness(series) is None:
        return 1.0
    time = 1.0
    for lag, value in enumerate(found, 1):
        if value < 2.0 / math.sqrt(pairs) or lag > 5.0 * time:
            break
        time += 2.0 * float(value)
    return max(time, 1.0)
