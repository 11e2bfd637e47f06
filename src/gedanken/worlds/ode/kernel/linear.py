"""Solution of small dense linear systems, in place."""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from gedanken.worlds.ode.kernel.jit import jit


@jit()
def lu_factor(A, piv, n):
    """LU factors of A[:n, :n] in its place, with partial pivoting; piv gets the rows swapped. False when singular."""
    for c in range(n):
        p = c
        for r in range(c + 1, n):
            if abs(A[r, c]) > abs(A[p, c]):
                p = r
        piv[c] = p
        if not (abs(A[p, c]) > 0.0):
            return False
        if p != c:
            for q in range(n):
                A[p, q], A[c, q] = A[c, q], A[p, q]
        inv = 1.0 / A[c, c]
        for r in range(c + 1, n):
            A[r, c] *= inv
            for q in range(c + 1, n):
                A[r, q] -= A[r, c] * A[c, q]
    return True


@jit()
def lu_solve(A, piv, n, b):
    """Solution of A x = b in the place of b, from the factors of `lu_factor`."""
    for c in range(n):
        p = piv[c]
        if p != c:
            b[c], b[p] = b[p], b[c]
    for r in range(1, n):
        for q in range(r):
            b[r] -= A[r, q] * b[q]
    for r in range(n - 1, -1, -1):
        for q in range(r + 1, n):
            b[r] -= A[r, q] * b[q]
        b[r] /= A[r, r]
