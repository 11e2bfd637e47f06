"""Two swarms of rocks fly head-on into each other in empty space.

Nothing acts on the rocks but their contacts: no gravity, no walls. Collisions are rough and lose energy, the total
momentum stays what it was. The rocks of a row meet slightly off centre, so they scatter and start to spin.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Polygon, Scene, body_count, mass
from gedanken.worlds.rigid.scenarios._events import Event, struck
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.shapes import Shape


def rock(rng: np.random.Generator, radius: float) -> Shape:
    """A disc, a square or a regular polygon of the given outer radius."""
    kind = rng.integers(3)
    if kind == 0:
        return Circle(radius)
    if kind == 1:
        return Box(math.sqrt(2) * radius, math.sqrt(2) * radius)
    return Polygon.regular(int(rng.integers(5, 9)), radius)


EVENT = Event("the swarms collide", struck(by=20))


def build(rng: np.random.Generator, level: int) -> Scene:
    """The left swarm, then the right one; row by row, front rank first."""
    count = body_count(rng, level)
    largest = rng.uniform(20, 26) if count <= 15 else rng.uniform(15, 18)
    pitch = 2 * largest + rng.uniform(4, 12)
    centre = (rng.uniform(360, 440), rng.uniform(270, 330))
    gap = rng.uniform(110, 200)
    material = surface(rng, (0.2, 0.8), (0.3, 0.9))
    density = rng.uniform(0.002, 0.006)
    bodies = []
    for side, size in ((-1, count // 2), (1, count - count // 2)):
        rows = max(1, math.ceil(math.sqrt(1.6 * size)))
        speed = rng.uniform(90, 190)
        draws = rng.uniform(
            (0.7, -1, -1, 0.85, 0.8, 0.0, -2), (1.0, 1, 1, 1.15, 1.25, 2 * math.pi, 2), (size, 7)
        ).tolist()
        for k, (part, dx, dy, pace, heft, angle, spin) in enumerate(draws):
            rank, row = divmod(k, rows)
            radius = largest * part
            shape = rock(rng, radius)
            slack = largest - radius
            x = centre[0] + side * (gap / 2 + largest + rank * pitch + slack * dx)
            y = centre[1] + (row - (rows - 1) / 2) * pitch + slack * dy
            # The rear ranks are a little slower on average, so that most of them arrive after the first clash.
            vx = -side * speed * pace * 0.95**rank
            weight = mass(shape, density * heft)
            bodies.append(Body(shape, x, y, weight, vx, rng.normal(0, 6), angle, spin, **material))
    return Scene(
        bodies=tuple(bodies),
        gravity=(0.0, 0.0),
        open=True,
        conserved=("momentum_x", "momentum_y"),
        description="Rocks collide head-on in empty space without gravity.",
    )
