"""Birds are flung in an arc at buildings of posts and planks in which pigs sit, and knock them down.

A bird's launch velocity is the one that takes it to a point of a building's front in a chosen time of flight. Buildings
stand on the ground, held by gravity and friction alone.
"""

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, struck
from gedanken.worlds.rigid.scenarios._throws import launch

HELD_OUT = True

FLOOR = 10.0
SUNK = 0.05
"""Overlap (px) of what stands on one another, which the solver tolerates: a gap would close with a jolt."""

EVENT = Event("a bird strikes", struck("bird", by=60))


def build(rng: np.random.Generator, level: int) -> Scene:
    """One bird for every six to ten other things; the buildings are filled storey by storey."""
    total = body_count(rng, level)
    birds = max(1, min(5, round(total / rng.uniform(7, 11))))
    gravity = rng.uniform(600, 981)
    bodies: list[Body] = []
    lots = max(1, min(3, round((total - birds) / 12)))
    pitch = 400 / lots
    targets = []
    left = total - birds
    for lot in range(lots):
        middle = 360 + (lot + 0.5) * pitch + rng.uniform(-8, 8)
        count = -(-left // (lots - lot))
        reach, top = _building(bodies, rng, count, middle, min(0.86 * pitch, rng.uniform(100, 130)))
        targets.append((middle - reach, top))
        left -= count
    density = rng.uniform(0.008, 0.016)
    for k in range(birds):
        # Birds start one above the other, so that they arrive one after the other from different heights.
        shape = Circle(rng.uniform(11, 15))
        x, y = rng.uniform(40, 120), 60 + 62 * k + rng.uniform(0, 25)
        front, top = targets[int(rng.integers(lots))]
        aim = (front + rng.uniform(0, 10), FLOOR + rng.uniform(0.2, 0.75) * (top - FLOOR))
        vx, vy = launch((x, y), aim, gravity, rng.uniform(0.55, 0.85) + 0.08 * k)
        bodies.append(
            Body(
                shape,
                x,
                y,
                mass(shape, density),
                vx,
                vy,
                spin=rng.uniform(-5, 5),
                friction=0.7,
                elasticity=0.3,
                role="bird",
            )
        )
    return Scene(
        bodies,
        walls(elasticity=0.3),
        gravity=(0.0, -gravity),
        speed_cap=1100,
        solver=Solver(iterations=20),
        description="A round of angry birds.",
    )


def _building(
    bodies: list[Body], rng: np.random.Generator, count: int, middle: float, width: float
) -> tuple[float, float]:
    """Storeys of two posts, a pig and a plank, then crates and a pig on the roof; its half width and height."""
    tall, thick = rng.uniform(34, 42), rng.uniform(12, 15)
    post, plank = Box(thick, tall), Box(width, 12)
    pig = Circle(rng.uniform(10, 13))
    density, friction = rng.uniform(0.001, 0.003), rng.uniform(0.6, 0.95)
    floor = FLOOR - SUNK
    while count >= 4:
        for side in (-1, 1):
            x = middle + side * (width - 1.6 * thick) / 2
            bodies.append(
                Body(
                    post, x, floor + tall / 2, mass(post, density), friction=friction, elasticity=0.05, role="building"
                )
            )
        x = middle + rng.uniform(-1, 1) * (width / 2 - 1.3 * thick - pig.radius - 1)
        bodies.append(
            Body(pig, x, floor + pig.radius, mass(pig, density), friction=friction, elasticity=0.1, role="pig")
        )
        floor += tall - SUNK
        bodies.append(
            Body(plank, middle, floor + 6, mass(plank, density), friction=friction, elasticity=0.05, role="building")
        )
        floor += 12 - SUNK
        count -= 4
    crate = Box(26, 26)
    for k in range(count):
        x = middle + (k - (count - 1) / 2) * 32
        if k == count - 1:
            bodies.append(
                Body(pig, x, floor + pig.radius, mass(pig, density), friction=friction, elasticity=0.1, role="pig")
            )
        else:
            bodies.append(
                Body(crate, x, floor + 13, mass(crate, density), friction=friction, elasticity=0.05, role="building")
            )
    return (width / 2 if floor > FLOOR else 16.0 * count), floor + (26 if count else 0)
