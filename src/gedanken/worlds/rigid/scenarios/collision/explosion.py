"""A blast in a closed chamber: fragments packed round a charge are thrown outwards, hit the walls and rain down.

At frame 0 the charge has just gone off. Each fragment has been given the impulse that a cylindrical pressure wave gives
it: the pressure falls with the distance and acts on the fragment's width, so light fragments near the charge are
fastest. Then gravity, friction and restitution take over.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Polygon, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.shapes import Shape

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


def fragment(rng: np.random.Generator, radius: float) -> Shape:
    """A disc, block or shard that fits into a circle of the given radius."""
    kind = rng.integers(3)
    if kind == 0:
        return Circle(radius)
    if kind == 1:
        tilt = rng.uniform(0.5, 1.0)
        return Box(2 * radius * math.cos(tilt), 2 * radius * math.sin(tilt))
    return Polygon.regular(int(rng.integers(3, 7)), radius)


EVENT = Event("the fragments are thrown apart", moved(by=60, share=0.5))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Fragments on a sunflower spiral, which is the even packing of a disc, with outward velocities."""
    count = body_count(rng, level)
    largest = rng.uniform(13.0, 17.0) if count <= 15 else rng.uniform(10.5, 12.5)
    # Neighbours of the spiral r = c sqrt(k + 1/2) are at least 1.5 c apart; see Vogel, Math. Biosci. 44, 179 (1979).
    c = (2 * largest + 1) / 1.5
    centre = (rng.uniform(250, 550), rng.uniform(240, 360))
    charge = (centre[0] + rng.uniform(-6, 6), centre[1] + rng.uniform(-6, 6))
    strength = rng.uniform(250, 420)
    turn = rng.uniform(0, 2 * math.pi)
    material = surface(rng, (0.3, 0.9), (0.4, 0.8))
    density = rng.uniform(0.002, 0.006)
    bodies = []
    draws = rng.uniform((0.75, 0.85, 0.0, -8.0), (1.0, 1.15, 2 * math.pi, 8.0), (count, 4)).tolist()
    for k, (size, vigour, angle, spin) in enumerate(draws):
        distance, bearing = c * math.sqrt(k + 0.5), turn + k * GOLDEN_ANGLE
        x, y = centre[0] + distance * math.cos(bearing), centre[1] + distance * math.sin(bearing)
        shape = fragment(rng, largest * size)
        away = math.atan2(y - charge[1], x - charge[0])
        reach = math.hypot(x - charge[0], y - charge[1])
        # Impulse ~ width / distance, velocity = impulse / mass; the softening keeps fragments on the charge finite.
        speed = strength * vigour / size * math.sqrt(2 * c / (c + reach))
        vx, vy = speed * math.cos(away), speed * math.sin(away)
        bodies.append(Body(shape, x, y, mass(shape, density), vx, vy, angle, spin, **material))
    return Scene(
        bodies=tuple(bodies),
        statics=walls(radius=20, **surface(rng, (0.5, 1.0), (0.5, 0.9))),
        description="Fragments are thrown outwards by a blast inside a closed chamber and fall to its floor.",
    )
