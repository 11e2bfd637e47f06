"""A two-dimensional gas: discs of different mass and size fly about a box and collide without loss.

Restitution is one, there is no friction, no drag and no gravity, so the kinetic energy is conserved exactly; the walls
take momentum. The discs do not spin, since nothing can turn them.
"""

import math

import numpy as np

from gedanken.worlds.rigid.parts import Body
from gedanken.worlds.rigid.placing import Room, body_count, walls
from gedanken.worlds.rigid.scenarios._surfaces import Surface
from gedanken.worlds.rigid.scene import Scene
from gedanken.worlds.rigid.shapes import Circle, mass


def build(rng: np.random.Generator, level: int) -> Scene:
    """Discs at random places with random directions of flight."""
    frictionless: Surface = {"friction": 0.0, "elasticity": 1.0}
    left, right = rng.uniform(10, 120), rng.uniform(680, 790)
    bottom, top = rng.uniform(10, 70), rng.uniform(530, 590)
    box = walls((left, bottom, right, top), **frictionless)
    room = Room(box)
    count = body_count(rng, level)
    largest = 30.0 if count <= 15 else 20.0
    density, speed = rng.uniform(0.001, 0.004), rng.uniform(120, 260)
    for _ in range(count):
        disc = Circle(rng.uniform(0.5 * largest, largest))
        heading, pace = rng.uniform(0, 2 * math.pi), speed * rng.uniform(0.4, 1.5)
        body = Body(
            disc,
            mass=mass(disc, density * rng.uniform(0.8, 1.25)),
            vx=pace * math.cos(heading),
            vy=pace * math.sin(heading),
            **frictionless,
        )
        r = disc.radius + 1
        room.place(rng, body, (left + r, bottom + r, right - r, top - r), margin=2.0)
    return Scene(
        bodies=tuple(room.bodies),
        statics=box,
        gravity=(0.0, 0.0),
        conserved=("energy",),
        description="Frictionless discs of different masses collide elastically in a closed box without gravity.",
    )
