"""Satellites circle a fixed planet on Kepler ellipses of every size, eccentricity and sense.

The planet's pull falls off with the square of the distance. Satellites attract only the planet, which does not move,
and pass one another without touching: energy and angular momentum about the planet are conserved.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Attractor, Body, Circle, Peg, Scene, body_count, mass
from gedanken.worlds.rigid.scenarios._events import Event, went
from gedanken.worlds.rigid.scenarios.complex._orbits import ellipse

EVENT = Event("a satellite goes round", went(turn=1.0))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Ellipses that fit between the planet and the edge of the canvas."""
    count = body_count(rng, level)
    pull = rng.uniform(3e6, 9e6)
    planet = rng.uniform(18, 28)
    x, y = 400 + rng.uniform(-25, 25), 300 + rng.uniform(-12, 12)
    outer = 270.0
    density = rng.uniform(0.002, 0.008)
    bodies = []
    for _ in range(count):
        radius = rng.uniform(4, 8)
        eccentricity = rng.uniform(0, 0.4)
        nearest = rng.uniform(planet + 35, outer * (1 - eccentricity) / (1 + eccentricity))
        dx, dy, vx, vy = ellipse(
            pull,
            nearest,
            eccentricity,
            rng.uniform(0, 2 * math.pi),
            rng.uniform(0, 2 * math.pi),
            1 if rng.random() < 0.7 else -1,
        )
        shape = Circle(radius)
        spin = rng.uniform(-4, 4)
        bodies.append(
            Body(shape, x + dx, y + dy, mass(shape, density), vx, vy, spin=spin, friction=0, elasticity=1, group=1)
        )
    return Scene(
        bodies,
        (Peg(x, y, planet),),
        gravity=(0.0, 0.0),
        fields=(Attractor(x, y, pull),),
        conserved=("energy", "angular_momentum"),
        description="Satellites orbit a fixed planet.",
    )
