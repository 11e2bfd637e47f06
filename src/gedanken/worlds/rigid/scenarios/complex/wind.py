"""Balls and leaves fall through zones of wind: an updraft that lifts the light ones, and sideways gusts.

Wind pushes everything in its zone with the same force, so that light bodies are blown away and heavy ones hardly
notice. The air also slows everything down a little.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, Wind, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import scatter
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scene.shapes import Shape

EVENT = Event("bodies are blown about", moved(by=60))


def build(rng: np.random.Generator, level: int) -> Scene:
    """An updraft column, and from level 2 on a gust across another part of the canvas; bodies start anywhere."""
    count = body_count(rng, level)
    size = rng.uniform(14, 20) if level < 3 else rng.uniform(9, 14)
    density = rng.uniform(0.002, 0.004)
    weight = math.pi * (0.75 * size) ** 2 * density * 981
    left = rng.uniform(60, 520)
    zones = [
        Wind(left, 10, left + rng.uniform(140, 220), rng.uniform(380, 560), rng.normal(0, 0.1) * weight, 1.6 * weight)
    ]
    if level > 1:
        bottom = rng.uniform(20, 330)
        gust = rng.uniform(0.5, 1.2) * weight
        zones.append(Wind(10, bottom, 790, bottom + rng.uniform(120, 200), gust if rng.random() < 0.5 else -gust, 0.0))
    bodies = []
    for x, y in scatter(rng, count, (20, 20, 780, 580), size):
        extent = size * rng.uniform(0.5, 1.0)
        leaf = rng.random() < 0.5
        shape: Shape = Box(1.8 * extent, 0.6 * extent) if leaf else Circle(extent)
        bodies.append(
            Body(
                shape,
                x,
                y,
                mass(shape, density * rng.uniform(0.7, 2.5)),
                angle=rng.uniform(-1.5, 1.5) if leaf else 0.0,
                spin=rng.uniform(-3, 3),
                friction=rng.uniform(0.2, 0.6),
                elasticity=rng.uniform(0.2, 0.7),
            )
        )
    return Scene(
        bodies,
        walls(),
        fields=zones,
        damping=rng.uniform(0.4, 0.7),
        speed_cap=540,
        description="Light bodies fall, and wind blows in part of the canvas.",
    )
