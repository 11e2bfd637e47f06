"""What an instrument does to a clean trajectory: noise, uneven sampling, gaps, outliers, missing columns.

Every function is pure and draws from the generator it is handed.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# Distance of outliers in standard deviations of their column, beyond all noise levels in use.
OUTLIER_REACH = (2.0, 5.0)


def add_noise(trajectory: Trajectory, share: float, rng: np.random.Generator) -> Trajectory:
    """Gaussian noise of `share` of each column's standard deviation."""
    spread = np.nanstd(trajectory.values, axis=0)
    return replace(trajectory, values=trajectory.values + share * spread * rng.standard_normal(trajectory.values.shape))


def multiply_noise(trajectory: Trajectory, sigma: float, rng: np.random.Generator) -> Trajectory:
    """Each value times 1 + xi, xi normal with standard deviation `sigma`: the noise of ODEBench.

    Source: S. d'Ascoli et al., ODEFormer (ICLR 2024), section 6.
    """
    return replace(trajectory, values=trajectory.values * (1.0 + sigma * rng.standard_normal(trajectory.values.shape)))


def drop_samples(trajectory: Trajectory, share: float, rng: np.random.Generator) -> Trajectory:
    """The trajectory without a random `share` of its samples; at least two stay."""
    samples = len(trajectory.t)
    kept = np.sort(rng.choice(samples, max(samples - int(share * samples), 2), replace=False))
    return replace(trajectory, t=trajectory.t[kept], values=trajectory.values[kept])


def uneven_times(t: Array, rng: np.random.Generator) -> Array:
    """As many sample times over the same span, at random; both ends stay.

    Each inner time is drawn within 0.45 of the mean spacing around its even place, so that no two coincide.
    """
    even = np.linspace(t[0], t[-1], len(t))
    jitter = rng.uniform(-0.45, 0.45, len(t)) * (even[1] - even[0])
    jitter[[0, -1]] = 0.0
    return np.asarray(even + jitter)


def cut_gap(trajectory: Trajectory, share: float, rng: np.random.Generator) -> Trajectory:
    """The trajectory without one span that covers `share` of its duration; the first and the last sample stay."""
    t = trajectory.t
    length = share * (t[-1] - t[0])
    start = rng.uniform(t[0], t[-1] - length)
    kept = (t < start) | (t > start + length)
    kept[[0, -1]] = True
    return replace(trajectory, t=t[kept], values=trajectory.values[kept])


def add_outliers(
    trajectory: Trajectory, share: float, rng: np.random.Generator
) -> tuple[Trajectory, NDArray[np.bool_]]:
    """Replace a random `share` of the readings by outliers.

    Returns:
        The trajectory, and which readings are wrong, shape (m, n). A reading of a column that was not observed stays
        unobserved and counts as right.
    """
    values = trajectory.values
    wrong = (rng.random(values.shape) < share) & np.isfinite(values)
    # np.nanstd would warn of a column that was not observed at all.
    spread = np.array(
        [np.std(column[np.isfinite(column)]) if np.isfinite(column).any() else 0.0 for column in values.T]
    )
    reach = rng.uniform(*OUTLIER_REACH, values.shape) * rng.choice((-1.0, 1.0), values.shape)
    return replace(trajectory, values=np.where(wrong, values + reach * spread, values)), wrong


def hide_columns(trajectory: Trajectory, states: StateSpace, names: Collection[str]) -> Trajectory:
    """The trajectory with the named columns unobserved (all NaN)."""
    hidden = np.isin(states.columns, list(names))
    return replace(trajectory, values=np.where(hidden, np.nan, trajectory.values))


def hide_velocities(trajectory: Trajectory, states: StateSpace) -> Trajectory:
    """The trajectory with positions only; first-order variables are not velocities and stay."""
    return hide_columns(trajectory, states, [c.velocity for c in states.coordinates if c.velocity is not None])
