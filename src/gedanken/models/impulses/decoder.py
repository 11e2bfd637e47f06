"""The decoder of contacts without torch: what it says of each row.

Several texts are answered side by side. Names of rows are given, numbers are what the model says: of each the median of
its distribution over all numbers.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gedanken.models.impulses import vocabulary as v
from gedanken.models.impulses.vocabulary import Ids
from gedanken.models.llama import weights as llama
from gedanken.models.llama.batches import cut_batches
from gedanken.models.llama.forward import Floats, find_medians, times
from gedanken.models.llama.weights import Texts, Weights, threads

BATCH = 6000
"""Tokens that are read side by side; more texts than that are read one batch after the other."""


def load(folder: Path) -> Weights:
    """Read a folder that `train scratch` wrote.

    Raises:
        UserError: there is no such model, or it is none of this kind.
    """
    return llama.load(folder, v.COUNT, v.NUMBER + v.SAID, "model of contacts: train one with `gedanken train scratch`")


def answer(weights: Weights, texts: Sequence[Ids], cues: Sequence[Ids], counts: Sequence[Ids]) -> list[Floats]:
    """The numbers that the model says of each row of each text, each of shape (rows, 2), 0 where none is asked for.

    Args:
        weights: the model.
        texts: tokens up to `changes`.
        cues: of each text, what stands before the answer to each row, shape (rows, vocabulary.CUE), -1 for no token.
        counts: of each text, how many numbers each row is asked for, shape (rows,).
    """
    with threads().limit(limits=1, user_api="blas"):
        return _answer_in_batches(weights, texts, cues, counts)


def _answer_in_batches(
    weights: Weights, texts: Sequence[Ids], cues: Sequence[Ids], counts: Sequence[Ids]
) -> list[Floats]:
    said = [np.zeros((len(cue), 2), np.float32) for cue in cues]
    sizes = [len(text) + len(cue) * (v.CUE + 2) for text, cue in zip(texts, cues, strict=True)]
    for batch in cut_batches(sizes, BATCH):
        _answer(weights, batch, texts, cues, counts, said)
    return said


def _answer(
    weights: Weights,
    batch: Sequence[int],
    texts: Sequence[Ids],
    cues: Sequence[Ids],
    counts: Sequence[Ids],
    said: list[Floats],
) -> None:
    """Answer some of the texts side by side."""
    places = [[(row, k) for row, count in enumerate(counts[text]) for k in range(count)] for text in batch]
    longest = max(len(texts[text]) + len(cues[text]) * (v.CUE + 2) for text in batch)
    read = Texts(weights, len(batch), longest)
    # What is still to be read of each text before its next number.
    fed: list[list[int]] = [texts[text].tolist() for text in batch]
    active = [k for k in range(len(batch)) if places[k]]
    step = 0
    while active:
        for k in active:
            row, first = places[k][step]
            if first == 0:
                fed[k] += [token for token in cues[batch[k]][row].tolist() if token >= 0]
        hidden = read.read(active, [fed[k] for k in active])
        for k, token in zip(active, _medians(hidden, weights).tolist(), strict=True):
            fed[k] = [token]
            said[batch[k]][places[k][step]] = v.VALUES[token - v.NUMBER]
        step += 1
        active = [k for k in active if step < len(places[k])]


def _medians(hidden: Floats, weights: Weights) -> Ids:
    """Tokens of the medians of the numbers' distributions, shape (texts,)."""
    return np.asarray(v.NUMBER + v.SAID[find_medians(times(hidden, weights.head))])
