"""Whether a law keeps a quantity, judged at states of the record: no simulation, and no tolerance for long times."""

from collections.abc import Sequence

import numpy as np

from gedanken.seeding import stream
from gedanken.worlds.ode.knowledge.facts import Facts, conserved_expression
from gedanken.worlds.ode.law import algebra
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.tree import TIME
from gedanken.worlds.ode.trajectory import Array, Trajectory

POINTS = 64
STEP = 1e-5  # of each column's spread, for differences
# Change of the quantity, relative to what the single terms would change it by, that counts as none: constants that were
# fitted to noise do not cancel exactly.
TOLERANCE = 0.02


def not_conserved(facts: Facts, law: Law, trajectories: Sequence[Trajectory]) -> str:
    """Why a law does not keep what was said to be conserved, in English; empty where it does."""
    if facts.conserves_energy:
        return _energy(law, trajectories)
    x, spread = _points(law, trajectories)
    node = conserved_expression(facts.knowledge.conserve, law.states)
    rate = _right_sides(law, x)
    total, size = np.zeros(len(x)), np.zeros(len(x))
    for i in range(x.shape[1]):
        moved = []
        for sign in (1.0, -1.0):
            y = x.copy()
            y[:, i] += sign * STEP * spread[i]
            moved.append(algebra.evaluate(node, _values(law, y))[0])
        part = (moved[0] - moved[1]) / (2 * STEP * spread[i]) * rate[:, i]
        total, size = total + part, size + np.abs(part)
    share = _share(total, size)
    return f"it does not keep {facts.knowledge.conserve}" if share > TOLERANCE else ""


def _energy(law: Law, trajectories: Sequence[Trajectory]) -> str:
    """Why a law of second order keeps no energy (with unit masses).

    It keeps one if its forces at rest have a potential and those that come with the velocity do no work.
    """
    moving = [each.name for each in law.states.inputs if each.between != "trial"]
    for name in (TIME, *moving):
        if name in law.equations.names:
            return f"it does not keep the energy: {name} changes it from outside"
    x, spread = _points(law, trajectories)
    n = len(law.states.coordinates)
    still = x.copy()
    still[:, 1::2] = 0.0
    forces, resting = _right_sides(law, x)[:, 1::2], _right_sides(law, still)[:, 1::2]
    work = ((forces - resting) * x[:, 1::2]).sum(1)
    if _share(work, np.abs((forces - resting) * x[:, 1::2]).sum(1)) > TOLERANCE and np.abs(work).max() > 1e-9 * (
        np.abs(forces * x[:, 1::2]).max() + 1e-300
    ):
        return "it does not keep the energy: a force that depends on the velocity does work"
    slopes = np.empty((len(x), n, n))
    for j in range(n):
        moved = []
        for sign in (1.0, -1.0):
            y = still.copy()
            y[:, 2 * j] += sign * STEP * spread[2 * j]
            moved.append(_right_sides(law, y)[:, 1::2])
        slopes[:, :, j] = (moved[0] - moved[1]) / (2 * STEP * spread[2 * j])
    for i in range(n):
        for j in range(i):
            curl = slopes[:, i, j] - slopes[:, j, i]
            if _share(curl, np.abs(slopes).max((1, 2))) > TOLERANCE:
                return "it does not keep the energy: its forces have no potential"
    return ""


def _share(value: Array, size: Array) -> float:
    """Root mean square of a value relative to that of its size; 0 for zeros."""
    finite = np.isfinite(value) & np.isfinite(size)
    scale = float(np.sqrt((size[finite] ** 2).mean())) if finite.any() else 0.0
    return float(np.sqrt((value[finite] ** 2).mean())) / scale if scale > 0 else 0.0


def _points(law: Law, trajectories: Sequence[Trajectory]) -> tuple[Array, Array]:
    """States of the record, drawn by a fixed key, and the spread of each column; a velocity never seen is drawn."""
    rng = stream("worlds.ode.knowledge", "points")
    values = np.concatenate([trajectory.values for trajectory in trajectories])
    seen = np.isfinite(values)
    spread = np.ones(values.shape[1])
    for i in range(values.shape[1]):
        if seen[:, i].any():
            spread[i] = float(values[seen[:, i], i].std()) or max(float(np.abs(values[seen[:, i], i]).max()), 1.0)
        elif i:
            t = np.concatenate([trajectory.t for trajectory in trajectories])
            spread[i] = spread[i - 1] * 10.0 / max(float(np.ptp(t)), 1e-300)
    rows = rng.integers(len(values), size=POINTS)
    drawn = spread * rng.normal(size=(POINTS, values.shape[1]))
    return np.where(seen[rows], values[rows], drawn), spread


def _values(law: Law, x: Array) -> dict[str, Array]:
    shape = np.ones(len(x))
    rng = stream("worlds.ode.knowledge", "inputs")
    outside = {name: rng.uniform(0.5, 2.0, len(x)) for name in (*law.states.input_names, TIME)}
    return {
        **{name: shape * float(value) for name, value in law.params.items()},
        **outside,
        **dict(zip(law.states.columns, x.T, strict=True)),
    }


def _right_sides(law: Law, x: Array) -> Array:
    """Derivatives of all states, shape (m, n)."""
    out = np.empty_like(x)
    sides = dict(zip(law.states.unexplained, law.equations.right_sides, strict=True))
    values = _values(law, x)
    for i, name in enumerate(law.states.columns):
        derivative = law.states.derivative_of[i]
        out[:, i] = x[:, derivative] if derivative is not None else algebra.evaluate(sides[name], values)[0]
    return out
