"""A rigid scene as data: everything that decides what happens, and nothing that does not.

Units are pixels, seconds, radians and arbitrary mass; the canvas is 800 x 600 with y pointing up. Every number is
rounded to four decimals when an object is made, before anything is simulated, so that the printed scene *is* the
simulated scene. A number that is not finite, a negative mass, a joint to a body that does not exist and the like raise
`UserError` at once, with one sentence; `Scene.check` adds what needs the whole picture (overlaps, canvas, counts).

How to write a scenario
-----------------------
One file `scenarios/<category>/<name>.py` with a docstring that says what happens, and one function::

    def build(rng: np.random.Generator, level: int) -> Scene:
        room = Room(statics := walls())
        for _ in range(body_count(rng, level)):
            radius = rng.uniform(8, 16)
            ball = Body(Circle(radius), mass=mass(Circle(radius), 0.01), vx=rng.normal(0, 200))
            room.place(rng, ball, (30, 300, 770, 570))
        return Scene(bodies=room.bodies, statics=statics, description="Balls dropped into a box.")

Bodies are numbered in order from 0; joints name them by number, and `GROUND` (-1) for the world, whose anchors are
canvas coordinates. All randomness comes from `rng`; the same (rng, level) must give the same scene. `name`, `category`
and `level` are filled in by `gedanken.worlds.rigid.scenarios.pose` from the file's place; leave them out.

A file that also says `HELD_OUT = True` is kept out of every training split, so that a model can be tested on a scenario
that it has never seen; validation and test splits may contain it.

Rules that the contract tests hold every scenario to: the number of bodies (kinematic ones count) lies in
`LEVELS[level]`; nothing overlaps by more than 0.1 px at the start; joints start in place (0.5 px); every body starts on
the canvas, and stays there unless `open=True`; at least five random degrees of freedom; nothing passes through a wall.
For the last one keep `speed / 60` below the thinnest thing a body can meet: `speed_cap`, thick walls (`walls` makes
them 20 px thick), or `Solver(substeps=2)` where neither will do (it doubles the cost).

Facts worth knowing about the solver: friction and elasticity of a contact are the *products* of the two surfaces'
values; it tolerates 0.1 px of overlap; stacks stay quiet when they start touching or within 0.1 px of touching;
10 iterations are enough except for tall stacks and long chains, which want `Solver(iterations=20)` (+50 % cost).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from gedanken.errors import UserError
from gedanken.worlds.rigid.scene.geometry import deepest_overlap, first_outside
from gedanken.worlds.rigid.scene.parts import GROUND, Body, Field, Joint, Motor, Pin, Pivot, Slide, Static
from gedanken.worlds.rigid.scene.shapes import settle, settle_points

CANVAS = (800.0, 600.0)
"""Width and height of the canvas in px; (0, 0) is its lower left corner."""

DT = 1 / 60
"""Seconds from one frame to the next, unless the scene's solver says otherwise."""

LEVELS = {1: (2, 5), 2: (5, 15), 3: (10, 30), 4: (20, 40), 5: (30, 50)}
"""Level -> smallest and largest number of bodies."""

SHORTEST_STEP = 1e-5

OVERLAP = 0.1
"""Deepest overlap, in px, that a scene may start with; it is also the overlap that the solver leaves alone."""

OUT_OF_PLACE = 0.5
"""Largest distance (px) by which a joint may start violated."""


@dataclass(frozen=True, slots=True)
class Solver:
    """How a frame is stepped.

    Attributes:
        iterations: sweeps of the impulse solver (10; 20 for tall stacks and long chains).
        substeps: steps of dt/substeps s in a frame.
        memoryless: the space is rebuilt before every frame from the printed numbers, so that the printed frame decides
            the next one exactly. Without the solver's memory stacks need substeps: 8.
        dt: seconds from one frame to the next, 1e-5 to 1: 1/n of a second for a whole n, or a number that is rounded to
            six decimals. The zoo has 1/60.
    """

    iterations: int = 10
    substeps: int = 1
    memoryless: bool = False
    dt: float = DT

    def __post_init__(self) -> None:
        for name, high in (("iterations", 200), ("substeps", 64)):
            value = getattr(self, name)
            if not (isinstance(value, int) and 1 <= value <= high):
                raise UserError(f"the solver's {name} must be a whole number from 1 to {high}, not {value!r}")
        if self.dt != DT:
            object.__setattr__(self, "dt", settle_step(self.dt))

    @property
    def step(self) -> str:
        """`dt` as it is printed: `1/60`, or a decimal number. `settle_step` reads it back."""
        n = round(1 / self.dt)
        return f"1/{n}" if 1 / n == self.dt else f"{self.dt:.6f}".rstrip("0")


def settle_step(dt: float | str) -> float:
    """Seconds from one frame to the next, from a number or a text such as `1/120`; the same double that is printed.

    Raises:
        UserError: it is no number from 1e-5 to 1.
    """
    try:
        if isinstance(dt, str):
            top, slash, bottom = dt.strip().partition("/")
            value = float(top) / float(bottom) if slash else float(top)
        else:
            value = float(dt)
        if SHORTEST_STEP <= value <= 1:
            n = round(1 / value)
            # What is 1/n to six decimals is 1/n: 0.016667 is 1/60.
            return 1 / n if abs(value - 1 / n) < 1e-6 * min(1.0, 100 * value) else round(value, 6)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        pass
    raise UserError(f"a solver's dt is a number of seconds from {SHORTEST_STEP:g} to 1, or 1/n, not {str(dt)[:40]!r}")


CONSERVED = ("energy", "momentum_x", "momentum_y", "angular_momentum")
"""What a scene may declare to be conserved; see `gedanken.worlds.rigid.engine.invariants`."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that decides what happens. Sequences are kept as tuples.

    Attributes:
        bodies: what moves, numbered from 0.
        statics: what does not.
        joints: constraints between bodies, or of a body to the `GROUND`.
        gravity: uniform acceleration (px/s^2).
        fields: further forces: `Attractor`, `Gravitation`, `Wind`.
        damping: fraction of the velocity that is left after one second (1: no drag; 0.7 is a felt table).
        speed_cap: largest speed of a dynamic body (px/s), enforced after every step; None for no cap.
        solver: how a frame is stepped.
        open: bodies may leave the canvas.
        conserved: names from `CONSERVED` that the simulated scene keeps, and the contract tests measure.
        description: one sentence about what is simulated, for people and for the `lfm` text. It must be true.
        name: the scenario (filled in by `scenarios.pose`).
        category: its folder (likewise).
        level: 1 to 5 (likewise); None for a scene of one's own, whose number of bodies is then not checked.
    """

    bodies: Sequence[Body]
    statics: Sequence[Static] = ()
    joints: Sequence[Joint] = ()
    gravity: tuple[float, float] = (0.0, -981.0)
    fields: Sequence[Field] = ()
    damping: float = 1.0
    speed_cap: float | None = None
    solver: Solver = Solver()
    open: bool = False
    conserved: Sequence[str] = ()
    description: str = ""
    name: str = ""
    category: str = ""
    level: int | None = None

    def __post_init__(self) -> None:
        for name in ("bodies", "statics", "joints", "fields", "conserved"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.bodies:
            raise UserError("a scene needs at least one body")
        # The description is one line of text, and a name one word of one.
        object.__setattr__(self, "description", " ".join(self.description.split()))
        for name in (self.name, self.category):
            if not all(letter.isalnum() or letter in "_-." for letter in name):
                raise UserError(f"a scene's name is made of letters, digits and _-., not {name!r}")
        settle_points(self, "gravity")
        settle(self, ("damping",), 0.0, 1.0)
        if self.speed_cap is not None:
            settle(self, ("speed_cap",), 0.001)
        for name in self.conserved:
            if name not in CONSERVED:
                raise UserError(f"a scene conserves {', '.join(CONSERVED)}, not {name!r}")
        object.__setattr__(self, "joints", tuple(self._fit(number, joint) for number, joint in enumerate(self.joints)))

    def _fit(self, number: int, joint: Joint) -> Joint:
        """Check the bodies that a joint names, and fill in a rod's length."""
        for end in (joint.a, joint.b):
            if not (isinstance(end, int) and GROUND <= end < len(self.bodies)):
                raise UserError(f"joint {number} names body {end}, but the bodies are 0 to {len(self.bodies) - 1}")
        if joint.a == joint.b:
            raise UserError(f"joint {number} connects body {joint.a} with itself")
        # The solver divides by what the two ends can be moved: nothing, and the numbers are no numbers.
        ends = [self.bodies[end] for end in (joint.a, joint.b) if end != GROUND]
        if all(body.kinematic for body in ends):
            raise UserError(f"joint {number} connects nothing that it could move")
        if isinstance(joint, Motor) and not any(body.rotates and not body.kinematic for body in ends):
            raise UserError(f"joint {number} is a motor on bodies that do not rotate")
        if isinstance(joint, Pin) and joint.length is None:
            (ax, ay), (bx, by) = self.anchor(joint.a, joint.anchor_a), self.anchor(joint.b, joint.anchor_b)
            return replace(joint, length=math.hypot(bx - ax, by - ay))
        return joint

    def _check_joints(self) -> None:
        """Refuse rods, ropes and hinges that the first step would have to tear into place."""
        for number, joint in enumerate(self.joints):
            if isinstance(joint, Pin | Pivot | Slide):
                (ax, ay), (bx, by) = self.anchor(joint.a, joint.anchor_a), self.anchor(joint.b, joint.anchor_b)
                distance = math.hypot(bx - ax, by - ay)
                low, high = 0.0, 0.0
                if isinstance(joint, Pin):
                    low = high = joint.length or 0.0
                elif isinstance(joint, Slide):
                    low, high = joint.minimum, joint.maximum
                if not low - OUT_OF_PLACE <= distance <= high + OUT_OF_PLACE:
                    limits = f"{low:g}" if low == high else f"{low:g} to {high:g}"
                    raise UserError(f"the anchors of joint {number} are {distance:.2f} px apart, not {limits}")

    def anchor(self, body: int, point: tuple[float, float]) -> tuple[float, float]:
        """Where a joint's anchor is on the canvas at the start."""
        return point if body == GROUND else self.bodies[body].world(*point)

    def check(self, counted: bool = True) -> "Scene":
        """The scene itself, if it can be posed.

        Args:
            counted: hold the number of bodies to the level's range, as that of the zoo's scenarios.

        Raises:
            UserError: two things overlap at the start by more than 0.1 px, a body lies outside the canvas of a scene
                that is not open, a joint's anchors are out of place by more than 0.5 px, or the number of bodies is
                outside the level's range.
        """
        self._check_joints()
        if self.level is not None:
            if self.level not in LEVELS:
                raise UserError(f"levels are 1 to {max(LEVELS)}, not {self.level}")
            low, high = LEVELS[self.level]
            if counted and not low <= len(self.bodies) <= high:
                raise UserError(f"level {self.level} has {low} to {high} bodies, not {len(self.bodies)}")
        movers = len(self.bodies)
        outlines = [thing.outline for thing in (*self.bodies, *self.statics)]
        # Flat lists: numpy takes five times as long over tuples in a list.
        points = np.array([value for outline in outlines for point in outline for value in point]).reshape(-1, 2)
        starts = np.array([0, *accumulate(map(len, outlines))])
        radii = np.array([body.shape.radius for body in self.bodies] + [static.radius for static in self.statics])
        if not self.open:
            number = first_outside(points, starts, radii[:movers] - OVERLAP, *CANVAS)
            if number >= 0:
                x, y = self.bodies[number].x, self.bodies[number].y
                raise UserError(f"body {number} at ({x:g}, {y:g}) starts outside the canvas")
        fixed = np.array([body.kinematic for body in self.bodies] + [True] * len(self.statics))
        groups = np.array([body.group for body in self.bodies] + [0] * len(self.statics))
        exempt = np.array([(j.a, j.b) for j in self.joints if not j.collide] or [(-2, -2)])
        first, second, gap = deepest_overlap(points, starts, radii, movers, fixed, groups, exempt)
        if gap < -OVERLAP:
            other = f"body {second}" if second < movers else f"static {second - movers}"
            raise UserError(f"body {first} and {other} overlap by {-gap:.2f} px at the start")
        return self
