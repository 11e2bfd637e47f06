# mypy: allow-untyped-decorators, disable-error-code=no-any-return
"""Numbers to text, compiled: a body's line costs 0.1 us instead of the 4 us of an f-string."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

FRAME, FRAME_COLON, DOUBLED, MOVING = range(4)
"""Heads: `Frame 7`, `Frame 7:`, `Frame 7: Frame 7: 3 of 9 objects are moving.`, `Frame 7: 3 of 9 objects moving.`"""

MOVES = 10_000
"""Speed component (1e-4 px/s) above which the `lfm` and `card` texts call an object moving."""

_WORDS = (
    "Frame ",
    ": ",
    ":\n",
    "\n",
    "All objects are at rest.\n",
    "All objects are in motion.\n",
    " of ",
    " objects are moving.\n",
    " objects moving.\n",
)


def _joined(words: tuple[str, ...]) -> tuple[Bytes, NDArray[np.int64]]:
    encoded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, encoded)])
    return np.frombuffer(b"".join(encoded), np.uint8), ends.astype(np.int64)


_WORD_BYTES, _WORD_ENDS = _joined(_WORDS)
_FOUR = np.frombuffer("".join(f"{i:04d}" for i in range(10_000)).encode(), np.uint8).reshape(10_000, 4)


def to_fixed(states: NDArray[Any]) -> Integers:
    """States in units of 1e-4; integers are taken to be that already."""
    fixed = states if states.dtype.kind == "i" else np.rint(states * 10_000)
    return fixed.astype(np.int64)


@dataclass(frozen=True)
class Layout:
    """How a format writes the line of a body.

    Attributes:
        pieces: nine strings: before the number of the body, before each of x, y, vx, vy, angle, spin, the end of a line
            without angles, and the end of a line with them.
        decimals: 4 or 2.
    """

    pieces: tuple[str, ...]
    decimals: int = 4

    @cached_property
    def joined(self) -> tuple[Bytes, NDArray[np.int64]]:
        """The pieces as bytes, and where each ends."""
        return _joined(self.pieces)

    def render(
        self,
        fixed: Integers,
        first: int,
        head: int,
        angles: NDArray[np.bool_] | None = None,
        minus: NDArray[np.bool_] | None = None,
    ) -> tuple[Bytes, NDArray[np.int64]]:
        """Consecutive frames as ASCII bytes, and the offset at which each frame ends.

        Args:
            fixed: shape (frames, bodies, 6), in units of 1e-4.
            first: number of the first frame.
            head: which head line.
            angles: shape (frames, bodies), or (1, 1) for all: which lines give angle and spin; all by default.
            minus: shape (frames, bodies, 6), which zeros are to be printed as `-0.0000`; none by default.
        """
        frames, bodies, _ = fixed.shape
        if self.decimals == 2:
            fixed = np.rint(fixed / 100).astype(np.int64)
        if angles is None:
            angles = np.ones((1, 1), np.bool_)
        if minus is None:
            minus = np.zeros((1, 1, 1), np.bool_)
        digits = len(str(max(int(fixed.max(initial=0)), -int(fixed.min(initial=0))))) + 3
        size = frames * (100 + bodies * (6 * (digits + 3) + 8 + sum(map(len, self.pieces))))
        buffer = np.empty(size, np.uint8)
        ends = np.empty(frames, np.int64)
        _render(
            np.ascontiguousarray(fixed, np.int64), first, head, angles, minus, *self.joined, self.decimals, buffer, ends
        )
        return buffer, ends

    def text(
        self,
        fixed: Integers,
        first: int,
        head: int,
        angles: NDArray[np.bool_] | None = None,
        minus: NDArray[np.bool_] | None = None,
    ) -> str:
        """Consecutive frames as a string; arguments as of `render`."""
        buffer, ends = self.render(fixed, first, head, angles, minus)
        return str(buffer[: ends[-1] if len(ends) else 0].data, "ascii")


@njit(cache=True)
def _put(buffer: Bytes, at: int, pieces: Bytes, begin: int, end: int) -> int:
    for k in range(begin, end):
        buffer[at] = pieces[k]
        at += 1
    return at


@njit(cache=True)
def _put_word(buffer: Bytes, at: int, word: int) -> int:
    return _put(buffer, at, _WORD_BYTES, _WORD_ENDS[word], _WORD_ENDS[word + 1])


@njit(cache=True)
def _put_short(buffer: Bytes, at: int, value: int) -> int:
    """A whole number from 0 to 9,999."""
    skip = 0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 10 else 3
    for k in range(skip, 4):
        buffer[at] = _FOUR[value, k]
        at += 1
    return at


@njit(cache=True)
def _put_whole(buffer: Bytes, at: int, value: int) -> int:
    """A whole number >= 0."""
    if value < 10_000:
        return _put_short(buffer, at, value)
    end = at
    rest = value
    while rest > 0:
        rest //= 10
        end += 1
    at = end
    while value > 0:
        at -= 1
        buffer[at] = 48 + value % 10
        value //= 10
    return end


@njit(cache=True)
def _put_four(buffer: Bytes, at: int, fixed: int) -> int:
    """A number in units of 1e-4, with four decimals."""
    at = _put_whole(buffer, at, fixed // 10_000)
    buffer[at] = 46
    rest = fixed % 10_000
    for k in range(4):
        buffer[at + 1 + k] = _FOUR[rest, k]
    return at + 5


@njit(cache=True)
def _put_two(buffer: Bytes, at: int, fixed: int) -> int:
    """A number in units of 1e-2, with two decimals."""
    at = _put_whole(buffer, at, fixed // 100)
    buffer[at] = 46
    rest = fixed % 100
    buffer[at + 1] = _FOUR[rest, 2]
    buffer[at + 2] = _FOUR[rest, 3]
    return at + 3


@njit(cache=True)
def _put_head(buffer: Bytes, at: int, number: int, head: int, moving: int, n: int) -> int:
    at = _put_whole(buffer, _put_word(buffer, at, 0), number)
    if head == FRAME:
        return _put_word(buffer, at, 3)
    if head == FRAME_COLON:
        return _put_word(buffer, at, 2)
    at = _put_word(buffer, at, 1)
    if head == DOUBLED:
        at = _put_whole(buffer, _put_word(buffer, at, 0), number)
        at = _put_word(buffer, at, 1)
        if moving == 0:
            return _put_word(buffer, at, 4)
        if moving == n:
            return _put_word(buffer, at, 5)
    at = _put_whole(buffer, at, moving)
    at = _put_whole(buffer, _put_word(buffer, at, 6), n)
    return _put_word(buffer, at, 7 if head == DOUBLED else 8)


@njit(cache=True)
def _render(
    fixed: Integers,
    first: int,
    head: int,
    angles: NDArray[np.bool_],
    minus: NDArray[np.bool_],
    pieces: Bytes,
    bounds: NDArray[np.int64],
    decimals: int,
    buffer: Bytes,
    ends: NDArray[np.int64],
) -> None:
    n = fixed.shape[1]
    moves = MOVES if decimals == 4 else MOVES // 100
    every, sign = angles.size == 1, minus.size > 1
    at = 0
    for f in range(fixed.shape[0]):
        moving = 0
        if head >= DOUBLED:
            for i in range(n):
                moving += abs(fixed[f, i, 2]) > moves or abs(fixed[f, i, 3]) > moves
        at = _put_head(buffer, at, first + f, head, moving, n)
        for i in range(n):
            turning = angles[0, 0] if every else angles[f, i]
            at = _put_whole(buffer, _put(buffer, at, pieces, bounds[0], bounds[1]), i)
            for k in range(6 if turning else 4):
                at = _put(buffer, at, pieces, bounds[k + 1], bounds[k + 2])
                value = np.int64(fixed[f, i, k])
                if value < 0 or (sign and value == 0 and minus[f, i, k]):
                    buffer[at] = 45
                    at += 1
                    value = -value
                at = _put_four(buffer, at, value) if decimals == 4 else _put_two(buffer, at, value)
            end = 8 if turning else 7
            at = _put(buffer, at, pieces, bounds[end], bounds[end + 1])
        ends[f] = at
