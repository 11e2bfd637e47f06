"""Rodas4, an L-stable Rosenbrock method of order 4, for programs that turned out stiff.

Source: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, section VI.4.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"

import math

import numpy as np

from gedanken.worlds.ode.kernel.dopri5 import ACCEPTED, CLOCK, EVALUATIONS, REJECTED
from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.linear import lu_factor, lu_solve
from gedanken.worlds.ode.kernel.machine import LEAF, rhs_cold, run_dual
from gedanken.worlds.ode.kernel.status import OK, S_FUEL, S_STEP

ORDER = 4
DENSE_ORDER = 3
GAMMA = 0.25
NODES = (0.0, 0.386, 0.21, 0.63, 1.0, 1.0)
# Row s: weights of stages 1..s in the state at which stage s + 1 is evaluated. Stage 6 is evaluated at that of stage 5
# plus stage 5, and the solution is that plus stage 6, which is the estimate of the error.
STAGES = (
    (1.544,),
    (0.9466785280815826, 0.2557011698983284),
    (3.314825187068521, 2.896124015972201, 0.9986419139977817),
    (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895),
)
# Row s: weights of stages 1..s, over the step, on the right side of the linear system of stage s + 1.
COUPLINGS = (
    (-5.6688,),
    (-2.430093356833875, -0.2063599157091915),
    (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
    (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616),
    (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
)
# Weights of the derivative by the time; 0 for stages 5 and 6.
TIME = (0.25, -0.1043, 0.1035, -0.03620000000000023)
DENSE = (
    (10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662),
    (-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872),
)


@jit()
def rodas4(code, nops, R, n, out, t, j, x, y, h, rtol, atol, floor, fuel, cost, traj, K, info):
    """Continue from (x, y) over the sample times t[j:]. Returns (status, samples written).

    The Jacobian is exact: of the tangents, 1..n are the derivatives by the states and n + 1 is that by the time.
    """
    (a21,), (a31, a32), (a41, a42, a43), (a51, a52, a53, a54) = STAGES
    (c21,), (c31, c32), (c41, c42, c43), (c51, c52, c53, c54), (c61, c62, c63, c64, c65) = COUPLINGS
    t1, t2, t3, t4 = TIME
    (h21, h22, h23, h24, h25), (h31, h32, h33, h34, h35) = DENSE
    _, x2, x3, x4, _, _ = NODES
    L = n + 2
    m = t.size
    xend = t[m - 1]
    RD = np.zeros((LEAF + nops) * L)
    for r in range(n + 1, LEAF):
        RD[r * L] = R[r]
    for i in range(n + 1):
        RD[i * L + 1 + i] = 1.0
    J = np.empty(n * L)
    W = np.empty((n, n))
    piv = np.empty(n, np.int64)
    k1, k2, k3 = np.empty(n), np.empty(n), np.empty(n)
    k4, k5, k6 = np.empty(n), np.empty(n), np.empty(n)
    yn, g = np.empty(n), np.empty(n)
    spent = 0
    step_cost = cost * (L + 6) + 200 + 10 * n * n  # fitted for n = 2..8, 10-15 % on the safe side
    fresh = False
    nacc = 0
    one = np.int64(1)
    while j < m:
        K[CLOCK, 0] = x
        if not (h > 1e-15 * abs(x)):
            return S_STEP, j
        if x + 1.01 * h >= xend:
            h = xend - x
        spent += step_cost
        if spent > fuel:
            return S_FUEL, j
        if not fresh:
            for i in range(n):
                RD[i * L] = y[i]
            RD[n * L] = x
            run_dual(code, nops, RD, L)
            for i in range(n):
                for k in range(L):
                    J[i * L + k] = RD[out[i] * L + k]
            info[EVALUATIONS] += L
            fresh = True
        inv = 1.0 / (GAMMA * h)
        for i in range(n):
            for k in range(n):
                W[i, k] = -J[i * L + 1 + k]
            W[i, i] += inv
        if not lu_factor(W, piv, n):
            h *= 0.5
            continue
        hi = 1.0 / h
        for i in range(n):
            k1[i] = J[i * L] + h * t1 * J[i * L + n + 1]
        lu_solve(W, piv, n, k1)
        for i in range(n):
            R[i] = y[i] + a21 * k1[i]
        rhs_cold(code, nops, R, one, n, out, x + x2 * h, g)
        for i in range(n):
            k2[i] = g[i] + h * t2 * J[i * L + n + 1] + hi * c21 * k1[i]
        lu_solve(W, piv, n, k2)
        for i in range(n):
            R[i] = y[i] + a31 * k1[i] + a32 * k2[i]
        rhs_cold(code, nops, R, one, n, out, x + x3 * h, g)
        for i in range(n):
            k3[i] = g[i] + h * t3 * J[i * L + n + 1] + hi * (c31 * k1[i] + c32 * k2[i])
        lu_solve(W, piv, n, k3)
        for i in range(n):
            R[i] = y[i] + a41 * k1[i] + a42 * k2[i] + a43 * k3[i]
        rhs_cold(code, nops, R, one, n, out, x + x4 * h, g)
        for i in range(n):
            k4[i] = g[i] + h * t4 * J[i * L + n + 1] + hi * (c41 * k1[i] + c42 * k2[i] + c43 * k3[i])
        lu_solve(W, piv, n, k4)
        for i in range(n):
            yn[i] = y[i] + a51 * k1[i] + a52 * k2[i] + a53 * k3[i] + a54 * k4[i]
            R[i] = yn[i]
        rhs_cold(code, nops, R, one, n, out, x + h, g)
        for i in range(n):
            k5[i] = g[i] + hi * (c51 * k1[i] + c52 * k2[i] + c53 * k3[i] + c54 * k4[i])
        lu_solve(W, piv, n, k5)
        for i in range(n):
            yn[i] += k5[i]
            R[i] = yn[i]
        rhs_cold(code, nops, R, one, n, out, x + h, g)
        for i in range(n):
            k6[i] = g[i] + hi * (c61 * k1[i] + c62 * k2[i] + c63 * k3[i] + c64 * k4[i] + c65 * k5[i])
        lu_solve(W, piv, n, k6)
        err = 0.0
        for i in range(n):
            yn[i] += k6[i]
            e = k6[i] / (atol + rtol * max(max(abs(y[i]), abs(yn[i])), floor[i]))
            err += e * e
        info[EVALUATIONS] += 5
        err = math.sqrt(err / n)
        if not (err <= 1.0):
            info[REJECTED] += 1
            h *= max(0.2, 0.9 * err**-0.25) if err < 1e30 else 0.1
            continue
        nacc += 1
        xn = x + h
        while j < m and (t[j] <= xn or xn >= xend):
            th = (t[j] - x) * hi
            for i in range(n):
                c2 = h21 * k1[i] + h22 * k2[i] + h23 * k3[i] + h24 * k4[i] + h25 * k5[i]
                c3 = h31 * k1[i] + h32 * k2[i] + h33 * k3[i] + h34 * k4[i] + h35 * k5[i]
                traj[j, i] = (1.0 - th) * y[i] + th * (yn[i] + (1.0 - th) * (c2 + th * c3))
            j += 1
        for i in range(n):
            y[i] = yn[i]
        x = xn
        h *= min(6.0, max(0.2, 0.9 * max(err, 1e-8) ** -0.25))
        fresh = False
    info[ACCEPTED] += nacc
    K[CLOCK, 0] = x
    return OK, j
