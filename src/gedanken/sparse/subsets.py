"""Subsets of regression columns: how much of the target each explains, and a beam search for the best of every size."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from gedanken.worlds.ode.kernel.jit import jit


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
def beam_search(G, h, identity, largest, width):
    """The best subsets of each size up to `largest`, grown from the `width` best ones of the size before.

    G: Gram matrix of unit columns; h: their products with the target. A subset holds at most one column of each
    identity. Returns the subsets (size, rank, member), -1 where empty, and the sum of squares that each explains.
    """
    T = h.size
    best = np.full((largest, width, largest), -1, np.int64)
    gain = np.full((largest, width), -1.0)
    chosen = np.empty(largest, np.int64)
    for k in range(largest):
        before = 1 if k == 0 else width
        trial = np.full(before * T, -1.0)
        for b in range(before):
            if k > 0 and gain[k - 1, b] < 0:
                continue
            for q in range(k):
                chosen[q] = best[k - 1, b, q]
            for c in range(T):
                taken = False
                for q in range(k):
                    if identity[chosen[q]] == identity[c]:
                        taken = True
                if not taken:
                    chosen[k] = c
                    trial[b * T + c] = _explained(G, h, chosen, k + 1)
        order = np.argsort(-trial)
        count = 0
        for o in order:
            if trial[o] < 0 or count >= width:
                break
            for q in range(k):
                chosen[q] = best[k - 1, o // T, q]
            chosen[k] = o % T
            new = np.sort(chosen[: k + 1])
            same = False
            for f in range(count):
                equal = True
                for q in range(k + 1):
                    if best[k, f, q] != new[q]:
                        equal = False
                        break
                if equal:
                    same = True
                    break
            if same:
                continue
            for q in range(k + 1):
                best[k, count, q] = new[q]
            gain[k, count] = trial[o]
            count += 1
    return best, gain
