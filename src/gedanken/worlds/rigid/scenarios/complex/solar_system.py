"""A sun, planets on nearly circular orbits, moons around the outer planets and a belt of asteroids between.

Every body attracts every other one by Newton's law (softened within a few pixels), so that the sun wobbles, moons are
bound to their planets and asteroids are perturbed. Nothing else acts: momentum, angular momentum and energy are
conserved.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Gravitation, Scene, Solver, body_count
from gedanken.worlds.rigid.scenarios._cells import shares
from gedanken.worlds.rigid.scenarios._events import Event, went
from gedanken.worlds.rigid.scenarios.complex._orbits import ellipse

SUN = 1000.0
SOFTENING = 4.0

EVENT = Event("a planet goes round", went(turn=1.0))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Inner planets, outer planets with moons, asteroids; the sun gets the opposite of all the others' momentum."""
    others = body_count(rng, level) - 1
    inner, outer = min(3, -(-others // 2)), min(2, others // 2)
    moons = min(2 * outer, max(0, others - inner - outer - 2)) if level > 1 else 0
    asteroids = others - inner - outer - moons
    pull = rng.uniform(3e6, 7e6)
    sense = 1 if rng.random() < 0.5 else -1
    # Rows of mass, radius, and x, y, vx, vy relative to the sun.
    rows: list[tuple[float, ...]] = []
    for k in range(inner):
        orbit = _orbit(rng, pull, 54 + 28 * (k + rng.uniform(0.1, 0.7)), rng.uniform(0, 2 * math.pi), sense)
        rows.append((rng.uniform(3, 6), rng.uniform(4, 7), *orbit))
    longitude = rng.uniform(0, 2 * math.pi)
    for k, satellites in zip(range(outer), shares(moons, max(outer, 1)), strict=False):
        weight, radius = rng.uniform(8, 10), rng.uniform(5, 6.5)
        x, y, vx, vy = _orbit(rng, pull, 206 + 48 * (k + rng.uniform(0.0, 0.2)), longitude, sense)
        # On the other side of the sun: where outer planets pass each other they strip off each other's moons.
        longitude += math.pi + rng.uniform(-1, 1)
        rows.append((weight, radius, x, y, vx, vy))
        for moon in range(satellites):
            # Within half of the planet's Hill radius (28 px or more), where the sun cannot strip the moon off.
            distance = radius + 3 + 2 * moon + rng.uniform(0, 1)
            held = pull * weight / SUN * (1 + (SOFTENING / distance) ** 2) ** -1.5
            mx, my, mvx, mvy = ellipse(held, distance, 0.0, rng.uniform(0, 2 * math.pi), 0.0, sense)
            rows.append((rng.uniform(0.01, 0.02), 2.0, x + mx, y + my, vx + mvx, vy + mvy))
    for _ in range(asteroids):
        orbit = _orbit(rng, pull, rng.uniform(151, 165), rng.uniform(0, 2 * math.pi), sense)
        rows.append((rng.uniform(0.005, 0.03), rng.uniform(2, 3.5), *orbit))
    table = np.array(rows)
    vx, vy = (-(table[:, 0] @ table[:, 4:6]) / SUN).tolist()
    bodies = [_body(SUN, rng.uniform(22, 30), 400, 300, vx, vy)]
    bodies += [_body(m, r, 400 + x, 300 + y, u, v) for m, r, x, y, u, v in rows]
    return Scene(
        bodies,
        gravity=(0.0, 0.0),
        fields=(Gravitation(pull / SUN, SOFTENING),),
        solver=Solver(substeps=2),
        conserved=("energy", "momentum_x", "momentum_y", "angular_momentum"),
        description="A sun and what orbits it; all bodies attract each other.",
    )


def _orbit(
    rng: np.random.Generator, pull: float, distance: float, longitude: float, sense: int
) -> tuple[float, float, float, float]:
    flat, turn = rng.uniform(0, 0.03), rng.uniform(0, 2 * math.pi)
    return ellipse(pull, distance * (1 - flat), flat, sense * (longitude - turn), turn, sense)


def _body(mass: float, radius: float, x: float, y: float, vx: float, vy: float) -> Body:
    # Bodies pass in front of one another: contact would end an orbit for good.
    return Body(Circle(radius), x, y, mass, vx, vy, friction=0, elasticity=1, group=1)
