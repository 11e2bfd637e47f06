"""A heavy ball on a rod hung from a crane's boom swings into a wall of loose bricks that stands on the floor.

The ball is let go from the side with some speed, falls along its arc and strikes the wall near the bottom of it. The
bricks are stacked in staggered courses and held by friction alone.
"""

import math

import numpy as np

from gedanken.worlds.rigid import GROUND, Body, Box, Circle, Pin, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved

FLOOR = 10.0

EVENT = Event("a brick is knocked away", moved("brick", by=20))


def build(rng: np.random.Generator, level: int) -> Scene:
    """The wall's courses first, then the ball so that its arc ends at the wall."""
    bricks = body_count(rng, level, others=1)
    side = -1 if rng.random() < 0.5 else 1
    columns = max(1, min(6, round(math.sqrt(bricks) * rng.uniform(0.55, 0.9))))
    width = min(rng.uniform(40, 60), 240 / columns)
    courses = math.ceil(bricks / columns)
    height = min(rng.uniform(24, 36), 300 / courses)
    density = rng.uniform(0.001, 0.003)
    shape = Box(width, height)
    friction = rng.uniform(0.5, 0.9)
    face = 400 + side * rng.uniform(0, 60)
    bodies = []
    for k in range(bricks):
        course, column = divmod(k, columns)
        # Every other course is set back by a quarter of a brick: staggered, yet nothing overhangs enough to fall.
        x = face + side * (width * (column + 0.5 + 0.25 * (course % 2)) + 0.05 * column)
        # Courses overlap by what the solver tolerates: a gap would close with a jolt.
        y = FLOOR + height / 2 - 0.05 + (height - 0.05) * course
        bodies.append(Body(shape, x, y, mass(shape, density), friction=friction, elasticity=0.1, role="brick"))
    radius = rng.uniform(24, 36)
    ball = Circle(radius)
    length = rng.uniform(280, 360)
    swing = rng.uniform(0.8, 1.15)
    # At the bottom of the arc the ball's leading edge is a little way inside the wall, at the height of its upper half.
    anchor_x = face - side * rng.uniform(0, 0.5) * radius
    strike = FLOOR + radius + 4 + rng.uniform(0, 0.5) * max(0.0, courses * height - 2 * radius)
    anchor_y = min(strike + length, 580.0)
    speed = rng.uniform(0, 150)
    x, y = anchor_x - side * length * math.sin(swing), anchor_y - length * math.cos(swing)
    bodies.append(
        Body(
            ball,
            x,
            y,
            mass(ball, rng.uniform(0.01, 0.02)),
            vx=side * speed * math.cos(swing),
            vy=-speed * math.sin(swing),
            friction=0.5,
            elasticity=0.2,
            role="wrecking ball",
        )
    )
    return Scene(
        bodies,
        walls(elasticity=0.2),
        (Pin(GROUND, bricks, anchor_a=(anchor_x, anchor_y), length=length),),
        speed_cap=1200,
        solver=Solver(iterations=20),
        description="A wrecking ball swings into a wall of bricks.",
    )
