"""Smooth a noisy record: one coordinate is an integrated Wiener process seen through noise.

A Kalman filter and smoother on the state (x, x', x'') serves every case with one piece of code: uneven times, gaps,
missing entries, positions without velocities, positions with velocities of another noise level. The posterior mean is
the quintic smoothing spline (Wecker & Ansley, JASA 78, 1983), and its stiffness is chosen by the exact marginal
likelihood of the samples. A cross-validated spline needs a search that is easily trapped: scipy's own returns a
straight line on fast oscillations.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# log10 of (process noise / measurement noise) in units of the mean sampling interval: from one parabola through the
# whole record to an interpolation.
_LOG_STIFFNESS = np.arange(-15.0, 7.1, 1.0)
_OUTLIER = 5.0  # robust standard deviations
_DIFFUSE = 1e10
_PROPORTIONAL = 8.0  # log likelihood by which noise in proportion to the signal must be the better description


@dataclass(frozen=True)
class Smoothed:
    """What smoothing makes of one trajectory.

    Attributes:
        t: sample times, shape (m,).
        values: smoothed state at the samples, shape (m, n).
        sigma: standard deviation of the noise of each sample, shape (m, n).
        weights: 1 / sigma where a sample is used, 0 where it is missing or an outlier, shape (m, n).
        spline: value, slope and curvature of each coordinate at the samples, shape (m, coordinates, 3).
        outliers: samples that were left out, shape (m, n).
        live: used samples that say something of the noise (a signal that has died out does not), shape (m, n).
    """

    t: Array
    values: Array
    sigma: Array
    weights: Array
    spline: Array
    outliers: NDArray[np.bool_]
    live: NDArray[np.bool_]


@jit()
def _solve3(Q, d):
    """Cholesky solution of a positive definite system of three; a pivot that rounding made negative is dropped."""
    L = np.zeros((3, 3))
    z = np.zeros(3)
    for i in range(3):
        for j in range(i + 1):
            s = Q[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                L[i, i] = np.sqrt(s) if s > 1e-14 * Q[i, i] else np.inf
            else:
                L[i, j] = s / L[j, j]
    for i in range(3):
        s = d[i]
        for k in range(i):
            s -= L[i, k] * z[k]
        z[i] = s / L[i, i]
    for i in range(2, -1, -1):
        s = z[i]
        for k in range(i + 1, 3):
            s -= L[k, i] * z[k]
        z[i] = s / L[i, i]
    return z


@jit()
def _smooth(t, y, r, q, drive, out, work):
    """Filter and smooth observations y (m, 2) of (x, x') with variances r (m, 2), NaN = missing.

    q * drive (m,) is the process noise on the way to each sample. Time unit: the mean step. Returns (number of
    innovations, sum of their squares over their variances, sum of log variances); out (m, 3) gets the smoothed states
    when it is not empty. work: (m, 18).
    """
    m = t.size
    x0, x1, x2 = 0.0, 0.0, 0.0
    p00, p01, p02, p11, p12, p22 = _DIFFUSE, 0.0, 0.0, _DIFFUSE, 0.0, _DIFFUSE
    seen = 0
    used = 0
    chi2 = 0.0
    logs = 0.0
    for k in range(m):
        if k > 0:
            h = t[k] - t[k - 1]
            h2 = h * h
            s = q * drive[k]
            x0 = x0 + h * x1 + 0.5 * h2 * x2
            x1 = x1 + h * x2
            # F P F^T + Q
            a00 = p00 + h * p01 + 0.5 * h2 * p02
            a01 = p01 + h * p11 + 0.5 * h2 * p12
            a02 = p02 + h * p12 + 0.5 * h2 * p22
            b11 = p11 + h * p12
            b12 = p12 + h * p22
            p00 = a00 + h * a01 + 0.5 * h2 * a02 + s * h2 * h2 * h / 20.0
            p01 = a01 + h * a02 + s * h2 * h2 / 8.0
            p02 = a02 + s * h2 * h / 6.0
            p11 = b11 + h * b12 + s * h2 * h / 3.0
            p12 = b12 + s * h2 / 2.0
            p22 = p22 + s * h
        w = work[k]
        w[0], w[1], w[2], w[3], w[4], w[5] = p00, p01, p02, p11, p12, p22
        w[6], w[7], w[8] = x0, x1, x2
        for c in range(2):
            if not np.isfinite(y[k, c]):
                continue
            g0, g1, g2 = (p00, p01, p02) if c == 0 else (p01, p11, p12)
            s = (p00 if c == 0 else p11) + r[k, c]
            e = y[k, c] - (x0 if c == 0 else x1)
            seen += 1
            if seen > 3:
                used += 1
                chi2 += e * e / s
                logs += np.log(s)
            g0, g1, g2 = g0 / s, g1 / s, g2 / s
            x0, x1, x2 = x0 + g0 * e, x1 + g1 * e, x2 + g2 * e
            p00, p01, p02 = p00 - g0 * g0 * s, p01 - g0 * g1 * s, p02 - g0 * g2 * s
            p11, p12, p22 = p11 - g1 * g1 * s, p12 - g1 * g2 * s, p22 - g2 * g2 * s
        w[9], w[10], w[11], w[12], w[13], w[14] = p00, p01, p02, p11, p12, p22
        w[15], w[16], w[17] = x0, x1, x2
    if out.shape[0] == 0:
        return used, chi2, logs
    out[m - 1, 0], out[m - 1, 1], out[m - 1, 2] = x0, x1, x2
    F = np.empty((3, 3))
    P = np.empty((3, 3))
    Q = np.empty((3, 3))
    for k in range(m - 2, -1, -1):
        h = t[k + 1] - t[k]
        w = work[k]
        P[0, 0], P[0, 1], P[0, 2], P[1, 1], P[1, 2], P[2, 2] = w[9], w[10], w[11], w[12], w[13], w[14]
        P[1, 0], P[2, 0], P[2, 1] = w[10], w[11], w[13]
        v = work[k + 1]
        Q[0, 0], Q[0, 1], Q[0, 2], Q[1, 1], Q[1, 2], Q[2, 2] = v[0], v[1], v[2], v[3], v[4], v[5]
        Q[1, 0], Q[2, 0], Q[2, 1] = v[1], v[2], v[4]
        for i in range(3):
            Q[i, i] = Q[i, i] * (1.0 + 1e-9) + 1e-100
        F[:] = 0.0
        F[0, 0] = F[1, 1] = F[2, 2] = 1.0
        F[0, 1] = F[1, 2] = h
        F[0, 2] = 0.5 * h * h
        d = np.empty(3)
        for i in range(3):
            d[i] = out[k + 1, i] - v[6 + i]
        g = P @ (F.T @ _solve3(Q, d))
        for i in range(3):
            out[k, i] = w[15 + i] + g[i]
    return used, chi2, logs


class _Coordinate:
    """One coordinate of one trajectory, scaled to a mean step of one and a spread of one."""

    def __init__(self, t: Array, position: Array, velocity: Array):
        self.step = (t[-1] - t[0]) / (len(t) - 1)
        self.t = (t - t[0]) / self.step
        self.scale = _spread(position)
        if not np.isfinite(position).any():
            self.scale = _spread(velocity) * self.step
        self.y = np.stack([position / self.scale, velocity * self.step / self.scale], 1)
        self.work = np.empty((len(t), 18))
        self.drive = np.ones(len(t))

    def likelihood(self, relative: Array, log_stiffness: float) -> tuple[float, float]:
        """Marginal log likelihood with the noise level profiled out, and that noise variance."""
        used, chi2, logs = _smooth(
            self.t, self.y, relative, 10.0**log_stiffness, self.drive, np.empty((0, 3)), self.work
        )
        if used < 1:
            return -np.inf, 1e-8
        variance = max(chi2 / used, 1e-9)  # below this the samples are as good as exact
        return -0.5 * (used * np.log(variance) + chi2 / variance + logs), variance

    def best(self, relative: Array) -> tuple[float, float, float]:
        """(log likelihood, log stiffness, noise variance) at the best stiffness."""
        grid = [(*self.likelihood(relative, s), s) for s in _LOG_STIFFNESS]
        k = int(np.argmax([value for value, _, _ in grid]))
        top = grid[k]
        for s in (top[2] - 0.6, top[2] - 0.3, top[2] + 0.3, top[2] + 0.6):
            top = max(top, (*self.likelihood(relative, s), s))
        return top[0], top[2], top[1]

    def states(self, relative: Array, log_stiffness: float) -> Array:
        """Smoothed (x, x', x'') in the scaled units, shape (m, 3)."""
        out = np.empty((len(self.t), 3))
        _smooth(self.t, self.y, relative, 10.0**log_stiffness, self.drive, out, self.work)
        return out


def _spread(column: Array) -> float:
    seen = column[np.isfinite(column)]
    spread = float(seen.std()) if len(seen) else 1.0
    return (
        spread
        if spread > 1e-9 * (1e-300 + np.abs(seen).max(initial=0.0)) and spread > 0
        else max(float(np.abs(seen).max(initial=0.0)), 1.0)
    )


def _proportional(
    c: _Coordinate, relative: Array, channel: int, bend: bool
) -> tuple[Array, tuple[float, float, float], Array]:
    """The best description with noise in proportion to the signal: relative variances, likelihood and so on, drive."""
    y = np.abs(c.y[:, channel])
    seen = np.isfinite(y)
    level = np.interp(c.t, c.t[seen], _running_mean(y[seen], 3))
    flat = c.drive
    best: tuple[Array, tuple[float, float, float], Array] | None = None
    for _ in range(3):
        # Where the signal crosses zero, the size of the noise is limited by what is known of the signal nearby, and by
        # a floor that the samples choose.
        near = level + 0.03 * _running_mean(level, 9)
        for floor in (0.02, 0.004, 0.0008):
            shape = (near + floor * np.sqrt(np.mean(level**2))) ** 2
            shape /= np.exp(np.mean(np.log(shape)))
            trial = relative.copy()
            trial[:, channel] *= shape
            # What grows and decays by orders of magnitude bends in proportion to its size, too.
            for drive in (flat, shape) if bend else (flat,):
                c.drive = drive
                size = c.best(trial)
                if best is None or size[0] > best[1][0]:
                    best = trial, size, drive
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
    """Samples far outside the noise whose neighbours are not: a run of large residuals is a feature, not outliers."""
    odd = np.zeros(len(residual), bool)
    seen = np.flatnonzero(np.isfinite(residual))
    if len(seen) < 20:
        return odd
    r = residual[seen]
    padded = np.concatenate([[np.inf, np.inf], r, [np.inf, np.inf]])  # the ends of a record are never outliers
    around = np.max([padded[:-4], padded[1:-3], padded[3:-1], padded[4:]], axis=0)
    odd[seen] = (r > _OUTLIER * max(1.4826 * float(np.median(r)), 1e-3)) & (around < 0.5 * r)
    return odd


def _fit_coordinate(
    t: Array, position: Array, velocity: Array
) -> tuple[Array, Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Smooth one coordinate.

    Returns states (m, 3), noise (m, 2), samples that say something of it (m, 2), outliers (m, 2).
    """
    position, velocity = position.copy(), velocity.copy()
    m = len(t)
    outliers = np.zeros((m, 2), bool)
    both = np.isfinite(velocity).sum() >= 2 and np.isfinite(position).sum() >= 2
    for _ in range(4):
        c = _Coordinate(t, position, velocity)
        relative = np.ones((m, 2))
        gains = np.zeros(2)
        if both:
            share = (_spread(velocity) * c.step / c.scale) ** 2
            relative[:, 1] = share
            best, penalty = c.best(relative), 0.0
            for factor in (0.01, 0.1, 0.3, 3.0, 10.0, 100.0):
                trial = relative.copy()
                trial[:, 1] = share * factor
                other = c.best(trial)
                # A rough signal can pass for an exact one, so that the same share of noise in both is the prior.
                if other[0] - 10 * abs(np.log10(factor)) > best[0] - penalty:
                    best, relative, penalty = other, trial, 10 * abs(np.log10(factor))
        else:
            best = c.best(relative)
        plain = best[0]
        # The size of multiplicative noise follows the signal, which takes a few rounds to settle. Each channel decides
        # for itself; where the noise is negligible the question is moot.
        if best[2] > 1e-7:
            for channel in range(2):
                if np.isfinite(c.y[:, channel]).sum() < 8:
                    continue
                trial, size, drive = _proportional(c, relative, channel, bend=not both)
                gains[channel] = size[0] - best[0]
                if gains[channel] > _PROPORTIONAL:
                    relative, best, c.drive = trial, size, drive
        states = c.states(relative, best[1])
        sigma = np.sqrt(best[2] * relative)
        # Samples where a signal has died out say nothing of the noise in proportion to it.
        live = np.ones((m, 2), bool)
        for channel in range(2):
            if gains[channel] > _PROPORTIONAL and not both:
                level = np.abs(states[:, channel])
                live[:, channel] = level > 0.003 * np.sqrt(np.mean(level**2))
                z = ((c.y[:, channel] - states[:, channel]) / sigma[:, channel])[live[:, channel]]
                if np.isfinite(z).sum() >= 8:
                    sigma[:, channel] *= max(1.0, float(np.sqrt(np.nanmean(z**2))))
        residual = np.where(np.isfinite(c.y), (c.y - states[:, :2]) / sigma, np.nan)
        fresh = np.zeros((m, 2), bool)
        for channel in range(2):
            fresh[:, channel] = _isolated(np.abs(residual[:, channel]))
        fresh &= np.abs(c.y - states[:, :2]) > 1e-3
        if not fresh.any() or (outliers | fresh).sum() > 0.2 * np.isfinite(c.y).sum():
            break
        outliers |= fresh
        position[fresh[:, 0]] = np.nan
        velocity[fresh[:, 1]] = np.nan
    states = states * c.scale / c.step ** np.arange(3)
    sigma = sigma * np.array([c.scale, c.scale / c.step])
    sign = np.sign(np.nanmedian(position)) if np.isfinite(position).any() else 0.0
    if best[2] > 1e-7 and not np.isfinite(velocity).any() and np.nanmin(sign * position) > 0:
        # Noise in proportion to a value of one sign is plain noise of its logarithm, where growth and decay are lines.
        # The two descriptions compete by the likelihood of the same samples (hence the Jacobian).
        logarithm = _Coordinate(t, np.log(sign * position), velocity)
        flat = np.ones((m, 2))
        other = logarithm.best(flat)
        used = np.isfinite(position).sum() - 3
        jacobian = float(np.nansum(np.log(np.abs(position) / c.scale))) * used / (used + 3) + used * np.log(
            logarithm.scale
        )
        if other[0] - jacobian > max(best[0], plain + _PROPORTIONAL):
            live[:, 0] = np.abs(states[:, 0]) > 0.003 * np.sqrt(np.mean(states[:, 0] ** 2))
            z = logarithm.states(flat, other[1]) * logarithm.scale / logarithm.step ** np.arange(3)
            value = sign * np.exp(z[:, 0])
            states = np.stack([value, value * z[:, 1], value * (z[:, 2] + z[:, 1] ** 2)], 1)
            sigma[:, 0] = np.abs(value) * np.sqrt(other[2]) * logarithm.scale
    return states, sigma, live, outliers


def smooth(states: StateSpace, trajectories: Sequence[Trajectory]) -> list[Smoothed]:
    """Smooth every trajectory; the noise level of a column is shared by all trials."""
    out = []
    for trajectory in trajectories:
        m, n = trajectory.values.shape
        values, sigma = np.empty((m, n)), np.empty((m, n))
        outliers, live = np.zeros((m, n), bool), np.zeros((m, n), bool)
        spline = np.empty((m, len(states.coordinates), 3))
        column = 0
        for k, coordinate in enumerate(states.coordinates):
            position = trajectory.values[:, column]
            second = coordinate.velocity is not None
            velocity = trajectory.values[:, column + 1] if second else np.full(m, np.nan)
            spline[:, k], noise, alive, odd = _fit_coordinate(trajectory.t, position, velocity)
            width = 2 if second else 1
            values[:, column : column + width] = spline[:, k, :width]
            sigma[:, column : column + width] = noise[:, :width]
            outliers[:, column : column + width] = odd[:, :width]
            live[:, column : column + width] = alive[:, :width]
            column += width
        used = np.isfinite(trajectory.values) & ~outliers
        out.append(
            Smoothed(trajectory.t, values, sigma, np.where(used, 1.0 / sigma, 0.0), spline, outliers, used & live)
        )
    return out


def interpolate(smoothed: Smoothed, states: StateSpace, at: Array) -> Array:
    """The smoothed state between the samples, shape (len(at), n): quintic Hermite, the posterior mean there."""
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
