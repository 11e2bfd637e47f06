"""What a scene is made of: bodies, fixed geometry, joints and fields, each a small frozen dataclass.

All parts stand in one file because together they are the vocabulary that scenarios, texts and data sets share.
"""

import math
from dataclasses import dataclass, field
from typing import TypeAlias

from gedanken.errors import UserError
from gedanken.worlds.rigid.scene.geometry import MAX_VERTICES
from gedanken.worlds.rigid.scene.shapes import (
    LIMIT,
    SMALLEST,
    Shape,
    area_and_centroid,
    is_convex,
    quantise,
    settle,
    settle_points,
)

GROUND = -1
"""The `a` or `b` of a joint that is fixed to the world; its anchor is then a point of the canvas."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that moves: `Body(Circle(12), x=400, y=300, vx=120)`.

    Attributes:
        shape: circle, box or convex polygon.
        x: centre of mass (px).
        y: centre of mass (px).
        mass: positive; see `mass(shape, density)`. The moment of inertia follows from shape and mass.
        vx: velocity (px/s).
        vy: velocity (px/s).
        angle: orientation (rad), counter-clockwise.
        spin: angular velocity (rad/s).
        friction: Coulomb coefficient; a contact uses the product of both surfaces' values.
        elasticity: restitution; a contact uses the product of both surfaces' values. 1 keeps the energy.
        group: bodies of the same non-zero group never collide with each other.
        rotates: False gives it an infinite moment of inertia.
        kinematic: it moves at its own constant velocity and spin, pushes others and is never pushed (paddles, rotors).
            Its mass has no effect and is stored as 0. Kinematic bodies do not touch statics or each other.
        bounds: of a kinematic body, (left, bottom, right, top) for its centre: at the end of a frame in which the
            centre is at a bound (within 0.001) or beyond it and still moving away, that component of the velocity
            changes sign. This is how a paddle moves up and down.
        swing: of a kinematic body, (lowest, highest) angle: there the spin changes sign in the same way. This is
            how a flipper moves.
        role: what it stands for (`bird`, `crate`), for pictures. It decides nothing, no text tells it, and it does not
            count when bodies are compared.
    """

    shape: Shape
    x: float = 0.0
    y: float = 0.0
    mass: float = 1.0
    vx: float = 0.0
    vy: float = 0.0
    angle: float = 0.0
    spin: float = 0.0
    friction: float = 0.5
    elasticity: float = 0.3
    group: int = 0
    rotates: bool = True
    kinematic: bool = False
    bounds: tuple[float, float, float, float] | None = None
    swing: tuple[float, float] | None = None
    role: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        settle(self, ("x", "y", "mass", "vx", "vy", "angle", "spin", "friction", "elasticity"))
        if not (0.0 <= self.friction <= 100.0 and 0.0 <= self.elasticity <= 1.0):
            settle(self, ("friction",), 0.0, 100.0)
            settle(self, ("elasticity",), 0.0, 1.0)
        if self.kinematic:
            object.__setattr__(self, "mass", 0.0)
            object.__setattr__(self, "rotates", True)
        else:
            if self.mass <= 0:
                raise UserError(f"a body's mass must be positive, not {self.mass:g}")
            if self.bounds is not None or self.swing is not None:
                raise UserError("only a kinematic body has bounds or a swing")
        if not (isinstance(self.group, int) and 0 <= self.group < 2**31):
            raise UserError(f"a body's group is a whole number from 0 up, not {self.group!r}")
        if self.bounds is not None:
            settle_points(self, "bounds")
            if len(self.bounds) != 4 or self.bounds[0] > self.bounds[2] or self.bounds[1] > self.bounds[3]:
                raise UserError(f"bounds are (left, bottom, right, top), not {self.bounds}")
        if self.swing is not None:
            settle_points(self, "swing")
            if len(self.swing) != 2 or self.swing[0] > self.swing[1]:
                raise UserError(f"a swing is (lowest, highest), not {self.swing}")

    @property
    def moment(self) -> float:
        """Moment of inertia about the centre of mass; infinite for a body that does not rotate."""
        return self.shape.moment(self.mass) if self.rotates and not self.kinematic else math.inf

    def at(self, x: float, y: float, angle: float | None = None) -> "Body":
        """The same body elsewhere."""
        # Not `replace`: it would check every attribute again, and bodies are tried at many places.
        moved = object.__new__(Body)
        for name in Body.__slots__:
            object.__setattr__(moved, name, getattr(self, name))
        object.__setattr__(moved, "x", x)
        object.__setattr__(moved, "y", y)
        settle(moved, ("x", "y"))
        if angle is not None:
            object.__setattr__(moved, "angle", angle)
            settle(moved, ("angle",))
        return moved

    def local(self, x: float, y: float) -> tuple[float, float]:
        """A point of the canvas in the body's own coordinates, which is what a joint's anchor is given in."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        dx, dy = x - self.x, y - self.y
        return (cos * dx + sin * dy, cos * dy - sin * dx)

    def world(self, x: float, y: float) -> tuple[float, float]:
        """A point given in the body's own coordinates, on the canvas."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return (self.x + cos * x - sin * y, self.y + sin * x + cos * y)

    @property
    def outline(self) -> list[tuple[float, float]]:
        """The shape's core vertices on the canvas."""
        left, low = self.x, self.y
        if self.angle == 0.0:
            return [(left + x, low + y) for x, y in self.shape.core]
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        return [(left + cos * x - sin * y, low + sin * x + cos * y) for x, y in self.shape.core]


@dataclass(frozen=True, slots=True)
class Segment:
    """A fixed straight wall from (ax, ay) to (bx, by), `radius` px thick on either side, with round ends.

    Attributes:
        ax: one end (px); `ay`, `bx`, `by` likewise.
        ay: see `ax`.
        bx: see `ax`.
        by: see `ax`.
        radius: half thickness (px). Thin walls are tunnelled through.
        friction: as of a body.
        elasticity: as of a body.
        belt: speed (px/s) at which the surface moves from a towards b: a conveyor; friction carries bodies along.
    """

    ax: float
    ay: float
    bx: float
    by: float
    radius: float = 2.0
    friction: float = 0.8
    elasticity: float = 0.5
    belt: float = 0.0

    def __post_init__(self) -> None:
        settle(self, ("ax", "ay", "bx", "by", "belt"))
        settle(self, ("radius",), 0.0)
        settle(self, ("friction",), 0.0, 100.0)
        settle(self, ("elasticity",), 0.0, 1.0)
        if (self.ax, self.ay) == (self.bx, self.by):
            raise UserError(f"a segment needs two different ends, not twice ({self.ax:g}, {self.ay:g})")

    @property
    def outline(self) -> list[tuple[float, float]]:
        """Its two ends."""
        return [(self.ax, self.ay), (self.bx, self.by)]

    @property
    def surface(self) -> tuple[float, float]:
        """Velocity of its surface (px/s), by its belt."""
        dx, dy = self.bx - self.ax, self.by - self.ay
        speed = self.belt / math.hypot(dx, dy)
        return dx * speed, dy * speed


@dataclass(frozen=True, slots=True)
class Peg:
    """A fixed disc."""

    x: float
    y: float
    radius: float
    friction: float = 0.8
    elasticity: float = 0.5

    def __post_init__(self) -> None:
        settle(self, ("x", "y"))
        settle(self, ("radius",), SMALLEST)
        settle(self, ("friction",), 0.0, 100.0)
        settle(self, ("elasticity",), 0.0, 1.0)

    @property
    def outline(self) -> list[tuple[float, float]]:
        """Its centre."""
        return [(self.x, self.y)]


@dataclass(frozen=True, slots=True)
class Block:
    """A fixed convex polygon; vertices are points of the canvas (px), in either order of travel."""

    vertices: tuple[tuple[float, float], ...]
    friction: float = 0.8
    elasticity: float = 0.5

    def __post_init__(self) -> None:
        points = [(quantise(x, "a vertex"), quantise(y, "a vertex")) for x, y in self.vertices]
        if not 3 <= len(points) <= MAX_VERTICES:
            raise UserError(f"a block has 3 to {MAX_VERTICES} vertices, not {len(points)}")
        if area_and_centroid(points)[0] < 0:
            points.reverse()
        if abs(area_and_centroid(points)[0]) < SMALLEST**2 or not is_convex(points):
            raise UserError("a block must be convex and have an area")
        if max(abs(value) for point in points for value in point) > LIMIT:
            raise UserError(f"vertices of a block must stay below {LIMIT:g}")
        object.__setattr__(self, "vertices", tuple(points))
        settle(self, ("friction",), 0.0, 100.0)
        settle(self, ("elasticity",), 0.0, 1.0)

    @classmethod
    def box(cls, left: float, bottom: float, right: float, top: float, **surface: float) -> "Block":
        """The rectangle between two corners; `surface` may give friction and elasticity."""
        return cls(((left, bottom), (right, bottom), (right, top), (left, top)), **surface)

    @property
    def radius(self) -> float:
        """Rounding of the corners: none."""
        return 0.0

    @property
    def outline(self) -> list[tuple[float, float]]:
        """Its corners."""
        return list(self.vertices)


Static: TypeAlias = Segment | Peg | Block


@dataclass(frozen=True, slots=True)
class Pin:
    """A massless rod: keeps the two anchors `length` px apart (their distance at the start when None).

    Attributes of every joint: `a` and `b` are body numbers or `GROUND`, the anchors are in each body's own coordinates
    (`Body.local`), or points of the canvas for `GROUND`; `collide` says whether the two bodies may touch each other.
    """

    a: int
    b: int
    anchor_a: tuple[float, float] = (0.0, 0.0)
    anchor_b: tuple[float, float] = (0.0, 0.0)
    length: float | None = None
    collide: bool = True

    def __post_init__(self) -> None:
        settle_points(self, "anchor_a", "anchor_b")
        if self.length is not None:
            settle(self, ("length",), 0.001)


@dataclass(frozen=True, slots=True)
class Pivot:
    """A hinge: keeps the two anchors at one point. See `pivot_at` for a hinge at a point of the canvas."""

    a: int
    b: int
    anchor_a: tuple[float, float] = (0.0, 0.0)
    anchor_b: tuple[float, float] = (0.0, 0.0)
    collide: bool = True

    def __post_init__(self) -> None:
        settle_points(self, "anchor_a", "anchor_b")


@dataclass(frozen=True, slots=True)
class Slide:
    """A rope: keeps the anchors between `minimum` and `maximum` px apart (a slack rope has minimum 0)."""

    a: int
    b: int
    anchor_a: tuple[float, float] = (0.0, 0.0)
    anchor_b: tuple[float, float] = (0.0, 0.0)
    minimum: float = 0.0
    maximum: float = 0.0
    collide: bool = True

    def __post_init__(self) -> None:
        settle_points(self, "anchor_a", "anchor_b")
        settle(self, ("minimum", "maximum"), 0.0)
        if self.minimum > self.maximum or self.maximum == 0:
            raise UserError(
                f"a slide joint needs minimum <= maximum and maximum > 0, not {self.minimum:g} and {self.maximum:g}"
            )


@dataclass(frozen=True, slots=True)
class Spring:
    """A damped spring: force `stiffness * (distance - rest_length)`, stiffness in mass/s^2; damping in mass/s."""

    a: int
    b: int
    anchor_a: tuple[float, float] = (0.0, 0.0)
    anchor_b: tuple[float, float] = (0.0, 0.0)
    rest_length: float = 0.0
    stiffness: float = 100.0
    damping: float = 0.0
    collide: bool = True

    def __post_init__(self) -> None:
        settle_points(self, "anchor_a", "anchor_b")
        settle(self, ("rest_length", "damping"), 0.0)
        settle(self, ("stiffness",), 0.0, 10 * LIMIT)


@dataclass(frozen=True, slots=True)
class Motor:
    """Turns `b` against `a` at `rate` rad/s (counter-clockwise when positive), with at most `max_torque` if given."""

    a: int
    b: int
    rate: float
    max_torque: float | None = None
    collide: bool = True

    def __post_init__(self) -> None:
        settle(self, ("rate",))
        if self.max_torque is not None:
            settle(self, ("max_torque",), 0.0, 1e11)


Joint: TypeAlias = Pin | Pivot | Slide | Spring | Motor


@dataclass(frozen=True, slots=True)
class Attractor:
    """A fixed point that attracts every dynamic body with the acceleration `strength * r / (r^2 + softening^2)^(3/2)`.

    A circular orbit of radius r (softening 0) has the speed sqrt(strength / r). A negative strength repels.
    """

    x: float
    y: float
    strength: float
    softening: float = 0.0

    def __post_init__(self) -> None:
        settle(self, ("x", "y"))
        settle(self, ("strength",), -1e11, 1e11)
        settle(self, ("softening",), 0.0)


@dataclass(frozen=True, slots=True)
class Gravitation:
    """Every pair of dynamic bodies attracts with the force `constant * m1 * m2 * r / (r^2 + softening^2)^(3/2)`."""

    constant: float
    softening: float = 0.0

    def __post_init__(self) -> None:
        settle(self, ("constant",), -1e11, 1e11)
        settle(self, ("softening",), 0.0)


@dataclass(frozen=True, slots=True)
class Wind:
    """A force (fx, fy) (mass px/s^2) on every dynamic body whose centre lies in the rectangle."""

    left: float
    bottom: float
    right: float
    top: float
    fx: float
    fy: float

    def __post_init__(self) -> None:
        settle(self, ("left", "bottom", "right", "top"))
        settle(self, ("fx", "fy"), -10 * LIMIT, 10 * LIMIT)
        if self.left >= self.right or self.bottom >= self.top:
            raise UserError("a wind zone needs left < right and bottom < top")


Field: TypeAlias = Attractor | Gravitation | Wind
