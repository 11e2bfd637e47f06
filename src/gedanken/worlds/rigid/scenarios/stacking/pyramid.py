"""A pyramid of bricks in running bond, bombarded by falling balls.

Each course has one brick less than the one below and its bricks bridge the joints below them, so that load spreads
downwards and the pyramid stands by itself. The balls drop from different heights, chip the edges and are deflected
down the steps.
"""

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, struck
from gedanken.worlds.rigid.scenarios._surfaces import surface

FLOOR = 10.0

EVENT = Event("a ball strikes", struck("ball", by=60))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Bricks course by course from the ground up, then the balls."""
    # Two courses and a ball are the least.
    count = max(4, body_count(rng, level))
    courses = 1
    while (courses + 1) * (courses + 2) / 2 <= 0.85 * count:
        courses += 1
    bricks = courses * (courses + 1) // 2
    width = min(rng.uniform(46, 64), 560 / courses)
    height = width * rng.uniform(0.45, 0.7)
    gap = rng.uniform(0.5, 4.0)
    centre = rng.uniform(340, 460)
    stone = surface(rng, (0.5, 0.9), (0.0, 0.2))
    density = rng.uniform(0.001, 0.003)
    brick = Box(width, height)
    weights = (mass(brick, density) * rng.uniform(0.7, 1.4, bricks)).tolist()
    bodies: list[Body] = []
    for course in range(courses):
        length = courses - course
        for k in range(length):
            x = centre + (k - (length - 1) / 2) * (width + gap)
            bodies.append(Body(brick, x, FLOOR + (course + 0.5) * height, weights[len(bodies)], role="brick", **stone))
    rubber = surface(rng, (0.3, 0.8), (0.4, 0.9))
    half = courses * (width + gap) / 2
    top = FLOOR + courses * height
    balls = count - bricks
    for k in range(balls):
        # Every ball falls in a lane of its own, so that none touches another at the start.
        lane = 2 * half / balls
        ball = Circle(min(rng.uniform(9, 16), 0.45 * lane))
        x = centre - half + (k + rng.uniform(0.47, 0.53)) * lane
        y = rng.uniform(top + 20, max(top + 60, 540))
        vx, vy = rng.uniform((-120, -450), (120, -50)).tolist()
        weight = mass(ball, density * rng.uniform(4.0, 10.0))
        bodies.append(Body(ball, x, y, weight, vx, vy, role="ball", **rubber))
    return Scene(
        bodies=tuple(bodies),
        statics=walls(radius=20, **surface(rng, (0.7, 1.0), (0.1, 0.4))),
        solver=Solver(iterations=20),
        description="A pyramid of bricks is bombarded from above.",
    )
