"""What cheats at `discover` share: the record, laws as answers, constants by least squares and by the simulator."""

from collections.abc import Mapping, Sequence

import numpy as np
import orjson
from scipy.integrate import cumulative_trapezoid
from scipy.signal import savgol_filter

from gedanken.bench.peers._records import complete
from gedanken.errors import GedankenError
from gedanken.loop import Problem
from gedanken.worlds.ode.fit import fit
from gedanken.worlds.ode.trajectory import Array, StateSpace


def write(states: StateSpace, sides: Sequence[str], params: Mapping[str, float]) -> str:
    """A law as an answer, one right-hand side for each of `states.left_sides`."""
    equation = "; ".join(f"{left} = {right}" for left, right in zip(states.left_sides, sides, strict=True))
    return orjson.dumps({"equation": equation, "params": {k: float(v) for k, v in params.items()}}).decode()


def unexplained(states: StateSpace) -> list[int]:
    """The column whose derivative each equation gives."""
    return [states.columns.index(name) for name in states.unexplained]


def record_of(problem: Problem) -> tuple[Array, Array]:
    """Times and values of the first trial, shape (m,) and (m, n), complete."""
    observation = problem.observation
    return complete(observation.states, observation.trajectories)[0]


def slopes_of(t: Array, values: Array) -> Array:
    """Smoothed time derivatives of the columns on a record's times, shape (m, n)."""
    even = np.linspace(t[0], t[-1], len(t))
    columns = np.array([np.interp(even, t, column) for column in values.T])
    window = min(11, len(t) - (len(t) + 1) % 2)
    slopes = savgol_filter(columns, window, min(3, window - 1), deriv=1, delta=even[1] - even[0])
    return np.array([np.interp(t, even, slope) for slope in slopes]).T


def least_squares(problem: Problem, column: int, features: Sequence[Array]) -> Array:
    """Coefficients of `features` in the derivative of a column, by its integral form: no derivative of noisy data."""
    t, values = record_of(problem)
    design = cumulative_trapezoid(np.column_stack(features), t, axis=0, initial=0.0)
    design, wanted = design - design.mean(0), values[:, column] - values[:, column].mean()
    scale = np.sqrt((design**2).mean(0)) + 1e-300
    return np.asarray(np.linalg.lstsq(design / scale, wanted, rcond=1e-10)[0] / scale)


def fitted(problem: Problem, sides: Sequence[str], params: Mapping[str, float]) -> str:
    """The law with its constants fitted to the observed record, from a first guess, as an answer."""
    observation = problem.observation
    states = observation.states
    equation = "; ".join(f"{left} = {right}" for left, right in zip(states.left_sides, sides, strict=True))
    values: Mapping[str, float] = params
    if params:
        try:
            found = fit(equation, params, states, observation.trajectories).params
            if all(np.isfinite(value) for value in found.values()):
                values = found
        except (GedankenError, FloatingPointError):
            pass  # the first guess is a cheat as well
    return write(states, sides, values)
