"""Integration under inputs: from kink to kink, so that no step crosses one.

Between two kinks an input is `value at time 0 + slope * time`, an expression of the program like any other. The
solution is as smooth there as without inputs, and both integrators, their tangents and their dense output hold as they
are.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, assignment"

import numpy as np

from gedanken.worlds.ode.kernel.dopri5 import (
    ACCEPTED,
    CLOCK,
    EVALUATIONS,
    HANDED_OVER,
    INFO,
    REJECTED,
    STATE,
    dopri5,
)
from gedanken.worlds.ode.kernel.jit import jit
from gedanken.worlds.ode.kernel.rodas4 import rodas4
from gedanken.worlds.ode.kernel.status import OK
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# Packed inputs are one float64 array:
#   k inputs, q kinks, for each input 1 where it runs along a line and 0 where it holds (k), times of the kinks (q),
#   values at the kinks (q x k).
NONE = np.zeros(2)


def pack_drive(states: StateSpace, trajectory: Trajectory) -> Array:
    """The inputs of a trajectory as the one array described above `NONE`.

    Raises:
        ValueError: the system has inputs and the trajectory does not say what they are, or says something else.
    """
    drive = trajectory.drive
    if (drive.inputs if drive is not None else ()) != states.inputs:
        raise ValueError(f"the trajectory has no values of the inputs {', '.join(states.input_names) or '(none)'}")
    if drive is None or not drive.inputs:
        return NONE
    kinks = drive.kinks
    lines = [float(each.between == "line") for each in drive.inputs]
    times = _snap(kinks.t, trajectory.t)
    return np.concatenate([[len(drive.inputs), len(times)], lines, times, kinks.values.ravel()])


def _snap(kinks: Array, samples: Array) -> Array:
    """Times of kinks, those that differ from a sample by rounding set to it: no step is that short."""
    at = np.clip(np.searchsorted(samples, kinks), 1, len(samples) - 1)
    nearest = np.where(kinks - samples[at - 1] <= samples[at] - kinks, samples[at - 1], samples[at])
    snapped = np.where(np.abs(kinks - nearest) < 1e-9 * np.diff(samples).min(), nearest, kinks)
    return snapped if (np.diff(snapped) > 0).all() else kinks


@jit()
def set_inputs(R, L, n, tf, i):
    """Set the registers of all inputs to what holds from kink i to the next one; i < 0: before the first."""
    k, q = int(tf[0]), int(tf[1])
    times, values = tf[2 + k : 2 + k + q], tf[2 + k + q :]
    for c in range(k):
        now = values[max(i, 0) * k + c]
        slope = 0.0
        if 0 <= i < q - 1 and tf[2 + c] > 0.0:
            slope = (values[(i + 1) * k + c] - now) / (times[i + 1] - times[i])
        R[(n + 1 + 2 * c) * L] = now - slope * times[i] if slope != 0.0 else now
        R[(n + 2 + 2 * c) * L] = slope


@jit()
def driven(code, nops, R, L, n, out, t, y0, rtol, atol, floor, fuel, cost, traj, K, info, tf, stiff):
    """As `dopri5`, under the inputs `tf`; on to Rodas4 where the equations turn out stiff (`stiff`: from the start).

    Returns (status, samples written). Lanes of tangents go along from kink to kink; Rodas4 has none.
    """
    k, q = int(tf[0]), int(tf[1])
    kinks = tf[2 + k : 2 + k + q]
    m = t.size
    N = n * L
    y = np.empty(N)
    for i in range(N):
        y[i] = y0[i]
        traj[0, i] = y0[i]
    times = np.empty(m + 2)
    piece = np.empty((m + 2, traj.shape[1]))
    evaluations = accepted = rejected = 0
    never = n < 0
    x = t[0]
    j = 1
    at = -1
    status = OK
    while j < m:
        while at + 1 < q and kinks[at + 1] <= x:
            at += 1
        end = t[m - 1]
        if at + 1 < q and kinks[at + 1] < end:
            end = kinks[at + 1]
        times[0] = x
        count = 1
        while j + count - 1 < m and t[j + count - 1] <= end:
            times[count] = t[j + count - 1]
            count += 1
        inside = count - 1  # samples in this piece
        if times[count - 1] < end:
            times[count] = end
            count += 1
        set_inputs(R, L, n, tf, at)
        done = 1
        for i in range(INFO):
            info[i] = 0
        if not stiff:
            status, done = dopri5(
                code, nops, R, L, n, out, times[:count], y, rtol, atol, floor, fuel, cost, piece, K, info, floor, floor,
                never,
            )  # fmt: skip
            evaluations += info[EVALUATIONS]
            accepted += info[ACCEPTED]
            rejected += info[REJECTED]
            fuel -= info[EVALUATIONS] * cost
            stiff = info[HANDED_OVER] == 1
        elif L == 1:
            for i in range(n):
                K[STATE, i] = y[i]
            K[CLOCK, 0] = x
            K[CLOCK, 1] = 0.01 * (end - x)
        if stiff and L == 1:
            info[EVALUATIONS] = 0
            status, done = rodas4(
                code, nops, R, n, out, times[:count], np.int64(done), K[CLOCK, 0], K[STATE], K[CLOCK, 1], rtol, atol,
                floor, fuel, cost, piece, K, info,
            )  # fmt: skip
            evaluations += info[EVALUATIONS]
            fuel -= info[EVALUATIONS] * cost
        for s in range(min(inside, done - 1)):
            for i in range(N):
                traj[j + s, i] = piece[1 + s, i]
        if status != OK or done < count:
            j += min(inside, done - 1)
            break
        j += inside
        for i in range(N):
            y[i] = piece[count - 1, i]
        x = end
    K[CLOCK, 0] = x if status == OK else K[CLOCK, 0]
    info[EVALUATIONS], info[ACCEPTED], info[REJECTED] = evaluations, accepted, rejected
    return status, j
