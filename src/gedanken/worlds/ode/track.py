"""An observed trajectory, packed for the compiled kernels to score answers against."""

import math

import numpy as np
from numpy.typing import ArrayLike

from gedanken.worlds.ode.kernel.driven import pack_drive
from gedanken.worlds.ode.kernel.limits import MAX_SAMPLES
from gedanken.worlds.ode.kernel.score import pack
from gedanken.worlds.ode.kernel.tokens import pack_symbols
from gedanken.worlds.ode.law.parser import check_states
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

SCORE_FUEL = 500_000
# Fuel for fitting an unknown start, in multiples of the fuel of one simulation.
START_SHARE = 8
# More fuel for each kink of an input, at which the integrator begins anew.
KINK_FUEL = 1_000


class Track:
    """One observed trajectory, packed for scoring.

    Attributes:
        states: names and order of the state variables.
        trajectory: the samples; NaN marks what was not observed, and a column may be missing altogether.
        y0: the state at the first sample time, or the guess that a fit of it begins with.
        known_start: whether answers start from `y0` as it is. Otherwise the score of an answer is that of its best
            start, found by a bounded Levenberg-Marquardt fit of the initial state and of nothing else.
    """

    def __init__(
        self,
        states: StateSpace,
        trajectory: Trajectory,
        y0: ArrayLike | None = None,
        *,
        guess: ArrayLike | None = None,
        rtol: float = 1e-6,
        atol: float = 1e-9,
        fuel: int = SCORE_FUEL,
    ):
        """Pack a trajectory.

        Args:
            states: the state variables; at most `kernel.limits.MAX_STATES`.
            trajectory: at least two and at most 1,024 samples.
            y0: initial state, shape (n,), or None where it is to be fitted.
            guess: where fitting it begins, shape (n,); by default the first observed samples.
            rtol: error of a step relative to the larger of the state and the spread of its observations.
            atol: absolute error of a step. It is lowered where a column's spread is too small for it.
            fuel: work that one simulation may take, in units of about a nanosecond.

        Raises:
            ValueError: wrong shapes, too many samples, nothing observed, a start that is not finite, or inputs without
                values.
            UserError: a state variable whose name the grammar cannot use.
        """
        check_states(states)
        values = np.asarray(trajectory.values, np.float64)
        m, n = values.shape
        if n != states.size:
            raise ValueError(f"{n} columns do not fit the {states.size} state variables {', '.join(states.columns)}")
        if m > MAX_SAMPLES:
            raise ValueError(f"{m} samples are too many to score; at most {MAX_SAMPLES} are used")
        spread, floor = _spread(values)
        if (spread < 0).all():
            raise ValueError("nothing was observed")
        self.states, self.trajectory = states, trajectory
        self.known_start = y0 is not None
        given = y0 if y0 is not None else guess
        self.y0 = _guess_start(states, trajectory) if given is None else np.array(given, np.float64)
        if self.y0.shape != (n,) or not np.isfinite(self.y0).all():
            raise ValueError(f"the initial state must be {n} finite numbers, not {self.y0}")
        if (floor > 0).any():
            atol = min(atol, 1e-3 * rtol * floor[floor > 0].min())
        drive = pack_drive(states, trajectory)
        fuel += KINK_FUEL * int(drive[1])
        start_fuel = 0 if self.known_start else START_SHARE * fuel
        self._symbols = pack_symbols(states)
        self._packed = pack(trajectory.t, values, self.y0, spread, floor, rtol, atol, fuel, start_fuel, drive)
        self._size = n
        self._zeros = tuple(0.0 if squares >= 0 else math.nan for squares in spread)


def _spread(values: Array) -> tuple[Array, Array]:
    """Sum of squares about the mean of each column, -1 where nothing was observed, and its standard deviation.

    A constant column has no spread to measure an error against. It counts as if it varied by a millionth of its size
    (of the record's largest value for a column of zeros): far above rounding errors, far below wrong laws.
    """
    seen = np.isfinite(values)
    count = seen.sum(0)
    filled = np.where(seen, values, 0.0)
    mean = filled.sum(0) / np.maximum(count, 1)
    squares = np.where(seen, (values - mean) ** 2, 0.0).sum(0)
    largest = np.abs(filled).max(0)
    size = np.where(largest > 0, largest, largest.max() or 1.0)
    spread = np.where(count > 0, np.maximum(squares, count * (1e-6 * size) ** 2), -1.0)
    floor = np.sqrt(squares / np.maximum(count, 1))
    return spread, floor


def _guess_start(states: StateSpace, trajectory: Trajectory) -> Array:
    """First observed sample of each column; an unobserved velocity is the slope of the first observed positions."""
    t, values = trajectory.t, trajectory.values
    start = np.zeros(states.size)
    for i in range(states.size):
        seen = np.flatnonzero(np.isfinite(values[:, i]))
        if len(seen):
            start[i] = values[seen[0], i]
    for i, velocity in enumerate(states.derivative_of):
        if velocity is not None and not np.isfinite(values[:, velocity]).any():
            seen = np.flatnonzero(np.isfinite(values[:, i]))[:5]
            if len(seen) >= 2:
                start[velocity] = np.polyfit(t[seen] - t[seen[0]], values[seen, i], 1)[0]
    return start
