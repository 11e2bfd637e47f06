# mypy: allow-untyped-decorators
"""Impulses without the solver: what each row's own law asks for, and those that explain a change of velocities."""

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
    SPRING,
    T_MASS,
    WANT,
    WANT_T,
    Rows,
    apply,
    speeds,
)
from gedanken.worlds.rigid.scene.geometry import Array


@njit(cache=True)
def keep_within(row: Array, first: float, second: float) -> tuple[float, float]:
    """The nearest impulse that the row's law allows.

    Contacts and ropes only push or pull, Coulomb's friction keeps within its limit, a motor within its torque.
    """
    kind = int(row[KIND])
    if kind in (CONTACT, ROPE):
        first = max(first, 0.0)
    elif kind == MOTOR:
        first = max(-row[FRICTION], min(row[FRICTION], first))
    if kind == CONTACT:
        limit = row[FRICTION] * first * row[N_MASS] / row[T_MASS] if row[T_MASS] > 0.0 else 0.0
        second = max(-limit, min(limit, second))
    elif kind != HINGE:
        second = 0.0
    return first, second


@njit(cache=True)
def keep_each_within(rows: Rows, impulses: Array) -> Array:
    """`keep_within` of every row; pushes stay as they are."""
    out = impulses.copy()
    for k in range(rows.shape[0]):
        out[k, NORMAL], out[k, ACROSS] = keep_within(rows[k], impulses[k, NORMAL], impulses[k, ACROSS])
    return out


@njit(cache=True)
def due(state: Array, rows: Rows, masses: Array, impulses: Array) -> Array:
    """What each row's law would add to its impulse if no other row changed, shape (rows, 3); no pushes.

    A contact: Newton's law of restitution and Coulomb's of friction; a joint closes its gap; a damper takes its share
    of the velocity that its spring would have without it. Where all is 0, every law is obeyed.

    Args:
        state: with velocities as these impulses make them, shape (n, 6).
        rows: contacts and joints.
        masses: inverse masses and moments, shape (n, 2).
        impulses: that the rows have already, shape (rows, 3).
    """
    out = np.zeros((rows.shape[0], 3))
    for k in range(rows.shape[0]):
        row = rows[k]
        along, across = speeds(state, masses, row)
        had, had_across = impulses[k, NORMAL], impulses[k, ACROSS]
        wanted = -row[FRICTION] * (along - had) if int(row[KIND]) == SPRING else had + row[WANT] - along
        first, second = keep_within(row, wanted, had_across + row[WANT_T] - across)
        out[k, NORMAL], out[k, ACROSS] = first - had, second - had_across
    return out


@njit(cache=True)
def each_alone(flown: Array, rows: Rows, masses: Array) -> Array:
    """Impulses of rows as if each were the only one, shape (rows, 3); pushes likewise."""
    out: Array = due(flown, rows, masses, np.zeros((rows.shape[0], 3)))
    for k in range(rows.shape[0]):
        if int(rows[k, KIND]) == CONTACT:
            out[k, APART] = rows[k, PUSH]
    return out


def explain(flown: Array, rows: Rows, masses: Array, after: Array, sweeps: int) -> Array:
    """Impulses that lead from velocities without them to those `after`, as nearly as impulses can, shape (rows, 3).

    They keep within what each row's law allows. Where several sets of impulses lead there, this is one of them: they
    are found row by row (Gauss-Seidel), from none.
    """
    return np.asarray(explain_from(np.zeros((len(rows), 3)), flown, rows, masses, after, sweeps))


@njit(cache=True)
def explain_from(start: Array, flown: Array, rows: Rows, masses: Array, after: Array, sweeps: int) -> Array:
    """`explain`, from these impulses, shape (rows, 3): of several sets one that is near them."""
    state = flown.copy()
    impulses = start.copy()
    for k in range(rows.shape[0]):
        apply(state, masses, rows[k], impulses[k, NORMAL], impulses[k, ACROSS])
    for _ in range(sweeps):
        most = 0.0
        for k in range(rows.shape[0]):
            row = rows[k]
            along, across = speeds(state, masses, row)
            want, want_across = speeds(after, masses, row)
            had, had_across = impulses[k, NORMAL], impulses[k, ACROSS]
            first, second = keep_within(row, had + want - along, had_across + want_across - across)
            apply(state, masses, row, first - had, second - had_across)
            most = max(most, abs(first - had), abs(second - had_across))
            impulses[k, NORMAL], impulses[k, ACROSS] = first, second
        if most < 1e-3:
            break
    return impulses
