"""Chains of hinged links fall under gravity: some hang by one end from an anchor, some by both ends.

A chain starts as a straight line at an angle (one end held) or as a slack zigzag between its two anchors, and swings
down; a heavier weight may hang at its free end. Links of one chain do not touch each other, and chains pass in front of
one another.
"""

import math

import numpy as np

from gedanken.worlds.rigid import GROUND, Body, Box, Circle, Pivot, Scene, Solver, body_count, mass
from gedanken.worlds.rigid.scenarios._cells import Cell, cells, shares
from gedanken.worlds.rigid.scenarios._events import Event, turned
from gedanken.worlds.rigid.scene.parts import Joint

EVENT = Event("a chain swings", turned(by=0.3))


def build(rng: np.random.Generator, level: int) -> Scene:
    """One chain for every seven to fourteen links, each in a cell of its own."""
    total = body_count(rng, level)
    lengths = shares(total, max(1, round(total / rng.uniform(7, 14))))
    bodies: list[Body] = []
    joints: list[Joint] = []
    for count, cell in zip(lengths, cells(len(lengths), aspect=0.8, box=(20, 20, 780, 580)), strict=True):
        density = rng.uniform(0.004, 0.012)
        add = _sling if count >= 4 and rng.random() < 0.4 else _hang
        add(bodies, joints, rng, count, cell, density)
    return Scene(
        bodies,
        joints=joints,
        gravity=(0.0, -rng.uniform(300, 700)),
        damping=rng.uniform(0.8, 1.0),
        solver=Solver(iterations=20),
        description="Links hinged into chains fall from rest and swing.",
    )


def _hang(
    bodies: list[Body], joints: list[Joint], rng: np.random.Generator, count: int, cell: Cell, density: float
) -> None:
    """A straight chain at an angle, held at one end, with or without a weight on the other."""
    left, bottom, right, top = cell
    links = count - 1 if count > 1 and rng.random() < 0.7 else count
    weight = rng.uniform(0.04, 0.07) * (right - left) if links < count else 0.0
    weight = min(weight, 16.0)
    angle = -math.pi / 2 + rng.uniform(0.6, 1.5) * (1 if rng.random() < 0.5 else -1)
    cos, sin = math.cos(angle), math.sin(angle)
    # At rest it is about as long as the cell is high.
    total = min(rng.uniform(0.7, 0.95) * (top - bottom), 1.1 * (right - left), 370) - 2 * weight
    length = total / links
    # It must not leave the canvas on the other side of its anchor either, nor when its end flicks up.
    sway = abs(cos) * (total + 2 * weight) + 15
    x0 = min(max((left + right) / 2 - cos * total / 2, sway), 800 - sway)
    y0 = top - 30
    shape = Box(length, min(rng.uniform(6, 9), length))
    previous, end = GROUND, (x0, y0)
    for k in range(links):
        x, y = x0 + (k + 0.5) * length * cos, y0 + (k + 0.5) * length * sin
        bodies.append(Body(shape, x, y, mass(shape, density), angle=angle, friction=0.5, elasticity=0.1, group=1))
        joints.append(Pivot(previous, len(bodies) - 1, end, (-length / 2, 0.0), collide=False))
        previous, end = len(bodies) - 1, (length / 2, 0.0)
    if weight:
        x, y = x0 + (total + weight) * cos, y0 + (total + weight) * sin
        ball = Circle(weight)
        bodies.append(Body(ball, x, y, mass(ball, density), angle=angle, friction=0.5, elasticity=0.1, group=1))
        joints.append(Pivot(previous, len(bodies) - 1, end, (-weight, 0.0), collide=False))


def _sling(
    bodies: list[Body], joints: list[Joint], rng: np.random.Generator, count: int, cell: Cell, density: float
) -> None:
    """A chain between two anchors, folded into a zigzag that takes up its slack."""
    left, _, right, top = cell
    span = rng.uniform(0.6, 0.9) * (right - left)
    slack = rng.uniform(1.1, 1.5)
    length = span * slack / count
    fold = math.acos(1 / slack)
    shape = Box(length, min(rng.uniform(6, 9), length))
    x, y = (left + right - span) / 2, top - length - rng.uniform(4, 20)
    previous, end = GROUND, (x, y)
    for k in range(count):
        angle = fold if k % 2 else -fold
        dx, dy = length * math.cos(angle), length * math.sin(angle)
        bodies.append(
            Body(
                shape,
                x + dx / 2,
                y + dy / 2,
                mass(shape, density),
                angle=angle,
                friction=0.5,
                elasticity=0.1,
                group=1,
            )
        )
        joints.append(Pivot(previous, len(bodies) - 1, end, (-length / 2, 0.0), collide=False))
        previous, end = len(bodies) - 1, (length / 2, 0.0)
        x, y = x + dx, y + dy
    joints.append(Pivot(GROUND, previous, (x, y), end, collide=False))
