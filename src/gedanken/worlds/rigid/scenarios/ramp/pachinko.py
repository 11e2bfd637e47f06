"""Pachinko: balls are shot up the launch lane, round the corner and down through pins, turning vanes and cups.

The field is irregular: pins stand a little off their lattice, vanes turn at their own constant rate and throw the balls
about, cups at the bottom catch some of them. Part of the balls are already on their way down when the picture starts.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Peg, Scene, Segment, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import scatter
from gedanken.worlds.rigid.scenarios._events import Event, dropped, every, struck
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.parts import Static

LANE = 742.0
"""Where the lane's inner wall stands (px); the lane is 38 px wide with the wall's thickness off."""

CUP = 5.0
"""Half thickness of the cups' sides (px)."""

SPEED = 700.0
"""Fastest that a ball may be (px/s): 5.8 px in half a frame, less than the smallest ball's radius."""

EVENT = Event("a ball falls through pins", every(struck("ball", by=60), dropped("ball", by=100)))


def build(rng: np.random.Generator, level: int) -> Scene:
    """The vanes, the balls in the lane from the top down, then those in the field."""
    # A vane and two balls are the least.
    count = max(3, body_count(rng, level))
    vanes = 1 if level < 3 else int(rng.integers(2, 4))
    balls = count - vanes
    launched = max(1, min(balls // 2, 8))
    largest = rng.uniform(7.5, 9.0)
    brass = surface(rng, (0.2, 0.6), (0.4, 0.8))
    steel = surface(rng, (0.1, 0.4), (0.5, 0.9))
    density = rng.uniform(0.004, 0.01)

    span = rng.uniform(60, 90)
    bodies = []
    for k in range(vanes):
        x = 50 + (k + rng.uniform(0.35, 0.65)) * 640 / vanes
        spin = rng.uniform(1.5, 4.5) * (1 if rng.random() < 0.5 else -1)
        bodies.append(
            Body(
                Box(span, 10),
                x,
                rng.uniform(220, 360),
                angle=rng.uniform(0, math.pi),
                spin=spin,
                kinematic=True,
                role="vane",
                **brass,
            )
        )
    corner = rng.uniform(90, 130)
    statics: list[Static] = [
        *walls(radius=20, **brass),
        Segment(LANE, 10, LANE, 430, radius=5, **brass),
        Segment(790, 590 - corner, 790 - 0.3 * corner, 590 - 0.3 * corner, radius=10, **brass),
        Segment(790 - 0.3 * corner, 590 - 0.3 * corner, 790 - corner, 590, radius=10, **brass),
    ]
    pin = rng.uniform(4.5, 6.0)
    jitter = rng.uniform(-9, 9, (6, 9, 2)).tolist()
    for row in range(6):
        for column in range(9):
            x = 50 + (column + 0.25 + 0.5 * (row % 2)) * 74 + jitter[row][column][0]
            y = 170 + row * 50 + jitter[row][column][1]
            # No ball can be crushed between a vane and a pin.
            if x < LANE - 40 and all(math.hypot(x - v.x, y - v.y) > span / 2 + pin + 2 * largest + 4 for v in bodies):
                statics.append(Peg(x, y, pin, **brass))
    cups = int(rng.integers(3, 6))
    for k in range(cups):
        x, y = 30 + (k + rng.uniform(0.35, 0.65)) * 690 / cups, rng.uniform(60, 100)
        statics.append(Segment(x, y, x - 22, y + 34, radius=CUP, **brass))
        statics.append(Segment(x, y, x + 22, y + 34, radius=CUP, **brass))

    speed = rng.uniform(620, SPEED)
    step = 2 * largest + rng.uniform(2, 8)
    top = rng.uniform(390, 425)
    for k, (size, slower, side) in enumerate(rng.uniform((0.9, 0.0, -1.0), (1.0, 0.02, 1.0), (launched, 3)).tolist()):
        ball = Circle(largest * size)
        bodies.append(
            Body(
                ball,
                768 + 6 * side,
                top - k * step,
                mass(ball, density),
                vy=speed * (1 - slower) * 0.98**k,
                role="ball",
                **steel,
            )
        )
    field = scatter(rng, balls - launched, (30.0, 450.0, 650.0, 586.0), largest) if balls > launched else []
    for (x, y), (size, vx, vy) in zip(
        field, rng.uniform((0.9, -200, -100), (1.0, 40, 100), (len(field), 3)).tolist(), strict=True
    ):
        ball = Circle(largest * size)
        bodies.append(Body(ball, x, y, mass(ball, density), vx, vy, role="ball", **steel))
    return Scene(
        bodies=tuple(bodies),
        statics=tuple(statics),
        speed_cap=SPEED,
        solver=Solver(substeps=2),
        description="Balls are shot into a field of pins and fall through it.",
    )
