"""Smooth a noisy record: which noise it has, which samples are outliers, and the state at and between the samples.

kalman.py smooths one coordinate under a given noise model. Here the noise models compete by likelihood: even noise,
noise in proportion to the signal, even noise of the logarithm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gedanken.sparse.kalman import Coordinate, spread
from gedanken.worlds.ode.inputs import Drive
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

_OUTLIER = 5.0  # robust standard deviations
_PROPORTIONAL = 8.0  # gain of log likelihood from which noise in proportion to the signal is preferred to even noise
_NEGLIGIBLE = 1e-7  # noise variance in units of the signal's, below which the kind of noise does not matter
_SHORT = 40  # samples of a trial that tell its noise level by themselves; in a shorter one the other trials count, too
_EVEN = 0.05  # relative range of a column's noise, up to which it counts as even
_RESTING = 0.2  # share of readings that repeat the one before exactly, from which on rest is not taken for precision
_DIED_OUT = 0.003  # share of a signal's root mean square, below which noise in proportion to it cannot be measured


@dataclass(frozen=True)
class Smoothed:
    """One trajectory, smoothed.

    Attributes:
        t: sample times, shape (m,).
        values: smoothed state at the samples, shape (m, n).
        sigma: standard deviation of the noise of each sample, shape (m, n).
        weights: 1 / sigma where a sample is used, 0 where it is missing or an outlier, shape (m, n).
        spline: value, slope and curvature of each coordinate at the samples, shape (m, coordinates, 3).
        outliers: samples that were left out, shape (m, n).
        live: used samples that tell the noise level (where a signal has decayed to nothing, they do not), shape (m, n).
        drive: the inputs.
    """

    t: Array
    values: Array
    sigma: Array
    weights: Array
    spline: Array
    outliers: NDArray[np.bool_]
    live: NDArray[np.bool_]
    drive: Drive | None = None


def _proportional(
    c: Coordinate, relative: Array, channel: int, bend: bool
) -> tuple[Array, tuple[float, float, float], Array]:
    """The best description of one channel (0 position, 1 velocity) by noise in proportion to the signal.

    Args:
        c: the coordinate.
        relative: relative noise variances of the samples so far, shape (m, 2).
        channel: whose noise is to follow the signal.
        bend: try process noise in proportion to the signal, too.

    Returns:
        Relative variances (m, 2), the result of `Coordinate.best` for them, relative process noise (m,).
    """
    y = np.abs(c.y[:, channel])
    seen = np.isfinite(y)
    level = np.interp(c.t, c.t[seen], _running_mean(y[seen], 3))
    flat = c.drive
    best: tuple[Array, tuple[float, float, float], Array] | None = None
    for _ in range(3):
        # Where the signal crosses zero, the noise does not vanish: it is bounded below by 3 % of the signal nearby and
        # by a floor, which the likelihood chooses.
        near = level + 0.03 * _running_mean(level, 9)
        for floor in (0.02, 0.004, 0.0008):
            shape = (near + floor * np.sqrt(np.mean(level**2))) ** 2
            shape /= np.exp(np.mean(np.log(shape)))
            trial = relative.copy()
            trial[:, channel] *= shape
            # A signal that grows or decays by orders of magnitude has a curvature in proportion to its size.
            for drive in (flat, shape) if bend else (flat,):
                c.drive = drive
                score = c.best(trial)
                if best is None or score[0] > best[1][0]:
                    best = trial, score, drive
        assert best is not None
        c.drive = best[2]
        level = np.abs(c.states(best[0], best[1][1])[:, channel])
    c.drive = flat
    assert best is not None
    return best


def _running_mean(values: Array, width: int) -> Array:
    """Mean over `width` neighbours, the ends padded."""
    return np.convolve(np.pad(values, width // 2, mode="edge"), np.ones(width) / width, mode="valid")


def _isolated(residual: Array) -> NDArray[np.bool_]:
    """Isolated outliers. Large residuals of neighbouring samples are a feature of the signal and do not count."""
    outlying = np.zeros(len(residual), bool)
    seen = np.flatnonzero(np.isfinite(residual))
    if len(seen) < 20:
        return outlying
    r = residual[seen]
    # With infinite neighbours, the two samples at each end are never outliers.
    padded = np.concatenate([[np.inf, np.inf], r, [np.inf, np.inf]])
    around = np.max([padded[:-4], padded[1:-3], padded[3:-1], padded[4:]], axis=0)
    outlying[seen] = (r > _OUTLIER * max(1.4826 * float(np.median(r)), 1e-3)) & (around < 0.5 * r)
    return outlying


def _rests(readings: Array) -> bool:
    """Whether a sensor shows the same reading again and again, as an encoder does of something that has come to rest.

    Such a stretch has no noise at all, and noise in proportion to the signal would explain it best: all else would then
    count for nothing in a fit.
    """
    seen = readings[np.isfinite(readings)]
    return bool(np.mean(np.diff(seen) == 0) > _RESTING)


def _fit_coordinate(
    t: Array, position: Array, velocity: Array, noise: float = 0.0, confidence: float = 0.0
) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Smooth one coordinate.

    Args:
        t: sample times, shape (m,).
        position: samples, NaN where missing, shape (m,).
        velocity: the same of its derivative.
        noise: standard deviation that is expected of the noise.
        confidence: number of samples that this expectation counts for; none by default.

    Returns:
        States (m, 3), noise (m, 2), samples that tell the noise level (m, 2), outliers (m, 2).
    """
    position, velocity = position.copy(), velocity.copy()
    m = len(t)
    outliers = np.zeros((m, 2), bool)
    both = np.isfinite(velocity).sum() >= 2 and np.isfinite(position).sum() >= 2
    for _ in range(4):
        c = Coordinate(t, position, velocity, noise, confidence)
        relative = np.ones((m, 2))
        gains = np.zeros(2)
        if both:
            share = (spread(velocity) * c.step / c.scale) ** 2
            relative[:, 1] = share
            best, penalty = c.best(relative), 0.0
            for factor in (0.01, 0.1, 0.3, 3.0, 10.0, 100.0):
                trial = relative.copy()
                trial[:, 1] = share * factor
                other = c.best(trial)
                # Prior: position and velocity have the same noise in units of their spreads; a log likelihood of 10 for
                # each factor of ten of difference. Without it a rough signal is taken for one without noise.
                if other[0] - 10 * abs(np.log10(factor)) > best[0] - penalty:
                    best, relative, penalty = other, trial, 10 * abs(np.log10(factor))
        else:
            best = c.best(relative)
        plain = best[0]
        # Each channel is tested for noise in proportion to the signal by itself.
        if best[2] > _NEGLIGIBLE:
            for channel in range(2):
                if np.isfinite(c.y[:, channel]).sum() < 8 or _rests(c.y[:, channel]):
                    continue
                trial, score, drive = _proportional(c, relative, channel, bend=not both)
                gains[channel] = score[0] - best[0]
                if gains[channel] > _PROPORTIONAL:
                    relative, best, c.drive = trial, score, drive
        states = c.states(relative, best[1])
        sigma = np.sqrt(best[2] * relative)
        # Where a signal has decayed to nothing, noise in proportion to it cannot be measured.
        live = np.ones((m, 2), bool)
        for channel in range(2):
            if gains[channel] > _PROPORTIONAL and not both:
                level = np.abs(states[:, channel])
                live[:, channel] = level > _DIED_OUT * np.sqrt(np.mean(level**2))
                z = ((c.y[:, channel] - states[:, channel]) / sigma[:, channel])[live[:, channel]]
                if np.isfinite(z).sum() >= 8:
                    sigma[:, channel] *= max(1.0, float(np.sqrt(np.nanmean(z**2))))
        residual = np.where(np.isfinite(c.y), (c.y - states[:, :2]) / sigma, np.nan)
        new = np.zeros((m, 2), bool)
        for channel in range(2):
            new[:, channel] = _isolated(np.abs(residual[:, channel]))
        new &= np.abs(c.y - states[:, :2]) > 1e-3
        if not new.any() or (outliers | new).sum() > 0.2 * np.isfinite(c.y).sum():
            break
        outliers |= new
        position[new[:, 0]] = np.nan
        velocity[new[:, 1]] = np.nan
    states = states * c.scale / c.step ** np.arange(3)
    sigma = sigma * np.array([c.scale, c.scale / c.step])
    sign = np.sign(np.nanmedian(position)) if np.isfinite(position).any() else 0.0
    alone = confidence == 0 and not np.isfinite(velocity).any()
    if best[2] > _NEGLIGIBLE and alone and np.nanmin(sign * position) > 0 and not _rests(position):
        # Noise in proportion to a value of one sign is even noise of its logarithm, in which exponential growth and
        # decay are straight lines. The likelihood of the same samples decides; the Jacobian makes the two comparable.
        logarithm = Coordinate(t, np.log(sign * position), velocity)
        flat = np.ones((m, 2))
        other = logarithm.best(flat)
        used = np.isfinite(position).sum() - 3
        jacobian = float(np.nansum(np.log(np.abs(position) / c.scale))) * used / (used + 3) + used * np.log(
            logarithm.scale
        )
        if other[0] - jacobian > max(best[0], plain + _PROPORTIONAL):
            live[:, 0] = np.abs(states[:, 0]) > _DIED_OUT * np.sqrt(np.mean(states[:, 0] ** 2))
            z = logarithm.states(flat, other[1]) * logarithm.scale / logarithm.step ** np.arange(3)
            value = sign * np.exp(z[:, 0])
            states = np.stack([value, value * z[:, 1], value * (z[:, 2] + z[:, 1] ** 2)], 1)
            sigma[:, 0] = np.abs(value) * np.sqrt(other[2]) * logarithm.scale
    return states, sigma, live, outliers


def smooth(states: StateSpace, trajectories: Sequence[Trajectory]) -> list[Smoothed]:
    """Smooth every trajectory, each with its own noise level, for which short ones borrow from the others.

    Seven samples can lie on a smooth curve by chance, and without the other trials this one would then count as exact.
    """
    out = [_smooth_alone(states, trajectory) for trajectory in trajectories]
    short = [k for k, trajectory in enumerate(trajectories) if len(trajectory.t) < _SHORT]
    if len(trajectories) < 2 or not short:
        return out
    expected = _typical_noise(out)
    for k in short:
        out[k] = _smooth_alone(states, trajectories[k], expected)
    return out


def _typical_noise(smoothed: Sequence[Smoothed]) -> Array:
    """Standard deviation of each column's noise in a typical trial, NaN where it is not even, shape (n,)."""
    variances, sizes = [], []
    for each in smoothed:
        used = each.weights > 0
        level = np.array([np.median(s[u]) if u.any() else np.nan for s, u in zip(each.sigma.T, used.T, strict=True)])
        uneven = [
            bool(u.any()) and np.ptp(s[u]) > _EVEN * x for s, u, x in zip(each.sigma.T, used.T, level, strict=True)
        ]
        variances.append(np.where(uneven, np.nan, level**2))
        sizes.append(used.sum(0))
    typical = np.full(len(variances[0]), np.nan)
    for i, column in enumerate(np.transpose(variances)):
        known = np.isfinite(column)
        if 2 * known.sum() > len(column):  # the median over samples
            order = np.argsort(column[known])
            counts = np.cumsum(np.transpose(sizes)[i][known][order])
            typical[i] = math.sqrt(column[known][order][int(np.searchsorted(counts, counts[-1] / 2))])
    return typical


def _smooth_alone(states: StateSpace, trajectory: Trajectory, expected: Array | None = None) -> Smoothed:
    """Smooth one trajectory. expected: what the noise of each column is in other trials, NaN where unknown."""
    m, n = trajectory.values.shape
    values, sigma = np.empty((m, n)), np.empty((m, n))
    outliers, live = np.zeros((m, n), bool), np.zeros((m, n), bool)
    spline = np.empty((m, len(states.coordinates), 3))
    column = 0
    for k, coordinate in enumerate(states.coordinates):
        position = trajectory.values[:, column]
        second = coordinate.velocity is not None
        velocity = trajectory.values[:, column + 1] if second else np.full(m, np.nan)
        known = column if np.isfinite(position).any() or not second else column + 1
        noise = math.nan if expected is None else float(expected[known])
        prior = (noise, float(_SHORT)) if math.isfinite(noise) else (0.0, 0.0)
        spline[:, k], level, alive, outlying = _fit_coordinate(trajectory.t, position, velocity, *prior)
        width = 2 if second else 1
        values[:, column : column + width] = spline[:, k, :width]
        sigma[:, column : column + width] = level[:, :width]
        outliers[:, column : column + width] = outlying[:, :width]
        live[:, column : column + width] = alive[:, :width]
        column += width
    used = np.isfinite(trajectory.values) & ~outliers
    return Smoothed(
        trajectory.t, values, sigma, np.where(used, 1.0 / sigma, 0.0), spline, outliers, used & live, trajectory.drive
    )


def interpolate(smoothed: Smoothed, states: StateSpace, at: Array) -> Array:
    """The smoothed state at times between the samples, shape (len(at), n).

    The quintic Hermite polynomial through value, slope and curvature is the posterior mean between two samples.
    """
    k = np.clip(np.searchsorted(smoothed.t, at, side="right") - 1, 0, len(smoothed.t) - 2)
    h = smoothed.t[k + 1] - smoothed.t[k]
    u = (at - smoothed.t[k]) / h
    out = np.empty((len(at), states.size))
    column = 0
    for i, coordinate in enumerate(states.coordinates):
        a, b = smoothed.spline[k, i], smoothed.spline[k + 1, i]
        p0, v0, s0 = a[:, 0], a[:, 1] * h, 0.5 * a[:, 2] * h * h
        p1, v1, s1 = b[:, 0], b[:, 1] * h, 0.5 * b[:, 2] * h * h
        d0 = p1 - p0 - v0 - s0
        d1 = v1 - v0 - 2 * s0
        d2 = s1 - s0
        c3 = 10 * d0 - 4 * d1 + d2
        c4 = -15 * d0 + 7 * d1 - 2 * d2
        c5 = 6 * d0 - 3 * d1 + d2
        out[:, column] = p0 + u * (v0 + u * (s0 + u * (c3 + u * (c4 + u * c5))))
        if coordinate.velocity is not None:
            out[:, column + 1] = (v0 + u * (2 * s0 + u * (3 * c3 + u * (4 * c4 + u * 5 * c5)))) / h
        column += 1 if coordinate.velocity is None else 2
    return out
