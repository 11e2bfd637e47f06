"""Scores of answers against one track: text to program to solution to R2.

`score_many` is the only entry point, because numba would compile everything once more for a second one. A call takes
texts to scores without Python and without the GIL; nothing is compiled for an equation.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"

import math

import numpy as np
from numba import types

from gedanken.worlds.ode.kernel.dopri5 import (
    CLOCK,
    EVALUATIONS,
    HANDED_OVER,
    INFO,
    LANES,
    ROWS,
    STATE,
    dopri5,
    dopri5_2,
    dopri5_4,
)
from gedanken.worlds.ode.kernel.driven import NONE, driven
from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.limits import MAX_OPERATORS, MAX_SAMPLES, MAX_STATES
from gedanken.worlds.ode.kernel.linear import lu_factor, lu_solve
from gedanken.worlds.ode.kernel.machine import LEAF, REGISTERS, evaluation_cost
from gedanken.worlds.ode.kernel.program import COUNTS, INSTRUCTIONS, OPERATOR_COUNT, WORK, compile_text
from gedanken.worlds.ode.kernel.rodas4 import rodas4
from gedanken.worlds.ode.kernel.status import OK
from gedanken.worlds.ode.trajectory import Array

# A track is one float64 array, so that Python hands over one pointer:
#   m, n, rtol, atol, fuel, start fuel, y0 (n), spread (n), floor (n), t (m), observed (m x n, NaN where not observed),
#   the inputs (see `driven.py`).
# spread[i]: sum of squares of column i about its mean, or -1 when the column was not observed at all.
# floor[i]: the local error of state i is measured against atol + rtol * max(|y_i|, floor_i). A plain relative error
#   makes the step collapse at every zero crossing, for accuracy that R2 cannot see.
# start fuel: 0 when y0 is known; else y0 is a guess and this much work may go into fitting it.
RTOL, ATOL, FUEL, START_FUEL = 2, 3, 4, 5
HEAD = 6

# mode of score_many, a sum of flags
FULL = 1  # integrate to the end even when the score is known to be 0
STIFF = 2  # begin with Rodas4

# columns of its result
MEAN, REACHED, SAMPLES, OPERATORS, COLUMNS = 0, 1, 2, 3, 4
RESULT = COLUMNS + MAX_STATES

# Scratch: floats = [registers | rows of the integrators | trajectory], integers = [program | reader's work | counts |
# outputs | info]. Two arrays instead of eight: Python pays about 0.15 us for each array that it hands to a compiled
# function.
FLOATS = REGISTERS + ROWS * LANES + MAX_SAMPLES * LANES
AT_WORK = MAX_OPERATORS
AT_COUNTS = AT_WORK + WORK
AT_OUTPUTS = AT_COUNTS + COUNTS
AT_INFO = AT_OUTPUTS + MAX_STATES
INTEGERS = AT_INFO + INFO


def pack(
    t: Array,
    values: Array,
    y0: Array,
    spread: Array,
    floor: Array,
    rtol: float,
    atol: float,
    fuel: int,
    start_fuel: int,
    drive: Array = NONE,
) -> Array:
    """A track as the one array described above `HEAD`.

    Raises:
        ValueError: a tolerance that cannot be kept.
    """
    m, n = values.shape
    if not (1e-13 <= rtol < 1.0 and atol >= 0.0):
        raise ValueError(f"rtol must lie in [1e-13, 1) and atol be at least 0, not {rtol} and {atol}")
    head = [m, n, rtol, atol, fuel, start_fuel]
    return np.concatenate([head, y0, spread, floor, np.asarray(t, np.float64), values.ravel(), drive])


@jit(forceinline=True)
def _unpack(tf, n):
    """Views of a track: y0, spread, floor, t, observed (flat)."""
    m = int(tf[0])
    a = HEAD
    b = a + 3 * n
    return tf[a : a + n], tf[a + n : a + 2 * n], tf[a + 2 * n : b], tf[b : b + m], tf[b + m :]


@jit()
def _inputs(tf):
    """The packed inputs of a track."""
    m, n = int(tf[0]), int(tf[1])
    return tf[HEAD + 3 * n + m + m * n :]


@jit(outer=True)
def _solve(code, nops, R, n, out, tf, y0, K, traj, info, force_stiff, early):
    """Integrate over the track's sample times. Returns (status, samples written); K[CLOCK, 0] = time reached."""
    rtol, atol = tf[RTOL], tf[ATOL]
    fuel = int(tf[FUEL])
    _, sst, floor, t, obs = _unpack(tf, n)
    m = t.size
    cost = evaluation_cost(code, nops)
    for k in range(INFO):
        info[k] = 0
    one = np.int64(1)  # a plain 1 would be typed Literal[int](1) and compile the callee again
    inputs = _inputs(tf)
    if inputs[0] > 0.0:
        s, j = driven(
            code, nops, R, one, n, out, t, y0, rtol, atol, floor, fuel, cost, traj, K, info, inputs, force_stiff
        )
        return s, j
    if force_stiff:
        y = K[STATE]
        for i in range(n):
            y[i] = y0[i]
            traj[0, i] = y0[i]
        h = 1e-4 * (t[m - 1] - t[0])
        return rodas4(code, nops, R, n, out, t, one, t[0], y, h, rtol, atol, floor, fuel, cost, traj, K, info)
    if n == 2:
        s, j = dopri5_2(
            code, nops, R, one, n, out, t, y0, rtol, atol, floor, fuel, cost, traj, K, info, sst, obs, early
        )
    elif n == 4:
        s, j = dopri5_4(
            code, nops, R, one, n, out, t, y0, rtol, atol, floor, fuel, cost, traj, K, info, sst, obs, early
        )
    else:
        s, j = dopri5(code, nops, R, one, n, out, t, y0, rtol, atol, floor, fuel, cost, traj, K, info, sst, obs, early)
    if info[HANDED_OVER] == 1:
        fuel -= info[EVALUATIONS] * cost
        s, j = rodas4(
            code,
            nops,
            R,
            n,
            out,
            t,
            j,
            K[CLOCK, 0],
            K[STATE],
            K[CLOCK, 1],
            rtol,
            atol,
            floor,
            fuel,
            cost,
            traj,
            K,
            info,
        )
    return s, j


@jit()
def _r2(traj, j, tf, n, r2):
    """R2 per observed column into r2[:n] (NaN where not observed), 0 when the trajectory ended early; their mean."""
    _, sst, _, t, obs = _unpack(tf, n)
    m = t.size
    total = 0.0
    count = 0
    for i in range(n):
        if sst[i] < 0.0:
            r2[i] = math.nan
            continue
        count += 1
        r2[i] = 0.0
        if j == m:
            sse = 0.0
            for q in range(m):
                d = obs[q * n + i]
                if d == d:
                    d -= traj[q, i]
                    sse += d * d
            v = 1.0 - sse / sst[i]
            r2[i] = v if v > 0.0 else 0.0  # also turns NaN into 0
        total += r2[i]
    return total / count if count > 0 else 0.0


@jit(outer=True)
def _fit_start(code, nops, R, n, out, tf, K, traj, info, start):
    """Fit the initial state to the samples by Levenberg-Marquardt, with tangents through Dormand-Prince.

    start holds the guess and then the best state found. The horizon grows (an eighth of the record, a quarter, a half,
    all of it), because over many periods the squared error has false minima. At most 24 trials within the track's
    start fuel; when none succeeds the guess stays.
    """
    rtol, atol = tf[RTOL], tf[ATOL]
    _, sst, floor, times, obs = _unpack(tf, n)
    L = n + 1
    fuel = int(tf[START_FUEL])
    cost = evaluation_cost(code, nops) * L
    RD = np.zeros((LEAF + nops) * L)
    for r in range(n + 1, LEAF):
        RD[r * L] = R[r]
    y0 = np.zeros(n * L)
    for i in range(n):
        y0[i * L + 1 + i] = 1.0
    H = np.empty((n, n))
    W = np.empty((n, n))
    g = np.empty(n)
    d = np.empty(n)
    piv = np.empty(n, np.int64)
    trial = np.empty(n)
    never = n < 0
    inputs = _inputs(tf)
    share = 8
    while share >= 1:
        m = min(times.size, max(times.size // share, 4 * n))
        share //= 2
        t = times[:m]
        lam = 1e-3
        best = math.inf
        for i in range(n):
            trial[i] = start[i]
        for _ in range(6):
            for i in range(n):
                y0[i * L] = trial[i]
            for k in range(INFO):
                info[k] = 0
            if inputs[0] > 0.0:
                s, _ = driven(
                    code, nops, RD, L, n, out, t, y0, rtol, atol, floor, fuel, cost, traj, K, info, inputs, never
                )
            else:
                s, _ = dopri5(
                    code, nops, RD, L, n, out, t, y0, rtol, atol, floor, fuel, cost, traj, K, info, sst, obs, never
                )
            fuel -= info[EVALUATIONS] * cost
            sse = math.inf
            if s == OK:
                sse = 0.0
                for i in range(n):
                    if sst[i] > 0.0:
                        for q in range(m):
                            e = traj[q, i * L] - obs[q * n + i]
                            if e == e:
                                sse += e * e / sst[i]
            if sse < best:
                gain = (best - sse) / sse if sse > 0.0 else 0.0
                best = sse
                for i in range(n):
                    start[i] = trial[i]
                    g[i] = 0.0
                    for k in range(n):
                        H[i, k] = 0.0
                for i in range(n):
                    if sst[i] > 0.0:
                        for q in range(m):
                            e = traj[q, i * L] - obs[q * n + i]
                            if e == e:
                                for k in range(n):
                                    w = traj[q, i * L + 1 + k] / sst[i]
                                    g[k] += w * e
                                    for r in range(k + 1):
                                        H[k, r] += w * traj[q, i * L + 1 + r]
                lam = max(lam * 0.1, 1e-12)
                if gain < 1e-4 or best < 1e-14:
                    break
            else:
                lam *= 10.0
            if not (best < math.inf):
                break
            for k in range(n):
                for r in range(k + 1):
                    W[k, r] = H[k, r]
                    W[r, k] = H[k, r]
                W[k, k] = H[k, k] * (1.0 + lam) + 1e-300
                d[k] = -g[k]
            if not lu_factor(W, piv, n):
                break
            lu_solve(W, piv, n, d)
            for k in range(n):
                trial[k] = start[k] + d[k]


@jit(forceinline=True)
def scratch(floats, n):
    """Registers, integrator rows and trajectory of n states: the parts of the float scratch.

    The rows of a trajectory are as long as n states with their tangents, so that a short one stays in the cache.
    """
    a = REGISTERS
    b = a + ROWS * LANES
    lanes = n * (n + 1)
    c = b + MAX_SAMPLES * lanes
    return floats[:a], floats[a:b].reshape(ROWS, LANES), floats[b:c].reshape(MAX_SAMPLES, lanes)


@jit(outer=True)
def score_many(text, names, values, index, sym, tf, floats, integers, results, mode, lo, hi):
    """Score items lo..hi-1 against one track.

    index has four rows: where an item's text begins, where its NUL-separated names do, its first value (each row closed
    by the end of the last item), and its status, which is written. A row of results becomes [mean R2, time reached,
    samples reached, operators, R2 per column]. The trajectory of the last item stays in floats.
    """
    buf = np.frombuffer(text, np.uint8)
    nam = np.frombuffer(names, np.uint8)
    n = np.int64(sym[0])
    R, K, traj = scratch(floats, n)
    code, work, counts = integers[:AT_WORK], integers[AT_WORK:AT_COUNTS], integers[AT_COUNTS:AT_OUTPUTS]
    out, info = integers[AT_OUTPUTS:AT_INFO], integers[AT_INFO:INTEGERS]
    fold = n > 0
    y0, _, _, _, _ = _unpack(tf, n)
    start = np.empty(n)
    for q in range(lo, hi):
        row = results[q]
        for i in range(RESULT):
            row[i] = 0.0
        val = values[index[2, q] : index[2, q + 1]]
        s = compile_text(
            buf,
            index[0, q],
            index[0, q + 1],
            nam,
            index[1, q],
            index[1, q + 1],
            val,
            sym,
            fold,
            code,
            R,
            out,
            counts,
            work,
        )
        if s == OK:
            row[OPERATORS] = counts[OPERATOR_COUNT]
            for i in range(n):
                start[i] = y0[i]
            if tf[START_FUEL] > 0.0:
                _fit_start(code, counts[INSTRUCTIONS], R, n, out, tf, K, traj, info, start)
            s, j = _solve(
                code, counts[INSTRUCTIONS], R, n, out, tf, start, K, traj, info, (mode & STIFF) != 0, (mode & FULL) == 0
            )
            row[REACHED] = K[CLOCK, 0]
            row[SAMPLES] = j
            row[MEAN] = _r2(traj, j, tf, n, row[COLUMNS:])
        index[3, q] = s


_READ_ONLY = types.Array(types.uint8, 1, "C", readonly=True)
_BYTES = types.Bytes(types.uint8, 1, "C")
_F1, _F2 = types.float64[::1], types.float64[:, ::1]
_I1, _I2 = types.int64[::1], types.int64[:, ::1]
# Arguments of the integrators in `_solve`; `fit` calls the general one with the same.
_STEPS = (
    _I1, types.int64, _F1, types.int64, types.int64, _I1, _F1, _F1, types.float64, types.float64, _F1, types.int64,
    types.int64, _F2, _F2, _I1, _F1, _F1, types.boolean,
)  # fmt: skip
_STIFF_STEPS = (
    _I1, types.int64, _F1, types.int64, _I1, _F1, types.int64, types.float64, _F1, types.float64, types.float64,
    types.float64, _F1, types.int64, types.int64, _F2, _F2, _I1,
)  # fmt: skip
SIGNATURE = types.void(_BYTES, _BYTES, _F1, _I2, _READ_ONLY, _F1, _F1, _I1, _F2, types.int64, types.int64, types.int64)


def build() -> None:
    """Compile `score_many`, or load it from the cache.

    It is the only entry point (a single score is a batch of one), because a second one would compile everything again,
    and it takes this one signature: an argument of another type is a TypeError at once instead of a silent
    compilation of many seconds in the middle of a run.
    """
    if hasattr(score_many, "compile"):  # a plain function under NUMBA_DISABLE_JIT
        # First what no other entry needs: another process may meanwhile compile the general integrator (`warm`).
        dopri5_2.compile(_STEPS)
        dopri5_4.compile(_STEPS)
        score_many.compile(SIGNATURE.args)
        score_many.disable_compile()


def build_stiff() -> None:
    """Compile the integrator of stiff equations by itself, for a process beside the one that runs `build`."""
    if hasattr(rodas4, "compile"):
        rodas4.compile(_STIFF_STEPS)
