"""What a decoder of laws says: token after token, the likeliest or drawn."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.models.llama import weights as llama
from gedanken.models.llama.forward import times
from gedanken.models.llama.weights import Texts, Weights, threads

LONGEST = 240
"""Most tokens of an answer; one that `grammar` holds ends before."""


def load(folder: Path) -> tuple[Weights, Vocabulary]:
    """A model's weights and words.

    Raises:
        UserError: the folder holds none, or one of another kind.
    """
    vocabulary = Vocabulary.load(folder)
    kind = "model of laws: train one with `gedanken train laws`"
    return llama.load(folder, vocabulary.count, slice(None), kind), vocabulary


def say(
    weights: Weights,
    vocabulary: Vocabulary,
    text: Sequence[int],
    temperature: float = 0.0,
    rng: np.random.Generator | None = None,
    allow: Callable[[Sequence[int]], NDArray[np.bool_]] | None = None,
    most: int = LONGEST,
) -> list[int]:
    """The tokens that continue a text, to the end of the answer.

    Args:
        weights: the model.
        vocabulary: of the model.
        text: what is read.
        temperature: 0 takes the likeliest token, and of numbers the median.
        rng: draws the tokens otherwise.
        allow: which tokens may follow what was said; all if not given.
        most: how many at most.
    """
    (said,) = say_several(weights, vocabulary, text, 1, temperature, rng, allow, most)
    return said


def say_several(
    weights: Weights,
    vocabulary: Vocabulary,
    text: Sequence[int],
    count: int,
    temperature: float = 0.0,
    rng: np.random.Generator | None = None,
    allow: Callable[[Sequence[int]], NDArray[np.bool_]] | None = None,
    most: int = LONGEST,
) -> list[list[int]]:
    """Several answers to a text, which is read once; see `say`."""
    said: list[list[int]] = [[] for _ in range(count)]
    active = list(range(count))
    with threads().limit(limits=1, user_api="blas"):
        read = Texts(weights, count, len(text) + most)
        hidden = np.repeat(read.read([0], [list(text)]), count, 0)
        read.branch()
        while active:
            for k, logits in zip(active, times(hidden, weights.head).astype(float), strict=True):
                logits[v.PAD] = -np.inf
                if allow is not None:
                    logits[~allow(said[k])] = -np.inf
                shares = np.exp((logits - logits.max()) / (temperature or 1.0))
                if temperature and rng is not None:
                    token = int(rng.choice(len(shares), p=shares / shares.sum()))
                else:
                    token = choose(shares, vocabulary.number)
                said[k].append(token)
            active = [k for k in active if said[k][-1] != v.END and len(said[k]) < most]
            if active:
                hidden = read.read(active, [[said[k][-1]] for k in active])
    return said


def choose(shares: NDArray[np.float64], number: int) -> int:
    """The likeliest token; where that is a number of some sign, the median of all numbers of this sign.

    A model that is unsure of a size says a broad distribution, whose peak is an accident.

    Args:
        shares: of the tokens, in proportion to their probabilities.
        number: the first number token.
    """
    signs = shares[number + 1 :].reshape(2, v.SIZES)
    sums = signs.sum(1)
    words = shares[: number + 1]
    if words.max() >= sums.max():
        return int(words.argmax())
    sign = int(sums.argmax())
    return number + 1 + sign * v.SIZES + int(np.searchsorted(np.cumsum(signs[sign]), sums[sign] / 2))
