"""A rigid scene for drawing: the parts of `gedanken.worlds.rigid.scene.parts`, each told by its `kind`."""

from typing import Annotated, Literal

from pydantic import Field

from gedanken.serve.web.models.base import Model, Number, Rows

Point = Annotated[list[float], Field(min_length=2, max_length=2, description="x, y in px, y upwards.")]


class Circle(Model):
    """A disc."""

    kind: Literal["circle"]
    radius: float


class Box(Model):
    """A rectangle centred on the body's position."""

    kind: Literal["box"]
    width: float
    height: float


class Polygon(Model):
    """A convex polygon, counter-clockwise, relative to the body's position."""

    kind: Literal["polygon"]
    vertices: list[Point]


Shape = Annotated[Circle | Box | Polygon, Field(discriminator="kind")]


class Body(Model):
    """A body that moves."""

    kind: Literal["body"]
    shape: Shape
    x: float
    y: float
    mass: float
    vx: float
    vy: float
    angle: float
    spin: float
    friction: float
    elasticity: float
    group: int
    rotates: bool
    kinematic: bool
    bounds: list[float] | None
    swing: list[float] | None
    role: str


class Segment(Model):
    """A fixed straight wall with round ends."""

    kind: Literal["segment"]
    ax: float
    ay: float
    bx: float
    by: float
    radius: float
    friction: float
    elasticity: float
    belt: float


class Peg(Model):
    """A fixed disc."""

    kind: Literal["peg"]
    x: float
    y: float
    radius: float
    friction: float
    elasticity: float


class Block(Model):
    """A fixed convex polygon; vertices are points of the canvas."""

    kind: Literal["block"]
    vertices: list[Point]
    friction: float
    elasticity: float


Static = Annotated[Segment | Peg | Block, Field(discriminator="kind")]


class _Joint(Model):
    a: int = Field(description="Number of a body; -1 is the ground.")
    b: int
    collide: bool


class Pin(_Joint):
    """A massless rod."""

    kind: Literal["pin"]
    anchor_a: Point
    anchor_b: Point
    length: float | None


class Pivot(_Joint):
    """A hinge."""

    kind: Literal["pivot"]
    anchor_a: Point
    anchor_b: Point


class Slide(_Joint):
    """A rope."""

    kind: Literal["slide"]
    anchor_a: Point
    anchor_b: Point
    minimum: float
    maximum: float


class Spring(_Joint):
    """A damped spring."""

    kind: Literal["spring"]
    anchor_a: Point
    anchor_b: Point
    rest_length: float
    stiffness: float
    damping: float


class Motor(_Joint):
    """Turns `b` against `a`."""

    kind: Literal["motor"]
    rate: float
    max_torque: float | None


Joint = Annotated[Pin | Pivot | Slide | Spring | Motor, Field(discriminator="kind")]


class Attractor(Model):
    """A fixed point that attracts every body."""

    kind: Literal["attractor"]
    x: float
    y: float
    strength: float
    softening: float


class Gravitation(Model):
    """Every pair of bodies attracts."""

    kind: Literal["gravitation"]
    constant: float
    softening: float


class Wind(Model):
    """A force on every body in a rectangle."""

    kind: Literal["wind"]
    left: float
    bottom: float
    right: float
    top: float
    fx: float
    fy: float


Field_ = Annotated[Attractor | Gravitation | Wind, Field(discriminator="kind")]


class Scene(Model):
    """A scene: what there is to draw. The canvas is 800 x 600 px with y upwards."""

    bodies: list[Body]
    statics: list[Static]
    joints: list[Joint]
    fields: list[Field_]
    gravity: Point
    description: str


# Of each body x, y (px), vx, vy (px/s), angle (rad), spin (rad/s).
State = Rows


class SceneRecording(Model):
    """A scene as the simulator moved it.

    `poses` is base64 of little-endian 32-bit floats, shape (frames, bodies, 3): x and y in px, angle in rad, 60 frames
    a second; frame 0 is the scene's own start.
    """

    title: str
    subject: str
    split: str
    index: int
    level: int
    exact: bool
    scene: Scene
    frames: int
    bodies: int
    poses: str


class SceneThumbnails(Model):
    """The geometry of one scene a scenario, by name."""

    level: int
    scenes: dict[str, Scene]


class FrameErrors(Model):
    """How far a predicted frame is from the recorded one, as root mean squares over the bodies."""

    position: Number = Field(description="px")
    velocity: Number = Field(description="px/s")
    by_body: list[Number] = Field(description="Distance of each body from where it should be, px.")


class Baseline(Model):
    """What an extrapolation of the same frames makes of it: one number a predicted frame."""

    name: str
    position: list[Number]
    velocity: list[Number]
