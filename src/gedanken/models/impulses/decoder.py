# mypy: allow-untyped-decorators
"""The decoder with numpy and numba: a Llama as transformers saves it, its keys and values kept while it answers.

Several texts are answered side by side. Names of rows are given, numbers are what the model says: of each the median of
its distribution over all numbers.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.models.impulses import vocabulary as v
from gedanken.models.impulses.vocabulary import Ids

Floats = NDArray[np.float32]

BLOCK = 64
"""Tokens whose attention is computed at once."""

FEW = 8
"""Rows of a product up to which it is computed without BLAS."""

FEW_QUERIES = 16
"""Tokens up to which attention is computed without BLAS, for which the keys would be copied."""

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
    return np.asarray(v.NUMBER + v.SAID[_find_medians(_times(hidden, weights.head))])


@njit(cache=True)
def _normalise(x: Floats, scale: Floats, epsilon: float) -> Floats:
    out = np.empty_like(x)
    for i in range(x.shape[0]):
        total = np.float32(0.0)
        for j in range(x.shape[1]):
            total += x[i, j] * x[i, j]
        factor = np.float32(1.0 / math.sqrt(total / x.shape[1] + epsilon))
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] * factor * scale[j]
    return out


@njit(cache=True, fastmath=True)
def _times(x: Floats, matrix: Floats) -> Floats:
    """The product x @ matrix."""
    if x.shape[0] > FEW:
        product: Floats = np.dot(x, matrix)
        return product
    out: Floats = np.zeros((x.shape[0], matrix.shape[1]), np.float32)
    # BLAS copies the whole matrix before it begins, which costs more than the product.
    for k in range(matrix.shape[0]):
        for i in range(x.shape[0]):
            factor = x[i, k]
            for j in range(matrix.shape[1]):
                out[i, j] += factor * matrix[k, j]
    return out


@njit(cache=True, fastmath=True)
def _exponentials(values: Floats) -> None:
    """E to the power of each value, in its place, to six digits; no number is so large that it would be infinite.

    A loop over the library's exponential is not vectorised; this is: 2 to a whole power by the bits of the exponent,
    times the series of 2 to the power of what is left.
    """
    exponents = np.empty(values.shape[0], np.int32)
    for t in range(values.shape[0]):
        power = min(max(values[t] * np.float32(1.44269504), np.float32(-126.0)), np.float32(126.0))
        whole = np.int32(power + (np.float32(0.5) if power >= 0 else np.float32(-0.5)))
        z = (power - np.float32(whole)) * np.float32(0.69314718)
        series = z * np.float32(1 / 120) + np.float32(1 / 24)
        series = series * z + np.float32(1 / 6)
        series = series * z + np.float32(1 / 2)
        series = series * z + np.float32(1.0)
        values[t] = series * z + np.float32(1.0)
        exponents[t] = (whole + np.int32(127)) << np.int32(23)
    powers = exponents.view(np.float32)
    for t in range(values.shape[0]):
        values[t] *= powers[t]


@njit(cache=True, fastmath=True)
def _find_medians(logits: Floats) -> Ids:
    """Where half of each row's probability lies before."""
    found = np.zeros(logits.shape[0], np.int64)
    for b in range(logits.shape[0]):
        _share(logits[b], logits.shape[1])
        total = np.float32(0.0)
        for k in range(logits.shape[1]):
            total += logits[b, k]
            if total >= np.float32(0.5):
                found[b] = k
                break
    return found


@njit(cache=True, fastmath=True)
def _score(queries: Floats, keys: Floats, end: int) -> Floats:
    """The products of a few queries, shape (queries, size), with the first keys, shape (size, positions)."""
    scores: Floats = np.zeros((queries.shape[0], end), np.float32)
    for s in range(queries.shape[0]):
        for j in range(keys.shape[0]):
            factor = queries[s, j]
            for t in range(end):
                scores[s, t] += factor * keys[j, t]
    return scores


@njit(cache=True, fastmath=True)
def _share(scores: Floats, count: int) -> None:
    """The softmax of the first `count` scores, in their place; the others become 0."""
    seen = scores[:count]
    most = seen[0]
    for t in range(1, count):
        most = max(most, seen[t])
    for t in range(count):
        seen[t] -= most
    _exponentials(seen)
    total = np.float32(0.0)
    for t in range(count):
        total += seen[t]
    factor = np.float32(1.0) / total
    for t in range(count):
        seen[t] *= factor
    for t in range(count, scores.shape[0]):
        scores[t] = np.float32(0.0)


@njit(cache=True, fastmath=True)
def _mix(shares: Floats, values: Floats) -> Floats:
    """The means of the first values, shape (size, positions), by a few shares, shape (queries, end)."""
    means = np.empty((shares.shape[0], values.shape[0]), np.float32)
    for s in range(shares.shape[0]):
        for j in range(values.shape[0]):
            total = np.float32(0.0)
            for t in range(shares.shape[1]):
                total += shares[s, t] * values[j, t]
            means[s, j] = total
    return means


@njit(cache=True, fastmath=True)
def forward(
    ids: Ids,
    offsets: Ids,
    slots: Ids,
    starts: Ids,
    keys: Floats,
    values: Floats,
    embedding: Floats,
    inner: Floats,
    qkv: Floats,
    out: Floats,
    gates: Floats,
    down: Floats,
    norm: Floats,
    heads: int,
    epsilon: float,
    theta: float,
) -> Floats:
    """Hidden states of the last of some more tokens of each text, shape (texts, width); keys and values are kept.

    Args:
        ids: the tokens, text after text, shape (tokens,).
        offsets: where each text begins among them, and their number, shape (texts + 1,).
        slots: where in `keys` and `values` each text is kept, shape (texts,).
        starts: how many tokens each text had before, shape (texts,).
        keys: shape (layers, slots, heads, width / heads, positions), filled up to `starts`, finite beyond.
        values: likewise.
        embedding: of `Weights`, as all that follows.
        inner: see there.
        qkv: see there.
        out: see there.
        gates: see there.
        down: see there.
        norm: see there.
        heads: see there.
        epsilon: see there.
        theta: see there.
    """
    count, texts = ids.shape[0], slots.shape[0]
    width = embedding.shape[1]
    size = width // heads
    half = size // 2
    x = np.empty((count, width), np.float32)
    cosines, sines = np.empty((count, half), np.float32), np.empty((count, half), np.float32)
    for b in range(texts):
        for i in range(offsets[b], offsets[b + 1]):
            x[i] = embedding[ids[i]]
            for j in range(half):
                angle = (starts[b] + i - offsets[b]) * theta ** (-2.0 * j / size)
                cosines[i, j], sines[i, j] = math.cos(angle), math.sin(angle)
    scale = np.float32(1.0 / math.sqrt(size))
    for layer in range(inner.shape[0]):
        mixed = _times(_normalise(x, inner[layer, 0], epsilon), qkv[layer])
        attended = np.empty((count, width), np.float32)
        for b in range(texts):
            slot, low, high = slots[b], offsets[b], offsets[b + 1]
            for h in range(heads):
                queries = np.empty((high - low, size), np.float32)
                for i in range(low, high):
                    at = starts[b] + i - low
                    for j in range(half):
                        cosine, sine = cosines[i, j], sines[i, j]
                        first, second = mixed[i, h * size + j], mixed[i, h * size + half + j]
                        queries[i - low, j] = (first * cosine - second * sine) * scale
                        queries[i - low, half + j] = (second * cosine + first * sine) * scale
                        first, second = mixed[i, width + h * size + j], mixed[i, width + h * size + half + j]
                        keys[layer, slot, h, j, at] = first * cosine - second * sine
                        keys[layer, slot, h, half + j, at] = second * cosine + first * sine
                    for j in range(size):
                        values[layer, slot, h, j, at] = mixed[i, 2 * width + h * size + j]
                # A block of tokens at a time: what comes after a block is not looked at.
                for begin in range(0, high - low, BLOCK):
                    stop = min(begin + BLOCK, high - low)
                    end = starts[b] + stop
                    known, told = keys[layer, slot, h], values[layer, slot, h]
                    if stop - begin > FEW_QUERIES:
                        scores = np.dot(queries[begin:stop], np.ascontiguousarray(known[:, :end]))
                    else:
                        scores = _score(queries[begin:stop], known, end)
                    for s in range(begin, stop):
                        _share(scores[s - begin], starts[b] + s + 1)
                    if stop - begin > FEW_QUERIES:
                        found = np.dot(scores, np.ascontiguousarray(told[:, :end]).T)
                    else:
                        found = _mix(scores, told)
                    for s in range(begin, stop):
                        for j in range(size):
                            attended[low + s, h * size + j] = found[s - begin, j]
        x += _times(attended, out[layer])
        both = _times(_normalise(x, inner[layer, 1], epsilon), gates[layer])
        wide = both.shape[1] // 2
        gated = np.empty((count, wide), np.float32)
        for i in range(count):
            for j in range(wide):
                gated[i, j] = -both[i, j]
            _exponentials(gated[i])
            for j in range(wide):
                gated[i, j] = both[i, j] / (np.float32(1.0) + gated[i, j]) * both[i, wide + j]
        x += _times(gated, down[layer])
    final = np.empty((texts, width), np.float32)
    for b in range(texts):
        final[b] = x[offsets[b + 1] - 1]
    last_hidden: Floats = _normalise(final, norm, epsilon)
    return last_hidden
