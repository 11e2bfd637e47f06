"""A pinball table seen from above: balls roll down its slope among bumpers, flippers beat to and fro at the bottom.

The slope is a weak uniform gravity. Bumpers are fixed and nearly lossless; from level 2 on rotors turn at constant
speed, and from level 3 on hinged gates give way and swing. Flippers are driven bodies that turn about a point near
their thick end.
"""

import math

import numpy as np

from gedanken.worlds.rigid import (
    GROUND,
    Body,
    Box,
    Circle,
    Peg,
    Polygon,
    Room,
    Scene,
    Segment,
    Solver,
    body_count,
    mass,
    pivot_at,
    walls,
)
from gedanken.worlds.rigid.scenarios._events import Event, struck
from gedanken.worlds.rigid.scene.parts import Joint, Static

LEFT, RIGHT = 110.0, 690.0
ROTORS = (0, 0, 1, 2, 2, 3)
GATES = (0, 0, 0, 3, 5, 6)

EVENT = Event("a ball is hit", struck("ball", by=60))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Two flippers, then rotors, gates and bumpers in the slots of a grid, then balls wherever there is room."""
    total = max(body_count(rng, level), 3)
    slope = rng.uniform(250, 450)
    statics: list[Static] = [*walls((LEFT, 10, RIGHT, 590), friction=0.3, elasticity=0.8)]
    drain = rng.uniform(95, 115)
    hinge = rng.uniform(120, 130)
    for side in (-1, 1):
        wall, end = 400 + side * 290, 400 + side * hinge
        statics.append(Segment(wall, drain + 90, end + side * 12, drain, radius=7, friction=0.3, elasticity=0.5))
    bodies: list[Body] = []
    beat = rng.uniform(4, 7)
    for side in (-1, 1):
        bodies.append(_flipper(side, 400 + side * hinge, drain - 6, hinge - 28, beat * rng.uniform(0.9, 1.1), rng))
    joints: list[Joint] = []
    inner = [(x, y) for y in (285, 385, 485) for x in (327, 473)]
    outer = [(x, y) for y in (285, 385, 485) for x in (182, 618)]
    slots = [inner[k] for k in rng.permutation(6)]
    for _ in range(min(ROTORS[level], total - 3)):
        x, y = slots.pop()
        bodies.append(
            Body(
                Box(rng.uniform(60, 76), 14),
                x + rng.uniform(-4, 4),
                y + rng.uniform(-4, 4),
                angle=rng.uniform(0, math.pi),
                spin=rng.uniform(1.5, 4) * (1 if rng.random() < 0.5 else -1),
                friction=0.4,
                elasticity=0.8,
                kinematic=True,
                role="rotor",
            )
        )
    slots += outer
    slots = [slots[k] for k in rng.permutation(len(slots))]
    gate = Box(10, rng.uniform(40, 50))
    for _ in range(min(GATES[level], total - 3 - len(joints))):
        x, y = slots.pop()
        x, y = x + rng.uniform(-6, 6), y + rng.uniform(-6, 6)
        bodies.append(Body(gate, x, y, mass(gate, 0.004), friction=0.3, elasticity=0.5, role="gate"))
        joints.append(pivot_at(bodies, GROUND, len(bodies) - 1, x, y + gate.height / 2 - 5, collide=True))
    for x, y in slots[: int(rng.integers(3, 7))]:
        statics.append(
            Peg(x + rng.uniform(-8, 8), y + rng.uniform(-8, 8), rng.uniform(16, 26), friction=0.2, elasticity=1)
        )
    ball = Circle(rng.uniform(8, 10))
    weight = mass(ball, rng.uniform(0.004, 0.008))
    room = Room(statics, bodies)
    for _ in range(total - len(bodies)):
        moving = Body(
            ball,
            mass=weight,
            vx=rng.normal(0, 160),
            vy=rng.uniform(-100, 300),
            friction=0.3,
            elasticity=rng.uniform(0.75, 0.95),
            role="ball",
        )
        room.place(rng, moving, (LEFT + 20, 215, RIGHT - 20, 570), margin=3)
    return Scene(
        room.bodies,
        statics,
        joints,
        gravity=(0.0, -slope),
        speed_cap=650,
        solver=Solver(substeps=2),
        description="A pinball table with bumpers and beating flippers.",
    )


def _flipper(side: int, x: float, y: float, length: float, beat: float, rng: np.random.Generator) -> Body:
    """A taper from (x, y) towards the middle of the table that beats between hanging and raised."""
    shape = Polygon(((0.0, -11.0), (0.0, 11.0), (-side * length, 4.0), (-side * length, -4.0)))
    # A polygon turns about its centroid, which in a taper lies near the thick end.
    reach = max(abs(px) for px, _ in shape.vertices) - length
    low, high = -rng.uniform(0.35, 0.5), rng.uniform(0.25, 0.45)
    start = rng.uniform(low, high)
    bounds = (low, high) if side < 0 else (-high, -low)
    return Body(
        shape,
        x + side * reach,
        y,
        angle=start if side < 0 else -start,
        spin=beat if rng.random() < 0.5 else -beat,
        friction=0.4,
        elasticity=0.6,
        kinematic=True,
        swing=bounds,
        role="flipper",
    )
