# mypy: allow-untyped-decorators
"""The words of a round as tokens: every number of three significant digits is one.

A group of rows that share bodies is one text, since what happens in it does not depend on the rest of the frame::

    step 10  r0 contact b0 w 270d 0.627 ...  r1 ...  changes  r0 b0 w 1 -0.2 add 0.7 -0.1  r1 ...  end

`step` is followed by the solver's iterations, a row by what it is (`text.contacts`), what its law still asks for and
what it has by now (`worlds.rigid.rounds`). After `changes` each row is named again, with its bodies and what is due,
and after `add` comes the answer. Names of bodies and rows count within the group.

Speeds are in units of the largest change that is due in the group: contacts and joints know no unit of velocity.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.rounds import DUE, DUE_T
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import _quantities as q

Ids = NDArray[np.int64]

PAD, END, STEP, CHANGES, WORLD, ADD = range(6)
KIND = 6
DEGREES = KIND + len(c.KINDS)
BODIES, ROWS = 128, 256
"""Most bodies and rows of a group that there are names for."""
BODY = DEGREES + 360
ROW = BODY + BODIES
NUMBER = ROW + ROWS
FIRST_DECADE, DECADES = -3, 8
SIZES = 900 * DECADES
COUNT = NUMBER + 1 + 2 * SIZES
"""Size of the vocabulary. From `NUMBER` on: 0, then the positive numbers by size, then the negative ones."""

_SIZES = np.concatenate([np.arange(100, 1000) * 10.0 ** (decade - 2) for decade in range(FIRST_DECADE, 5)])
VALUES = np.concatenate([[0.0], _SIZES, -_SIZES])
"""What each number token says, from `NUMBER` on."""

SMALLEST_CHANGE = 0.002
"""Changes below it (units of the group) are said as 0."""

_LEFT_OUT = 10
_TWO_DIGITS = np.arange(10 * _LEFT_OUT, SIZES, 10)
_EACH = len(_TWO_DIGITS)
SAID = np.concatenate([1 + SIZES + _TWO_DIGITS[::-1], [0], 1 + _TWO_DIGITS])
"""Number tokens (less `NUMBER`) that answers consist of, from the lowest value to the highest: those of two digits.

What is left by rounding is said in the next round, and a tenth of the numbers costs a tenth.
"""

LINEAR = 0.03
"""Numbers much smaller than it lie side by side on the scale of nearness, much larger ones by their order."""

SCALE = np.arcsinh(VALUES[SAID] / LINEAR) / math.log(10.0)
"""Where each number of answers lies on that scale, decades."""

# Fields of a row by kind, padded with -1: between bodies and on the world.
_CONTACT = (q.LIMIT, q.NEED, q.ACROSS, DUE_T, q.SHARE_A, q.SHARE_B, q.RATIO, q.ARM_A, q.ARM_B, q.LAST, q.LAST_T)
_LINE = (q.NEED, q.SHARE_A, q.SHARE_B, q.ARM_A, q.ARM_B, q.LAST)
_HINGE = (q.NEED, q.NEED_T, q.SHARE_A, q.SHARE_B, q.RATIO, q.ARM_A, q.ARM_B, q.ARM_AT, q.ARM_BT, q.LAST, q.LAST_T)
_MOTOR = (q.LIMIT, q.NEED, DUE, q.SHARE_A, q.SHARE_B, q.LAST)
_BETWEEN = (_CONTACT, _LINE, _HINGE, _LINE, _LINE, _MOTOR)
_WIDEST = max(map(len, _BETWEEN))
_FIELDS = np.full((2, len(c.KINDS), _WIDEST), -1)
for _kind, _fields in enumerate(_BETWEEN):
    _FIELDS[0, _kind, : len(_fields)] = _fields
    _left = [field for field in _fields if field not in (q.SHARE_B, q.ARM_B, q.ARM_BT)]
    _FIELDS[1, _kind, : len(_left)] = _left
_ANSWERS: Any = np.array(q.ANSWERS)

CUE = 6
"""Most tokens before a row's answer."""

LONGEST_ROW = 5 + _WIDEST + CUE + 2
"""Most tokens of a row and its answer."""

_UNSCALED = np.zeros((len(c.KINDS), DUE_T + 1), np.bool_)
"""Quantities that are no speeds, by kind."""
_UNSCALED[:, [q.SHARE_A, q.SHARE_B, q.RATIO, q.ARM_A, q.ARM_B, q.ARM_AT, q.ARM_BT]] = True
_UNSCALED[c.CONTACT, q.LIMIT] = True


@njit(cache=True)
def number(x: float) -> int:
    """Token of a number."""
    mantissa, exponent = q.three_digits(x)
    if mantissa == 0:
        return NUMBER
    decade = exponent + 2 - FIRST_DECADE
    place = int(decade * 900 + abs(mantissa) - 100)
    return NUMBER + 1 + place + (SIZES if mantissa < 0 else 0)


@njit(cache=True)
def said(x: float) -> int:
    """Place in `SAID` of the number of an answer."""
    if abs(x) < SMALLEST_CHANGE:
        return _EACH
    mantissa, exponent = q.three_digits(x)
    place = (exponent + 2 - FIRST_DECADE) * 90 + (abs(mantissa) - 95) // 10 - _LEFT_OUT
    place = min(place, _EACH - 1)
    return int(_EACH + (1 + place if mantissa > 0 else -1 - place))


@njit(cache=True)
def unit(told: Array) -> float:
    """The largest change that is due (px/s), what the others are said in."""
    most = 1e-9
    for k in range(told.shape[0]):
        most = max(most, abs(told[k, DUE]), abs(told[k, DUE_T]))
    return float(most)


@njit(cache=True)
def encode(
    rows: Array,
    told: Array,
    members: Ids,
    movable: NDArray[np.bool_],
    iterations: int,
    turn: int,
    mirror: bool,
    shift: int,
) -> tuple[Ids, Ids]:
    """Tokens of a group up to `changes`, and those before the answer to each row, shape (members, CUE), -1 for none.

    Args:
        rows: of a step.
        told: of `Step.look`.
        members: the group's rows in the order in which they are said; at most `ROWS`.
        movable: of each body.
        iterations: of the solver.
        turn: whole degrees by which all directions are turned.
        mirror: say the mirror image.
        shift: number of the first name of a row and of a body.
    """
    out = np.empty(3 + members.shape[0] * LONGEST_ROW, np.int64)
    cues = np.full((members.shape[0], CUE), -1)
    out[0], out[1] = STEP, number(float(iterations))
    at = 2
    names = np.full(movable.shape[0], -1)
    known = 0
    scale = 1.0 / unit(told)
    for place in range(members.shape[0]):
        row, said = rows[members[place]], told[members[place]]
        kind, a, b = int(row[c.KIND]), int(row[c.A]), int(row[c.B])
        between = 0 <= b < movable.shape[0] and movable[b]
        for body in (a, b if between else a):
            if names[body] < 0:
                names[body] = known
                known += 1
        out[at], out[at + 1] = ROW + (place + shift) % ROWS, KIND + kind
        out[at + 2] = BODY + (names[a] + shift) % BODIES
        out[at + 3] = BODY + (names[b] + shift) % BODIES if between else WORLD
        cues[place, 0], cues[place, 1], cues[place, 2] = out[at], out[at + 2], out[at + 3]
        at += 4
        if kind != c.MOTOR:
            angle = round(math.degrees(math.atan2(row[c.NY], row[c.NX])))
            out[at] = DEGREES + (turn + (-angle if mirror else angle)) % 360
            at += 1
        for field in _FIELDS[0 if between else 1, kind]:
            if field < 0:
                break
            value = said[field] if _UNSCALED[kind, field] else said[field] * scale
            out[at] = number(-value if mirror and flips(kind, field) else value)
            at += 1
        for k in range(_ANSWERS[kind]):
            value = said[DUE + k] * scale
            cues[place, 3 + k] = number(-value if mirror and flips(kind, DUE + k) else value)
        cues[place, 3 + _ANSWERS[kind]] = ADD
    out[at] = CHANGES
    return out[: at + 1], cues


@njit(cache=True)
def flips(kind: int, field: int) -> bool:
    """Whether a quantity changes its sign in a mirror."""
    if kind == c.MOTOR:
        return field in (q.NEED, DUE, q.LAST)
    return field in (q.ACROSS, q.NEED_T, DUE_T, q.ARM_A, q.ARM_B, q.LAST_T)


@njit(cache=True)
def encode_answer(rows: Array, changes: Array, members: Ids, cues: Ids, mirror: bool) -> tuple[Ids, NDArray[np.bool_]]:
    """Tokens after `changes`, the last of them `end`, and which of them are the answer.

    Args:
        rows: of a step.
        changes: what is to be added, in units of the group, shape (rows, 2 or more).
        members: as of `encode`.
        cues: of `encode`.
        mirror: as of `encode`.
    """
    out, asked = np.empty(1 + members.shape[0] * (CUE + 2), np.int64), np.zeros(1 + cues.shape[0] * (CUE + 2), np.bool_)
    at = 0
    for place in range(members.shape[0]):
        kind = int(rows[members[place], c.KIND])
        for token in cues[place]:
            if token >= 0:
                out[at] = token
                at += 1
        for column in range(_ANSWERS[kind]):
            value = changes[members[place], column]
            if mirror and (column == c.ACROSS or kind == c.MOTOR):
                value = -value
            out[at], asked[at] = NUMBER + SAID[said(value)], True
            at += 1
    out[at] = END
    return out[: at + 1], asked[: at + 1]


def words() -> list[str]:
    """Every token as the word that texts have, by its number."""
    special = ["<pad>", "end", "step", "changes", "w", "add"]
    names = [*(f"{k}d" for k in range(360)), *(f"b{k}" for k in range(BODIES)), *(f"r{k}" for k in range(ROWS))]
    return [*special, *c.KINDS, *names, *map(q.word, VALUES)]
