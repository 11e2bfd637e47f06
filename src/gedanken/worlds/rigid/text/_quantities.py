# mypy: allow-untyped-decorators
"""What a line of the format `contacts` says about a contact or joint, and how a number of three digits is written."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.couplings import Rows, speeds
from gedanken.worlds.rigid.engine.laws import explain
from gedanken.worlds.rigid.scene.geometry import Array

# Columns of quantities, in the order in which lines give them.
LIMIT, NEED, NEED_T, ALONG, ACROSS, PUSH, SHARE_A, SHARE_B, RATIO, ARM_A, ARM_B, ARM_AT, ARM_BT, LAST, LAST_T = range(
    15
)
QUANTITIES = 15
"""
LIMIT: friction; of a motor, the largest change of the relative spin that its torque makes in a step.
NEED, NEED_T: change of the relative velocity that it alone would need, along the normal and across it (px/s): what its
    restitution, its gap or its damper asks for, less what there is. Below 0, a contact parts without an impulse.
ALONG, ACROSS: relative velocity of its two sides after motion without impulses (px/s).
PUSH: relative velocity of the push that it alone would need (px/s).
SHARE_A, SHARE_B: what of a unit change of the relative velocity each body takes.
RATIO: effective mass across the normal over that along it.
ARM_A, ARM_B, ARM_AT, ARM_BT: levers of an impulse along and across the normal over the radius of gyration.
LAST, LAST_T: impulse in the step before, as the frames tell it.
"""

# Quantities of each kind, and those that a side without a body leaves out.
_CONTACT = (LIMIT, NEED, ALONG, ACROSS, PUSH, SHARE_A, SHARE_B, RATIO, ARM_A, ARM_B, LAST, LAST_T)
_LINE = (NEED, ALONG, SHARE_A, SHARE_B, ARM_A, ARM_B, LAST)
_HINGE = (NEED, NEED_T, ALONG, ACROSS, SHARE_A, SHARE_B, RATIO, ARM_A, ARM_B, ARM_AT, ARM_BT, LAST, LAST_T)
_MOTOR = (LIMIT, NEED, ALONG, SHARE_A, SHARE_B, LAST)
BETWEEN = (_CONTACT, _LINE, _HINGE, _LINE, _LINE, _MOTOR)
ON_WORLD = tuple(tuple(q for q in fields if q not in (SHARE_B, ARM_B, ARM_BT)) for fields in BETWEEN)
"""Columns that a line gives, by kind: between two bodies, and on what cannot be moved."""

ANSWERS = (2, 1, 2, 1, 1, 1)
"""Impulses of each kind: a contact has a push besides."""

SMALLEST, LARGEST = 1e-3, 99_900.0
"""Sizes that three digits are written for: smaller is 0, larger is the largest."""

SWEEPS = 250
"""Of the search for the last impulses."""


@njit(cache=True)
def describe(flown: Array, rows: Rows, masses: Array, last: Array, moved: bool) -> Array:
    """The quantities of each row, shape (rows, QUANTITIES).

    Args:
        flown: state after the step's motion without impulses, shape (n, 6).
        rows: contacts and joints.
        masses: inverse masses and moments, shape (n, 2).
        last: impulses of the step before, shape (rows, 3).
        moved: positions have the push, so that there is one to be told.
    """
    out = np.zeros((rows.shape[0], QUANTITIES))
    n = masses.shape[0]
    for k in range(rows.shape[0]):
        row, told = rows[k], out[k]
        kind, a, b = int(row[c.KIND]), int(row[c.A]), int(row[c.B])
        body = 0 <= b < n
        told[LIMIT] = row[c.FRICTION]
        told[ALONG], told[ACROSS] = speeds(flown, masses, row)
        told[NEED], told[NEED_T] = row[c.WANT] - told[ALONG], row[c.WANT_T] - told[ACROSS]
        told[LAST], told[LAST_T] = last[k, c.NORMAL], last[k, c.ACROSS]
        column = 1 if kind == c.MOTOR else 0
        told[SHARE_A] = row[c.N_MASS] * masses[a, column]
        told[SHARE_B] = row[c.N_MASS] * masses[b, column] if body else 0.0
        if kind == c.MOTOR:
            continue
        if kind == c.CONTACT and moved:
            told[PUSH] = row[c.PUSH]
        told[RATIO] = row[c.T_MASS] / row[c.N_MASS] if row[c.N_MASS] > 0.0 else 0.0
        if masses[a, 0] > 0.0:
            size = math.sqrt(masses[a, 1] / masses[a, 0])
            told[ARM_A] = (row[c.R1X] * row[c.NY] - row[c.R1Y] * row[c.NX]) * size
            told[ARM_AT] = (row[c.R1X] * row[c.NX] + row[c.R1Y] * row[c.NY]) * size
        if body and masses[b, 0] > 0.0:
            size = math.sqrt(masses[b, 1] / masses[b, 0])
            told[ARM_B] = (row[c.R2X] * row[c.NY] - row[c.R2Y] * row[c.NX]) * size
            told[ARM_BT] = (row[c.R2X] * row[c.NX] + row[c.R2Y] * row[c.NY]) * size
    return out


def recall(flown: Array, rows: Rows, masses: Array, change: Array) -> Array:
    """Impulses at the rows that explain what the step before changed, shape (rows, 3).

    Args:
        flown: state after the coming step's motion without impulses: its positions say where the rows act.
        rows: of the coming step.
        masses: inverse masses and moments, shape (n, 2).
        change: of velocities and spin by impulses in the step before, shape (n, 3).
    """
    still, after = np.zeros_like(flown), np.zeros_like(flown)
    after[:, [2, 3, 5]] = change
    # The belt moves in both alike.
    return np.asarray(explain(still, rows, masses, after, SWEEPS))


@njit(cache=True)
def islands(rows: Rows, bodies: int, masses: Array) -> NDArray[np.int64]:
    """Number of the group of rows that each belongs to: rows of one movable body are in one group, shape (rows,)."""
    parent = np.arange(bodies)
    for k in range(rows.shape[0]):
        a, b = int(rows[k, c.A]), int(rows[k, c.B])
        if 0 <= b < bodies and masses[b, 0] > 0.0:
            while parent[a] != a:
                a = parent[a]
            while parent[b] != b:
                b = parent[b]
            parent[max(a, b)] = min(a, b)
    out = np.empty(rows.shape[0], np.int64)
    for k in range(rows.shape[0]):
        a = int(rows[k, c.A])
        while parent[a] != a:
            a = parent[a]
        out[k] = a
    return out


@njit(cache=True)
def three_digits(x: float) -> tuple[int, int]:
    """Signed mantissa (100 to 999, or 0) and exponent: x is about mantissa * 10^exponent."""
    size = abs(x)
    if not size >= SMALLEST:
        return 0, 0
    size = min(size, LARGEST)
    exponent = math.floor(math.log10(size)) - 2
    mantissa = round(size / 10.0**exponent)
    if mantissa < 100:
        # The logarithm of a number just below a power of ten may be rounded up to it.
        exponent -= 1
        mantissa = round(size / 10.0**exponent)
    if mantissa >= 1000:
        mantissa = 100
        exponent += 1
    return (-mantissa if x < 0.0 else mantissa), exponent


def word(x: float) -> str:
    """A number with three significant digits and no exponent: `0`, `-20.1`, `0.333`, `35100`."""
    mantissa, exponent = three_digits(float(x))
    if exponent >= 0:
        return str(mantissa * 10**exponent)
    text = f"{mantissa / 10**-exponent:.{-exponent}f}"
    return text.rstrip("0").rstrip(".")


def degrees(nx: float, ny: float) -> int:
    """Direction of a normal in whole degrees, 0 to 359, counter-clockwise from the right."""
    return round(math.degrees(math.atan2(ny, nx))) % 360
