# mypy: allow-untyped-decorators
"""A scene compiled to Chipmunk, and the compiled loop that steps it.

Pymunk's objects cost 6 us for each body and frame that is read back, several times the physics. Here the space is built
with Pymunk's C functions, and one compiled loop calls `cpSpaceStep`, applies the fields and reads the bodies' structs
in place, so that 200 frames are one call from Python.

Forces of fields are taken where a body is about to be: Chipmunk moves first (`p += (v + bias) dt`) and then updates the
velocity, so that a force at the new position makes the step symplectic. `bias` is the push that separates overlapping
bodies; it acts for one step, and a recorder that leaves it out hides part of the state from the reader.
"""

import math
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray
from pymunk._chipmunk_cffi import ffi, lib

from gedanken.errors import UserError
from gedanken.worlds.rigid.parts import (
    Attractor,
    Block,
    Body,
    Gravitation,
    Joint,
    Motor,
    Peg,
    Pin,
    Pivot,
    Segment,
    Slide,
    Spring,
    Static,
    Wind,
)
from gedanken.worlds.rigid.scene import DT, Scene
from gedanken.worlds.rigid.shapes import Box, Circle, Polygon

Array = NDArray[np.float64]

Fixed = NDArray[np.int32]
"""Numbers in units of 1e-4: what is printed, stored and compared."""

LARGEST = 2**31 - 1
"""Of a fixed-point number; 214,748 px."""

# Index, in doubles, of the fields of Chipmunk's `struct cpBody`; `_check_layout` proves them on the installed Pymunk.
PX, PY, VX, VY, FX, FY, ANGLE, SPIN, BIAS_X, BIAS_Y, BIAS_SPIN = 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26

EDGE = 1e-3
"""How close to its bound (px, rad) a kinematic body turns back. Bounds are often met exactly, and then the last digit
must not decide."""

FIXED_CATEGORY = 2
"""Collision category of what a contact never moves; two such shapes must not meet (the solver would divide by zero)."""


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
def _advance(
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
    forces = attractors.shape[0] + gravitation.shape[0] + winds.shape[0] > 0
    next_x, next_y = np.empty(n), np.empty(n)
    for frame in range(out.shape[0]):
        for _ in range(substeps):
            if forces:
                for i in range(n):
                    body = bodies[i]
                    next_x[i] = _load(body, PX) + (_load(body, VX) + _load(body, BIAS_X)) * dt
                    next_y[i] = _load(body, PY) + (_load(body, VY) + _load(body, BIAS_Y)) * dt
                for i in range(n):
                    if masses[i] > 0:
                        fx, fy = _force(i, next_x, next_y, masses, attractors, gravitation, winds)
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
        for i in range(limits.shape[0]):
            for axis in range(3):
                p, v = (PX, VX) if axis == 0 else (PY, VY) if axis == 1 else (ANGLE, SPIN)
                place, speed = _load(bodies[i], p), _load(bodies[i], v)
                low, high = (limits[i, axis], limits[i, axis + 2]) if axis < 2 else (limits[i, 4], limits[i, 5])
                if (place < low + EDGE and speed < 0) or (place > high - EDGE and speed > 0):
                    _store(bodies[i], v, -speed)
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
def _force(
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
def _place(bodies: NDArray[np.int64], state: Array) -> None:
    """Overwrite the bodies' state, shape (n, 6), and forget their pending push.

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
        _store(body, BIAS_X, 0.0)
        _store(body, BIAS_Y, 0.0)
        _store(body, BIAS_SPIN, 0.0)


@cache
def _step_address() -> int:
    """Address of `cpSpaceStep`, once it is proved that bodies are laid out as this module believes.

    Raises:
        RuntimeError: the installed Pymunk lays them out differently.
    """
    step = int(ffi.cast("intptr_t", ffi.addressof(lib, "cpSpaceStep")))
    space = lib.cpSpaceNew()
    bodies = [lib.cpBodyNew(2.0, 3.0) for _ in range(2)]
    shapes = [lib.cpCircleShapeNew(body, 10.0, (0.0, 0.0)) for body in bodies]
    for body, shape in zip(bodies, shapes, strict=True):
        lib.cpSpaceAddBody(space, body)
        lib.cpSpaceAddShape(space, shape)
        lib.cpShapeSetFriction(shape, 1.0)
    addresses = np.array([int(ffi.cast("intptr_t", body)) for body in bodies])
    state = np.array([[11.0, 12.0, 13.0, 14.0, 0.5, 18.0], [25.0, 13.0, -15.0, 16.0, 0.25, -19.0]])
    _place(addresses, state)
    none = np.empty((0, 6))
    out = np.zeros((1, 2, 6), np.int32)
    address = int(ffi.cast("intptr_t", space))
    _advance(step, address, addresses, np.ones(2), DT, 1, np.inf, none, none, none, none, True, out)
    before = _public_state(bodies)
    lib.cpSpaceStep(space, DT)
    after = _public_state(bodies)
    # The first step moves by the velocities written, and leaves a push behind because the discs overlap: what the loop
    # says is the pushed position must be where the next step, by Chipmunk's own account, begins (rounded to 1e-4).
    told = out[0] / 10_000
    moved = state[:, [0, 1, 4]] + state[:, [2, 3, 5]] * DT
    pushed = told[:, [0, 1, 4]] + before[:, [2, 3, 5]] * DT
    proved = (
        np.allclose(before[:, [0, 1, 4]], moved, 0, 1e-12)
        and np.allclose(before[:, [2, 3, 5]], told[:, [2, 3, 5]], 0, 1e-4)
        and np.allclose(after[:, [0, 1, 4]], pushed, 0, 1e-4)
        and bool((np.abs(told - before)[:, :2] > 0.01).all())
    )
    lib.cpSpaceFree(space)
    for body, shape in zip(bodies, shapes, strict=True):
        lib.cpShapeFree(shape)
        lib.cpBodyFree(body)
    if not proved:
        raise RuntimeError("the installed Pymunk lays its bodies out differently; gedanken needs the pinned version")
    return step


def _public_state(bodies: list[Any]) -> Array:
    """State of the bodies by Chipmunk's accessors, shape (n, 6)."""
    rows = []
    for body in bodies:
        p, v = lib.cpBodyGetPosition(body), lib.cpBodyGetVelocity(body)
        rows.append([p.x, p.y, v.x, v.y, lib.cpBodyGetAngle(body), lib.cpBodyGetAngularVelocity(body)])
    return np.array(rows)


class Space:
    """A scene as a Chipmunk space. Use it in a `with` statement: its memory is C's.

    Args:
        scene: what to build.
        state: shape (bodies, 6), where the bodies are instead of where the scene has them at the start.
    """

    def __init__(self, scene: Scene, state: Array | None = None):
        step = _step_address()
        self._space = space = lib.cpSpaceNew()
        lib.cpSpaceSetGravity(space, scene.gravity)
        lib.cpSpaceSetIterations(space, scene.solver.iterations)
        if scene.damping != 1.0:
            lib.cpSpaceSetDamping(space, scene.damping)
        ground = lib.cpSpaceGetStaticBody(space)
        self._shapes = [_static(ground, static) for static in scene.statics]
        kinematic = any(body.kinematic for body in scene.bodies)
        for shape in self._shapes:
            if kinematic:
                lib.cpShapeSetFilter(shape, (0, FIXED_CATEGORY, 0xFFFFFFFF ^ FIXED_CATEGORY))
            lib.cpSpaceAddShape(space, shape)
        if state is None:
            state = initial_state(scene)
        self._bodies = [self._add(body, row) for body, row in zip(scene.bodies, state.tolist(), strict=True)]
        self._joints = [self._connect(joint, ground) for joint in scene.joints]
        self._addresses = np.array([int(ffi.cast("intptr_t", body)) for body in self._bodies], np.int64)
        _place(self._addresses, state)
        substeps = scene.solver.substeps
        self._loop = (
            step,
            int(ffi.cast("intptr_t", space)),
            self._addresses,
            np.array([body.mass for body in scene.bodies]),
            DT / substeps,
            substeps,
            math.inf if scene.speed_cap is None else scene.speed_cap,
            *_fields(scene),
            _limits(scene) if kinematic else np.empty((0, 6)),
        )

    def _add(self, body: Body, state: list[float]) -> Any:
        if body.kinematic:
            handle = lib.cpBodyNewKinematic()
        else:
            handle = lib.cpBodyNew(body.mass, body.moment)
        # The rest of the state is written by `_place`; where a shape enters the search tree depends on the pose.
        lib.cpBodySetPosition(handle, state[:2])
        if state[4]:
            lib.cpBodySetAngle(handle, state[4])
        match body.shape:
            case Circle(radius):
                shape = lib.cpCircleShapeNew(handle, radius, (0.0, 0.0))
            case Box(width, height):
                shape = lib.cpBoxShapeNew(handle, width, height, 0.0)
            case Polygon(vertices):
                shape = lib.cpPolyShapeNewRaw(handle, len(vertices), vertices, 0.0)
        lib.cpShapeSetFriction(shape, body.friction)
        lib.cpShapeSetElasticity(shape, body.elasticity)
        if body.kinematic:
            lib.cpShapeSetFilter(shape, (body.group, FIXED_CATEGORY, 0xFFFFFFFF ^ FIXED_CATEGORY))
        elif body.group:
            lib.cpShapeSetFilter(shape, (body.group, 0xFFFFFFFF, 0xFFFFFFFF))
        lib.cpSpaceAddBody(self._space, handle)
        lib.cpSpaceAddShape(self._space, shape)
        self._shapes.append(shape)
        return handle

    def _connect(self, joint: Joint, ground: Any) -> Any:
        a = self._bodies[joint.a] if joint.a >= 0 else ground
        b = self._bodies[joint.b] if joint.b >= 0 else ground
        match joint:
            case Pin():
                handle = lib.cpPinJointNew(a, b, joint.anchor_a, joint.anchor_b)
                lib.cpPinJointSetDist(handle, joint.length)
            case Pivot():
                handle = lib.cpPivotJointNew2(a, b, joint.anchor_a, joint.anchor_b)
            case Slide():
                handle = lib.cpSlideJointNew(a, b, joint.anchor_a, joint.anchor_b, joint.minimum, joint.maximum)
            case Spring():
                spring = (joint.rest_length, joint.stiffness, joint.damping)
                handle = lib.cpDampedSpringNew(a, b, joint.anchor_a, joint.anchor_b, *spring)
            case Motor():
                handle = lib.cpSimpleMotorNew(a, b, -joint.rate)
                if joint.max_torque is not None:
                    lib.cpConstraintSetMaxForce(handle, joint.max_torque)
        if not joint.collide:
            lib.cpConstraintSetCollideBodies(handle, False)
        lib.cpSpaceAddConstraint(self._space, handle)
        return handle

    def advance(self, frames: int, pushed: bool = True, out: Fixed | None = None) -> Fixed:
        """Step so many frames: the states after each, shape (frames, bodies, 6), in units of 1e-4 (in `out` if given).

        Columns are x, y, vx, vy, angle, spin. `pushed` says whether positions include the push that is still to come.

        Raises:
            UserError: a state is not finite or beyond what is printed.
        """
        if out is None:
            out = np.empty((frames, len(self._bodies), 6), np.int32)
        bad = _advance(*self._loop, pushed, out)
        if bad >= 0:
            raise UserError(f"the scene is unstable: its state at frame {bad + 1} is beyond all bounds")
        return out

    def place(self, state: Array) -> None:
        """Overwrite the bodies' state, shape (bodies, 6), keeping the solver's memory of the contacts."""
        _place(self._addresses, np.ascontiguousarray(state))

    def step_only(self, frames: int) -> None:
        """`cpSpaceStep` and nothing else: what any generator on this simulator must at least pay."""
        step, space, dt = lib.cpSpaceStep, self._space, self._loop[4]
        for _ in range(frames * self._loop[5]):
            step(space, dt)

    def __enter__(self) -> "Space":
        return self

    def __exit__(self, *exception: object) -> None:
        lib.cpSpaceFree(self._space)
        for joint in self._joints:
            lib.cpConstraintFree(joint)
        for shape in self._shapes:
            lib.cpShapeFree(shape)
        for body in self._bodies:
            lib.cpBodyFree(body)


def initial_state(scene: Scene) -> Array:
    """State of frame 0, shape (bodies, 6): x, y, vx, vy, angle, spin."""
    return np.array([(body.x, body.y, body.vx, body.vy, body.angle, body.spin) for body in scene.bodies])


def _static(ground: Any, static: Static) -> Any:
    match static:
        case Segment():
            shape = lib.cpSegmentShapeNew(ground, (static.ax, static.ay), (static.bx, static.by), static.radius)
            if static.belt:
                dx, dy = static.bx - static.ax, static.by - static.ay
                speed = static.belt / math.hypot(dx, dy)
                lib.cpShapeSetSurfaceVelocity(shape, (dx * speed, dy * speed))
        case Peg():
            shape = lib.cpCircleShapeNew(ground, static.radius, (static.x, static.y))
        case Block():
            shape = lib.cpPolyShapeNewRaw(ground, len(static.vertices), static.vertices, 0.0)
    lib.cpShapeSetFriction(shape, static.friction)
    lib.cpShapeSetElasticity(shape, static.elasticity)
    return shape


def _fields(scene: Scene) -> tuple[Array, Array, Array]:
    """Attractors, gravitation and winds as the loop takes them."""
    attractors = [(f.x, f.y, f.strength, f.softening**2) for f in scene.fields if isinstance(f, Attractor)]
    gravitation = [(f.constant, f.softening**2) for f in scene.fields if isinstance(f, Gravitation)]
    winds = [(f.left, f.bottom, f.right, f.top, f.fx, f.fy) for f in scene.fields if isinstance(f, Wind)]
    return (
        np.array(attractors).reshape(-1, 4),
        np.array(gravitation).reshape(-1, 2),
        np.array(winds).reshape(-1, 6),
    )


def _limits(scene: Scene) -> Array:
    """Bounds and swing of every body, shape (bodies, 6), infinite where it has none."""
    free = (-math.inf, -math.inf, math.inf, math.inf)
    return np.array([(body.bounds or free) + (body.swing or (-math.inf, math.inf)) for body in scene.bodies])
