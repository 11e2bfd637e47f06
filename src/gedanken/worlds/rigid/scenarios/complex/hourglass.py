"""Grains run from the upper bulb of an hourglass through its narrow neck into the lower one.

The neck lets a few grains through at a time; they jam, arch and free themselves by gravity, friction and collisions.
It stands on a small moon, the smaller the fewer its grains are, so that they still run after a second.
"""

import math
from itertools import pairwise

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Scene, Segment, Solver, body_count, mass
from gedanken.worlds.rigid.scenarios._events import Event
from gedanken.worlds.rigid.scene.geometry import Array

HELD_OUT = True

WALL = 8.0
MIDDLE = 400.0

GRAVITY = {1: (45.0, 70.0), 2: (70.0, 110.0), 3: (120.0, 200.0), 4: (200.0, 300.0), 5: (220.0, 320.0)}
"""Range of the gravity (px/s^2) by level."""


def _runs(scene: Scene, states: Array) -> bool:
    """A grain passes the neck, and the upper bulb is not empty within 60 frames."""
    throat = scene.statics[1]
    assert isinstance(throat, Segment)
    above = (states[:, :, 1] > (throat.ay + throat.by) / 2).sum(1)
    return bool(above[-1] < above[0] and above[: RUNNING + 1].all())


RUNNING = 60

EVENT = Event("grains run through the neck for a second", _runs)


def build(rng: np.random.Generator, level: int) -> Scene:
    """Two funnels mouth to mouth, and rows of grains in the upper one, filled from the bottom."""
    count = body_count(rng, level)
    size = (18.0, 14.0, 11.0, 9.5, 9.0)[level - 1] * rng.uniform(0.9, 1.1)
    neck = size * rng.uniform(2.1, 2.8) + WALL
    half = rng.uniform(170, 260)
    waist, throat = 300 + rng.uniform(-20, 20), rng.uniform(6, 20)
    top, bottom = 570.0, 30.0
    friction, elasticity = rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.4)
    statics = []
    for side in (-1, 1):
        outer, inner = MIDDLE + side * half, MIDDLE + side * neck
        points = [(outer, top), (inner, waist + throat), (inner, waist - throat), (outer, bottom)]
        for a, b in pairwise(points):
            statics.append(Segment(*a, *b, radius=WALL, friction=friction, elasticity=elasticity))
    for y in (top, bottom):
        statics.append(
            Segment(MIDDLE - half, y, MIDDLE + half, y, radius=WALL, friction=friction, elasticity=elasticity)
        )
    # Horizontal distance that a grain keeps from the slanting line at the middle of the wall.
    slant = math.atan2(half - neck, top - waist - throat)
    clearance = (size + WALL) / math.cos(slant) + 2
    density, bounce = rng.uniform(0.002, 0.008), rng.uniform(0.2, 0.6)
    grip = rng.uniform(0.2, 0.7)
    bodies: list[Body] = []
    pitch = 2 * size + 1
    y = waist + throat + pitch + rng.uniform(0, 30)
    while len(bodies) < count:
        room = neck + (y - waist - throat) * math.tan(slant) - clearance
        fitting = min(int(2 * room / pitch) + 1, count - len(bodies)) if room > 0 else 0
        for k in range(fitting):
            radius = size * rng.uniform(0.75, 1.0)
            slack = size - radius + 0.4
            x = MIDDLE + (k - (fitting - 1) / 2) * pitch + rng.uniform(-slack, slack)
            shape = Circle(radius)
            bodies.append(
                Body(
                    shape,
                    x,
                    y + rng.uniform(-slack, slack),
                    mass(shape, density),
                    friction=grip,
                    elasticity=bounce,
                )
            )
        y += pitch
    # A heap converges slowly: with 10 iterations a frame leaves 0.014 px open to a reader, with 20 half of it.
    solver = Solver(iterations=20)
    return Scene(
        bodies,
        statics,
        gravity=(0.0, -rng.uniform(*GRAVITY[level])),
        speed_cap=900,
        solver=solver,
        description="Grains run through an hourglass.",
    )
