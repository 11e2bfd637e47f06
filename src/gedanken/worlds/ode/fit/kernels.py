"""Compiled least squares through the simulator: parameters and initial states of any program, on any set of records.

The program and the integrator are those that score answers, run with tangents, so that residuals and their derivatives
come from the same steps. A record is cut into segments with a start each (multiple shooting without continuity: H. G.
Bock, Numerical treatment of inverse problems in chemical reaction kinetics, 1981); one segment a trajectory is single
shooting. The samples of a segment depend on its own start only, so the starts are eliminated from the normal equations
(Schur complement), and the work grows with the number of parameters and not with that of segments.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import numpy as np

from gedanken.worlds.ode.kernel import dopri5 as integrator
from gedanken.worlds.ode.kernel.dopri5 import ROWS, dopri5
from gedanken.worlds.ode.kernel.driven import driven
from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.linear import lu_factor, lu_solve
from gedanken.worlds.ode.kernel.machine import LEAF, REGISTERS, run, run_dual
from gedanken.worlds.ode.kernel.status import OK, S_NONFINITE

ONE = np.int64(1)  # a literal 1 has a type of its own, for which numba would compile the callee once more
# `info`: right-hand sides evaluated in all segments, then the integrator's `info` of the last one.
INFO = 1 + integrator.INFO


@jit()
def shoot(
    code, nops, R0, n, out, p, t, bounds, starts, tangents, floor, rtol, atol, evaluations, drives, trials, Y, D, info
):  # fmt: skip
    """Simulate every segment from its start.

    Sample k of segment s lies in bounds[s] <= k < bounds[s + 1]. tangents: 0 = states only; 1 = d/dp; 2 = d/dp and
    d/d(start of its own segment). drives: the packed inputs of each trial (`kernel/driven.py`), a row each; segment s
    belongs to trial trials[s]. Y (M, n) gets the states, D (M, n, lanes - 1) the derivatives. Returns a status of
    `kernel/status.py`, OK when every segment reached its end within the given number of evaluations each.
    """
    P = p.size
    inputs = np.int64(drives[0, 0])
    first = n + 1 + 2 * inputs  # register of the first parameter
    never = n < 0
    L = 1 if tangents == 0 else (1 + P if tangents == 1 else 1 + P + n)
    longest = 0
    for s in range(bounds.size - 1):
        longest = max(longest, bounds[s + 1] - bounds[s])
    K = np.empty((ROWS, n * L + 16))
    traj = np.empty((longest, n * L))
    R = np.zeros(REGISTERS * L)
    for r in range(n + 1, LEAF):
        R[r * L] = R0[r]
    for k in range(P):
        R[(first + k) * L] = p[k]
        if L > 1:
            R[(first + k) * L + 1 + k] = 1.0
    y0 = np.zeros(n * L)
    if tangents == 2:
        for i in range(n):
            y0[i * L + 1 + P + i] = 1.0
    info[0] = 0
    for s in range(bounds.size - 1):
        a, b = bounds[s], bounds[s + 1]
        for i in range(n):
            y0[i * L] = starts[s, i]
        if inputs > 0:
            # A kink costs an evaluation for the slope, one for the first step and six for the step.
            allowed = np.int64(evaluations) + 8 * np.int64(drives[trials[s], 1])
            status, done = driven(
                code, nops, R, np.int64(L), n, out, t[a:b], y0, rtol, atol, floor, allowed, ONE, traj, K, info[1:],
                drives[trials[s]], never,
            )  # fmt: skip
        else:
            status, done = dopri5(
                code, nops, R, np.int64(L), n, out, t[a:b], y0, rtol, atol, floor, np.int64(evaluations), ONE, traj, K,
                info[1:], floor, floor, False,
            )  # fmt: skip
        info[0] += info[1]
        if status != OK or done < b - a:
            return status if status != OK else S_NONFINITE
        for k in range(b - a):
            for i in range(n):
                v = traj[k, i * L]
                if not abs(v) < 1e12:
                    return S_NONFINITE
                Y[a + k, i] = v
                for q in range(L - 1):
                    D[a + k, i, q] = traj[k, i * L + 1 + q]
    return OK


@jit()
def levenberg_marquardt(
    code, nops, R0, n, out, p, t, y, w, bounds, starts, free_starts, floor, rtol, atol, evaluations, drives, trials,
    lower, upper, iterations, tolerance, Y, information, info
):  # fmt: skip
    """Minimise sum of (w * (simulated - y))**2 over lower <= p <= upper, and over the starts when free_starts.

    y and w are (M, n); w = 0 leaves a sample out. p, within its bounds, and starts are refined in place. A parameter at
    a bound from which the sum falls outwards only is held there in that iteration (projected Levenberg-Marquardt: C.
    Kanzow, N. Yamashita, M. Fukushima, J. Comput. Appl. Math. 172, 2004); one whose bounds are equal stays. Y gets the
    trajectory of the best point and information (P, P) its information matrix of p with the starts eliminated. Returns
    (status, weighted sum of squares, simulations).
    """
    P = p.size
    M = t.size
    S = bounds.size - 1
    Z = P + n if free_starts else P
    D = np.empty((M, n, Z))
    trial = np.empty((M, n))
    H = np.zeros((P, P))
    g = np.zeros(P)
    B = np.zeros((S, n, n))
    C = np.zeros((S, P, n))
    b = np.zeros((S, n))
    W = np.empty((P, P))
    d = np.zeros(P)
    V = np.empty((n, n))
    U = np.zeros((S, n, P + 1))  # B^-1 [C^T, b]
    column = np.empty(n)
    pivot = np.empty(max(P, n), np.int64)
    pn = p.copy()
    sn = starts.copy()
    damping = 1e-3
    best = np.inf
    gain = 1.0
    status = OK
    runs = 0
    for it in range(iterations):
        s = shoot(
            code, nops, R0, n, out, pn, t, bounds, sn, 2 if free_starts else 1, floor, rtol, atol, evaluations, drives,
            trials, trial, D, info,
        )  # fmt: skip
        runs += 1
        sse = np.inf
        if s == OK:
            sse = 0.0
            for k in range(M):
                for i in range(n):
                    e = (trial[k, i] - y[k, i]) * w[k, i]
                    sse += e * e
            ok = 0.0
            for k in range(M):
                for i in range(n):
                    for q in range(Z):
                        ok += 0.0 * D[k, i, q]
            if ok != 0.0 or not sse < 1e300:
                sse = np.inf
        if sse < best:
            gain = (best - sse) / (sse + 1e-300)
            best = sse
            p[:] = pn
            starts[:] = sn
            Y[:] = trial
            H[:] = 0.0
            g[:] = 0.0
            B[:] = 0.0
            C[:] = 0.0
            b[:] = 0.0
            for s in range(S):
                for k in range(bounds[s], bounds[s + 1]):
                    for i in range(n):
                        weight = w[k, i] * w[k, i]
                        if weight == 0.0:
                            continue
                        e = weight * (trial[k, i] - y[k, i])
                        for q in range(P):
                            v = D[k, i, q]
                            g[q] += v * e
                            v *= weight
                            for r in range(q + 1):
                                H[q, r] += v * D[k, i, r]
                        if free_starts:
                            for q in range(n):
                                v = D[k, i, P + q]
                                b[s, q] += v * e
                                v *= weight
                                for r in range(q + 1):
                                    B[s, q, r] += v * D[k, i, P + r]
                                for r in range(P):
                                    C[s, r, q] += v * D[k, i, r]
            for q in range(P):
                for r in range(q):
                    H[r, q] = H[q, r]
            for s in range(S):
                for q in range(n):
                    for r in range(q):
                        B[s, r, q] = B[s, q, r]
            damping = max(damping * 0.1, 1e-10)
            if it > 0 and gain < tolerance:
                break
        elif it == 0:
            status = s if s != OK else S_NONFINITE
            break
        else:
            damping *= 8.0
            if damping > 1e6:
                break
        if it + 1 == iterations:
            break
        for q in range(P):
            for r in range(P):
                W[q, r] = H[q, r]
            W[q, q] = H[q, q] * (1.0 + damping) + 1e-280
            d[q] = -g[q]
        if free_starts:
            for s in range(S):
                for q in range(n):
                    for r in range(n):
                        V[q, r] = B[s, q, r]
                    # A start that no sample sees (an unobserved column) stays where it is.
                    V[q, q] = B[s, q, q] * (1.0 + damping) + 1e-280
                if not lu_factor(V, pivot, n):
                    continue
                for r in range(P + 1):
                    for q in range(n):
                        column[q] = C[s, r, q] if r < P else b[s, q]
                    lu_solve(V, pivot, n, column)
                    for q in range(n):
                        U[s, q, r] = column[q]
                for q in range(P):
                    for k in range(n):
                        d[q] += C[s, q, k] * U[s, k, P]
                        for r in range(P):
                            W[q, r] -= C[s, q, k] * U[s, k, r]
        if P > 0:
            for q in range(P):
                W[q, q] += 1e-13 * H[q, q]
            for q in range(P):
                if (p[q] <= lower[q] and g[q] > 0.0) or (p[q] >= upper[q] and g[q] < 0.0) or lower[q] == upper[q]:
                    for r in range(P):
                        W[q, r] = 0.0
                        W[r, q] = 0.0
                    W[q, q] = 1.0
                    d[q] = 0.0
            if not lu_factor(W, pivot, P):
                damping *= 8.0
                if damping > 1e6:
                    break
                continue
            lu_solve(W, pivot, P, d)
        for q in range(P):
            pn[q] = min(max(p[q] + d[q], lower[q]), upper[q])
            d[q] = pn[q] - p[q]
        if free_starts:
            for s in range(S):
                for q in range(n):
                    v = -U[s, q, P]
                    for r in range(P):
                        v -= U[s, q, r] * d[r]
                    sn[s, q] = starts[s, q] + v
    for q in range(P):
        for r in range(P):
            information[q, r] = H[q, r]
    if free_starts:
        for s in range(S):
            for q in range(n):
                for r in range(n):
                    V[q, r] = B[s, q, r]
                V[q, q] = B[s, q, q] * (1.0 + 1e-10) + 1e-280
            if not lu_factor(V, pivot, n):
                continue
            for r in range(P):
                for q in range(n):
                    column[q] = C[s, r, q]
                lu_solve(V, pivot, n, column)
                for k in range(n):
                    for q in range(P):
                        information[q, r] -= C[s, q, k] * column[k]
    return status, best, runs


@jit()
def evaluate_rows(code, nops, R0, n, out, t, x, u, F):
    """F[k, i] = right-hand side i of the program at time t[k], state x[k] and inputs u[k]."""
    R = R0.copy()
    for k in range(t.size):
        for q in range(u.shape[1]):
            R[n + 1 + 2 * q] = u[k, q]
            R[n + 2 + 2 * q] = 0.0
        for i in range(n):
            R[i] = x[k, i]
        R[n] = t[k]
        run(code, nops, R)
        for i in range(n):
            F[k, i] = R[out[i]]


@jit()
def differentiate_rows(code, nops, R0, n, out, p, t, x, u, F, A, G):
    """As evaluate_rows, with derivatives A[k, i, j] by state j and G[k, i, q] by parameter q."""
    P = p.size
    L = 1 + n + P
    R = np.zeros(REGISTERS * L)
    for r in range(n + 1, LEAF):
        R[r * L] = R0[r]
    first = n + 1 + 2 * u.shape[1]
    for q in range(P):
        R[(first + q) * L] = p[q]
        R[(first + q) * L + 1 + n + q] = 1.0
    for k in range(t.size):
        for q in range(u.shape[1]):
            R[(n + 1 + 2 * q) * L] = u[k, q]
            R[(n + 2 + 2 * q) * L] = 0.0
        for i in range(n):
            R[i * L] = x[k, i]
            for j in range(n):
                R[i * L + 1 + j] = 1.0 if i == j else 0.0
            for q in range(P):
                R[i * L + 1 + n + q] = 0.0
        R[n * L] = t[k]
        run_dual(code, nops, R, L)
        for i in range(n):
            at = out[i] * L
            F[k, i] = R[at]
            for j in range(n):
                A[k, i, j] = R[at + 1 + j]
            for q in range(P):
                G[k, i, q] = R[at + 1 + n + q]
