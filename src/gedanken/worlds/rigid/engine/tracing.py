"""What Chipmunk's solver does with a scene, step by step, and which contacts the coming step will have."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from pymunk._chipmunk_cffi import lib

from gedanken.errors import UserError
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine import stepping
from gedanken.worlds.rigid.engine.arbiters import IMPULSE, read_contacts, read_joints
from gedanken.worlds.rigid.engine.chipmunk import Space
from gedanken.worlds.rigid.engine.couplings import Physics, Rows, slack
from gedanken.worlds.rigid.engine.stepping import substep, turn_back
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene, Solver

SKIN = 1e-4
"""By how much (px) bodies are grown where contacts are looked for: what overlaps by less than the last printed digit
touches all the same. Without it a marble that was put down just touching loses its shelf in all frames."""

CAPACITY = 512
"""Contact points that are read at first; the space for them doubles where there are more."""


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the solver.

    Attributes:
        before: state at its beginning, positions with the push that was due, shape (n, 6).
        flown: state after its motion without impulses.
        after: state at its end, as `before`; at the end of a frame after paddles have turned back.
        rows: contacts in a fixed order, then joints, see `couplings`.
        impulses: what each did, shape (rows, 3); see `couplings.NORMAL`.
    """

    before: Array
    flown: Array
    after: Array
    rows: Array
    impulses: Array


class Tracer:
    """Steps a space and tells what its solver did. Nothing else may step the space meanwhile.

    Args:
        scene: what the space was made of.
        space: the space.
        proved: the layout of Chipmunk's memory needs no proof any more.
    """

    def __init__(self, scene: Scene, space: Space, proved: bool = False):
        if not proved:
            _prove()
        self._space = space
        self._loop = space.loop
        self._physics = physics = Physics.of(scene)
        shapes = space.shapes
        order = np.argsort(shapes)
        self._shapes, self._numbers = shapes[order], order.astype(np.int64)
        self._joints = space.joints
        self._words = IMPULSE[physics.joints[:, 0].astype(int)]
        self._substeps = scene.solver.substeps
        none = (np.empty((0, 2), np.int64), np.empty((0, 2)))
        self._past = [none, none, none]
        self._size = CAPACITY

    @property
    def physics(self) -> Physics:
        """The scene's motion and bookkeeping."""
        return self._physics

    def state(self) -> Array:
        """State of the bodies, positions with the push that is due, shape (n, 6)."""
        bodies, dt = self._loop[2], self._loop[4]
        out = np.empty((len(bodies), 6))
        stepping.read(bodies, dt, out)
        return out

    def frame(self) -> list[Step]:
        """Step to the next frame: the steps taken, one unless the scene has substeps."""
        return [self._step(last=k == self._substeps - 1) for k in range(self._substeps)]

    def _step(self, last: bool) -> Step:
        step, space, bodies, masses, dt, _, cap, *fields, limits = self._loop
        before = self.state()
        substep(step, space, bodies, masses, dt, cap, *fields)
        if last:
            turn_back(bodies, limits)
        after = self.state()
        contacts, impulses = self._contacts()
        flown, joints = self._physics.fly(before)
        pulled = np.empty((len(joints), 2))
        read_joints(self._joints, self._words, pulled)
        moved = self._of_joints(joints, pulled)
        return Step(before, flown, after, np.concatenate([contacts, joints]), np.concatenate([impulses, moved]))

    def touch(self, state: Array) -> Rows:
        """Contacts of a step from `state`, shape (n, 6), whatever the space was in before."""
        self._space.place(state)
        step, space, bodies, masses, dt, *_ = self._loop
        none = (np.empty((0, 4)), np.empty((0, 2)), np.empty((0, 6)))
        substep(step, space, bodies, masses, dt, np.inf, *none)
        return self._contacts()[0]

    def _contacts(self) -> tuple[Array, Array]:
        # Of the step before, nothing can return: what touched then is not new. Newest first.
        before_names = np.concatenate([self._past[1][0], self._past[2][0]])
        before_sums = np.concatenate([self._past[1][1], self._past[2][1]])
        while True:
            rows, impulses = np.empty((self._size, c.COLUMNS)), np.empty((self._size, 3))
            sums, names = np.empty((self._size, 2)), np.empty((self._size, 2), np.int64)
            bodies, masses = self._loop[2], self._physics.masses
            found = read_contacts(
                *(bodies, self._shapes, self._numbers, masses, rows, impulses, sums, names),
                *(before_sums, before_names, len(self._past[1][0])),
            )
            if found <= self._size:
                break
            self._size = 2 * found
        self._past = [(names[:found], sums[:found]), *self._past[:2]]
        rows, impulses = rows[:found], impulses[:found]
        order = np.lexsort((rows[:, c.POINT], rows[:, c.B], rows[:, c.A]))
        return rows[order], impulses[order]

    def _of_joints(self, rows: Array, pulled: Array) -> Array:
        """Impulses of joints from the solver's sums, in the order and the signs of their rows."""
        impulses = np.zeros((len(rows), 3))
        if not len(rows):
            return impulses
        kinds = rows[:, c.KIND].astype(int)
        # A row begins with the end that impulses move, which need not be the joint's first.
        swapped = rows[:, c.A] != self._physics.joints[:, 1]
        along = pulled[:, 0].copy()
        # The sum of a rope is negative where it pulls, and its row's normal points the other way.
        along[kinds == c.ROPE] *= -1.0
        hinge = kinds == c.HINGE
        sign = np.where(swapped, -1.0, 1.0)
        along[hinge] *= sign[hinge]
        along[kinds == c.MOTOR] *= sign[kinds == c.MOTOR]
        spring = kinds == c.SPRING
        # The force of a spring is in the motion without impulses; its damper is what is left.
        along[spring] -= (rows[:, c.PUSH] * rows[:, c.N_MASS])[spring]
        mass = rows[:, c.N_MASS]
        impulses[:, c.NORMAL] = np.divide(along, mass, out=np.zeros(len(rows)), where=mass > 0)
        across = rows[hinge, c.T_MASS]
        impulses[hinge, c.ACROSS] = sign[hinge] * pulled[hinge, 1] / across
        return impulses


def trace(scene: Scene, frames: int) -> Iterator[list[Step]]:
    """Simulate a scene from its start: the steps of each frame.

    Raises:
        UserError: the scene is unstable.
    """
    space, tracer = Space(scene), None
    try:
        for _ in range(frames):
            if tracer is None or scene.solver.memoryless:
                tracer = Tracer(scene, space)
            steps = tracer.frame()
            if not np.abs(steps[-1].after).max() * 10_000 <= stepping.LARGEST:
                raise UserError("the scene is unstable: its state is beyond all bounds")
            yield steps
            if scene.solver.memoryless:
                # The printed numbers are the state.
                space.__exit__()
                space = Space(scene, np.rint(steps[-1].after * 10_000) / 10_000)
    finally:
        space.__exit__()


class Encounters:
    """Which contacts the coming step will have, and its joints: by geometry alone. Use it in a `with` statement.

    Chipmunk moves the bodies and then looks where they overlap, so that a state decides it. What its solver then makes
    of them is not looked at; it has one iteration.
    """

    def __init__(self, scene: Scene):
        self._space = Space(replace(scene, solver=Solver(1, scene.solver.substeps)), skin=SKIN)
        self._tracer = Tracer(scene, self._space)

    def __enter__(self) -> "Encounters":
        return self

    def __exit__(self, *exception: object) -> None:
        self._space.__exit__()

    @property
    def physics(self) -> Physics:
        """The scene's motion and bookkeeping."""
        return self._tracer.physics

    def meet(self, state: Array) -> tuple[Array, Rows]:
        """The state after the next step without impulses, shape (n, 6), and the rows of what acts in it.

        Args:
            state: shape (n, 6), finite, positions with the push that was due.
        """
        flown, joints = self.physics.fly(state)
        contacts = self._tracer.touch(state)
        return flown, np.concatenate([contacts, joints[~slack(joints)]])


@cache
def _prove() -> None:
    """Check on a small scene that contacts and joints lie in memory where this module reads them.

    Raises:
        RuntimeError: the installed Pymunk lays them out differently.
    """
    from gedanken.worlds.rigid.scene.parts import Body, Joint, Motor, Pin, Pivot, Segment, Slide, Spring
    from gedanken.worlds.rigid.scene.shapes import Box, Circle

    bodies = [Body(Box(30, 20), x=60.0 * k, y=10.0 - 0.1 * k, vx=7.0 * k, vy=-30.0, spin=0.5 * k) for k in range(6)]
    bodies.append(Body(Circle(9), x=300.0, y=28.0, vy=-50.0))
    near, far = (12.0, 1.0), (-11.0, 2.0)
    joints: list[Joint] = [
        Pin(0, 1, near, far, length=30.0),
        Pivot(1, 2, (30.0, 0.0), (-30.0, 1.0)),
        Slide(2, 3, near, far, minimum=0.0, maximum=20.0),
        Spring(3, 4, near, far, rest_length=20.0, stiffness=300.0, damping=5.0),
        Motor(4, 5, 3.0),
    ]
    scene = Scene(bodies, [Segment(-900, -10, 900, -10, radius=10)], joints)
    proved = True
    with Space(scene) as space:
        tracer = Tracer(scene, space, proved=True)
        handles = space._joints
        for _ in range(3):
            (step,) = tracer.frame()
            flown, _ = tracer.physics.fly(step.before)
            booked = tracer.physics.settle(flown, step.rows, step.impulses)
            sizes = [abs(lib.cpConstraintGetImpulse(handle)) for handle in handles]
            raw = np.empty((len(handles), 2))
            read_joints(tracer._joints, tracer._words, raw)
            read = [
                np.hypot(*pair) if joint == c.HINGE else abs(pair[0]) for joint, pair in zip(_KINDS, raw, strict=True)
            ]
            touching = (step.rows[:, c.KIND] == c.CONTACT).sum()
            proved &= np.allclose(booked, step.after, 0, 1e-9) and np.allclose(read, sizes, 1e-12, 1e-12)
            proved &= bool(touching > 6 and min(sizes) > 0)
    if not proved:
        raise RuntimeError("the installed Pymunk lays its contacts out differently; gedanken needs the pinned version")


_KINDS = (c.ROD, c.HINGE, c.ROPE, c.SPRING, c.MOTOR)
