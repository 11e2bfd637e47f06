"""The decoder of collisions without torch: whether and where the shapes of each pair touch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gedanken.models.collisions import vocabulary as v
from gedanken.models.llama import weights as llama
from gedanken.models.llama.batches import cut_batches
from gedanken.models.llama.forward import find_medians, times
from gedanken.models.llama.weights import Texts, Weights, threads

BATCH = 6000
"""Tokens that are read side by side; more texts than that are read one batch after the other."""

DEPTHS = (0, 3, 6)
"""Places of an answer where a gap or a depth stands: of these the median is said, of all else the likeliest."""


def load(folder: Path) -> Weights:
    """Read a folder that `train collisions` wrote.

    Raises:
        UserError: there is no such model, or it is none of this kind.
    """
    kind = "model of collisions: train one with `gedanken train collisions`"
    return llama.load(folder, v.COUNT, slice(None), kind)


def answer(weights: Weights, texts: Sequence[Sequence[int]]) -> list[list[int]]:
    """The answer to each text: tokens as of `vocabulary.encode_answer`.

    Args:
        weights: the model.
        texts: tokens up to `gap`.
    """
    said: list[list[int]] = [[] for _ in texts]
    with threads().limit(limits=1, user_api="blas"):
        for batch in cut_batches([len(text) + v.ANSWERED for text in texts], BATCH):
            _answer(weights, batch, texts, said)
    return said


def _answer(weights: Weights, batch: Sequence[int], texts: Sequence[Sequence[int]], said: list[list[int]]) -> None:
    """Answer some of the texts side by side."""
    read = Texts(weights, len(batch), max(len(texts[place]) for place in batch) + v.ANSWERED)
    active = list(range(len(batch)))
    fed = [list(texts[place]) for place in batch]
    while active:
        hidden = read.read(active, [fed[k] for k in active])
        spans = np.array([v.span(said[batch[k]]) for k in active])
        for first, end in np.unique(spans, axis=0).tolist():
            asked = np.flatnonzero(spans[:, 0] == first)
            logits = times(hidden[asked], np.ascontiguousarray(weights.head[:, first:end]))
            depth = first == v.AMOUNT and len(said[batch[active[asked[0]]]]) in DEPTHS
            chosen = find_medians(logits) if depth else logits.argmax(1)
            for k, token in zip(asked.tolist(), chosen.tolist(), strict=True):
                said[batch[active[k]]].append(first + token)
                fed[active[k]] = [first + token]
        active = [k for k in active if v.span(said[batch[k]])[1]]
