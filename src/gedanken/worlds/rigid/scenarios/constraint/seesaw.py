"""Planks balance on fulcrums; balls and boxes stand on them and drop onto them, and the heavier side goes down.

Each plank is hinged at its middle to the tip of a fixed wedge. Torques decide: loads differ in mass, distance and drop
height, so that a late heavy arrival throws the loads of the other side up.
"""

import numpy as np

from gedanken.worlds.rigid import GROUND, Block, Body, Box, Circle, Scene, body_count, mass, pivot_at, walls
from gedanken.worlds.rigid.scenarios._cells import cells, shares
from gedanken.worlds.rigid.scenarios._events import Event, turned
from gedanken.worlds.rigid.scene.parts import Joint, Static
from gedanken.worlds.rigid.scene.shapes import Shape

THICKNESS = 12.0
SHELF = 10.0

EVENT = Event("a plank tips", turned("plank", by=0.05))


def build(rng: np.random.Generator, level: int) -> Scene:
    """One plank for every five to nine bodies; loads start in columns above either arm."""
    total = body_count(rng, level)
    groups = shares(total, max(1, round(total / rng.uniform(5, 9))))
    grid = cells(len(groups), aspect=1.2)
    statics: list[Static] = list(walls(elasticity=0.2))
    for floor in sorted({cell[1] for cell in grid if cell[1] > 20}):
        statics.append(Block.box(10, floor - SHELF, 790, floor + SHELF, elasticity=0.2))
    bodies: list[Body] = []
    joints: list[Joint] = []
    for count, (left, bottom, right, top) in zip(groups, grid, strict=True):
        floor = bottom if bottom < 20 else bottom + SHELF
        width, height = right - left, top - SHELF - floor
        arm = rng.uniform(0.36, 0.42) * width
        middle = (left + right) / 2
        hinge = floor + rng.uniform(0.16, 0.24) * height
        tip = hinge - THICKNESS / 2 - 0.2
        statics.append(Block(((middle - 0.1 * width, floor), (middle + 0.1 * width, floor), (middle, tip))))
        plank = Box(2 * arm, THICKNESS)
        bodies.append(Body(plank, middle, hinge, mass(plank, 0.001), friction=0.9, elasticity=0.1, role="plank"))
        joints.append(pivot_at(bodies, GROUND, len(bodies) - 1, middle, hinge, collide=True))
        _load(bodies, rng, count - 1, middle, hinge + THICKNESS / 2, arm, top - SHELF - 2)
    return Scene(
        bodies,
        statics,
        joints,
        speed_cap=900,
        description="A seesaw is loaded and tips." if len(groups) == 1 else "Seesaws are loaded and tip.",
    )


def _load(
    bodies: list[Body], rng: np.random.Generator, count: int, middle: float, deck: float, arm: float, ceiling: float
) -> None:
    """Loads on both arms: the first on either side stand on the plank, the others wait above in free fall."""
    per_side = -(-count // 2)
    columns = max(1, min(3, per_side, int(0.8 * arm / 26)))
    pitch = min(0.8 * arm / columns, 70.0)
    layers = -(-per_side // columns)
    heavy = rng.choice((-1, 1))
    # Room for all layers under the ceiling with the largest drop.
    size = min(0.42 * pitch, (ceiling - deck) / (2 * layers + 1) - 2, 24.0)
    spare = ceiling - deck - layers * (2 * size + 4)
    drops = {-1: rng.uniform(0, 0.3) * spare, 1: rng.uniform(0, 0.3) * spare}
    drops[-heavy] = rng.uniform(0.4, 0.95) * spare
    for k in range(count):
        side = heavy if k % 2 == 0 else -heavy
        layer, column = divmod(k // 2, columns)
        radius = size * rng.uniform(0.7, 1.0)
        shape: Shape = Circle(radius) if rng.random() < 0.35 else Box(1.7 * radius, 1.7 * radius)
        distance = 0.97 * arm - pitch * (column + 0.5) + rng.uniform(-1, 1) * (pitch / 2 - size)
        rise = radius if isinstance(shape, Circle) else 0.85 * radius
        y = deck + layer * (2 * size + 4) + rise + drops[side] + 0.05
        bodies.append(
            Body(
                shape,
                middle + side * distance,
                y,
                mass(shape, rng.uniform(0.002, 0.008)),
                friction=rng.uniform(0.4, 0.9),
                elasticity=rng.uniform(0.1, 0.4),
                role="load",
            )
        )
