"""The tokens of a text about a law: words, names of variables and constants, signs, and numbers.

A number of three significant digits is one token. A word that is not in the list is not read.
"""

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import orjson

from gedanken.errors import UserError

FILE = "vocabulary.json"
"""The list of words, beside the weights."""

PAD, END, LAW, EDIT, PARAMS, ANSWER, REPLY, UNKNOWN = range(8)
MARKS = ("<pad>", "<end>", "<law>", "<edit>", "<params>", "<answer>", "<reply>", "<unknown>")
SIGNS = ("\n", "**", *"+-*/()=;")
MOST_STATES, MOST_INPUTS, MOST_CONSTANTS = 8, 4, 12
"""Names that a text may have of each kind; what goes beyond is unknown."""

FIRST_DECADE, DECADES = -5, 11
"""Numbers from 0.00001 to 999,000; what is smaller is said as 0, what is larger as the largest."""
SIZES = 900 * DECADES
_SIZES = np.concatenate([np.arange(100, 1000) * 10.0 ** (FIRST_DECADE + k - 2) for k in range(DECADES)])
VALUES = np.concatenate([[0.0], _SIZES, -_SIZES])
"""What each number token says: 0, the positive ones by size, the negative ones by size."""

_NUMBER = r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
# A minus belongs to the number behind it where nothing stands before it that it could be taken from.
_PIECE = re.compile(rf"(?<![\w)])-?{_NUMBER}|{_NUMBER}|[A-Za-z_]\w*|\*\*|\n|\S")
_IS_NUMBER = re.compile(r"-?\d")
_IS_WORD = re.compile(r"[A-Za-z_]\w*")


def split(text: str) -> list[str]:
    """The words, signs and numbers of a text."""
    return _PIECE.findall(text)


def is_word(piece: str) -> bool:
    """Whether a piece of a text is a word or a name."""
    return _IS_WORD.fullmatch(piece) is not None


def words_of(texts: Iterable[str]) -> list[str]:
    """All words of some texts, in order."""
    return sorted({piece for text in texts for piece in split(text) if is_word(piece)})


def _names() -> tuple[str, ...]:
    """What variables, their derivatives, inputs and constants are called."""
    states = [f"{kind}{k}" for kind in ("x", "d", "dd") for k in range(MOST_STATES)]
    return (*states, *(f"u{k}" for k in range(MOST_INPUTS)), *(f"c{k}" for k in range(MOST_CONSTANTS)))


NAMES = _names()
"""`x0`, `x1`, ... for state variables, `d0` and `dd0` for what stands left of an equation, `u0` and `c0`."""


class Vocabulary:
    """Tokens by number and by name.

    Attributes:
        words: that are one token each.
        number: the first number token; `VALUES` says what it and those behind it mean.
        count: how many tokens there are.
    """

    def __init__(self, words: Sequence[str]):
        self.words = tuple(word for word in words if word not in NAMES)
        self._pieces: list[str] = [*MARKS, *SIGNS, *NAMES, *self.words]
        self._ids = {piece: k for k, piece in enumerate(self._pieces)}
        self.number = len(self._pieces)
        self.count = self.number + len(VALUES)

    def __contains__(self, piece: str) -> bool:
        return piece in self._ids

    def piece(self, token: int) -> str:
        """What a token that is no number stands for."""
        return self._pieces[token]

    @classmethod
    def load(cls, folder: Path) -> "Vocabulary":
        """The words of a model.

        Raises:
            UserError: the folder holds none.
        """
        try:
            words = orjson.loads((folder / FILE).read_bytes())["words"]
            return cls([str(word) for word in words])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{folder} holds no model of laws: {FILE} cannot be read ({error})") from error

    def save(self, folder: Path) -> None:
        """Write the words beside a model's weights."""
        (folder / FILE).write_bytes(orjson.dumps({"words": self.words}, option=orjson.OPT_INDENT_2))

    def write_number(self, value: float) -> int:
        """The token of a number."""
        if value == 0 or not math.isfinite(value):
            return self.number
        digits, _, power = f"{abs(value):.2e}".partition("e")
        decade = int(power) - FIRST_DECADE
        if decade < 0:
            return self.number
        place = decade * 900 + round(float(digits) * 100) - 100 if decade < DECADES else SIZES - 1
        return self.number + 1 + place + (SIZES if value < 0 else 0)

    def encode(self, pieces: Iterable[str]) -> list[int]:
        """The tokens of pieces that all count: what is not in the list is unknown."""
        return [
            self.write_number(float(piece)) if _IS_NUMBER.match(piece) else self._ids.get(piece, UNKNOWN)
            for piece in pieces
        ]

    def encode_prose(self, pieces: Iterable[str]) -> list[int]:
        """The tokens of prose: words of the list, numbers and ends of lines; all else is left out."""
        kept = [each for each in pieces if _IS_NUMBER.match(each) or each == "\n" or is_word(each)]
        return [token for token in self.encode(kept) if token != UNKNOWN]

    def decode(self, ids: Iterable[int]) -> list[str | float]:
        """Marks, signs, words and names, and numbers."""
        return [
            float(f"{VALUES[token - self.number]:.3g}") if token >= self.number else self._pieces[token]
            for token in ids
        ]
