"""Helpers for scenario authors: where a body fits, walls, hinges, counts."""

from collections.abc import Iterable, Sequence

import numpy as np

from gedanken.errors import UserError
from gedanken.worlds.rigid.scene.geometry import MAX_VERTICES, first_free, nearest
from gedanken.worlds.rigid.scene.parts import GROUND, Body, Pivot, Segment, Static
from gedanken.worlds.rigid.scene.scene import LEVELS


class Room:
    """Things placed so far, and a fast answer to "does this body fit here?".

    Attributes:
        bodies: the bodies added so far, in order; hand them to `Scene`.
    """

    def __init__(self, statics: Iterable[Static] = (), bodies: Iterable[Body] = ()):
        """Start with what already stands there."""
        self.bodies: list[Body] = []
        self._vertices = np.zeros((16, MAX_VERTICES, 2))
        self._counts = np.zeros(16, np.int64)
        self._radii = np.zeros(16)
        self._used = 0
        for static in statics:
            self._take(static.outline, static.radius)
        for body in bodies:
            self.add(body)

    def gap(self, body: Body) -> float:
        """Distance (px) from the body to the nearest thing; negative is an overlap's depth, infinity an empty room."""
        return float(
            nearest(self._vertices, self._counts, self._radii, self._used, np.array(body.outline), body.shape.radius)
        )

    def add(self, body: Body) -> int:
        """Take a body as it stands, without a test; its number."""
        self._take(body.outline, body.shape.radius)
        self.bodies.append(body)
        return len(self.bodies) - 1

    def _take(self, outline: list[tuple[float, float]], radius: float) -> None:
        if self._used == len(self._counts):
            more = max(16, self._used)
            self._vertices = np.concatenate([self._vertices, np.zeros((more, MAX_VERTICES, 2))])
            self._counts = np.concatenate([self._counts, np.zeros(more, np.int64)])
            self._radii = np.concatenate([self._radii, np.zeros(more)])
        self._vertices[self._used, : len(outline)] = outline
        self._counts[self._used] = len(outline)
        self._radii[self._used] = radius
        self._used += 1

    def place(
        self,
        rng: np.random.Generator,
        body: Body,
        region: tuple[float, float, float, float],
        margin: float = 1.0,
        tries: int = 1000,
    ) -> int:
        """Put the body's centre at a random free point of the region (left, bottom, right, top) and add it; its number.

        Args:
            rng: the scenario's generator.
            body: what to place; its own x and y are ignored.
            region: where the centre may be, (left, bottom, right, top).
            margin: smallest distance (px) to anything placed before.
            tries: random points that are tried.

        Raises:
            UserError: no free point was found; make the region larger or the bodies smaller.
        """
        packed = self._vertices, self._counts, self._radii, self._used
        shape = np.array(body.outline), body.shape.radius, (body.x, body.y)
        left, bottom, right, top = map(float, region)
        for _ in range(0, tries, 16):
            x, y = first_free(*packed, *shape, (left, bottom, right, top), rng.random((16, 2)), float(margin))
            if x == x:
                return self.add(body.at(x, y))
        raise UserError(f"there is no room for body {len(self.bodies)} in {region}")


def walls(
    box: tuple[float, float, float, float] = (10.0, 10.0, 790.0, 590.0),
    sides: Sequence[str] = ("bottom", "left", "right", "top"),
    radius: float = 10.0,
    friction: float = 0.8,
    elasticity: float = 0.5,
) -> tuple[Segment, ...]:
    """A box of walls whose inner faces are the given (left, bottom, right, top).

    Args:
        box: the free space inside.
        sides: which walls to build, in this order; `("bottom",)` is a floor.
        radius: half thickness. A circle of radius r passes a wall only above (r + radius) * 60 px/s.
        friction: of the walls.
        elasticity: of the walls.
    """
    left, bottom, right, top = box
    r = radius
    ends = {
        "bottom": (left, bottom - r, right, bottom - r),
        "left": (left - r, bottom, left - r, top),
        "right": (right + r, bottom, right + r, top),
        "top": (left, top + r, right, top + r),
    }
    return tuple(Segment(*ends[side], radius=radius, friction=friction, elasticity=elasticity) for side in sides)


def body_count(rng: np.random.Generator, level: int, others: int = 0) -> int:
    """A random number of bodies inside the level's range.

    Args:
        rng: the scenario's generator.
        level: 1 to 5.
        others: how many bodies the scene has besides; the answer leaves room for them (and may then be 0).
    """
    low, high = LEVELS[level]
    return int(rng.integers(max(low - others, 0), high - others, endpoint=True))


def pivot_at(bodies: Sequence[Body], a: int, b: int, x: float, y: float, collide: bool = False) -> Pivot:
    """A hinge between bodies `a` and `b` (or `GROUND`) at the point (x, y) of the canvas."""
    anchors = [(x, y) if end == GROUND else bodies[end].local(x, y) for end in (a, b)]
    return Pivot(a, b, anchors[0], anchors[1], collide)
