"""A Kalman filter and smoother of one noisy coordinate.

The coordinate is an integrated Wiener process, with the state (x, x', x''), observed with noise. One piece of code
covers uneven times, gaps, missing entries, positions without velocities, and positions with velocities of another noise
level. The posterior mean is the quintic smoothing spline (Wecker & Ansley, JASA 78, 1983), and its stiffness maximises
the exact marginal likelihood of the samples. Cross-validation is no alternative: scipy's own returns a straight line on
fast oscillations, because its search ends in a local minimum.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.trajectory import Array

# log10 of (process noise / measurement noise) in units of the mean sampling interval. The smallest value gives one
# parabola through the whole record, the largest an interpolation.
_LOG_STIFFNESS = np.arange(-15.0, 7.1, 1.0)
_DIFFUSE = 1e10  # variance of the state before the first sample


@jit()
def _solve3(Q, d):
    """Cholesky solution of a positive definite 3x3 system; a pivot that rounding made negative is dropped."""
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
    """Filter and smooth observations y (m, 2) of (x, x') with variances r (m, 2), NaN where missing.

    q * drive (m,) is the process noise between the sample before and each sample. Unit of time: the mean step.
    Returns (number of innovations, sum of their squares over their variances, sum of log variances). If out (m, 3) is
    not empty, it receives the smoothed states. work: (m, 18).
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
    P = np.empty((3, 3))
    Q = np.empty((3, 3))
    d = np.empty(3)
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
        for i in range(3):
            d[i] = out[k + 1, i] - v[6 + i]
        g = _solve3(Q, d)
        # The transition transposed: (x, x', x'') moves by (h x' + h2 x'' / 2, h x'', 0).
        g0, g1, g2 = g[0], h * g[0] + g[1], 0.5 * h * h * g[0] + h * g[1] + g[2]
        for i in range(3):
            out[k, i] = w[15 + i] + P[i, 0] * g0 + P[i, 1] * g1 + P[i, 2] * g2
    return used, chi2, logs


class Coordinate:
    """One coordinate of one trajectory, scaled to a mean time step of one and a spread of one.

    Attributes:
        expected: noise variance that is expected of this trajectory, in the scaled units.
        confidence: number of samples that this expectation counts for.
    """

    def __init__(self, t: Array, position: Array, velocity: Array, noise: float = 0.0, confidence: float = 0.0):
        """Args: noise is the expected standard deviation of the positions (of the velocities where there are none)."""
        self.step = (t[-1] - t[0]) / (len(t) - 1)
        self.t = (t - t[0]) / self.step
        self.scale = spread(position)
        if not np.isfinite(position).any():
            self.scale = spread(velocity) * self.step
        self.y = np.stack([position / self.scale, velocity * self.step / self.scale], 1)
        self.work = np.empty((len(t), 18))
        self.drive = np.ones(len(t))
        unit = self.scale if np.isfinite(position).any() else self.scale / self.step
        self.expected, self.confidence = (noise / unit) ** 2, confidence

    def likelihood(self, relative: Array, log_stiffness: float) -> tuple[float, float]:
        """Marginal log likelihood with the noise level profiled out, and that noise variance.

        What is expected of the noise enters as if it came from further samples (the conjugate prior).
        """
        used, chi2, logs = _smooth(
            self.t, self.y, relative, 10.0**log_stiffness, self.drive, np.empty((0, 3)), self.work
        )
        if used < 1:
            return -np.inf, max(self.expected, 1e-8)
        chi2, counted = chi2 + self.confidence * self.expected, used + self.confidence
        variance = max(chi2 / counted, 1e-9)  # samples with less noise than this count as exact
        return -0.5 * (counted * np.log(variance) + chi2 / variance + logs), variance

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


def spread(column: Array) -> float:
    """Standard deviation of a column without its NaN; of a constant column, its size, or 1 if that is smaller."""
    seen = column[np.isfinite(column)]
    deviation = float(seen.std()) if len(seen) else 1.0
    size = float(np.abs(seen).max(initial=0.0))
    return deviation if deviation > 1e-9 * (1e-300 + size) and deviation > 0 else max(size, 1.0)
