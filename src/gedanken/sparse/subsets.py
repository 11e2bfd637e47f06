"""Subsets of regression columns: how much of the target each explains, and a beam search for the best of every size."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.trajectory import Array


@jit()
def _explained(G, h, chosen, size):
    """Sum of squares of the target that columns chosen[:size] explain, or -1 if they are linearly dependent."""
    L = np.empty((size, size))
    z = np.empty(size)
    gain = 0.0
    for i in range(size):
        for j in range(i + 1):
            s = G[chosen[i], chosen[j]]
            for q in range(j):
                s -= L[i, q] * L[j, q]
            if i == j:
                if s < 1e-7:
                    return -1.0
                L[i, i] = np.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
        s = h[chosen[i]]
        for q in range(i):
            s -= L[i, q] * z[q]
        z[i] = s / L[i, i]
        gain += z[i] * z[i]
    return gain


@jit()
def explained_many(G, h, subsets, sizes, out):
    """`_explained` for each row of subsets (k, longest), of which the first sizes[k] entries count, into out (k,)."""
    for k in range(sizes.size):
        out[k] = _explained(G, h, subsets[k], sizes[k])


@jit()
def _extend(G, h, identity, before, gains, size, out):
    """What each of the subsets before (b, size) explains with each column added, into out (b, T); -1 where none may."""
    T = h.size
    chosen = np.empty(size + 1, np.int64)
    for b in range(gains.size):
        for c in range(T):
            out[b, c] = -1.0
        if gains[b] < 0:
            continue
        for q in range(size):
            chosen[q] = before[b, q]
        for c in range(T):
            taken = False
            for q in range(size):
                if identity[chosen[q]] == identity[c]:
                    taken = True
            if not taken:
                chosen[size] = c
                out[b, c] = _explained(G, h, chosen, size + 1)


def beam_search(G: Array, h: Array, identity: np.ndarray, largest: int, width: int) -> tuple[np.ndarray, Array]:
    """The best subsets of each size up to `largest`, grown from the `width` best ones of the size before.

    G: Gram matrix of unit columns; h: their products with the target. A subset holds at most one column of each
    identity. Returns the subsets (size, rank, member), -1 where empty, and the sum of squares that each explains.
    """
    T = h.size
    best = np.full((largest, width, largest), -1, np.int64)
    gain = np.full((largest, width), -1.0)
    before, gains = np.empty((1, 0), np.int64), np.zeros(1)
    for k in range(largest):
        trial = np.empty((len(before), T))
        _extend(G, h, identity, before, gains, k, trial)
        flat = trial.ravel()
        seen: set[bytes] = set()
        # A subset comes up once for each of its members that was added last, so more are looked at than are kept.
        count = min(flat.size, width * (k + 1))
        top = np.argpartition(-flat, count - 1)[:count] if count < flat.size else np.arange(flat.size)
        for o in top[np.lexsort((top, -flat[top]))]:
            if flat[o] < 0 or len(seen) >= width:
                break
            members = np.sort(np.append(before[o // T], o % T))
            key = members.tobytes()
            if key not in seen:
                best[k, len(seen), : k + 1] = members
                gain[k, len(seen)] = flat[o]
                seen.add(key)
        before, gains = np.ascontiguousarray(best[k, : max(len(seen), 1), : k + 1]), gain[k, : max(len(seen), 1)]
    return best, gain
