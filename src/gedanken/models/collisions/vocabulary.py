"""The words of a pair as tokens.

A pair of shapes that are near is one text, as the first sees the second (`engine.manifolds.Near`)::

    pair segment 400.00 10.00 circle 12.35 beyond neg391.00 neg0.05 move +11.95 -196.5 +0 +0.5015
    gap -0.0609 one 90d +0.0609 +0 -12.35

Each shape has its sizes, or its corners. `beyond` is followed by how far the second lies beyond sides of the first, and
the turn of a second box, `move` by the velocity of the second relative to the first and both spins. After `gap` comes
the answer: how far the two are apart, negative where they overlap; `none`, or `one` or `two` points, the normal's
direction in half degrees, and of each point its depth and its place relative to the centre of the second.

Every number is one token. Lengths and turns are told to a twentieth of a px (or degree) up to 200; speeds, gaps, depths
and places on a scale that is even near zero and has 60 steps a factor of e far from it.
"""

import math
from collections.abc import Sequence

import numpy as np

from gedanken.worlds.rigid.engine.manifolds import BOX, CIRCLE, KINDS, POLYGON, Manifold, Near
from gedanken.worlds.rigid.scene.geometry import MAX_VERTICES

PAD, END, PAIR, BEYOND, MOVE, GAP, NONE, ONE, TWO = range(9)
KIND = 9
CORNERS = KIND + len(KINDS)
"""How many corners a polygon has: 3 to `MAX_VERTICES`."""

PARTS, FINE, FURTHEST = 20, 200, 1000
LENGTH = CORNERS + MAX_VERTICES - 2
_FINE = np.arange(-FINE * PARTS, FINE * PARTS + 1) / PARTS
_FAR = np.arange(FINE + 1.0, FURTHEST + 1)
LENGTHS = np.concatenate([-_FAR[::-1], _FINE, _FAR])
"""What each length token says, px (degrees of a turn), from `LENGTH` on: twentieths up to 200, whole ones beyond."""

DIRECTIONS = 720
DIRECTION = LENGTH + len(LENGTHS)

UNIT, STEPS_OF_E, STEPS = 0.2, 60, 560
AMOUNT = DIRECTION + DIRECTIONS
AMOUNTS = UNIT * np.sinh(np.arange(-STEPS, STEPS + 1) / STEPS_OF_E)
"""What each amount token says, from `AMOUNT` on."""

COUNT = AMOUNT + len(AMOUNTS)
"""Size of the vocabulary."""

ANSWERED = 3 + 2 * 3
"""Most tokens of an answer."""


def encode(near: Near) -> list[int]:
    """Tokens of a pair up to `gap`."""
    text = [PAIR]
    for second, (kind, sizes, corners) in enumerate(zip(near.kinds, near.sizes, near.corners, strict=True)):
        text.append(KIND + kind)
        if kind != POLYGON:
            text += map(length, sizes[: 1 if kind == CIRCLE else 2])
        elif second:
            text += [CORNERS + len(corners) - 3, *map(length, corners.ravel().tolist())]
        else:
            text += map(length, (sizes[0], *corners.ravel().tolist()))
    text += [BEYOND, *map(length, near.distances)]
    if near.kinds[1] == BOX:
        text.append(length(near.turn))
    return [*text, MOVE, *map(amount, near.motion), GAP]


def length(value: float) -> int:
    """Token of a length, or of an angle in degrees."""
    size = min(abs(value), FURTHEST)
    place = round(size * PARTS)
    if place > FINE * PARTS:
        place = FINE * PARTS + round(size) - FINE
    return LENGTH + len(LENGTHS) // 2 + (place if value >= 0 else -place)


def amount(value: float) -> int:
    """Token of an amount."""
    place = round(math.asinh(value / UNIT) * STEPS_OF_E)
    return AMOUNT + STEPS + min(max(place, -STEPS), STEPS)


def encode_answer(near: Near, gap: float, manifold: Manifold | None) -> list[int]:
    """Tokens after `gap`.

    Args:
        near: the pair.
        gap: how far its shapes are apart, px.
        manifold: where they touch, if they do.
    """
    if manifold is None:
        return [amount(gap), NONE]
    direction, lines = near.tell(manifold)
    count = ONE if len(lines) == 1 else TWO
    answer = [amount(gap), count, DIRECTION + round(direction * DIRECTIONS / 360) % DIRECTIONS]
    for x, y, depth in lines.tolist():
        answer += map(amount, (depth, x, y))
    return answer


def span(answer: Sequence[int]) -> tuple[int, int]:
    """First token and end of those that may follow an answer's first tokens; nothing follows a whole one."""
    said = len(answer)
    if said == 1:
        return NONE, TWO + 1
    if said and said == (2, 6, 9)[answer[1] - NONE]:
        return 0, 0
    return (DIRECTION, DIRECTION + DIRECTIONS) if said == 2 else (AMOUNT, COUNT)


def decode_answer(near: Near, answer: Sequence[int]) -> Manifold | None:
    """Where a whole answer says that the pair touches."""
    if answer[1] == NONE:
        return None
    lines = AMOUNTS[np.array(answer[3:]) - AMOUNT].reshape(-1, 3)[:, [1, 2, 0]]
    return near.hear((answer[2] - DIRECTION) * 360 / DIRECTIONS, lines)


def words() -> list[str]:
    """Every token as a word, by its number."""
    special = ["<pad>", "end", "pair", "beyond", "move", "gap", "none", "one", "two", *KINDS]
    corners = [f"corners{k}" for k in range(3, MAX_VERTICES + 1)]
    # Amounts always have a sign, so that no amount is a length.
    lengths = [f"{value:.2f}" if value >= 0 else f"neg{-value:.2f}" for value in LENGTHS]
    directions = [f"{k / 2:g}d" for k in range(DIRECTIONS)]
    return [*special, *corners, *lengths, *directions, *(f"{value:+.4g}" for value in AMOUNTS)]
