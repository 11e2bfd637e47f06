"""A two-dimensional gas: discs of different mass and size fly about a box and collide without loss.

Restitution is one, there is no friction, no drag and no gravity, so the kinetic energy is conserved; the walls
take momentum. The discs do not spin, since nothing can turn them.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import scatter
from gedanken.worlds.rigid.scenarios._events import Event, struck
from gedanken.worlds.rigid.scenarios._surfaces import Surface

EVENT = Event("two discs collide", struck(by=20))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Discs at random places with random directions of flight."""
    frictionless: Surface = {"friction": 0.0, "elasticity": 1.0}
    left, right = rng.uniform(10, 120), rng.uniform(680, 790)
    bottom, top = rng.uniform(10, 70), rng.uniform(530, 590)
    box = walls((left, bottom, right, top), **frictionless)
    count = body_count(rng, level)
    largest = 30.0 if count <= 15 else 20.0
    density, speed = rng.uniform(0.001, 0.004), rng.uniform(120, 260)
    places = scatter(rng, count, (left, bottom, right, top), largest)
    draws = rng.uniform((0.5, 0.8, 0.4, 0.0), (1.0, 1.25, 1.5, 2 * math.pi), (count, 4)).tolist()
    bodies = []
    for (x, y), (size, heft, pace, heading) in zip(places, draws, strict=True):
        disc = Circle(largest * size)
        vx, vy = speed * pace * math.cos(heading), speed * pace * math.sin(heading)
        bodies.append(Body(disc, x, y, mass(disc, density * heft), vx, vy, **frictionless))
    return Scene(
        bodies=tuple(bodies),
        statics=box,
        gravity=(0.0, 0.0),
        conserved=("energy",),
        description="Frictionless discs of different masses collide elastically in a closed box without gravity.",
    )
