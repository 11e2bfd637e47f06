"""What a decoder of laws says: token after token, the likeliest or drawn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.models.llama import weights as llama
from gedanken.models.llama.forward import times
from gedanken.models.llama.weights import Texts, Weights, threads

LONGEST = 120
"""Most tokens of an answer."""


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
    text: Sequence[int],
    temperature: float = 0.0,
    rng: np.random.Generator | None = None,
    most: int = LONGEST,
) -> list[int]:
    """The tokens that continue a text, to the end of the answer.

    Args:
        weights: the model.
        text: what is read.
        temperature: 0 takes the likeliest token.
        rng: draws the tokens otherwise.
        most: how many at most.
    """
    said: list[int] = []
    with threads().limit(limits=1, user_api="blas"):
        read = Texts(weights, 1, len(text) + most)
        fed = list(text)
        while len(said) < most and (not said or said[-1] != v.END):
            logits = times(read.read([0], [fed]), weights.head)[0].astype(float)
            logits[v.PAD] = -np.inf
            if temperature and rng is not None:
                shares = np.exp((logits - logits.max()) / temperature)
                token = int(rng.choice(len(shares), p=shares / shares.sum()))
            else:
                token = int(logits.argmax())
            said.append(token)
            fed = [token]
    return said
