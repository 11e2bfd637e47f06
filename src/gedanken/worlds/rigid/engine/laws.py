# mypy: allow-untyped-decorators
"""Impulses without the solver: each row's alone by the textbook, and those that explain a change of velocities."""

import numpy as np
from numba import njit

from gedanken.worlds.rigid.engine.couplings import (
    ACROSS,
    APART,
    CONTACT,
    FRICTION,
    HINGE,
    KIND,
    MOTOR,
    N_MASS,
    NORMAL,
    PUSH,
    ROPE,
    T_MASS,
    WANT,
    WANT_T,
    Rows,
    apply,
    speeds,
)
from gedanken.worlds.rigid.scene.geometry import Array


@njit(cache=True)
def alone(kind: int, row: Array, along: float, across: float) -> tuple[float, float]:
    """Impulses that a row would have if it were the only one, from the speeds of its sides without it.

    A contact: Newton's law of restitution and Coulomb's of friction; a joint closes its gap.
    """
    first = row[WANT] - along
    if kind == CONTACT:
        first = max(first, 0.0)
        limit = row[FRICTION] * first * row[N_MASS] / row[T_MASS]
        return first, max(-limit, min(limit, -across))
    if kind == ROPE:
        first = max(first, 0.0)
    return first, (row[WANT_T] - across if kind == HINGE else 0.0)


@njit(cache=True)
def each_alone(flown: Array, rows: Rows, masses: Array) -> Array:
    """Impulses of rows as if each were the only one, shape (rows, 3); pushes likewise."""
    out = np.zeros((rows.shape[0], 3))
    for k in range(rows.shape[0]):
        row = rows[k]
        kind = int(row[KIND])
        along, across = speeds(flown, masses, row)
        out[k, NORMAL], out[k, ACROSS] = alone(kind, row, along, across)
        if kind == MOTOR:
            out[k, NORMAL] = max(-row[FRICTION], min(row[FRICTION], out[k, NORMAL]))
        if kind == CONTACT:
            out[k, APART] = row[PUSH]
    return out


@njit(cache=True)
def explain(flown: Array, rows: Rows, masses: Array, after: Array, sweeps: int) -> Array:
    """Impulses that lead from velocities without them to those `after`, as nearly as impulses can, shape (rows, 3).

    Contacts and ropes only push or pull, friction keeps within its limit. Where several sets of impulses lead there,
    this is one of them: they are found row by row (Gauss-Seidel), from none.
    """
    state = flown.copy()
    impulses = np.zeros((rows.shape[0], 3))
    for _ in range(sweeps):
        most = 0.0
        for k in range(rows.shape[0]):
            row = rows[k]
            kind = int(row[KIND])
            along, across = speeds(state, masses, row)
            want, want_across = speeds(after, masses, row)
            first = impulses[k, NORMAL] + want - along
            if kind in (CONTACT, ROPE):
                first = max(first, 0.0)
            second = 0.0
            if kind == HINGE:
                second = impulses[k, ACROSS] + want_across - across
            elif kind == CONTACT and row[T_MASS] > 0.0:
                limit = row[FRICTION] * first * row[N_MASS] / row[T_MASS]
                second = max(-limit, min(limit, impulses[k, ACROSS] + want_across - across))
            apply(state, masses, row, first - impulses[k, NORMAL], second - impulses[k, ACROSS])
            most = max(most, abs(first - impulses[k, NORMAL]), abs(second - impulses[k, ACROSS]))
            impulses[k, NORMAL], impulses[k, ACROSS] = first, second
        if most < 1e-3:
            break
    return impulses
