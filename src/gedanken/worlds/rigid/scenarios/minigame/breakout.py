"""Breakout without gravity: balls fly up from a moving paddle and knock bricks out of a wall of rows.

Bricks are free bodies at rest that nothing holds: a brick that is hit drifts away and hits others. Everything is
elastic, and the paddle goes to and fro at constant speed.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved

EVENT = Event("a brick is hit", moved("brick", by=1))


def build(rng: np.random.Generator, level: int) -> Scene:
    """The paddle, one ball for every ten bricks or so, and rows of bricks."""
    total = max(body_count(rng, level), 3)
    balls = max(1, round(total / rng.uniform(8, 14)))
    bricks = total - 1 - balls
    radius = rng.uniform(7, 10)
    half = rng.uniform(45, 75)
    speed = rng.uniform(100, 280)
    # A ball that is caught between the paddle and a side wall must have room.
    edge = 10 + half + 2 * radius + 8
    height = rng.uniform(50, 70)
    bodies = [
        Body(
            Box(2 * half, 14),
            rng.uniform(edge, 800 - edge),
            height,
            vx=speed if rng.random() < 0.5 else -speed,
            friction=rng.uniform(0.2, 0.6),
            elasticity=1,
            kinematic=True,
            role="paddle",
            bounds=(edge, height, 800 - edge, height),
        )
    ]
    rows = max(1, min(5, round(math.sqrt(bricks) * rng.uniform(0.5, 0.8))))
    columns = -(-bricks // rows)
    gap = rng.uniform(3, 8)
    width = min(rng.uniform(60, 90), 740 / columns - gap)
    brick = Box(width, rng.uniform(18, 24))
    top = rng.uniform(540, 570)
    places = []
    for k in range(bricks):
        row, column = divmod(k, columns)
        in_row = min(columns, bricks - row * columns)
        places.append((400 + (column - (in_row - 1) / 2) * (width + gap), top - row * (brick.height + gap)))
    ball = Circle(radius)
    weight = mass(ball, rng.uniform(0.004, 0.008))
    for k in range(balls):
        pace = rng.uniform(300, 520)
        x = 400 + (k - (balls - 1) / 2) * 120 + rng.uniform(-40, 40)
        y = rng.uniform(110, 220)
        # Each ball is aimed at a brick of the lowest row, though seldom at its middle.
        target_x, target_y = places[int(rng.integers((rows - 1) * columns, bricks))]
        heading = math.atan2(target_y - y, target_x + rng.uniform(-0.4, 0.4) * width - x)
        bodies.append(
            Body(
                ball,
                x,
                y,
                weight,
                pace * math.cos(heading),
                pace * math.sin(heading),
                friction=0.3,
                elasticity=1,
                role="ball",
            )
        )
    weight = mass(brick, rng.uniform(0.001, 0.003))
    bodies += [Body(brick, x, y, weight, friction=0.2, elasticity=1, role="brick") for x, y in places]
    return Scene(
        bodies,
        walls(friction=0, elasticity=1),
        gravity=(0.0, 0.0),
        speed_cap=700,
        description="A game of breakout without gravity: a paddle moves to and fro below a wall of loose bricks.",
    )
