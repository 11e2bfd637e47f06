"""Which column is whose velocity, and the state space that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from gedanken.errors import UserError
from gedanken.own_data.read.headers import VELOCITIES, unused, velocity_names
from gedanken.worlds.ode.kernel.limits import MAX_NAME
from gedanken.worlds.ode.trajectory import Array, Coordinate, StateSpace, Trajectory

_NAMED = {name for names in VELOCITIES.values() for name in names}
_PER_TIME = ("/s", " s-1", " s^-1", "·s⁻¹", "/min", "/h", "/day", "/ms", " per second")


def find_velocities(
    trials: Sequence[Trajectory],
    names: Sequence[str],
    order: int | None,
    told: Mapping[str, str],
    renamed: Mapping[str, str],
    units: Mapping[str, str],
    notes: list[str],
) -> dict[str, str]:
    """Position to velocity: as told, or where a name or a unit says so and the numbers agree.

    Args:
        trials: with a column for each of `names`.
        names: of the states, as equations call them.
        order: of the law, None where it is to be found out.
        told: what a person said, by header or name.
        renamed: header to name.
        units: of each name that has one.
        notes: takes what was assumed.

    Raises:
        UserError: what was told names no state, or contradicts order 1.
    """
    if told and order == 1:
        raise UserError("a law of order 1 has no velocities; leave out --order 1 or the velocities")
    for label in [label for pair in told.items() for label in pair]:
        if renamed.get(label, label) not in names:
            raise UserError(f"{label!r} is named in the velocities but is not one of the states {', '.join(names)}")
    pairs = {renamed.get(position, position): renamed.get(v, v) for position, v in told.items()}
    if order == 1:
        return {}
    lower = {name.lower(): name for name in reversed(names)}
    for position in names:
        spelled = [lower[v.lower()] for v in velocity_names(position) if v.lower() in lower]
        by_unit = [
            v for v in names if any(units.get(v, "") == f"{units.get(position) or '?'}{per}" for per in _PER_TIME)
        ]
        for velocity in dict.fromkeys([*spelled, *by_unit]):
            if velocity == position or {position, velocity} & {*pairs, *pairs.values()}:
                continue
            samples = [(trial.t, trial.values) for trial in trials]
            slope, r2 = derivative_fit(samples, names.index(position), names.index(velocity))
            if 0.75 < slope < 1.35 and r2 > 0.8:
                pairs[position] = velocity
                notes.append(f"{velocity} is read as the velocity of {position}: the law is for d2{position}/dt2")
            elif velocity in spelled and velocity.lower() not in _NAMED:
                how = f"{position} changes {slope:.3g} times as fast" if r2 > 0.8 else f"it does not follow {position}"
                notes.append(f"{velocity} is named like the velocity of {position} but is not used as one: {how}")
    return pairs


def derivative_fit(trials: Sequence[tuple[Array, Array]], position: int, velocity: int) -> tuple[float, float]:
    """Slope and R2 of x(t) against the integral of v: a sum hardly feels the noise that a difference would blow up.

    Args:
        trials: times (m,) and values (m, n) of each.
        position: column of x.
        velocity: column of v.
    """
    integrals, positions = [], []
    for times, values in trials:
        fast, slow = np.isfinite(values[:, velocity]), np.isfinite(values[:, position])
        if fast.sum() < 3:
            continue
        t, v = times[fast], values[fast, velocity]
        slow &= (times >= t[0]) & (times <= t[-1])  # the two may be measured at times of their own
        if slow.sum() < 3:
            continue
        x = values[slow, position]
        with np.errstate(all="ignore"):
            integral = np.interp(times[slow], t, np.concatenate([[0.0], np.cumsum(np.diff(t) * (v[1:] + v[:-1]) / 2)]))
            integrals.append(integral - integral.mean())
            positions.append(x - x.mean())
    if not integrals:
        return 0.0, 0.0
    s, x = np.concatenate(integrals), np.concatenate(positions)
    with np.errstate(all="ignore"):
        ss, xx = float(s @ s), float(x @ x)
        if not (0 < ss < np.inf and 0 < xx < np.inf):
            return 0.0, 0.0
        slope = float(s @ x) / ss
        return slope, float(1 - ((x - slope * s) ** 2).sum() / xx)


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
    places = [list(names).index(name) if name in names else None for name in states.columns]
    arranged = []
    for trial in trials:
        values = np.full((len(trial.t), states.size), np.nan)
        for index, place in enumerate(places):
            if place is not None:
                values[:, index] = trial.values[:, place]
        arranged.append(replace(trial, values=values))
    return states, arranged
