"""Records as regression methods need them: complete, and with a value for every column."""

from collections.abc import Sequence

import numpy as np

from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory


def complete(states: StateSpace, trajectories: Sequence[Trajectory]) -> list[tuple[Array, Array]]:
    """(t, values) of each trial; missing readings lie on lines between neighbours, velocities are differences."""
    records = []
    for trajectory in trajectories:
        values = trajectory.values.copy()
        for k in range(states.size):
            seen = np.isfinite(values[:, k])
            if seen.any():
                values[:, k] = np.interp(trajectory.t, trajectory.t[seen], values[seen, k])
        for k, velocity in enumerate(states.derivative_of):
            if velocity is not None and not np.isfinite(values[:, velocity]).any():
                values[:, velocity] = np.gradient(values[:, k], trajectory.t)
        records.append((trajectory.t, values))
    return records


def write_law(states: StateSpace, sides: Sequence[Sequence[tuple[float, str]]]) -> str:
    """Equations from (coefficient, term) pairs, one list for each left side; `1` is the constant term."""
    written = []
    for left, terms in zip(states.left_sides, sides, strict=True):
        text = ""
        for coefficient, term in terms:
            number = f"{abs(coefficient):.6g}"
            text += (" - " if coefficient < 0 else " + " if text else "") + (
                number if term == "1" else f"{number}*{term}"
            )
        written.append(f"{left} = {text.strip().replace('- ', '-', 1) if text.startswith(' -') else text or '0'}")
    return "; ".join(written)
