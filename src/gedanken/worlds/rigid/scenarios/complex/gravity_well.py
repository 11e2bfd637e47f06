"""Balls fall into the gravity wells of several fixed points, swing past them and are thrown from one to the next.

A well's pull is softened near its centre, so that a ball may pass right through. Walls and balls are elastic. There
is no uniform gravity.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Attractor, Body, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import cells, scatter
from gedanken.worlds.rigid.scenarios._events import Event, moved

EVENT = Event("balls fall towards a well", moved(by=80))


def build(rng: np.random.Generator, level: int) -> Scene:
    """One to four wells, each somewhere in its own part of the canvas, and balls with small velocities anywhere."""
    count = body_count(rng, level)
    wells = []
    for left, bottom, right, top in cells(int(rng.integers(1, 2 + min(level, 3))), aspect=0.8):
        width, height = right - left, top - bottom
        wells.append(
            Attractor(
                left + width * rng.uniform(0.35, 0.65),
                bottom + height * rng.uniform(0.35, 0.65),
                rng.uniform(2e6, 5e6),
                softening=rng.uniform(40, 70),
            )
        )
    radius = rng.uniform(9, 14) if level < 4 else rng.uniform(7, 10)
    density = rng.uniform(0.002, 0.008)
    bodies = []
    for x, y in scatter(rng, count, (20, 20, 780, 580), radius):
        shape = Circle(radius * rng.uniform(0.7, 1.0))
        speed, heading = rng.uniform(20, 160), rng.uniform(0, 2 * math.pi)
        vx, vy = speed * math.cos(heading), speed * math.sin(heading)
        bodies.append(Body(shape, x, y, mass(shape, density), vx, vy, friction=0, elasticity=1))
    return Scene(
        bodies,
        walls(friction=0, elasticity=1),
        gravity=(0.0, 0.0),
        fields=wells,
        speed_cap=800,
        conserved=("energy",),
        description="Balls are attracted by a gravity well."
        if len(wells) == 1
        else "Balls are attracted by gravity wells.",
    )
