"""Which columns are velocities of others, and where they stand in the state."""

from collections.abc import Mapping, Sequence

import numpy as np

from gedanken.errors import UserError
from gedanken.own_data.read.headers import VELOCITIES, unused, velocity_names
from gedanken.worlds.ode.kernel.limits import MAX_NAME
from gedanken.worlds.ode.trajectory import Coordinate, StateSpace, Trajectory


def pair(
    trials: Sequence[Trajectory],
    names: Sequence[str],
    order: int | None,
    velocities: Mapping[str, str],
    renamed: Mapping[str, str],
    notes: list[str],
) -> dict[str, str]:
    """Which column is whose velocity: as told, or where a name says so and the numbers agree."""
    if velocities and order == 1:
        raise UserError("a law of order 1 has no velocities; leave out --order 1 or the velocities")
    for label in [label for pair in velocities.items() for label in pair]:
        if renamed.get(label, label) not in names:
            raise UserError(f"{label!r} is named in the velocities but is not one of the states {', '.join(names)}")
    pairs = {renamed.get(position, position): renamed.get(v, v) for position, v in velocities.items()}
    if order == 1:
        return {}
    for position in names:
        for velocity in velocity_names(position):
            if velocity in names and not {position, velocity} & {*pairs, *pairs.values()}:
                slope, r2 = _derivative_fit(trials, names.index(position), names.index(velocity))
                if 0.75 < slope < 1.35 and r2 > 0.8:
                    pairs[position] = velocity
                    notes.append(f"{velocity} is read as the velocity of {position}: the law is for d2{position}/dt2")
                elif velocity != "v" and velocity not in VELOCITIES.values():
                    told = (
                        f"{position} changes {slope:.3g} times as fast"
                        if r2 > 0.8
                        else f"it does not follow {position}"
                    )
                    notes.append(f"{velocity} is named like the velocity of {position} but is not used as one: {told}")
    return pairs


def _derivative_fit(trials: Sequence[Trajectory], position: int, velocity: int) -> tuple[float, float]:
    """Slope and R2 of x(t) against the integral of v: a sum hardly feels the noise that a difference would blow up."""
    integrals, positions = [], []
    for trial in trials:
        known = np.isfinite(trial.values[:, [position, velocity]]).all(1)
        if known.sum() < 3:
            continue
        t, x, v = trial.t[known], trial.values[known, position], trial.values[known, velocity]
        integral = np.concatenate([[0.0], np.cumsum(np.diff(t) * (v[1:] + v[:-1]) / 2)])
        integrals.append(integral - integral.mean())
        positions.append(x - x.mean())
    if not integrals:
        return 0.0, 0.0
    s, x = np.concatenate(integrals), np.concatenate(positions)
    if not (s @ s > 0 and x @ x > 0):
        return 0.0, 0.0
    slope = float(s @ x / (s @ s))
    return slope, float(1 - ((x - slope * s) ** 2).sum() / (x @ x))


def arrange(
    trials: Sequence[Trajectory], names: Sequence[str], pairs: Mapping[str, str], order: int | None
) -> tuple[StateSpace, list[Trajectory]]:
    """Put each velocity behind its position; with `order` 2, a position without one gets a column of NaN."""
    coordinates = []
    taken = set(names)
    for name in names:
        if name in pairs.values():
            continue
        velocity = pairs.get(name)
        if velocity is None and order == 2:
            velocity = unused(f"v{name}"[:MAX_NAME], taken)
            taken.add(velocity)
        coordinates.append(Coordinate(name, velocity))
    states = StateSpace(tuple(coordinates))
    arranged = []
    for trial in trials:
        values = np.full((len(trial.t), states.size), np.nan)
        for index, name in enumerate(states.columns):
            if name in names:
                values[:, index] = trial.values[:, list(names).index(name)]
        arranged.append(Trajectory(trial.t, values, trial.name))
    return states, arranged
