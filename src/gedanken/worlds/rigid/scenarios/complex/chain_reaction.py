"""A ball rolls down a ramp into a row of dominoes; the last one pushes another ball off the shelf, onto the ramp below.

There the second ball starts the next row, which runs the other way, and so on down to the floor. Balls are large
enough to hit a domino above its middle, so that it topples forwards.
"""

import numpy as np

from gedanken.worlds.rigid import Block, Body, Box, Circle, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import shares
from gedanken.worlds.rigid.scenarios._events import Event, turned
from gedanken.worlds.rigid.scene.parts import Static

MACHINES = (0, 1, 1, 2, 2, 2)
SHELVES = (0, 1, 2, 2, 2, 2)
"""Machines, and the shelves of each, by level."""

EVENT = Event("a domino falls", turned("domino", by=0.6))


def build(rng: np.random.Generator, level: int) -> Scene:
    """One machine, or from level 3 on two side by side, each as wide as its longest row of dominoes needs."""
    machines = MACHINES[level]
    grip = rng.uniform(0.7, 1.0)
    statics: list[Static] = [*walls(friction=grip, elasticity=0.1)]
    bodies: list[Body] = []
    room = 780 / machines
    for number, count in enumerate(shares(body_count(rng, level), machines)):
        _machine(bodies, statics, rng, count, min(SHELVES[level], max(1, count // 4)), 10 + number * room, room, grip)
    return Scene(
        bodies,
        statics,
        speed_cap=900,
        solver=Solver(iterations=20),
        description="A rolling ball topples a row of dominoes."
        if level == 1
        else "A rolling ball sets off a chain reaction of dominoes and balls.",
    )


def _machine(
    bodies: list[Body],
    statics: list[Static],
    rng: np.random.Generator,
    count: int,
    shelves: int,
    left: float,
    room: float,
    grip: float,
) -> None:
    """Shelves from the top down, alternately running right and left, between two walls; all sizes in ball radii."""
    rows = shares(count - shelves, shelves)
    radius = min(26.0, (room - 24) / (8.3 + rows[0])) * rng.uniform(0.9, 1.0)
    tall = radius * rng.uniform(1.65, 1.8)
    spacing = radius * rng.uniform(0.85, 1.0)
    rise, foot, shaft = 2.6 * radius, 3.0 * radius, 2.7 * radius
    width = foot + 3.5 * radius + (rows[0] - 1) * spacing + shaft
    left += 12 + rng.uniform(0, 1) * (room - 24 - width)
    right = left + width
    drop = 570 / shelves
    for x0, x1 in ((left - 10, left), (right, right + 10)):
        statics.append(
            Block.box(x0, 10, x1, 10 + (shelves - 1) * drop + rise + 2 * radius, friction=grip, elasticity=0.1)
        )
    ball, domino = Circle(radius), Box(0.3 * radius, tall)
    heavy, light = mass(ball, rng.uniform(0.003, 0.006)), mass(domino, rng.uniform(0.002, 0.004))
    forward = rng.random() < 0.5

    def across(x: float) -> float:
        """The canvas x of a point `x` px from the wall at which the present shelf starts."""
        return left + x if forward else right - x

    for shelf, row in enumerate(rows):
        floor = 10 + (shelves - 1 - shelf) * drop
        first = foot + radius * rng.uniform(1.3, 1.6)
        brink = first + (row - 1) * spacing + 1.5 * radius
        if shelf < shelves - 1:
            # The next ball lies so near the edge that the last domino's weight is enough to push it over.
            edge = brink + radius * rng.uniform(0.15, 0.4)
            x0, x1 = sorted((across(0), across(edge)))
            statics.append(Block.box(x0, floor - 12, x1, floor, friction=grip, elasticity=0.1))
        ramp = ((across(0), floor), (across(foot), floor), (across(0), floor + rise))
        statics.append(Block(ramp, friction=grip, elasticity=0.1))
        if shelf == 0:
            y = floor + rise + radius + rng.uniform(5, 20)
            push = rng.uniform(20, 100) * (1 if forward else -1)
            bodies.append(
                Body(ball, across(1.1 * radius), y, heavy, vx=push, friction=0.7, elasticity=0.1, role="ball")
            )
        for k in range(row):
            x = across(first + k * spacing)
            bodies.append(
                Body(domino, x, floor + tall / 2 - 0.05, light, friction=grip, elasticity=0.05, role="domino")
            )
        if shelf < shelves - 1:
            bodies.append(
                Body(ball, across(brink), floor + radius - 0.05, heavy, friction=0.7, elasticity=0.1, role="ball")
            )
        forward = not forward
