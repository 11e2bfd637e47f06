"""The numbers that a prompt states of its record, by name: an answer can give a constant as a multiple of one of them.

A model that knows which number a constant hangs on has to copy its name, and to say a factor near 1.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

Reference = tuple[str, str]
"""What is stated, one of `KINDS`, and of which variable."""

KINDS = ("start", "mean", "std", "min", "max", "frequency", "decay", "slope", "to")
"""Names of what is stated of a variable, as a prompt has them; `slope` is the first of two slopes, `to` the last.

`start` is the first reading.
"""

LARGEST_FACTOR = 20.0
"""Between a constant and what it is a multiple of; also its inverse."""


def find(pieces: Sequence[str]) -> Iterator[tuple[Reference, float]]:
    """What a line of statistics states, whose first piece is a variable."""
    for kind, number in pairwise(pieces[1:]):
        if kind in KINDS:
            try:
                yield (kind, pieces[0]), float(number)
            except ValueError:
                continue
