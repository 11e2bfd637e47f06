"""A dam break: a column of slippery droplets collapses, runs along the floor, around obstacles and up the far wall.

Droplets are frictionless discs that hardly bounce, a crude granular model of a liquid. From level 3 on a light raft is
lifted and carried along.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Block, Body, Circle, Peg, Polygon, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scene.parts import Static

FLOOR = 10.0

EVENT = Event("the column collapses", moved("droplet", by=60, share=0.2))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Droplets packed in a hexagonal column against one wall, obstacles in the middle, the raft between them."""
    total = body_count(rng, level)
    raft = 1 if level >= 3 else 0
    count = total - raft
    side = 1 if rng.random() < 0.5 else -1
    size = min(28.0, math.sqrt(rng.uniform(12_000, 18_000) / count))
    pitch = 2 * size + 0.1
    columns = max(1, round(math.sqrt(count) * rng.uniform(0.6, 0.85)))
    density = rng.uniform(0.002, 0.006)
    statics: list[Static] = [*walls(friction=0, elasticity=0.2)]
    for k in range(int(rng.integers(0, 3))):
        x = _mirror(530 + 120 * k + rng.uniform(-25, 25), side)
        if rng.random() < 0.5:
            statics.append(Peg(x, FLOOR + rng.uniform(-5, 20), rng.uniform(18, 32), friction=0, elasticity=0.2))
        else:
            width = rng.uniform(8, 20)
            statics.append(
                Block.box(x - width, FLOOR, x + width, FLOOR + rng.uniform(12, 40), friction=0, elasticity=0.2)
            )
    bodies = []
    bounce = rng.uniform(0.05, 0.3)
    for k in range(count):
        row, column = divmod(k, columns)
        radius = size * rng.uniform(0.88, 1.0)
        x = 10 + size + 0.1 + pitch * (column + 0.5 * (row % 2))
        y = FLOOR + size + row * pitch * math.sqrt(3) / 2
        shape = Circle(radius)
        bodies.append(
            Body(shape, _mirror(x, side), y, mass(shape, density), friction=0, elasticity=bounce, role="droplet")
        )
    if raft:
        # A flat hull with slanting ends, which droplets can get under.
        draught, deck = rng.uniform(14, 20), rng.uniform(32, 40)
        hull = Polygon(((-0.3 * deck, 0.0), (0.3 * deck, 0.0), (deck, draught), (-deck, draught)))
        keel = -min(y for _, y in hull.vertices)
        edge = 10 + pitch * (columns + 0.5)
        x = edge + deck + rng.uniform(1, 60)
        weight = mass(hull, 0.6 * density)
        bodies.append(
            Body(hull, _mirror(x, side), FLOOR + keel - 0.05, weight, friction=0.1, elasticity=0.1, role="raft")
        )
    return Scene(
        bodies,
        statics,
        damping=rng.uniform(0.85, 1.0),
        speed_cap=500,
        description="A column of frictionless droplets collapses and runs along the floor.",
    )


def _mirror(x: float, side: int) -> float:
    return x if side > 0 else 800 - x
