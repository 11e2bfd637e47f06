# mypy: allow-untyped-decorators
"""The forward pass of a Llama in compiled code: few rows without BLAS, attention along the positions."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

BLOCK = 64
"""Tokens whose attention is computed at once."""

FEW = 8
"""Rows of a product up to which it is computed without BLAS."""

FEW_QUERIES = 16
"""Tokens up to which attention is computed without BLAS, for which the keys would be copied."""


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
def times(x: Floats, matrix: Floats) -> Floats:
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
    """Replace each value by its exponential, to a few millionths; what would be infinite stays finite.

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
def find_medians(logits: Floats) -> Ids:
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
        mixed = times(_normalise(x, inner[layer, 0], epsilon), qkv[layer])
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
        x += times(attended, out[layer])
        both = times(_normalise(x, inner[layer, 1], epsilon), gates[layer])
        wide = both.shape[1] // 2
        gated = np.empty((count, wide), np.float32)
        for i in range(count):
            for j in range(wide):
                gated[i, j] = -both[i, j]
            _exponentials(gated[i])
            for j in range(wide):
                gated[i, j] = both[i, j] / (np.float32(1.0) + gated[i, j]) * both[i, wide + j]
        x += times(gated, down[layer])
    final = np.empty((texts, width), np.float32)
    for b in range(texts):
        final[b] = x[offsets[b + 1] - 1]
    last_hidden: Floats = _normalise(final, norm, epsilon)
    return last_hidden
