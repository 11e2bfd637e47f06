"""Rows of equal hanging balls: those pulled aside at one end strike the row, and as many leave at the other end.

Balls hang from massless rods, collide without loss and without friction. Neighbours hang one pixel or so apart, so that
a blow travels from ball to ball one collision at a time; balls that touch would share it, in the solver as in reality.
"""

import math

import numpy as np

from gedanken.worlds.rigid import GROUND, Body, Circle, Pin, Scene, Solver, body_count, mass
from gedanken.worlds.rigid.scenarios._cells import cells, shares
from gedanken.worlds.rigid.scenarios._events import Event, struck

HELD_OUT = True

EVENT = Event("a ball that hung still is thrown up", struck(by=30))


def build(rng: np.random.Generator, level: int) -> Scene:
    """One cradle for every four to seven balls."""
    total = body_count(rng, level)
    rows = shares(total, max(1, round(total / rng.uniform(4, 7))))
    bodies: list[Body] = []
    joints: list[Pin] = []
    for count, (left, bottom, right, top) in zip(rows, cells(len(rows), aspect=1.3), strict=True):
        width, height = right - left - 4, top - bottom - 4
        angle = rng.uniform(0.4, 0.9)
        length = min(rng.uniform(0.6, 0.8) * height, 0.35 * width)
        sway = length * math.sin(angle)
        gap = rng.uniform(0.8, 1.5)
        radius = min((width - 2 * sway) / (2 * count) - gap, height - length - 4, 24.0) * rng.uniform(0.85, 1.0)
        pitch = 2 * radius + gap
        weight = mass(Circle(radius), rng.uniform(0.002, 0.008))
        first = (left + right) / 2 - (count - 1) / 2 * pitch + rng.uniform(-1, 1) * 0.1 * sway
        ceiling = bottom + 2 + radius + length + rng.uniform(0.2, 0.9) * (height - length - radius)
        pulled = int(rng.integers(1, max(1, count // 2), endpoint=True))
        from_left = rng.random() < 0.5
        for k in range(count):
            tilt = angle if (k < pulled if from_left else k >= count - pulled) else 0.0
            x = first + k * pitch
            bodies.append(
                Body(
                    Circle(radius),
                    x + (-1 if from_left else 1) * length * math.sin(tilt),
                    ceiling - length * math.cos(tilt),
                    weight,
                    friction=0,
                    elasticity=1,
                )
            )
            joints.append(Pin(GROUND, len(bodies) - 1, anchor_a=(x, ceiling), collide=False))
    return Scene(
        bodies,
        joints=joints,
        gravity=(0.0, -rng.uniform(300, 600)),
        solver=Solver(substeps=2),
        conserved=("energy",),
        description="Newton's cradle: hanging balls in a row strike each other.",
    )
