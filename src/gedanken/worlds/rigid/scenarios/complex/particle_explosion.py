"""A packed disc of particles bursts: each flies off in its own direction, faster the further out it sat.

Particles are laid out in a sunflower spiral, so that none overlap. They slow down in the air, fall, collide with one
another and bounce off the walls.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))

EVENT = Event("the particles burst apart", moved(by=60, share=0.5))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Point k of the spiral lies at sqrt(k) times a spacing; neighbours are never closer than 1.5 spacings."""
    count = body_count(rng, level)
    largest = rng.uniform(9, 13) if level < 3 else rng.uniform(5.5, 8.5)
    spacing = 2 * largest / 1.5
    reach = spacing * math.sqrt(count)
    x, y = 400 + rng.uniform(-150, 150), 320 + rng.uniform(-100, 120)
    turn = rng.uniform(0, 2 * math.pi)
    blast, scatter = rng.uniform(300, 520), rng.uniform(0.05, 0.25)
    density, elasticity = rng.uniform(0.002, 0.008), rng.uniform(0.7, 1.0)
    bodies = []
    for k in range(count):
        distance = spacing * math.sqrt(k + 0.5)
        angle = turn + k * GOLDEN_ANGLE
        cos, sin = math.cos(angle), math.sin(angle)
        speed = blast * (0.25 + 0.75 * distance / reach) * rng.uniform(1 - scatter, 1 + scatter)
        shape = Circle(largest * rng.uniform(0.6, 1.0))
        bodies.append(
            Body(
                shape,
                x + distance * cos,
                y + distance * sin,
                mass(shape, density),
                speed * cos,
                speed * sin,
                friction=0.3,
                elasticity=elasticity,
            )
        )
    return Scene(
        bodies,
        walls(elasticity=0.8),
        gravity=(0.0, -rng.uniform(100, 400)),
        damping=rng.uniform(0.6, 0.95),
        speed_cap=700,
        description="A disc of particles bursts in all directions.",
    )
