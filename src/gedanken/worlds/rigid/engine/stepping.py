# mypy: allow-untyped-decorators
"""The compiled loop around Chipmunk's step, and what it reads and writes in Chipmunk's own memory.

Pymunk's objects cost 6 us for each body and frame that is read back, several times the physics. This loop calls
`cpSpaceStep` by its address, applies the fields and reads the bodies' structs in place, so that 200 frames are one call
from Python.

Forces of fields are taken where a body is about to be: Chipmunk moves first (`p += (v + bias) dt`) and then updates the
velocity, so that a force at the new position makes the step symplectic. `bias` is the push that separates overlapping
bodies; it acts for one step, and a recorder that leaves it out hides part of the state from the reader.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from gedanken.worlds.rigid.scene.geometry import Array

Fixed = NDArray[np.int32]
"""Numbers in units of 1e-4: what is printed, stored and compared."""

LARGEST = 2**31 - 1
"""Of a fixed-point number; 214,748 px."""

# Index, in doubles, of the fields of Chipmunk's `struct cpBody`; `chipmunk` proves them on the installed Pymunk.
PX, PY, VX, VY, FX, FY, ANGLE, SPIN, BIAS_X, BIAS_Y, BIAS_SPIN = 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26

EDGE = 1e-3
"""How close to its bound (px, rad) a kinematic body turns back. Bounds are often met exactly, and then the last digit
must not decide."""


@intrinsic
def _load(typing_context: Any, address: Any, index: Any) -> Any:
    """The double at `address` + 8 * `index`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.DoubleType().as_pointer())
        return builder.load(builder.gep(pointer, [arguments[1]]))

    return types.float64(types.int64, types.int64), generate


@intrinsic
def _store(typing_context: Any, address: Any, index: Any, value: Any) -> Any:
    """Write a double at `address` + 8 * `index`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = builder.inttoptr(arguments[0], ir.DoubleType().as_pointer())
        builder.store(arguments[2], builder.gep(pointer, [arguments[1]]))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float64), generate


@intrinsic
def _call_step(typing_context: Any, function: Any, space: Any, dt: Any) -> Any:
    """Call the C function `void function(void *space, double dt)` by its address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64), ir.DoubleType()])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.float64), generate


@njit(cache=True, nogil=True)
def substep(
    step: int,
    space: int,
    bodies: NDArray[np.int64],
    masses: Array,
    dt: float,
    cap: float,
    attractors: Array,
    gravitation: Array,
    winds: Array,
) -> None:
    """One step of the simulator with the scene's fields and its cap; arguments as of `advance`."""
    n = bodies.shape[0]
    if attractors.shape[0] + gravitation.shape[0] + winds.shape[0] > 0:
        next_x, next_y = np.empty(n), np.empty(n)
        for i in range(n):
            body = bodies[i]
            next_x[i] = _load(body, PX) + (_load(body, VX) + _load(body, BIAS_X)) * dt
            next_y[i] = _load(body, PY) + (_load(body, VY) + _load(body, BIAS_Y)) * dt
        for i in range(n):
            if masses[i] > 0:
                fx, fy = force(i, next_x, next_y, masses, attractors, gravitation, winds)
                _store(bodies[i], FX, fx)
                _store(bodies[i], FY, fy)
    _call_step(step, space, dt)
    if cap < np.inf:
        for i in range(n):
            body = bodies[i]
            vx, vy = _load(body, VX), _load(body, VY)
            speed = math.sqrt(vx * vx + vy * vy)
            if speed > cap and masses[i] > 0:
                _store(body, VX, vx * (cap / speed))
                _store(body, VY, vy * (cap / speed))


@njit(cache=True, nogil=True)
def turn_back(bodies: NDArray[np.int64], limits: Array) -> None:
    """Turn kinematic bodies round at their bounds, as at the end of a frame; arguments as of `advance`."""
    for i in range(limits.shape[0]):
        for axis in range(3):
            p, v = (PX, VX) if axis == 0 else (PY, VY) if axis == 1 else (ANGLE, SPIN)
            place, speed = _load(bodies[i], p), _load(bodies[i], v)
            low, high = (limits[i, axis], limits[i, axis + 2]) if axis < 2 else (limits[i, 4], limits[i, 5])
            if (place < low + EDGE and speed < 0) or (place > high - EDGE and speed > 0):
                _store(bodies[i], v, -speed)


@njit(cache=True, nogil=True)
def advance(
    step: int,
    space: int,
    bodies: NDArray[np.int64],
    masses: Array,
    dt: float,
    substeps: int,
    cap: float,
    attractors: Array,
    gravitation: Array,
    winds: Array,
    limits: Array,
    pushed: bool,
    out: Fixed,
) -> int:
    """Step `out.shape[0]` frames and write the state after each; the first frame out of bounds, or -1.

    Args:
        step: address of `cpSpaceStep`.
        space: address of the space.
        bodies: address of each body, shape (n,).
        masses: mass of each, 0 for a kinematic one, shape (n,).
        dt: seconds of one substep.
        substeps: substeps in a frame.
        cap: largest speed of a dynamic body, infinity for none.
        attractors: rows x, y, strength, softening^2.
        gravitation: rows constant, softening^2.
        winds: rows left, bottom, right, top, fx, fy.
        limits: bounds and swing of each body, shape (n, 6), infinite where there are none; shape (0, 6) if all are.
        pushed: write positions after the push that the solver still owes them.
        out: shape (frames, n, 6): x, y, vx, vy, angle, spin, in units of 1e-4.
    """
    n = bodies.shape[0]
    for frame in range(out.shape[0]):
        for _ in range(substeps):
            substep(step, space, bodies, masses, dt, cap, attractors, gravitation, winds)
        turn_back(bodies, limits)
        push = dt if pushed else 0.0
        for i in range(n):
            body = bodies[i]
            row = (
                _load(body, PX) + _load(body, BIAS_X) * push,
                _load(body, PY) + _load(body, BIAS_Y) * push,
                _load(body, VX),
                _load(body, VY),
                _load(body, ANGLE) + _load(body, BIAS_SPIN) * push,
                _load(body, SPIN),
            )
            for k in range(6):
                fixed = np.rint(row[k] * 10_000.0)
                # False for NaN, too.
                if not abs(fixed) <= LARGEST:
                    return frame
                out[frame, i, k] = np.int32(fixed)
    return -1


@njit(cache=True, nogil=True)
def force(
    i: int, x: Array, y: Array, masses: Array, attractors: Array, gravitation: Array, winds: Array
) -> tuple[float, float]:
    """Force of all fields on body `i` when the bodies are at (x, y)."""
    fx = fy = 0.0
    for k in range(attractors.shape[0]):
        dx, dy = attractors[k, 0] - x[i], attractors[k, 1] - y[i]
        square = dx * dx + dy * dy + attractors[k, 3]
        if square > 0.0:
            pull = masses[i] * attractors[k, 2] / (square * math.sqrt(square))
            fx += pull * dx
            fy += pull * dy
    for k in range(gravitation.shape[0]):
        for j in range(x.shape[0]):
            dx, dy = x[j] - x[i], y[j] - y[i]
            square = dx * dx + dy * dy + gravitation[k, 1]
            if square > 0.0 and j != i:
                pull = masses[i] * masses[j] * gravitation[k, 0] / (square * math.sqrt(square))
                fx += pull * dx
                fy += pull * dy
    for k in range(winds.shape[0]):
        if winds[k, 0] <= x[i] <= winds[k, 2] and winds[k, 1] <= y[i] <= winds[k, 3]:
            fx += winds[k, 4]
            fy += winds[k, 5]
    return fx, fy


@njit(cache=True, nogil=True)
def place(bodies: NDArray[np.int64], state: Array, keep_push: bool) -> None:
    """Overwrite the bodies' state, shape (n, 6), and forget their pending push unless it is to be kept.

    The solver's memory of the contacts stays. Chipmunk derives transforms and bounding boxes from these numbers at the
    beginning of each step, so that nothing else has to be told.
    """
    for i in range(bodies.shape[0]):
        body = bodies[i]
        _store(body, PX, state[i, 0])
        _store(body, PY, state[i, 1])
        _store(body, VX, state[i, 2])
        _store(body, VY, state[i, 3])
        _store(body, ANGLE, state[i, 4])
        _store(body, SPIN, state[i, 5])
        if not keep_push:
            _store(body, BIAS_X, 0.0)
            _store(body, BIAS_Y, 0.0)
            _store(body, BIAS_SPIN, 0.0)


@njit(cache=True, nogil=True)
def read(bodies: NDArray[np.int64], push: float, out: Array) -> None:
    """The bodies' state as the loop sees it, shape (n, 6), not rounded; positions after `push` seconds of the push."""
    for i in range(bodies.shape[0]):
        body = bodies[i]
        out[i, 0] = _load(body, PX) + _load(body, BIAS_X) * push
        out[i, 1] = _load(body, PY) + _load(body, BIAS_Y) * push
        out[i, 2] = _load(body, VX)
        out[i, 3] = _load(body, VY)
        out[i, 4] = _load(body, ANGLE) + _load(body, BIAS_SPIN) * push
        out[i, 5] = _load(body, SPIN)
