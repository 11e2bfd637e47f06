"""A scene compiled to a Chipmunk space, with Pymunk's C functions: no Python object for anything in it."""

import math
from functools import cache
from typing import Any

import numpy as np
from pymunk._chipmunk_cffi import ffi, lib

from gedanken.errors import UserError
from gedanken.worlds.rigid.engine.stepping import Fixed, advance, place
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import (
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
from gedanken.worlds.rigid.scene.scene import DT, Scene
from gedanken.worlds.rigid.scene.shapes import Box, Circle, Polygon

FIXED_CATEGORY = 2
"""Collision category of what a contact never moves; two such shapes must not meet (the solver would divide by zero)."""


@cache
def _step_address() -> int:
    """Address of `cpSpaceStep`, after a check that bodies are laid out in memory as this module assumes.

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
    place(addresses, state, False)
    none = np.empty((0, 6))
    out = np.zeros((1, 2, 6), np.int32)
    address = int(ffi.cast("intptr_t", space))
    advance(step, address, addresses, np.ones(2), DT, 1, np.inf, none, none, none, none, True, out)
    before = _public_state(bodies)
    lib.cpSpaceStep(space, DT)
    after = _public_state(bodies)
    # The first step moves by the velocities written, and leaves a push behind because the discs overlap: the pushed
    # position that the loop gives must be where the next step begins according to Chipmunk (rounded to 1e-4).
    read = out[0] / 10_000
    moved = state[:, [0, 1, 4]] + state[:, [2, 3, 5]] * DT
    pushed = read[:, [0, 1, 4]] + before[:, [2, 3, 5]] * DT
    proved = (
        np.allclose(before[:, [0, 1, 4]], moved, 0, 1e-12)
        and np.allclose(before[:, [2, 3, 5]], read[:, [2, 3, 5]], 0, 1e-4)
        and np.allclose(after[:, [0, 1, 4]], pushed, 0, 1e-4)
        and bool((np.abs(read - before)[:, :2] > 0.01).all())
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
        skin: px by which the bodies' shapes are grown.
    """

    def __init__(self, scene: Scene, state: Array | None = None, skin: float = 0.0):
        self._skin = skin
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
        place(self._addresses, state, False)
        substeps = scene.solver.substeps
        self._loop = (
            step,
            int(ffi.cast("intptr_t", space)),
            self._addresses,
            np.array([body.mass for body in scene.bodies]),
            scene.solver.dt / substeps,
            substeps,
            math.inf if scene.speed_cap is None else scene.speed_cap,
            *field_rows(scene),
            limit_rows(scene),
        )

    def _add(self, body: Body, state: list[float]) -> Any:
        if body.kinematic:
            handle = lib.cpBodyNewKinematic()
        else:
            handle = lib.cpBodyNew(body.mass, body.moment)
        # The rest of the state is written by `place`; where a shape enters the search tree depends on the pose.
        lib.cpBodySetPosition(handle, state[:2])
        if state[4]:
            lib.cpBodySetAngle(handle, state[4])
        match body.shape:
            case Circle(radius):
                shape = lib.cpCircleShapeNew(handle, radius + self._skin, (0.0, 0.0))
            case Box(width, height):
                shape = lib.cpBoxShapeNew(handle, width, height, self._skin)
            case Polygon(vertices):
                shape = lib.cpPolyShapeNewRaw(handle, len(vertices), vertices, self._skin)
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
        bad = advance(*self._loop, pushed, out)
        if bad >= 0:
            raise UserError(f"the scene is unstable: its state at frame {bad + 1} is beyond all bounds")
        return out

    def place(self, state: Array, keep_push: bool = False) -> None:
        """Overwrite the bodies' state, shape (bodies, 6), keeping the solver's memory of the contacts.

        `keep_push` says whether the push that the last step left pending still has to come: raw positions do not
        include it.
        """
        place(self._addresses, np.ascontiguousarray(state), keep_push)

    @property
    def loop(self) -> tuple[Any, ...]:
        """What `stepping.advance` takes before its last two arguments."""
        return self._loop

    @property
    def shapes(self) -> Array:
        """Addresses of the shapes, bodies first and then statics, as 64-bit integers."""
        bodies = len(self._bodies)
        statics = len(self._shapes) - bodies
        ordered = self._shapes[statics:] + self._shapes[:statics]
        return np.array([int(ffi.cast("intptr_t", shape)) for shape in ordered], np.int64)

    @property
    def joints(self) -> Array:
        """Addresses of the joints in the order of the scene, as 64-bit integers."""
        return np.array([int(ffi.cast("intptr_t", joint)) for joint in self._joints], np.int64)

    def step_only(self, frames: int) -> None:
        """`cpSpaceStep` and nothing else: the least time that any generator on this simulator needs."""
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
                lib.cpShapeSetSurfaceVelocity(shape, static.surface)
        case Peg():
            shape = lib.cpCircleShapeNew(ground, static.radius, (static.x, static.y))
        case Block():
            shape = lib.cpPolyShapeNewRaw(ground, len(static.vertices), static.vertices, 0.0)
    lib.cpShapeSetFriction(shape, static.friction)
    lib.cpShapeSetElasticity(shape, static.elasticity)
    return shape


def field_rows(scene: Scene) -> tuple[Array, Array, Array]:
    """Attractors, gravitation and winds as the loop takes them."""
    attractors = [(f.x, f.y, f.strength, f.softening**2) for f in scene.fields if isinstance(f, Attractor)]
    gravitation = [(f.constant, f.softening**2) for f in scene.fields if isinstance(f, Gravitation)]
    winds = [(f.left, f.bottom, f.right, f.top, f.fx, f.fy) for f in scene.fields if isinstance(f, Wind)]
    return (
        np.array(attractors).reshape(-1, 4),
        np.array(gravitation).reshape(-1, 2),
        np.array(winds).reshape(-1, 6),
    )


def limit_rows(scene: Scene) -> Array:
    """Bounds and swing of every body, shape (bodies, 6), infinite where it has none; no rows if nothing has any."""
    if not any(body.kinematic for body in scene.bodies):
        return np.empty((0, 6))
    free = (-math.inf, -math.inf, math.inf, math.inf)
    return np.array([(body.bounds or free) + (body.swing or (-math.inf, math.inf)) for body in scene.bodies])
