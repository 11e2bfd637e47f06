"""Towers of blocks and a ball that is shot into the first one.

Blocks of one width lie on each other a little out of line, held by friction; heavier and lighter ones are mixed. The
ball strikes the tower next to it somewhere between foot and top: low hits knock a block out from under the rest, high
ones throw the top off, and falling blocks may bring the next tower down.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import shares
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scenarios._surfaces import surface

FLOOR = 10.0

EVENT = Event("a block is knocked out of line", moved("block", by=8))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Tower by tower from the left, each from the ground up; the ball is the last body."""
    blocks = max(2, body_count(rng, level, others=1))
    towers = math.ceil(blocks / 11)
    width = rng.uniform(44, 60)
    x = rng.uniform(280, 400)
    # The last tower stands clear of the wall: five towers have less room between them.
    pitch = min(rng.uniform(1.5, 2.2) * width, (750 - width / 2 - x) / max(1, towers - 1))
    wood = surface(rng, (0.6, 0.95), (0.0, 0.2))
    density = rng.uniform(0.001, 0.003)
    bodies = []
    tops = []
    for height in shares(blocks, towers):
        y = FLOOR
        # Two neighbours are out of line by at most a twelfth of the width: each tower stands until it is hit.
        draws = rng.uniform((22, -0.04 * width, 0.6), (38, 0.04 * width, 1.6), (height, 3)).tolist()
        for thickness, shift, heft in draws:
            block = Box(width, thickness)
            bodies.append(Body(block, x + shift, y + thickness / 2, mass(block, density * heft), role="block", **wood))
            y += thickness
        tops.append(y)
        x += pitch
    ball = Circle(rng.uniform(13, 19))
    start = rng.uniform(40, 140)
    speed = rng.uniform(400, 650)
    strike = FLOOR + ball.radius + 2 + rng.uniform(0.1, 0.85) * max(0.0, tops[0] - FLOOR - ball.radius)
    # Shot slightly upwards, so that the parabola ends at its own height on the first tower's face.
    time = (bodies[0].x - 0.56 * width - ball.radius - start) / speed
    weight = mass(ball, density * rng.uniform(4.0, 10.0))
    bodies.append(Body(ball, start, strike, weight, speed, 981 * time / 2, role="ball", **wood))
    return Scene(
        bodies=tuple(bodies),
        statics=walls(radius=20, **surface(rng, (0.7, 1.0), (0.1, 0.4))),
        solver=Solver(iterations=20),
        description="A ball is shot at loosely stacked blocks.",
    )
