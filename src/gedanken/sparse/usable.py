"""Which trajectories, and which of their samples, a search uses."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gedanken.errors import UserError
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

_SAMPLES = 1000  # samples of a trajectory that are used; longer ones are thinned evenly


def keep_usable(states: StateSpace, trajectories: Sequence[Trajectory]) -> list[Trajectory]:
    """The trajectories that can be used, thinned to `_SAMPLES` samples; trials that are too short are left out.

    Raises:
        UserError: there is none, all have fewer than four samples, or a variable has too few that no other determines.
    """
    if not trajectories:
        raise UserError("no trajectory was given; at least one is needed to find a law")
    usable, missing = [], ""
    for trajectory in trajectories:
        lacks = _lacks(states, trajectory)
        missing = missing or lacks
        if lacks:
            continue
        if len(trajectory.t) > _SAMPLES:
            kept = np.unique(np.linspace(0, len(trajectory.t) - 1, _SAMPLES).round().astype(int))
            trajectory = replace(trajectory, t=trajectory.t[kept], values=trajectory.values[kept])
        usable.append(trajectory)
    if not usable:
        raise UserError(missing)
    return usable


def _lacks(states: StateSpace, trajectory: Trajectory) -> str:
    """What a trajectory lacks to find a law from, in a sentence; empty where it lacks nothing."""
    for i, derivative in enumerate(states.derivative_of):
        unobserved = not trajectory.observed[i]
        velocity = i > 0 and states.derivative_of[i - 1] == i
        if unobserved and not velocity and (derivative is None or not trajectory.observed[derivative]):
            return f"{states.columns[i]} has fewer than two samples, so no law of it can be found"
    if len(trajectory.t) < 4:
        return f"a trajectory of {len(trajectory.t)} samples is too short to find a law from; 4 are needed"
    return ""
