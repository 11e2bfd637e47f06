"""The words of a pair as tokens.

A pair of shapes that are near is one text, as the first sees the second (`engine.manifolds.Near`)::

    pair segment 400. 00 10. 00 circle 12. 36 at 31. 20 22. 18 move +12.1 -16.3 +0 +0.52 touch one 90d +0.138 +0 -12.3

Lengths and the turn of a box are two tokens: a whole number, and what it leaves in fiftieths. Speeds, depths and points
are one token each, on a scale that is even near zero and has 60 steps a factor of e far from it. After `touch` comes
the answer: `none`, or `one` or `two` points, the normal's direction in half degrees, and of each point its depth and
its place relative to the centre of the second shape.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gedanken.worlds.rigid.engine.manifolds import BOX, CIRCLE, KINDS, POLYGON, Manifold, Near
from gedanken.worlds.rigid.scene.geometry import MAX_VERTICES

PAD, END, PAIR, AT, MOVE, TOUCH, NONE, ONE, TWO = range(9)
KIND = 9
CORNERS = KIND + len(KINDS)
"""How many corners a polygon has: 3 to `MAX_VERTICES`."""

FURTHEST = 1000
WHOLE = CORNERS + MAX_VERTICES - 2
"""Whole numbers from -`FURTHEST` to `FURTHEST`, all beyond as the last."""

PARTS = 50
PART = WHOLE + 2 * FURTHEST + 1

DIRECTIONS = 720
DIRECTION = PART + PARTS

UNIT, STEPS_OF_E, STEPS = 0.2, 60, 560
AMOUNT = DIRECTION + DIRECTIONS
AMOUNTS = UNIT * np.sinh(np.arange(-STEPS, STEPS + 1) / STEPS_OF_E)
"""What each amount token says, from `AMOUNT` on."""

COUNT = AMOUNT + len(AMOUNTS)
"""Size of the vocabulary."""

ANSWERED = 2 + 2 * 3
"""Most tokens of an answer."""


def encode(near: Near) -> list[int]:
    """Tokens of a pair up to `touch`."""
    text = [PAIR]
    for kind, sizes, corners in zip(near.kinds, near.sizes, near.corners, strict=True):
        text.append(KIND + kind)
        if kind == POLYGON:
            text.append(CORNERS + len(corners) - 3)
            for value in corners.ravel().tolist():
                text += _length(value)
        else:
            for value in sizes[: 1 if kind == CIRCLE else 2]:
                text += _length(value)
    text += [AT, *_length(near.place[0]), *_length(near.place[1])]
    if near.kinds[1] == BOX:
        text += _length(near.turn)
    return [*text, MOVE, *map(amount, near.motion), TOUCH]


def _length(value: float) -> tuple[int, int]:
    """A length, or an angle in degrees, as a whole number and what it leaves."""
    parts = math.floor(min(max(value, -FURTHEST), FURTHEST) * PARTS + 0.5)
    whole, part = divmod(parts, PARTS)
    return WHOLE + FURTHEST + whole, PART + part


def amount(value: float) -> int:
    """Token of an amount."""
    place = round(math.asinh(value / UNIT) * STEPS_OF_E)
    return AMOUNT + STEPS + min(max(place, -STEPS), STEPS)


def encode_answer(near: Near, manifold: Manifold | None) -> list[int]:
    """Tokens after `touch`."""
    if manifold is None:
        return [NONE]
    direction, lines = near.tell(manifold)
    answer = [ONE if len(lines) == 1 else TWO, DIRECTION + round(direction * DIRECTIONS / 360) % DIRECTIONS]
    for x, y, depth in lines.tolist():
        answer += map(amount, (depth, x, y))
    return answer


def span(answer: Sequence[int]) -> tuple[int, int]:
    """First token and end of those that may follow an answer's first tokens; nothing follows a whole one."""
    if not answer:
        return NONE, TWO + 1
    if len(answer) == 1 and answer[0] != NONE:
        return DIRECTION, DIRECTION + DIRECTIONS
    return (AMOUNT, COUNT) if len(answer) < (1, 5, 8)[answer[0] - NONE] else (0, 0)


def decode_answer(near: Near, answer: Sequence[int]) -> Manifold | None:
    """What a whole answer says."""
    if answer[0] == NONE:
        return None
    lines = AMOUNTS[np.array(answer[2:]) - AMOUNT].reshape(-1, 3)[:, [1, 2, 0]]
    return near.hear((answer[1] - DIRECTION) * 360 / DIRECTIONS, lines)


def words() -> list[str]:
    """Every token as a word, by its number."""
    special = ["<pad>", "end", "pair", "at", "move", "touch", "none", "one", "two", *KINDS]
    corners = [f"corners{k}" for k in range(3, MAX_VERTICES + 1)]
    lengths = [*(f"{k}." for k in range(-FURTHEST, FURTHEST + 1)), *(f"{2 * k:02d}" for k in range(PARTS))]
    directions = [f"{k / 2:g}d" for k in range(DIRECTIONS)]
    return [*special, *corners, *lengths, *directions, *(f"{value:+.4g}" for value in AMOUNTS)]


def wrap() -> Any:
    """The tokenizer as transformers loads it: words between blanks, one token each."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words())}, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    make: Any = transformers.PreTrainedTokenizerFast
    return make(tokenizer_object=tokenizer, eos_token="end", pad_token="<pad>", clean_up_tokenization_spaces=False)
