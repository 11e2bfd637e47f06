"""Pendulums swing freely from anchors fixed to the canvas, each in a plane of its own: single, double and triple ones.

Bobs hang on massless rods and collide with nothing, so that gravity and the rods alone decide the motion. In some
scenes all are single and lose no measurable energy; double and triple ones are chaotic.
"""

import math

import numpy as np

from gedanken.worlds.rigid import GROUND, Body, Circle, Pin, Scene, Solver, body_count, mass
from gedanken.worlds.rigid.scenarios._cells import cells
from gedanken.worlds.rigid.scenarios._events import Event, moved

EVENT = Event("a pendulum swings", moved(by=30))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Pendulums around the middles of a grid's cells, with rods that may reach into the neighbours' cells."""
    left = body_count(rng, level)
    single = rng.random() < 0.4
    arms = []
    while left:
        arms.append(1 if single else min(left, 1 + int(3 * rng.random() ** 1.5)))
        left -= arms[-1]
    bodies: list[Body] = []
    joints: list[Pin] = []
    for count, (x0, y0, x1, y1) in zip(arms, cells(len(arms), aspect=1.0), strict=True):
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        radius = min(rng.uniform(8, 14), (x1 - x0) / 9)
        reach = min(rng.uniform(0.8, 1.1) * (x1 - x0), rng.uniform(180, 240))
        if count == 1:
            y = min(y + reach / 2, 580.0)
            reach = min(reach, y - 12 - radius)
        # A pendulum of several rods may go over the top: the whole circle of its reach lies on the canvas.
        margin = reach * (0.72 if count == 1 else 1.0) + radius + 4
        x = min(max(x, margin), 800 - margin)
        if count > 1:
            y = min(max(y, margin), 600 - margin)
        density = rng.uniform(0.002, 0.008)
        sections = rng.uniform(0.7, 1.3, count)
        previous, anchor = GROUND, (x, y)
        for length in (reach * sections / sections.sum()).tolist():
            angle = rng.uniform(0.3, 0.75 if count == 1 else 1.7) * (1 if rng.random() < 0.5 else -1)
            x, y = x + length * math.sin(angle), y - length * math.cos(angle)
            shape = Circle(radius)
            bodies.append(Body(shape, x, y, mass(shape, density), friction=0, elasticity=1, group=1))
            joints.append(Pin(previous, len(bodies) - 1, anchor_a=anchor, collide=False))
            previous, anchor = len(bodies) - 1, (0.0, 0.0)
            radius *= rng.uniform(0.8, 1.0)
    return Scene(
        bodies,
        joints=joints,
        gravity=(0.0, -rng.uniform(250, 700)),
        # With two, a rod of a triple pendulum is 2 px off in the mean of some recordings.
        solver=Solver(substeps=4),
        conserved=("energy",) if single else (),
        description="A pendulum swings freely." if len(arms) == 1 else "Pendulums swing freely.",
    )
