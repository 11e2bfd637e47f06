"""Two heavy planets rotate about their common centre of mass, and light bodies circle both of them further out.

Every pair attracts by Newton's law, softened within a few pixels. All bodies turn about their own axes as well, which
nothing changes. Momentum, angular momentum and energy are conserved.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Gravitation, Polygon, Scene, Solver, body_count
from gedanken.worlds.rigid.scenarios._events import Event, went
from gedanken.worlds.rigid.scenarios.complex._orbits import ellipse
from gedanken.worlds.rigid.scene.shapes import Shape

HEAVY = 1000.0

EVENT = Event("the bodies go round", went(turn=1.0))


def build(rng: np.random.Generator, level: int) -> Scene:
    """The pair first, then rings of light bodies outside three times its separation or so, where orbits are stable."""
    count = body_count(rng, level) - 2
    sense = 1 if rng.random() < 0.5 else -1
    separation = rng.uniform(64, 84) if count else rng.uniform(110, 220)
    share = rng.uniform(0.3, 0.5)
    masses = (HEAVY * (1 - share), HEAVY * share)
    pull = rng.uniform(3e6, 7e6)
    flat = rng.uniform(0, 0.1)
    x, y, vx, vy = ellipse(pull, separation * (1 - flat), flat, rng.uniform(0, 6.28), rng.uniform(0, 6.28), sense)
    bodies = []
    for weight, part in ((masses[0], -share), (masses[1], 1 - share)):
        shape = Circle(min(24.0, 0.24 * separation) * math.sqrt(weight / masses[0]))
        bodies.append(_body(shape, 400 + part * x, 300 + part * y, weight, part * vx, part * vy, rng))
    for k in range(count):
        distance = 2.8 * separation + (278 - 2.8 * separation) * (k + rng.uniform(0.2, 0.8)) / count
        x, y, vx, vy = ellipse(pull, distance, 0.0, rng.uniform(0, 2 * math.pi), 0.0, sense)
        radius = rng.uniform(5, 8)
        satellite: Shape = Circle(radius) if rng.random() < 0.5 else Polygon.regular(int(rng.integers(3, 7)), radius)
        bodies.append(_body(satellite, 400 + x, 300 + y, rng.uniform(0.01, 0.05), vx, vy, rng))
    return Scene(
        bodies,
        gravity=(0.0, 0.0),
        fields=(Gravitation(pull / HEAVY, softening=3.0),),
        solver=Solver(substeps=2),
        conserved=("energy", "momentum_x", "momentum_y", "angular_momentum"),
        description="Two heavy planets rotate about each other; all bodies attract each other.",
    )


def _body(shape: Shape, x: float, y: float, weight: float, vx: float, vy: float, rng: np.random.Generator) -> Body:
    angle, spin = rng.uniform(-math.pi, math.pi), rng.uniform(-6, 6)
    return Body(shape, x, y, weight, vx, vy, angle, spin, friction=0, elasticity=1, group=1)
