"""Pong without gravity: balls bounce between paddles that move up and down at constant speed.

Balls lose nothing at walls, paddles and one another, except that a moving paddle's face drags them along by friction.
The ends are walled, so that a ball that a paddle misses comes back. Higher levels play doubles and with more balls.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import scatter
from gedanken.worlds.rigid.scenarios._events import Event, struck

HELD_OUT = True

EVENT = Event("a ball is returned", struck("ball", by=100))


def build(rng: np.random.Generator, level: int) -> Scene:
    """A paddle on either side (two from level 3 on), then balls between them."""
    radius = rng.uniform(8, 12) if level < 4 else rng.uniform(6, 8)
    each = 1 if level < 3 else 2
    balls = max(body_count(rng, level) - 2 * each, 1)
    bodies = []
    for column in range(each):
        for side in (-1, 1):
            half = rng.uniform(35, 65)
            x = 400 + side * (325 - 150 * column)
            # A ball that is caught between a paddle's end and the wall must have room.
            upper = 590 - half - 2 * radius - 8
            lower = 600 - upper
            speed = rng.uniform(90, 260)
            bodies.append(
                Body(
                    Box(14, 2 * half),
                    x,
                    rng.uniform(lower, upper),
                    vy=speed if rng.random() < 0.5 else -speed,
                    friction=rng.uniform(0.3, 0.8),
                    elasticity=1,
                    kinematic=True,
                    bounds=(x, lower, x, upper),
                    role="paddle",
                )
            )
    shape = Circle(radius)
    weight = mass(shape, rng.uniform(0.002, 0.008))
    headings = rng.uniform(-0.9, 0.9, balls) + math.pi * rng.integers(0, 2, balls)
    speeds = rng.uniform(220, 520, balls)
    reach = 450 - 150 * each
    starts = scatter(rng, balls, (400 - reach, 30, 400 + reach, 570), radius)
    velocities = np.stack([np.cos(headings), np.sin(headings)], 1) * speeds[:, None]
    for start, (vx, vy) in zip(starts, velocities.tolist(), strict=True):
        bodies.append(Body(shape, *start, weight, vx, vy, friction=0.4, elasticity=1, role="ball"))
    return Scene(
        bodies,
        walls(friction=0, elasticity=1),
        gravity=(0.0, 0.0),
        speed_cap=700,
        description="A game of pong without gravity, with paddles that move up and down.",
    )
