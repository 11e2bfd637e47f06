"""Shapes, and the rounding that makes every number of a scene printable."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gedanken.errors import UserError
from gedanken.worlds.rigid.scene.geometry import MAX_VERTICES

DECIMALS = 4
"""Decimals of every number, in the simulator and in the text."""

LIMIT = 100_000.0
"""Largest magnitude of a coordinate, size or speed; what is printed then fits 32-bit fixed point with four decimals."""


def quantise(value: float, what: str = "a value") -> float:
    """`value` rounded to four decimals: the same double that reading the printed number gives, and never -0.0.

    Raises:
        UserError: it is not a finite number.
    """
    try:
        return round(float(value) * 10_000) / 10_000
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{what} must be a finite number, not {value!r}") from None


def settle(instance: Any, names: tuple[str, ...], low: float = -LIMIT, high: float = LIMIT) -> None:
    """Round the named attributes of a frozen instance in place, and refuse what lies outside [low, high].

    It runs for every number of every scene that is generated, hence no call to `quantise` inside the loop.
    """
    name = ""
    try:
        for name in names:
            value = round(float(getattr(instance, name)) * 10_000) / 10_000
            if not low <= value <= high:
                bound = f"at least {low:g}" if value < low else f"at most {high:g}"
                raise UserError(f"{name} of a {type(instance).__name__.lower()} must be {bound}, not {value:g}")
            object.__setattr__(instance, name, value)
    except (TypeError, ValueError, OverflowError):
        quantise(getattr(instance, name), f"{name} of a {type(instance).__name__.lower()}")
        raise


def settle_points(instance: Any, *names: str) -> None:
    """Round the named tuples of numbers of a frozen instance in place, and refuse what lies outside the limit."""
    for name in names:
        what = f"{name} of a {type(instance).__name__.lower()}"
        try:
            point = tuple([quantise(value, what) for value in getattr(instance, name)])
        except TypeError:
            raise UserError(f"{what} must be numbers in parentheses, not {getattr(instance, name)!r}") from None
        if any(abs(value) > LIMIT for value in point):
            raise UserError(f"{what} must stay below {LIMIT:g}")
        object.__setattr__(instance, name, point)


SMALLEST = 0.1
"""Smallest size (radius, width, height) of a body in px."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A disc of the given radius (px)."""

    radius: float

    def __post_init__(self) -> None:
        settle(self, ("radius",), SMALLEST)

    @property
    def area(self) -> float:
        """Area in px^2."""
        return math.pi * self.radius**2

    @property
    def core(self) -> tuple[tuple[float, float], ...]:
        """Vertices that, grown by `radius`, are the shape."""
        return ((0.0, 0.0),)

    def moment(self, mass: float) -> float:
        """Moment of inertia about the centre."""
        return mass * self.radius**2 / 2


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the given width and height (px), centred on the body's position."""

    width: float
    height: float

    def __post_init__(self) -> None:
        settle(self, ("width", "height"), SMALLEST)

    @property
    def radius(self) -> float:
        """Rounding of the corners: none."""
        return 0.0

    @property
    def area(self) -> float:
        """Area in px^2."""
        return self.width * self.height

    @property
    def core(self) -> tuple[tuple[float, float], ...]:
        """The corners, counter-clockwise from the lower right."""
        x, y = self.width / 2, self.height / 2
        return ((x, -y), (x, y), (-x, y), (-x, -y))

    def moment(self, mass: float) -> float:
        """Moment of inertia about the centre."""
        return mass * (self.width**2 + self.height**2) / 12


@dataclass(frozen=True, slots=True)
class Polygon:
    """A convex polygon, counter-clockwise, 3 to 12 vertices (px) relative to the body's position.

    Of a body, the vertices are moved so that the centroid is the origin. Make it in any order of travel: `Polygon`
    turns it round where needed. A regular one: `Polygon.regular(sides, radius)`.
    """

    vertices: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        points = [(quantise(x, "a vertex"), quantise(y, "a vertex")) for x, y in self.vertices]
        if not 3 <= len(points) <= MAX_VERTICES:
            raise UserError(f"a polygon has 3 to {MAX_VERTICES} vertices, not {len(points)}")
        area, cx, cy = area_and_centroid(points)
        if area < 0:
            points.reverse()
        if abs(area) < SMALLEST**2 or not is_convex(points):
            raise UserError("a polygon must be convex and have an area")
        # The centre of mass must be the origin. Rounding moves it by less than 1e-4 px; leaving such a remainder alone
        # makes this the identity on what it has made, and with that on what is read back from text.
        if abs(cx) > 1e-4 or abs(cy) > 1e-4:
            points = [(quantise(x - cx), quantise(y - cy)) for x, y in points]
        if max(abs(value) for point in points for value in point) > LIMIT:
            raise UserError(f"vertices of a polygon must stay below {LIMIT:g}")
        object.__setattr__(self, "vertices", tuple(points))

    @classmethod
    def regular(cls, sides: int, radius: float) -> "Polygon":
        """The regular polygon of `sides` corners on a circle of the given radius; the first corner points right."""
        angles = [2 * math.pi * k / sides for k in range(sides)]
        return cls(tuple((radius * math.cos(angle), radius * math.sin(angle)) for angle in angles))

    @property
    def radius(self) -> float:
        """Rounding of the corners: none."""
        return 0.0

    @property
    def area(self) -> float:
        """Area in px^2."""
        return abs(area_and_centroid(self.vertices)[0])

    @property
    def core(self) -> tuple[tuple[float, float], ...]:
        """The corners."""
        return self.vertices

    def moment(self, mass: float) -> float:
        """Moment of inertia about the centroid."""
        top = bottom = 0.0
        for (x0, y0), (x1, y1) in zip(self.vertices, self.vertices[1:] + self.vertices[:1], strict=True):
            cross = x0 * y1 - x1 * y0
            top += cross * (x0 * x0 + x0 * x1 + x1 * x1 + y0 * y0 + y0 * y1 + y1 * y1)
            bottom += cross
        return mass * top / (6 * bottom)


Shape: TypeAlias = Circle | Box | Polygon


def area_and_centroid(points: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Signed area (positive when counter-clockwise) and centroid of a polygon; the shoelace formula."""
    area = cx = cy = 0.0
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        cross = x0 * y1 - x1 * y0
        area += cross / 2
        cx += (x0 + x1) * cross / 6
        cy += (y0 + y1) * cross / 6
    return (area, cx / area, cy / area) if area else (0.0, 0.0, 0.0)


def is_convex(points: Sequence[tuple[float, float]]) -> bool:
    """Whether a counter-clockwise polygon turns left at every corner and winds round once."""
    turn = 0.0
    for k in range(len(points)):
        (ax, ay), (bx, by), (cx, cy) = points[k - 2], points[k - 1], points[k]
        cross = (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        if cross <= 0:
            return False
        turn += math.atan2(cross, (bx - ax) * (cx - bx) + (by - ay) * (cy - by))
    return turn < 3 * math.pi


def mass(shape: Shape, density: float) -> float:
    """Mass of a shape of the given density (mass per px^2; 0.001 to 0.01 gives masses around 1)."""
    return density * shape.area
