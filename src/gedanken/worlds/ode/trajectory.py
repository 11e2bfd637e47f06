"""Observations: named state variables, and samples of them over time; and R2, how well a prediction fits them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.ode.inputs import Drive, Input

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Coordinate:
    """One degree of freedom.

    Attributes:
        name: the variable, say `y`.
        velocity: name of its time derivative when that is a state of its own (`vy`, for `d2y/dt2 = ...`), or None for a
            variable with a first-order law (`dy/dt = ...`).
    """

    name: str
    velocity: str | None = None


@dataclass(frozen=True)
class StateSpace:
    """The state variables of a system, in order: each coordinate followed by its velocity where it has one.

    Attributes:
        coordinates: the degrees of freedom.
        inputs: what acts on the system from outside and has no law. Equations may name it; a `Drive` holds its values.
    """

    coordinates: tuple[Coordinate, ...]
    inputs: tuple[Input, ...] = ()

    @classmethod
    def first_order(cls, *names: str) -> "StateSpace":
        """Variables that each have a law of their own: `dx/dt = ...; dy/dt = ...`."""
        return cls(tuple(Coordinate(name) for name in names))

    @classmethod
    def second_order(cls, **velocities: str) -> "StateSpace":
        """Positions with their velocities, `second_order(x="vx", y="vy")`: laws are `d2x/dt2 = ...; d2y/dt2 = ...`."""
        return cls(tuple(Coordinate(name, velocity) for name, velocity in velocities.items()))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of the state vector's entries: position, velocity, position, velocity, ..."""
        return tuple(
            name for c in self.coordinates for name in ((c.name,) if c.velocity is None else (c.name, c.velocity))
        )

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs, in order."""
        return tuple(each.name for each in self.inputs)

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Other spellings that an equation may use for a velocity (`dy`, `dydt` for `vy`), unless they are states."""
        taken = {*self.columns, *self.input_names}
        aliases = {}
        for c in self.coordinates:
            for alias in () if c.velocity is None else (f"d{c.name}", f"d{c.name}dt", f"v{c.name}"):
                if alias not in taken:
                    taken.add(alias)
                    aliases[alias] = c.velocity or ""
        return aliases

    @cached_property
    def velocities(self) -> dict[str, str]:
        """Each position and the state that is its derivative by definition."""
        return {c.name: c.velocity for c in self.coordinates if c.velocity is not None}

    @cached_property
    def unexplained(self) -> tuple[str, ...]:
        """The states whose derivative an answer must give, in the order of `left_sides`."""
        return tuple(c.velocity or c.name for c in self.coordinates)

    @cached_property
    def derivative_of(self) -> tuple[int | None, ...]:
        """For each column, the column that is its time derivative by definition (`y` -> index of `vy`), or None."""
        indices: list[int | None] = []
        for c in self.coordinates:
            indices += [None] if c.velocity is None else [len(indices) + 1, None]
        return tuple(indices)

    @cached_property
    def left_sides(self) -> tuple[str, ...]:
        """The derivatives an answer must give, in order: `d2y/dt2` or `dy/dt`."""
        return tuple(f"d2{c.name}/dt2" if c.velocity else f"d{c.name}/dt" for c in self.coordinates)

    @property
    def size(self) -> int:
        """Length of the state vector."""
        return len(self.columns)


@dataclass(frozen=True)
class Trajectory:
    """Samples of a system's state.

    Attributes:
        t: sample times, shape (m,), strictly increasing, in seconds or the data's own unit.
        values: samples, shape (m, n), columns as in `StateSpace.columns`; NaN marks what was not observed.
        name: which trial this is, for reports.
        drive: the inputs of the trial, on the same clock; None for a system without inputs.
    """

    t: Array
    values: Array
    name: str = ""
    drive: Drive | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.t.shape != self.values.shape[:1] or len(self.t) < 2:
            raise ValueError(
                f"a trajectory needs t (m,) and values (m, n), m >= 2, not {self.t.shape} and {self.values.shape}"
            )
        if not (np.isfinite(self.t).all() and (np.diff(self.t) > 0).all()):
            raise ValueError("sample times must be finite and strictly increasing")

    @cached_property
    def observed(self) -> NDArray[np.bool_]:
        """Which columns have at least two samples, shape (n,)."""
        return np.asarray(np.isfinite(self.values).sum(0) >= 2)


def pool(trajectories: Sequence[Trajectory]) -> Array:
    """All samples of several trajectories, stacked, shape (sum of m, n)."""
    return np.concatenate([trajectory.values for trajectory in trajectories])


def r_squared(observed: Array, predicted: Array) -> Array:
    """Coefficient of determination of each column, not clipped.

    One minus the squared error over the squared deviations of the observed samples from their mean, both over the
    samples that were observed.

    Args:
        observed: samples, shape (m, n); NaN marks what was not observed.
        predicted: the prediction of them, shape (m, n). Where it is not finite at an observed sample, R2 is -inf.

    Returns:
        Shape (n,), at most 1; NaN for a column that does not vary or was not observed.
    """
    seen = np.isfinite(observed)
    values = np.where(seen, observed, 0.0)
    mean = values.sum(0) / np.maximum(seen.sum(0), 1)
    spread = (np.where(seen, values - mean, 0.0) ** 2).sum(0)
    error = np.where(seen, np.where(np.isfinite(predicted), predicted, np.inf) - values, 0.0)
    return np.asarray(np.where(spread > 0, 1.0 - (error**2).sum(0) / np.where(spread > 0, spread, 1.0), np.nan))
