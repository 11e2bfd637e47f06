# mypy: allow-untyped-decorators
"""What couples bodies during one step, contacts and joints alike, as rows of numbers, and what their impulses do.

A step of the simulator is: bodies move; contacts are found where they then overlap; velocities change by springs, drag,
gravity and fields; impulses at contacts and joints change them further. All but the impulses follows from the state.
This module has that part: `fly` is the motion without impulses, `joint_rows` lists the joints, `velocities` says how
fast the two sides of each row would meet, and `settle` books impulses. The rows of contacts come from `arbiters`.

An impulse acts on both bodies of its row with opposite signs, so that no impulses whatever change the total momentum.
Impulses are given as *changes of the relative velocity* that they alone would make: impulse / effective mass (px/s).
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gedanken.worlds.rigid.engine.stepping import EDGE, force
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import Joint, Motor, Pin, Pivot, Slide, Spring
from gedanken.worlds.rigid.scene.scene import Scene

# Columns of a row.
KIND, A, B, POINT, NX, NY, R1X, R1Y, R2X, R2Y, N_MASS, T_MASS, WANT, WANT_T, PUSH, FRICTION, BELT_X, BELT_Y = range(18)
COLUMNS = 18
"""
KIND: what it is, see below.
A, B: numbers of the two; A is a body that impulses move. B is a body, a static (bodies + its number), or GROUND.
POINT: number of the contact point among those of the same two (0 or 1), or of the joint.
NX, NY: unit normal, from A to B; of a rope from the far end to the near one, so that its pull is positive.
R1X ... R2Y: arms from the centres of A and B to where the impulse acts.
N_MASS, T_MASS: effective masses along the normal and across it (of a motor: moment of inertia, and 0).
WANT, WANT_T: relative velocity that the row alone brings about: a contact's bounce; what closes a joint's gap.
PUSH: of a contact, the velocity (px/s) that pushes the two apart in this step only, if it were alone; of a spring, what
its force adds to the relative velocity, which is part of the motion without impulses.
FRICTION: coefficient, of a contact; of a motor, the largest change of the relative spin that its torque makes; of a
spring, the share of the relative velocity that its damper takes in a step.
BELT_X, BELT_Y: velocity of the surface of B relative to that of A besides the motion of the bodies.
"""

CONTACT, ROD, HINGE, ROPE, SPRING, MOTOR = range(6)
KINDS = ("contact", "rod", "hinge", "rope", "spring", "motor")

NORMAL, ACROSS, APART = range(3)
"""Columns of impulses: along the normal, across it, and the push; changes of relative velocity, px/s (motor: rad/s)."""

GAP_LEFT = float(np.float32(1.0) - np.float32(0.1))
"""Share of a joint's gap, and of an overlap, that is left after 1/60 s; Chipmunk has it in single precision."""

Rows = Array
"""Shape (rows, COLUMNS)."""


@dataclass(frozen=True, eq=False)
class Physics:
    """A scene as the compiled functions of this module take it.

    Attributes:
        masses: inverse mass and inverse moment of inertia of each body, 0 where it is not moved, shape (n, 2).
        joints: rows kind, a, b, anchors (4), two parameters and a bound, shape (joints, 10).
        gravity: px/s^2.
        drag: share of the velocity that is left after a step.
        dt: seconds of a step.
        cap: largest speed, infinity for none.
        fields: as `stepping.advance` takes them: attractors, gravitation, winds.
        limits: bounds and swings of kinematic bodies, as `stepping.advance` takes them.
        plain: masses, 0 for a kinematic body.
    """

    masses: Array
    joints: Array
    gravity: tuple[float, float]
    drag: float
    dt: float
    cap: float
    fields: tuple[Array, Array, Array]
    limits: Array
    plain: Array

    @classmethod
    def of(cls, scene: Scene) -> "Physics":
        """Everything but where the bodies are, and the statics."""
        from gedanken.worlds.rigid.engine.chipmunk import field_rows, limit_rows

        dt = scene.solver.dt / scene.solver.substeps
        moments = [0.0 if body.kinematic or not body.rotates else 1.0 / body.moment for body in scene.bodies]
        inverse = [0.0 if body.kinematic else 1.0 / body.mass for body in scene.bodies]
        return cls(
            np.column_stack([inverse, moments]),
            np.array([_joint(joint) for joint in scene.joints]).reshape(-1, 10),
            scene.gravity,
            scene.damping**dt,
            dt,
            math.inf if scene.speed_cap is None else scene.speed_cap,
            field_rows(scene),
            limit_rows(scene),
            np.array([body.mass for body in scene.bodies]),
        )

    def fly(self, state: Array) -> tuple[Array, Array]:
        """Where the bodies are after a step's motion, and their velocities before any impulse.

        Args:
            state: shape (n, 6), positions with the push that was still due.

        Returns:
            The state without impulses, shape (n, 6), and the rows of the joints.
        """
        flown = state.copy()
        flown[:, [0, 1, 4]] += state[:, [2, 3, 5]] * self.dt
        rows = joint_rows(flown, self.masses, self.joints, self.dt)
        fly(flown, rows, self.joints, self.masses, self.plain, self.gravity, self.drag, self.dt, *self.fields)
        return flown, rows

    def settle(self, flown: Array, rows: Rows, impulses: Array, last: bool = True) -> Array:
        """The state after a step, shape (n, 6); positions with the push.

        Args:
            flown: of `fly`.
            rows: contacts and joints.
            impulses: shape (rows, 3), see `NORMAL`.
            last: it is the last step of a frame, at whose end paddles turn back at their bounds.
        """
        state = flown.copy()
        settle(state, rows, impulses, self.masses, self.dt, self.cap)
        if last and len(self.limits):
            self._turn_back(state, flown)
        return state

    def _turn_back(self, state: Array, flown: Array) -> None:
        for place, speed, low, high in ((0, 2, 0, 2), (1, 3, 1, 3), (4, 5, 4, 5)):
            out = (flown[:, place] < self.limits[:, low] + EDGE) & (state[:, speed] < 0)
            out |= (flown[:, place] > self.limits[:, high] - EDGE) & (state[:, speed] > 0)
            state[out, speed] *= -1.0


def _joint(joint: Joint) -> list[float]:
    """A row of `Physics.joints`."""
    anchors = [0.0] * 4 if isinstance(joint, Motor) else [*joint.anchor_a, *joint.anchor_b]
    match joint:
        case Pin():
            kind, parameters = ROD, [float(joint.length or 0.0), 0.0, math.inf]
        case Pivot():
            kind, parameters = HINGE, [0.0, 0.0, math.inf]
        case Slide():
            kind, parameters = ROPE, [joint.minimum, joint.maximum, math.inf]
        case Spring():
            kind, parameters = SPRING, [joint.rest_length, joint.stiffness, joint.damping]
        case Motor():
            torque = math.inf if joint.max_torque is None else joint.max_torque
            kind, parameters = MOTOR, [joint.rate, 0.0, torque]
    return [float(kind), float(joint.a), float(joint.b), *anchors, *parameters]


@njit(cache=True)
def effective_mass(
    masses: Array, a: int, b: int, x1: float, y1: float, x2: float, y2: float, x: float, y: float
) -> float:
    """Mass that resists an impulse along the direction (x, y) at arms (x1, y1) of `a` and (x2, y2) of `b`."""
    inverse = 0.0
    if a >= 0:
        lever = x1 * y - y1 * x
        inverse += masses[a, 0] + masses[a, 1] * lever * lever
    if 0 <= b < masses.shape[0]:
        lever = x2 * y - y2 * x
        inverse += masses[b, 0] + masses[b, 1] * lever * lever
    return 1.0 / inverse if inverse > 0.0 else 0.0


@njit(cache=True)
def joint_rows(moved: Array, masses: Array, joints: Array, dt: float) -> Rows:
    """The joints of a step as rows, in the order of the scene; a slack rope's row has the normal 0.

    Args:
        moved: state after the step's motion, shape (n, 6).
        masses: of `Physics`, likewise `joints` and `dt`.
        joints: see there.
        dt: see there.
    """
    close = (1.0 - GAP_LEFT ** (60.0 * dt)) / dt
    rows = np.zeros((joints.shape[0], COLUMNS))
    for k in range(joints.shape[0]):
        row, joint = rows[k], joints[k]
        kind, a, b = int(joint[0]), int(joint[1]), int(joint[2])
        # The end that impulses move comes first.
        swap = a < 0 or masses[a, 0] == 0.0
        if swap:
            a, b = b, a
        row[KIND], row[A], row[B], row[POINT] = kind, a, b, k
        if kind == MOTOR:
            # With `a` and `b` exchanged the rate is that of the other against the one.
            row[WANT] = -joint[7] if swap else joint[7]
            inverse = masses[a, 1] + (masses[b, 1] if b >= 0 else 0.0)
            row[N_MASS] = 1.0 / inverse if inverse > 0.0 else 0.0
            row[FRICTION] = joint[9] * dt * inverse
            continue
        first, second = (5, 3) if swap else (3, 5)
        x1, y1, r1x, r1y = _end(moved, a, joint[first], joint[first + 1])
        x2, y2, r2x, r2y = _end(moved, b, joint[second], joint[second + 1])
        row[R1X], row[R1Y], row[R2X], row[R2Y] = r1x, r1y, r2x, r2y
        dx, dy = x2 - x1, y2 - y1
        if kind == HINGE:
            row[NX], row[NY] = 1.0, 0.0
            row[WANT], row[WANT_T] = -close * dx, -close * dy
            row[T_MASS] = effective_mass(masses, a, b, r1x, r1y, r2x, r2y, 0.0, 1.0)
        else:
            distance = math.sqrt(dx * dx + dy * dy)
            nx, ny = (dx / distance, dy / distance) if distance > 0.0 else (0.0, 0.0)
            gap = 0.0
            if kind == ROD:
                gap = distance - joint[7]
            elif kind == ROPE:
                if distance > joint[8]:
                    gap, nx, ny = joint[8] - distance, -nx, -ny
                elif distance < joint[7]:
                    gap = distance - joint[7]
                else:
                    nx, ny = 0.0, 0.0
            row[NX], row[NY] = nx, ny
            row[WANT] = -close * gap
        row[N_MASS] = effective_mass(masses, a, b, r1x, r1y, r2x, r2y, row[NX], row[NY])
    return rows


@njit(cache=True)
def _end(moved: Array, body: int, x: float, y: float) -> tuple[float, float, float, float]:
    """An anchor on the canvas, and its arm."""
    if body < 0:
        return x, y, 0.0, 0.0
    c, s = math.cos(moved[body, 4]), math.sin(moved[body, 4])
    ax, ay = c * x - s * y, s * x + c * y
    return moved[body, 0] + ax, moved[body, 1] + ay, ax, ay


@njit(cache=True)
def kick(state: Array, masses: Array, a: int, b: int, row: Array, jx: float, jy: float) -> None:
    """Apply the impulse (jx, jy) to `b` and its opposite to `a`, at the row's arms."""
    state[a, 2] -= jx * masses[a, 0]
    state[a, 3] -= jy * masses[a, 0]
    state[a, 5] -= (row[R1X] * jy - row[R1Y] * jx) * masses[a, 1]
    if 0 <= b < masses.shape[0]:
        state[b, 2] += jx * masses[b, 0]
        state[b, 3] += jy * masses[b, 0]
        state[b, 5] += (row[R2X] * jy - row[R2Y] * jx) * masses[b, 1]


@njit(cache=True)
def fly(
    flown: Array,
    rows: Rows,
    joints: Array,
    masses: Array,
    plain: Array,
    gravity: tuple[float, float],
    drag: float,
    dt: float,
    attractors: Array,
    gravitation: Array,
    winds: Array,
) -> None:
    """Velocities of a step without impulses: springs, drag, gravity and fields, in place; see `Physics.fly`."""
    n = flown.shape[0]
    for k in range(rows.shape[0]):
        if int(rows[k, KIND]) == SPRING:
            row = rows[k]
            a, b = int(row[A]), int(row[B])
            # WANT holds the closing velocity of a gap, which a spring does not have: its length is read from the arms.
            x1, y1 = flown[a, 0] + row[R1X], flown[a, 1] + row[R1Y]
            x2, y2 = joints[k, 3], joints[k, 4]
            if b >= 0:
                x2, y2 = flown[b, 0] + row[R2X], flown[b, 1] + row[R2Y]
            elif int(joints[k, 1]) >= 0:
                x2, y2 = joints[k, 5], joints[k, 6]
            distance = math.sqrt((x2 - x1) ** 2 + (y2 - y1) ** 2)
            jolt = (joints[k, 7] - distance) * joints[k, 8] * dt
            row[PUSH] = jolt / row[N_MASS] if row[N_MASS] > 0.0 else 0.0
            kick(flown, masses, a, b, row, jolt * row[NX], jolt * row[NY])
    forces = attractors.shape[0] + gravitation.shape[0] + winds.shape[0] > 0
    x, y = flown[:, 0].copy(), flown[:, 1].copy()
    for i in range(n):
        if masses[i, 0] > 0.0:
            ax, ay = gravity
            if forces:
                fx, fy = force(i, x, y, plain, attractors, gravitation, winds)
                ax += fx * masses[i, 0]
                ay += fy * masses[i, 0]
            flown[i, 2] = flown[i, 2] * drag + ax * dt
            flown[i, 3] = flown[i, 3] * drag + ay * dt
            flown[i, 5] *= drag
    for k in range(rows.shape[0]):
        if int(rows[k, KIND]) == SPRING:
            # A damper leaves this share of the velocity in one step.
            row = rows[k]
            left = math.exp(-joints[k, 9] * dt / row[N_MASS]) if row[N_MASS] > 0.0 else 1.0
            row[FRICTION] = 1.0 - left
            row[WANT] = left * speeds(flown, masses, row)[0]


@njit(cache=True)
def speeds(state: Array, masses: Array, row: Array) -> tuple[float, float]:
    """Relative velocity of the two sides of a row, along its normal and across it (of a motor: of their spins)."""
    a, b = int(row[A]), int(row[B])
    moves = 0 <= b < masses.shape[0]
    if int(row[KIND]) == MOTOR:
        return (state[b, 5] if moves else 0.0) - state[a, 5], 0.0
    vx = row[BELT_X] - (state[a, 2] - state[a, 5] * row[R1Y])
    vy = row[BELT_Y] - (state[a, 3] + state[a, 5] * row[R1X])
    if moves:
        vx += state[b, 2] - state[b, 5] * row[R2Y]
        vy += state[b, 3] + state[b, 5] * row[R2X]
    return vx * row[NX] + vy * row[NY], vy * row[NX] - vx * row[NY]


@njit(cache=True)
def apply(state: Array, masses: Array, row: Array, along: float, across: float) -> None:
    """Change velocities by what changes the row's relative velocity by so much."""
    a, b = int(row[A]), int(row[B])
    if int(row[KIND]) == MOTOR:
        state[a, 5] -= along * row[N_MASS] * masses[a, 1]
        if 0 <= b < masses.shape[0]:
            state[b, 5] += along * row[N_MASS] * masses[b, 1]
        return
    jn, jt = along * row[N_MASS], across * row[T_MASS]
    kick(state, masses, a, b, row, jn * row[NX] - jt * row[NY], jn * row[NY] + jt * row[NX])


@njit(cache=True)
def settle(state: Array, rows: Rows, impulses: Array, masses: Array, dt: float, cap: float) -> None:
    """Book impulses and pushes in place, and hold speeds to the cap; see `Physics.settle`."""
    shift = np.zeros_like(state)
    for k in range(rows.shape[0]):
        apply(state, masses, rows[k], impulses[k, NORMAL], impulses[k, ACROSS])
        if impulses[k, APART] != 0.0:
            apply(shift, masses, rows[k], impulses[k, APART], 0.0)
    for i in range(state.shape[0]):
        state[i, 0] += shift[i, 2] * dt
        state[i, 1] += shift[i, 3] * dt
        state[i, 4] += shift[i, 5] * dt
        speed = math.sqrt(state[i, 2] ** 2 + state[i, 3] ** 2)
        if speed > cap and masses[i, 0] > 0.0:
            state[i, 2] *= cap / speed
            state[i, 3] *= cap / speed


def slack(rows: Rows) -> NDArray[np.bool_]:
    """Which rows have nothing to say: ropes that are not taut, shape (rows,)."""
    return np.asarray((rows[:, KIND] == ROPE) & (rows[:, NX] == 0.0) & (rows[:, NY] == 0.0))
