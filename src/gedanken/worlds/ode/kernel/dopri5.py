"""Dormand-Prince 5(4) with dense output, step control and a test for stiffness.

Source: J. R. Dormand, P. J. Prince, A family of embedded Runge-Kutta formulae, J. Comput. Appl. Math. 6 (1980) 19-26.
Dense output, first step and step control: E. Hairer, S. P. Norsett, G. Wanner, Solving Ordinary Differential Equations
I, sections II.4 to II.6. Stiffness: E. Hairer, G. Wanner, the same II, section IV.2.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"

import math

import numpy as np

from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.limits import MAX_STATES
from gedanken.worlds.ode.kernel.machine import REGISTER_MASK, rhs_cold, run, run_dual
from gedanken.worlds.ode.kernel.status import OK, S_FUEL, S_NONFINITE, S_STEP, S_ZERO

ORDER = 5
DENSE_ORDER = 4
NODES = (0.0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1.0, 1.0)
# Row s: weights of stages 1..s in the state at which stage s + 1 is evaluated. The last row is the solution, so that
# stage 7 is stage 1 of the next step.
STAGES = (
    (1.0 / 5,),
    (3.0 / 40, 9.0 / 40),
    (44.0 / 45, -56.0 / 15, 32.0 / 9),
    (19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729),
    (9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656),
    (35.0 / 384, 0.0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84),
)
# Weights of the solution less those of the embedded one of order 4.
ERROR = (71.0 / 57600, 0.0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40)
DENSE = (
    -12715105075.0 / 11282082432,
    0.0,
    87487479700.0 / 32700410799,
    -10690763975.0 / 1880347072,
    701980252875.0 / 199316789632,
    -1453857185.0 / 822651844,
    69997945.0 / 29380423,
)

# Storage of an integration in the verifier: rows of up to LANES numbers (a state vector and its tangents by the start).
LANES = MAX_STATES * (MAX_STATES + 1)
ROWS = 15
STATE = 7  # row of the state reached
CLOCK = 13  # row of the time reached and the next step
# `info`: right-hand sides evaluated, steps accepted and rejected, and whether the equations are handed over as stiff.
EVALUATIONS, ACCEPTED, REJECTED, HANDED_OVER = 0, 1, 2, 3
INFO = 4


@jit(forceinline=True)
def _log2_fast(x):
    """Logarithm to base 2 within 0.05, for the step control only: the bits of a double, read as an integer."""
    return float(np.float64(x).view(np.int64)) * 2.0**-52 - 1022.957


@jit(forceinline=True)
def _exp2_fast(x):
    """2**x to about 1e-4, |x| < 100."""
    k = math.floor(x)
    f = x - k
    p = 1.0 + f * (0.69583 + f * (0.22607 + f * 0.0781))
    return p * np.int64((int(k) + 1023) << 52).view(np.float64)


@jit()
def _first_step(code, nops, R, L, n, out, t, span, y, k1, k2, rtol, atol, floor):
    """Length of the first step (Hairer, Norsett and Wanner I, section II.4)."""
    d0 = 0.0
    d1 = 0.0
    for i in range(n):
        sc = atol + rtol * max(abs(y[i * L]), floor[i])
        d0 += (y[i * L] / sc) ** 2
        d1 += (k1[i * L] / sc) ** 2
    h = 1e-6 if d0 < 1e-10 or d1 < 1e-10 else 0.01 * math.sqrt(d0 / d1)
    h = min(h, span)
    for i in range(n * L):
        R[i] = y[i] + h * k1[i]
    rhs_cold(code, nops, R, L, n, out, t + h, k2)
    d2 = 0.0
    for i in range(n):
        sc = atol + rtol * max(abs(y[i * L]), floor[i])
        d2 += ((k2[i * L] - k1[i * L]) / sc) ** 2
    m = max(math.sqrt(d1 / n), math.sqrt(d2 / n) / h)
    h1 = max(1e-6, h * 1e-3) if m <= 1e-15 else (0.01 / m) ** 0.2
    h = min(min(100.0 * h, h1), span)
    return h if h > 0.0 else 1e-6 * span


def _make(WIDTH):
    """Integrator for exactly WIDTH states without tangents, or (WIDTH = 0) for any number of both.

    A constant width lets LLVM unroll and vectorize the stage sums.
    """

    @jit()
    def dopri5(
        code, nops, R, lanes, n_state, out, t, y0, rtol, atol, floor, fuel, cost, traj, K, info, sst, obs, early
    ):
        """Integrate over the sample times t; traj[j] becomes the state (and its tangents) at t[j].

        Returns (status, samples written), and the work done in `info`. Where the equations turn out stiff, info says so
        and row STATE of K is where to go on. early: stop as soon as the squared error of every state exceeds its spread
        sst; the clipped R2 of each is then 0 whatever follows.
        """
        (a21,), (a31, a32), (a41, a42, a43), (a51, a52, a53, a54), (a61, a62, a63, a64, a65), last = STAGES
        a71, _, a73, a74, a75, a76 = last
        e1, _, e3, e4, e5, e6, e7 = ERROR
        d1, _, d3, d4, d5, d6, d7 = DENSE
        _, c2, c3, c4, c5, _, _ = NODES
        n = WIDTH if WIDTH > 0 else n_state
        L = 1 if WIDTH > 0 else lanes
        N = n * L
        m = t.size
        # Rows at constant distances share one base register; as rows of K they would need a pointer each.
        row = LANES if WIDTH > 0 else K.shape[1]
        flat = K.reshape(K.size)
        k1, k2, k3, k4 = flat[:row], flat[row : 2 * row], flat[2 * row : 3 * row], flat[3 * row : 4 * row]
        k5, k6, k7 = flat[4 * row : 5 * row], flat[5 * row : 6 * row], flat[6 * row : 7 * row]
        y, yn, r2, r3 = (
            flat[7 * row : 8 * row],
            flat[8 * row : 9 * row],
            flat[9 * row : 10 * row],
            flat[10 * row : 11 * row],
        )
        r4, r5, sse = flat[11 * row : 12 * row], flat[12 * row : 13 * row], flat[14 * row : 15 * row]
        for i in range(n):
            sse[i] = 0.0
        for i in range(N):
            y[i] = y0[i]
            traj[0, i] = y0[i]
            R[i] = y0[i]
        x = t[0]
        xend = t[m - 1]
        budget = fuel // cost
        early_budget = budget // 8
        allowed = early_budget
        rhs_cold(code, nops, R, np.int64(L), np.int64(n), out, x, k1)
        ev = 1
        ok = 0.0
        for i in range(n):
            ok += 0.0 * k1[i * L]
        if ok != 0.0:
            info[EVALUATIONS] = ev
            K[CLOCK, 0] = x
            return S_NONFINITE, 1
        h = _first_step(code, nops, R, np.int64(L), np.int64(n), out, x, xend - x, y, k1, k2, rtol, atol, floor)
        if not (h > 0.0):
            info[EVALUATIONS] = ev
            K[CLOCK, 0] = x
            return S_NONFINITE, 1
        ev += 1
        j = 1
        log_old = -13.29  # log2(1e-4)
        stiff = 0
        not_stiff = 0
        nacc = 0
        nrej = 0
        after_reject = False
        status = OK
        while j < m:
            if ev + 6 > allowed:
                # An eighth of the fuel for less than a thousandth of the record, or half of it for less than a
                # hundredth: the step has collapsed at a discontinuity, and more work would end in the same place.
                if allowed == budget or x - t[0] < (xend - t[0]) * (1e-3 if allowed == early_budget else 1e-2):
                    status = S_FUEL
                    break
                allowed = budget // 2 if allowed == early_budget else budget
                continue
            if not (h > 1e-15 * abs(x)):
                status = S_STEP
                break
            if x + 1.01 * h >= xend:
                h = xend - x
            # Stages 2..7 around one inlined copy of the machine (seven copies compile for 46 s).
            for stage in range(1, 7):
                c = 1.0
                if stage == 1:
                    c = c2
                    for i in range(N):
                        R[i] = y[i] + h * a21 * k1[i]
                elif stage == 2:
                    c = c3
                    for i in range(N):
                        R[i] = y[i] + h * (a31 * k1[i] + a32 * k2[i])
                elif stage == 3:
                    c = c4
                    for i in range(N):
                        R[i] = y[i] + h * (a41 * k1[i] + a42 * k2[i] + a43 * k3[i])
                elif stage == 4:
                    c = c5
                    for i in range(N):
                        R[i] = y[i] + h * (a51 * k1[i] + a52 * k2[i] + a53 * k3[i] + a54 * k4[i])
                elif stage == 5:
                    for i in range(N):
                        v = y[i] + h * (a61 * k1[i] + a62 * k2[i] + a63 * k3[i] + a64 * k4[i] + a65 * k5[i])
                        R[i] = v
                        r5[i] = v  # kept for the stiffness test
                else:
                    for i in range(N):
                        v = y[i] + h * (a71 * k1[i] + a73 * k3[i] + a74 * k4[i] + a75 * k5[i] + a76 * k6[i])
                        R[i] = v
                        yn[i] = v
                # As `rhs` does, but without a view of row `stage`, whose reference count costs 5 ns.
                R[N] = x + c * h
                if WIDTH > 0:  # known when this is compiled, so that the other branch is not compiled at all
                    run(code, nops, R)
                    for i in range(n):
                        flat[stage * row + i] = R[out[i] & REGISTER_MASK]
                elif L == 1:
                    run(code, nops, R)
                    for i in range(n):
                        flat[stage * row + i] = R[out[i] & REGISTER_MASK]
                else:
                    run_dual(code, nops, R, L)
                    for i in range(n):
                        for k in range(L):
                            flat[stage * row + i * L + k] = R[out[i] * L + k]
            ev += 6
            err = 0.0
            for i in range(0, N, L):
                e = h * (e1 * k1[i] + e3 * k3[i] + e4 * k4[i] + e5 * k5[i] + e6 * k6[i] + e7 * k7[i])
                sc = atol + rtol * max(max(abs(y[i]), abs(yn[i])), floor[i // L])
                e /= sc
                err += e * e
            err /= n
            if not (err <= 1.0):
                nrej += 1
                after_reject = True
                if err < 1e30:
                    fac = _exp2_fast(-0.1 * _log2_fast(err)) * 0.9
                    h *= max(0.2, fac)
                else:  # overflow or NaN inside the step
                    h *= 0.1
                continue
            log_err = 0.5 * _log2_fast(max(err, 1e-20))
            fac = 0.9 * _exp2_fast(-0.17 * log_err + 0.04 * log_old)
            log_old = max(log_err, -13.29)
            hnew = h * min(10.0, max(0.2, fac))
            if after_reject:
                hnew = min(hnew, h)
                after_reject = False
            nacc += 1
            if stiff > 0 or nacc % 32 == 0:
                num = 0.0
                den = 0.0
                for i in range(0, N, L):
                    num += (k7[i] - k6[i]) ** 2
                    den += (yn[i] - r5[i]) ** 2
                if den > 0.0 and h * h * num > 10.5625 * den:  # h |lambda| > 3.25
                    not_stiff = 0
                    stiff += 1
                else:
                    not_stiff += 1
                    if not_stiff == 6:
                        stiff = 0
            xn = x + h
            if xn >= t[j] or xn >= xend:
                for i in range(N):
                    dy = yn[i] - y[i]
                    b = h * k1[i] - dy
                    r2[i] = dy
                    r3[i] = b
                    r4[i] = dy - h * k7[i] - b
                    r5[i] = h * (d1 * k1[i] + d3 * k3[i] + d4 * k4[i] + d5 * k5[i] + d6 * k6[i] + d7 * k7[i])
                hinv = 1.0 / h
                while j < m and (t[j] <= xn or xn >= xend):
                    th = (t[j] - x) * hinv
                    th1 = 1.0 - th
                    for i in range(N):
                        traj[j, i] = y[i] + th * (r2[i] + th1 * (r3[i] + th * (r4[i] + th1 * r5[i])))
                    if early:
                        for i in range(n):
                            d = obs[j * n + i]
                            if d == d:
                                d -= traj[j, i]
                                sse[i] += d * d
                    j += 1
                if early:
                    exceeded = 0
                    for i in range(n):
                        if not (sse[i] <= sst[i]):
                            exceeded += 1
                    if exceeded == n:
                        status = S_ZERO
                        break
            for i in range(N):
                y[i] = yn[i]
                k1[i] = k7[i]
            x = xn
            h = hnew
            if stiff >= 15 and L == 1:
                info[HANDED_OVER] = 1
                status = S_FUEL
                break
        info[EVALUATIONS] = ev
        info[ACCEPTED] = nacc
        info[REJECTED] = nrej
        K[CLOCK, 0] = x
        K[CLOCK, 1] = h
        return status, j

    return dopri5


dopri5 = _make(0)
dopri5_2 = _make(2)
dopri5_4 = _make(4)
