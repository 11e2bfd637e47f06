"""Rocks let go at the top of a steep slope tumble and slide down it, into cabins at its foot.

The slope's angle decides how fast: rocks of different size, shape and friction overtake and knock each other.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Block, Body, Box, Circle, Polygon, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, dropped
from gedanken.worlds.rigid.scene.parts import Static
from gedanken.worlds.rigid.scene.shapes import Shape

FLOOR = 10.0

EVENT = Event("rocks come down the slope", dropped("rock", by=80))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Rocks in rows along the upper end of the slope, which may face either way."""
    total = body_count(rng, level)
    cabins = min(total // 4, int(rng.integers(1, 5)))
    rocks = total - cabins
    side = 1 if rng.random() < 0.5 else -1
    angle = rng.uniform(0.42, 0.65)
    run = rng.uniform(480, 540)
    peak = FLOOR + run * math.tan(angle)
    ground = rng.uniform(0.5, 0.9)
    statics: list[Static] = [*walls(friction=ground, elasticity=0.2)]
    corners = ((10.0, FLOOR), (10.0 + run, FLOOR), (10.0, peak))
    statics.append(Block(tuple((_facing(x, side), y) for x, y in corners), friction=ground, elasticity=0.2))
    size = rng.uniform(10, 14) if level < 3 else rng.uniform(8, 10.5)
    pitch = 2 * size + 1
    # As many rows above the slope as fit under the ceiling at its upper end.
    rows = max(1, min(4, int((575 - peak) * math.cos(angle) / pitch), round(math.sqrt(rocks) * 0.7)))
    sine, cosine = math.sin(angle), math.cos(angle)
    density = rng.uniform(0.002, 0.006)
    bodies = []
    for k in range(rocks):
        column, row = divmod(k, rows)
        radius = size * rng.uniform(0.65, 1.0)
        shape = _rock(rng, radius)
        along = 14 + size + pitch * column + rng.uniform(-0.5, 0.5)
        # Rocks of the lowest row lie on the slope, the others wait above them.
        above = (radius + 0.3 if row == 0 else size + 0.5 + pitch * row) + rng.uniform(0, 0.2)
        x = 10 + along * cosine + above * sine
        y = peak - along * sine + above * cosine
        bodies.append(
            Body(
                shape,
                _facing(x, side),
                y,
                mass(shape, density),
                angle=rng.uniform(-math.pi, math.pi),
                friction=rng.uniform(0.2, 0.8),
                elasticity=rng.uniform(0.1, 0.4),
                role="rock",
            )
        )
    width = rng.uniform(26, 40)
    for k in range(cabins):
        cabin = Box(width, width * rng.uniform(0.8, 1.3))
        x = 10 + run + 30 + (k + 0.5) * (width + 6)
        y = FLOOR + cabin.height / 2 - 0.05
        bodies.append(
            Body(cabin, _facing(x, side), y, mass(cabin, 0.3 * density), friction=0.7, elasticity=0.1, role="cabin")
        )
    return Scene(bodies, statics, speed_cap=900, description="Rocks tumble down a slope.")


def _facing(x: float, side: int) -> float:
    """The x of a slope that falls to the right (side 1), or of its mirror image."""
    return x if side > 0 else 800 - x


def _rock(rng: np.random.Generator, radius: float) -> Shape:
    kind = rng.random()
    if kind < 0.4:
        return Circle(radius)
    if kind < 0.6:
        return Box(1.5 * radius, 1.2 * radius)
    return Polygon.regular(int(rng.integers(5, 8)), radius)
