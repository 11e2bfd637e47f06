"""Random forcing: a variable that is driven by noise moves by the square root of the time, down to the shortest times.

The test is on second differences over h samples, whose mean square V(h) does not feel a drift. It grows as h for a
diffusing variable (2 sigma^2 h), stays constant for noise of the measurement, and grows as h^4 for a smooth motion, so
that only a diffusing one doubles V with every doubling of h.
"""

import math
from itertools import pairwise

import numpy as np

from gedanken.own_data.record import Record
from gedanken.worlds.ode.trajectory import Array

_LAGS = (1, 2, 4, 8)
# Ratios of V at neighbouring lags that count as a doubling, the first one apart: averages over bins have V as 2 h - 1.
_DOUBLES = ((1.6, 3.3), (1.6, 2.7), (1.6, 2.7))
_RESTS = 0.3  # median step over root mean square step, below which a variable rests and jumps instead of diffusing
_FEWEST = 150  # samples of a trial below which the ratios are too uncertain
_EVEN = 0.01  # spread of the sampling intervals, up to which they count as equal


def describe_forcing(record: Record) -> tuple[str, ...]:
    """A sentence about each column that is driven by noise."""
    found = []
    for k, name in enumerate(record.problem.observation.states.columns):
        sizes = [diffusion(trial.t, trial.values[:, k]) for trial in record.fitted]
        known = [size for size in sizes if size is not None]
        if known and len(known) > len(sizes) / 2:
            unit = record.time_unit or "time unit"
            found.append(
                f"{name} is driven by noise: even its shortest steps grow with the square root of time, by about "
                f"{float(np.median(known)):.2g} in one {unit}. No curve from one start follows that; the law is "
                "not its drift, and R2 of a re-simulation says little."
            )
    return tuple(found)


def diffusion(t: Array, x: Array) -> float | None:
    """Standard deviation of the random steps of a variable per square root of time, None if it does not diffuse.

    Args:
        t: sample times, shape (m,).
        x: samples, shape (m,), NaN where missing.
    """
    steps = np.diff(t)
    if len(t) < _FEWEST or not np.ptp(steps) <= _EVEN * float(np.median(steps)):
        return None
    first = np.abs(np.diff(x))
    first = first[np.isfinite(first)]
    if not len(first) or not np.median(first) > _RESTS * np.sqrt(np.mean(first**2)):
        return None
    curves = []
    for lag in _LAGS:
        second = x[2 * lag :] - 2 * x[lag:-lag] + x[: -2 * lag]
        second = second[np.isfinite(second)]
        if len(second) < _FEWEST / 2:
            return None
        curves.append(float(np.mean(second**2)))
    ratios = [b / a if a > 0 else 0.0 for a, b in pairwise(curves)]
    if not all(low < ratio < high for ratio, (low, high) in zip(ratios, _DOUBLES, strict=True)):
        return None
    # V = 2 sigma^2 dt h + 6 noise^2, relative errors alike.
    design = np.column_stack([np.array(_LAGS, float), np.ones(len(_LAGS))]) / np.array(curves)[:, None]
    slope = float(np.linalg.lstsq(design, np.ones(len(_LAGS)), rcond=None)[0][0])
    return math.sqrt(slope / (2 * float(np.median(steps)))) if slope > 0 else None
