"""The numbers that a prompt states of its record, by name: an answer can give a constant as a multiple of one of them.

A model that knows which number a constant hangs on has to copy its name, and to say a factor near 1.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from scipy.special import agm

Reference = tuple[str, str]
"""What is stated, one of `KINDS`, and of which variable."""

SAID = ("start", "mean", "std", "min", "max", "frequency", "decay", "slope", "to")
"""Names of what is stated of a variable, as a prompt has them; `slope` is the first of two slopes, `to` the last.

`start` is the first reading.
"""

FOLLOWING = ("small_frequency", "small_frequency_std")
"""What follows from that: the frequency of small swings of a pendulum whose wide ones have the stated frequency.

The amplitude is half of the stated range, or the square root of 2 times the stated deviation, which is right in the
mean where swings die away. The frequency of wide swings is that of small ones times the arithmetic-geometric mean of 1
and cos(amplitude / 2) (Carvalhaes and Suppes, Am. J. Phys. 76, 1150, 2008). An angle is in radians.
"""

KINDS = (*SAID, *FOLLOWING)

WIDEST = 3.1
"""Amplitude from which on nothing follows: at pi a pendulum stands on its head."""

LARGEST_FACTOR = 20.0
"""Between a constant and what it is a multiple of; also its inverse."""


def find(pieces: Sequence[str]) -> Iterator[tuple[Reference, float]]:
    """What a line of statistics states, whose first piece is a variable, and what follows from it."""
    said: dict[str, float] = {}
    for kind, number in pairwise(pieces[1:]):
        if kind in SAID and kind not in said:
            try:
                said[kind] = float(number)
            except ValueError:
                continue
    for kind, value in (*said.items(), *_follow(said)):
        yield (kind, pieces[0]), value


def _follow(said: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Of `FOLLOWING` what can be told."""
    if "frequency" in said and {"min", "max", "std"} <= said.keys():
        amplitudes = ((said["max"] - said["min"]) / 2.0, math.sqrt(2.0) * said["std"])
        for kind, amplitude in zip(FOLLOWING, amplitudes, strict=True):
            if 0.0 < amplitude < WIDEST:
                yield kind, float(said["frequency"] / agm(1.0, math.cos(amplitude / 2.0)))
