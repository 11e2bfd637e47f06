"""Descriptors of a column: frequency and decay of an oscillation, or else the slopes at both ends."""

from dataclasses import dataclass

import numpy as np

from gedanken.worlds.ode.trajectory import Array

# An excursion counts when it leaves a band around the mean, in multiples of the noise and of the standard deviation:
# wider than noise, narrower than the last swings of a decaying oscillation.
BAND_NOISE, BAND_SPREAD = 2.0, 0.05
# Three crossings enclose two half periods, the fewest that a period is estimated from.
LEAST_CROSSINGS = 3
# Part of the record at each end from which the slope is taken.
END = 0.2


@dataclass(frozen=True)
class Swing:
    """An oscillation about the mean.

    Attributes:
        frequency: angular frequency, radians per unit of time, from the crossings of the mean.
        decay: rate at which the logarithm of the amplitude falls, per unit of time; negative where it grows.
    """

    frequency: float
    decay: float


@dataclass(frozen=True)
class Slopes:
    """A change without oscillation: straight lines through the first and the last fifth of the readings.

    Attributes:
        first: slope at the start, per unit of time.
        last: slope at the end.
    """

    first: float
    last: float


def describe(t: Array, readings: Array) -> Swing | Slopes | None:
    """The oscillation of a column that crosses its mean at least three times, else its slopes; None below six readings.

    Args:
        t: times, shape (m,), ascending.
        readings: shape (m,); NaN marks a missing one.
    """
    there = np.isfinite(readings)
    t, x = t[there], readings[there]
    if len(t) < 6:
        return None
    return _swing(t, x) or _slopes(t, x)


def noise_level(readings: Array) -> float:
    """Standard deviation of white noise on a smooth column: its second differences have sqrt(6) times as much."""
    return float(np.std(np.diff(readings, 2))) / np.sqrt(6.0) if len(readings) > 4 else 0.0


def _swing(t: Array, x: Array) -> Swing | None:
    about = x - x.mean()
    outside = np.flatnonzero(np.abs(about) > max(BAND_NOISE * noise_level(x), BAND_SPREAD * float(x.std())))
    signs = np.sign(about[outside])
    flips = np.flatnonzero(signs[1:] != signs[:-1])
    if len(flips) < LEAST_CROSSINGS:
        return None
    before, after = outside[flips], outside[flips + 1]
    crossings = t[before] - about[before] * (t[after] - t[before]) / (about[after] - about[before])
    half_period = _slope(np.arange(len(crossings), dtype=np.float64), crossings)
    # The peak between one crossing and the next.
    peaks = np.maximum.reduceat(np.abs(about), before + 1)[:-1]
    middles = (crossings[1:] + crossings[:-1]) / 2.0
    return Swing(float(np.pi / half_period), -_slope(middles, np.log(peaks)))


def _slopes(t: Array, x: Array) -> Slopes:
    share = max(int(END * len(t)), 3)
    return Slopes(_slope(t[:share], x[:share]), _slope(t[-share:], x[-share:]))


def _slope(t: Array, x: Array) -> float:
    """Slope of the least-squares line."""
    away = t - t.mean()
    return float(away @ (x - x.mean()) / (away @ away))
