"""Where the balls of a rack lie: hexagonal packings about a point."""

import math

Point = tuple[float, float]


def triangle(count: int, spacing: float) -> list[Point]:
    """The first `count` places of a triangle whose apex is the origin and which opens to the right."""
    points: list[Point] = []
    row = 0
    while len(points) < count:
        x = row * spacing * math.sqrt(3) / 2
        points.extend((x, (k - row / 2) * spacing) for k in range(row + 1))
        row += 1
    return points[:count]


def hexagon(count: int, spacing: float) -> list[Point]:
    """The `count` places of the hexagonal lattice that are nearest to the origin, from the inside outwards."""
    reach = math.isqrt(count) + 2
    lattice = [
        ((i + j / 2) * spacing, j * spacing * math.sqrt(3) / 2)
        for i in range(-reach, reach + 1)
        for j in range(-reach, reach + 1)
    ]
    return sorted(lattice, key=lambda point: (round(math.hypot(*point), 6), math.atan2(point[1], point[0])))[:count]
