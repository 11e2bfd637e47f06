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
from gedanken.worlds.ode.kernel.machine import LEAF, run, run_dual
from gedanken.worlds.ode.kernel.status import OK, S_NONFINITE

ONE = np.int64(1)  # a literal 1 has a type of its own, for which numba would compile the callee once more
# `info`: right-hand sides evaluated in all segments, then the integrator's `info` of the last one.
INFO = 1 + integrator.INFO


@jit(outer=True)
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
    L = 1 if tangents == 0 else (1 + P if tangents == 1 else 1 + P + n)
    longest = 0
    for s in range(bounds.size - 1):
        longest = max(longest, bounds[s + 1] - bounds[s])
    K = np.empty((ROWS, n * L + 16))
    traj = np.empty((longest, n * L))
    R = np.zeros((LEAF + nops) * L)  # not all REGISTERS: most programs are short
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
    never = n < 0  # as in the verifier: a literal False has a type of its own, for which dopri5 would be compiled again
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
                info[1:], floor, floor, never,
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
def _misfit(trial, y, w, D, Z):
    """Weighted sum of squares of a simulation, infinite where it or a derivative of it is not finite."""
    sse = 0.0
    ok = 0.0
    for k in range(trial.shape[0]):
        for i in range(trial.shape[1]):
            e = (trial[k, i] - y[k, i]) * w[k, i]
            sse += e * e
            for q in range(Z):
                ok += 0.0 * D[k, i, q]
    if ok != 0.0 or not sse < 1e300:
        return np.inf
    return sse


@jit()
def _normal_equations(trial, y, w, D, bounds, free_starts, H, g, B, C, b):
    """H (P, P), g (P): normal equations of the parameters; B (S, n, n), b (S, n): of the starts; C (S, P, n): mixed."""
    P, n = H.shape[0], B.shape[1]
    H[:] = 0.0
    g[:] = 0.0
    B[:] = 0.0
    C[:] = 0.0
    b[:] = 0.0
    for s in range(bounds.size - 1):
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
    for s in range(bounds.size - 1):
        for q in range(n):
            for r in range(q):
                B[s, r, q] = B[s, q, r]


@jit()
def _eliminate(B, C, b, damping, least, U):
    """U (S, n, P + 1) = B^-1 [C^T, b] for each start, damped. A start that no sample sees stays where it is."""
    S, P, n = C.shape
    V = np.empty((n, n))
    column = np.empty(n)
    pivot = np.empty(n, np.int64)
    for s in range(S):
        for q in range(n):
            for r in range(n):
                V[q, r] = B[s, q, r]
            V[q, q] = B[s, q, q] * (1.0 + damping) + least
        if not lu_factor(V, pivot, n):
            continue
        for r in range(P + 1):
            for q in range(n):
                column[q] = C[s, r, q] if r < P else b[s, q]
            lu_solve(V, pivot, n, column)
            for q in range(n):
                U[s, q, r] = column[q]


@jit()
def _step(H, g, C, U, damping, free_starts, p, lower, upper, starts, pn, sn):
    """The damped step from p, within its bounds, and starts to pn and sn. False where its equations are singular."""
    S, P, n = C.shape
    W = np.empty((P, P))
    d = np.empty(P)
    pivot = np.empty(max(P, 1), np.int64)
    for q in range(P):
        for r in range(P):
            W[q, r] = H[q, r]
        W[q, q] = H[q, q] * (1.0 + damping) + 1e-280
        d[q] = -g[q]
    if free_starts:
        for s in range(S):
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
            return False
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
    return True


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

    The loop is in Python and its parts are compiled one by one: compiled as a whole, the integrator in it would be
    optimised a second time, for many seconds, and run no faster.
    """
    P, M, S = p.size, t.size, bounds.size - 1
    Z = P + n if free_starts else P
    D, trial = np.empty((M, n, Z)), np.empty((M, n))
    H, g = np.zeros((P, P)), np.zeros(P)
    B, C, b = np.zeros((S, n, n)), np.zeros((S, P, n)), np.zeros((S, n))
    U = np.zeros((S, n, P + 1))
    pn, sn = p.copy(), starts.copy()
    damping, best, status, runs = 1e-3, np.inf, OK, 0
    for iteration in range(iterations):
        reached = shoot(
            code, nops, R0, n, out, pn, t, bounds, sn, 2 if free_starts else 1, floor, rtol, atol, evaluations, drives,
            trials, trial, D, info,
        )  # fmt: skip
        runs += 1
        sse = _misfit(trial, y, w, D, Z) if reached == OK else np.inf
        if sse < best:
            gain = (best - sse) / (sse + 1e-300)
            best = sse
            p[:], starts[:], Y[:] = pn, sn, trial
            _normal_equations(trial, y, w, D, bounds, free_starts, H, g, B, C, b)
            damping = max(damping * 0.1, 1e-10)
            if iteration > 0 and gain < tolerance:
                break
        elif iteration == 0:
            status = reached if reached != OK else S_NONFINITE
            break
        else:
            damping *= 8.0
            if damping > 1e6:
                break
        if iteration + 1 == iterations:
            break
        if free_starts:
            _eliminate(B, C, b, damping, 1e-280, U)
        if not _step(H, g, C, U, damping, free_starts, p, lower, upper, starts, pn, sn):
            damping *= 8.0
            if damping > 1e6:
                break
    information[:] = H
    if free_starts:
        U[:] = 0.0
        _eliminate(B, C, b, 1e-10, 1e-280, U)
        information -= np.einsum("sqk,skr->qr", C, U[:, :, :P])
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
    R = np.zeros((LEAF + nops) * L)
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
