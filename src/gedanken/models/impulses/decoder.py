"""The decoder without torch: a Llama as transformers saves it, its keys and values kept while it answers.

Several texts are answered side by side. Names of rows are given, numbers are what the model says: of each the median of
its distribution over all numbers.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.models.impulses import vocabulary as v
from gedanken.models.impulses.forward import Floats, find_medians, forward, times
from gedanken.models.impulses.vocabulary import Ids

BATCH = 6000
"""Tokens that are read side by side; more texts than that are read one batch after the other."""


@dataclass(frozen=True, eq=False)
class Weights:
    """A Llama's matrices, each to be multiplied from the right, float32.

    Attributes:
        embedding: shape (tokens, width).
        inner: norms before attention and before the second half of each layer, shape (layers, 2, width).
        qkv: shape (layers, width, 3 width).
        out: shape (layers, width, width).
        gates: gate and up, shape (layers, width, 2 inner width).
        down: shape (layers, inner width, width).
        norm: the last, shape (width,).
        head: logits of the numbers of answers from the lowest value to the highest, shape (width, numbers).
        heads: of attention.
        epsilon: of the norms.
        theta: of the rotary embedding.
    """

    embedding: Floats
    inner: Floats
    qkv: Floats
    out: Floats
    gates: Floats
    down: Floats
    norm: Floats
    head: Floats
    heads: int
    epsilon: float
    theta: float


def load(folder: Path) -> Weights:
    """Read a folder that `save_pretrained` wrote.

    Raises:
        UserError: there is no such model, or it is none of this kind.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tensors = _read_tensors(folder / "model.safetensors")
    except OSError as error:
        raise UserError(f"{folder} holds no model: {error}") from error
    except ValueError as error:
        raise UserError(f"{folder} holds no model that can be read: {error}") from error
    heads = config.get("num_attention_heads")
    if config.get("model_type") != "llama" or config.get("vocab_size") != v.COUNT:
        raise UserError(f"{folder} is no model of contacts: train one with `gedanken train scratch`")
    if config.get("num_key_value_heads", heads) != heads:
        raise UserError(f"{folder} shares keys between heads, which this decoder does not")
    layers = range(config["num_hidden_layers"])

    def stack(*names: str) -> Floats:
        """Matrices of every layer, side by side and turned."""
        rows = [np.concatenate([tensors[f"model.layers.{k}.{name}.weight"] for name in names]).T for k in layers]
        return np.ascontiguousarray(rows, np.float32)

    embedding = tensors["model.embed_tokens.weight"]
    head = tensors.get("lm_head.weight", embedding)[v.NUMBER :][v.SAID]
    norms = [
        [tensors[f"model.layers.{k}.{name}.weight"] for name in ("input_layernorm", "post_attention_layernorm")]
        for k in layers
    ]
    rope = config.get("rope_parameters") or {}
    return Weights(
        embedding,
        np.ascontiguousarray(norms, np.float32),
        stack("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        stack("self_attn.o_proj"),
        stack("mlp.gate_proj", "mlp.up_proj"),
        stack("mlp.down_proj"),
        tensors["model.norm.weight"],
        np.ascontiguousarray(head.T),
        heads,
        float(config["rms_norm_eps"]),
        float(rope.get("rope_theta", config.get("rope_theta", 10_000.0))),
    )


def _read_tensors(path: Path) -> dict[str, Floats]:
    """All tensors of a file in single precision."""
    import safetensors

    deserialize: Any = safetensors.deserialize
    try:
        entries = deserialize(path.read_bytes())
    except safetensors.SafetensorError as error:
        raise ValueError(str(error)) from error
    tensors: dict[str, Floats] = {}
    for name, entry in entries:
        data, kind = entry["data"], entry["dtype"]
        if kind == "BF16":
            # The upper half of a float32.
            values = (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32)
        elif kind in ("F32", "F16"):
            values = np.frombuffer(data, np.float32 if kind == "F32" else np.float16).astype(np.float32)
        else:
            raise ValueError(f"the tensor {name} is of type {kind}")
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def answer(weights: Weights, texts: Sequence[Ids], cues: Sequence[Ids], counts: Sequence[Ids]) -> list[Floats]:
    """The numbers that the model says of each row of each text, each of shape (rows, 2), 0 where none is asked for.

    Args:
        weights: the model.
        texts: tokens up to `changes`.
        cues: of each text, what stands before the answer to each row, shape (rows, vocabulary.CUE), -1 for no token.
        counts: of each text, how many numbers each row is asked for, shape (rows,).
    """
    with _threads().limit(limits=1, user_api="blas"):
        return _answer_in_batches(weights, texts, cues, counts)


def _answer_in_batches(
    weights: Weights, texts: Sequence[Ids], cues: Sequence[Ids], counts: Sequence[Ids]
) -> list[Floats]:
    said = [np.zeros((len(cue), 2), np.float32) for cue in cues]
    sizes = [len(text) + len(cue) * (v.CUE + 2) for text, cue in zip(texts, cues, strict=True)]
    batch: list[int] = []
    for place in np.argsort(sizes, kind="stable").tolist():
        if batch and sizes[place] * (len(batch) + 1) > BATCH:
            _answer(weights, batch, texts, cues, counts, said)
            batch = []
        batch.append(place)
    if batch:
        _answer(weights, batch, texts, cues, counts, said)
    return said


@cache
def _threads() -> Any:
    """Matrices are so small that threads of BLAS wait for each other longer than they compute.

    Beside another busy process they wait a hundred times longer.
    """
    import scipy.linalg.cython_blas  # noqa: F401  # numba's BLAS, which must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


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
    layers, width = weights.inner.shape[0], weights.inner.shape[2]
    shape = (layers, len(batch), weights.heads, width // weights.heads, longest)
    keys, values = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    # What is still to be read of each text before its next number.
    fed: list[list[int]] = [texts[text].tolist() for text in batch]
    starts = np.zeros(len(batch), np.int64)
    active = [k for k in range(len(batch)) if places[k]]
    step = 0
    while active:
        for k in active:
            row, first = places[k][step]
            if first == 0:
                fed[k] += [token for token in cues[batch[k]][row].tolist() if token >= 0]
        lengths = [len(fed[k]) for k in active]
        ids = np.array([token for k in active for token in fed[k]])
        slots, offsets = np.array(active), np.concatenate([[0], np.cumsum(lengths)])
        hidden = forward(ids, offsets, slots, starts[slots], keys, values, *_matrices(weights))
        starts[slots] += lengths
        for k, token in zip(active, _medians(hidden, weights).tolist(), strict=True):
            fed[k] = [token]
            said[batch[k]][places[k][step]] = v.VALUES[token - v.NUMBER]
        step += 1
        active = [k for k in active if step < len(places[k])]


def _matrices(weights: Weights) -> tuple[Any, ...]:
    """What `forward` takes of the weights."""
    return (
        *(weights.embedding, weights.inner, weights.qkv, weights.out, weights.gates, weights.down, weights.norm),
        *(weights.heads, weights.epsilon, weights.theta),
    )


def _medians(hidden: Floats, weights: Weights) -> Ids:
    """Tokens of the medians of the numbers' distributions, shape (texts,)."""
    return np.asarray(v.NUMBER + v.SAID[find_medians(times(hidden, weights.head))])
