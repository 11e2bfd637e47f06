"""Balls roll and crates slide down a ramp and across the floor to the wall.

A ball whose friction is large enough rolls without slipping and gains 2/3 of the acceleration of a frictionless slide,
g sin(a); a crate slides when its friction is below tan(a) and stays where it is otherwise. All start on the slope, side
by side; with many of them there is a second ramp on the other side of the room.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Block, Body, Box, Circle, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import shares
from gedanken.worlds.rigid.scenarios._events import Event, dropped
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.parts import Static
from gedanken.worlds.rigid.scene.shapes import Shape

HELD_OUT = True

FLOOR = 10.0

EVENT = Event("bodies come down the ramp", dropped(by=40))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Ramp by ramp, each from the top down."""
    count = body_count(rng, level)
    crates = rng.uniform(0.1, 0.4) if count <= 10 else rng.uniform(0.0, 0.1)
    ramps = 1 if count <= 16 else 2
    bodies: list[Body] = []
    ground = surface(rng, (0.7, 1.0), (0.2, 0.5))
    statics: list[Static] = list(walls(radius=20, **ground))
    left_first = rng.random() < 0.5
    density = rng.uniform(0.002, 0.005)
    rubber, wood = surface(rng, (0.5, 0.9), (0.1, 0.5)), surface(rng, (0.05, 0.3), (0.1, 0.5))
    for number, share in enumerate(shares(count, ramps)):
        base, top = rng.uniform(420, 560) if ramps == 1 else rng.uniform(300, 370), rng.uniform(200, 400)
        if ramps == 2:
            top = rng.uniform(220, 340)
        slope = math.atan2(top, base)
        # Mirrored ramps are worked out as left ones, with x counted from their own wall.
        mirror = (number == 0) != left_first
        sign = -1.0 if mirror else 1.0
        origin = 790.0 if mirror else 10.0
        statics.append(
            Block(((origin, FLOOR), (origin + sign * base, FLOOR), (origin, FLOOR + top)), **ground),
        )
        length = math.hypot(base, top) - 40
        lane = length / share
        start_speed = rng.uniform(0, 60)
        draws = rng.uniform((0.7, 0.0, 0.5, 0.0), (1.0, 1.0, 1.0, 1.0), (share, 4)).tolist()
        for k, (size, where, hurry, kind) in enumerate(draws):
            radius = min(size * 17, 0.46 * lane)
            # Far enough from the wall behind it that the corners of a crate clear it.
            along = 24 + k * lane + radius + where * (lane - 2 * radius)
            crate = kind < crates
            shape: Shape = Box(2 * radius, 1.4 * radius) if crate else Circle(radius)
            height = 0.7 * radius if crate else radius
            x = along * math.cos(slope) + height * math.sin(slope)
            y = FLOOR + top - along * math.sin(slope) + height * math.cos(slope)
            speed = start_speed * hurry
            bodies.append(
                Body(
                    shape,
                    origin + sign * x,
                    y,
                    mass(shape, density),
                    sign * speed * math.cos(slope),
                    -speed * math.sin(slope),
                    -sign * slope,
                    0.0 if crate else -sign * speed / radius,
                    **(wood if crate else rubber),
                )
            )
    return Scene(
        bodies=tuple(bodies),
        statics=tuple(statics),
        description="Bodies released on a slope roll and slide down to the floor.",
        # Contacts under load converge slowly: 10 iterations leave 0.016 px open to a reader of text, 30 leave 0.002.
        solver=Solver(iterations=30),
    )
