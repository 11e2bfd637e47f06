"""The tokens of a text about a law: words of the zoo, letters for all other words, signs, and numbers.

A number of three significant digits is one token. A word that is not in the list is spelled: `<spell>`, its letters,
`<stop>`.
"""

import math
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import orjson

from gedanken.errors import UserError

FILE = "vocabulary.json"
"""The list of words, beside the weights."""

PAD, END, LAW, EDIT, PARAMS, ANSWER, REPLY, SPELL, STOP, UNKNOWN = range(10)
MARKS = ("<pad>", "<end>", "<law>", "<edit>", "<params>", "<answer>", "<reply>", "<spell>", "<stop>", "<unknown>")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
SIGNS = ("\n", "**", *"!\"#$%&'()*+,-./:;<=>?@[]^`{|}~")

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


def words_of(texts: Iterable[str]) -> list[str]:
    """All words of some texts, in order."""
    return sorted({piece for text in texts for piece in split(text) if _IS_WORD.fullmatch(piece)})


class Vocabulary:
    """Tokens by number and by name.

    Attributes:
        words: that are one token each.
        number: the first number token; `VALUES` says what it and those behind it mean.
        count: how many tokens there are.
    """

    def __init__(self, words: Sequence[str]):
        self.words = tuple(words)
        self._names = [*MARKS, *(f"'{letter}" for letter in LETTERS), *SIGNS, *self.words]
        self._ids = {name: k for k, name in enumerate(self._names)}
        self.number = len(self._names)
        self.count = self.number + len(VALUES)

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

    def encode(self, text: str, spelled: Collection[str] = ()) -> list[int]:
        """The tokens of a text; `spelled` are words to be spelled although the list has them."""
        ids: list[int] = []
        for piece in split(text):
            token = self._ids.get(piece)
            if _IS_NUMBER.match(piece):
                ids.append(self.write_number(float(piece)))
            elif token is not None and piece not in spelled:
                ids.append(token)
            elif _IS_WORD.fullmatch(piece):
                ids += [SPELL, *(self._ids.get(f"'{letter}", UNKNOWN) for letter in piece), STOP]
            else:
                ids.append(UNKNOWN)
        return ids

    def decode(self, ids: Iterable[int]) -> list[str | float]:
        """Names of marks and signs, words, and numbers."""
        pieces: list[str | float] = []
        spelled: list[str] | None = None
        for token in ids:
            if token >= self.number:
                pieces.append(float(f"{VALUES[token - self.number]:.3g}"))
            elif token == SPELL:
                spelled = []
            elif token == STOP:
                pieces += ["".join(spelled)] if spelled else []
                spelled = None
            elif self._names[token].startswith("'") and len(self._names[token]) == 2:
                if spelled is not None:
                    spelled.append(self._names[token][1])
            else:
                pieces.append(self._names[token])
        return pieces
