"""Bowling seen from the side: on each lane a heavy ball rolls into a row of standing pins and knocks them over.

The ball starts rolling without slipping. Pins taper towards base and neck and are hit below their centre of mass, so
that the first ones are swept off their feet and the others toppled by their neighbours. Higher levels have several
lanes, one above the other.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Polygon, Scene, Segment, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scenarios._surfaces import surface

HELD_OUT = True


def pin(height: float) -> Polygon:
    """The outline of a pin: base, belly, neck, head (convex, so without a waist)."""
    half = ((0.09, 0.0), (0.15, 0.3), (0.085, 0.85), (0.04, 1.0))
    right = [(x * height, y * height) for x, y in half]
    return Polygon(tuple(right + [(-x, y) for x, y in reversed(right)]))


EVENT = Event("a pin is knocked away", moved("pin", by=20))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Lane by lane from the bottom up: the ball, then its pins from left to right."""
    # A ball and two pins are the least that is a game.
    count = max(3, body_count(rng, level))
    lanes = math.ceil(count / 13)
    friction = rng.uniform(0.4, 0.8)
    polish = surface(rng, (0.4, 0.8), (0.3, 0.6))
    pitch = 580 / lanes
    height = min(rng.uniform(58, 84), 0.45 * pitch)
    shape = pin(height)
    foot = -min(y for _, y in shape.vertices)
    ball = Circle(height * rng.uniform(0.26, 0.34))
    pin_mass = mass(shape, rng.uniform(0.0015, 0.003))
    ball_mass = pin_mass * rng.uniform(4.0, 9.0)
    statics = list(walls(friction=friction, elasticity=0.4))
    bodies = []
    for lane in range(lanes):
        level_y = 10 + lane * pitch
        if lane:
            statics.append(Segment(10, level_y - 8, 790, level_y - 8, radius=8, friction=friction, elasticity=0.4))
        pins = count * (lane + 1) // lanes - count * lane // lanes - 1
        spacing = min(rng.uniform(0.42, 0.62) * height, 420 / pins)
        first = rng.uniform(270, 740 - spacing * pins)
        speed = rng.uniform(300, 520)
        start = rng.uniform(20 + ball.radius, first - height)
        bodies.append(
            Body(ball, start, level_y + ball.radius, ball_mass, speed, spin=-speed / ball.radius, role="ball", **polish)
        )
        for k, shift in enumerate(rng.uniform(-0.04 * height, 0.04 * height, pins).tolist()):
            x = first + k * spacing + shift
            bodies.append(Body(shape, x, level_y + foot, pin_mass, role="pin", **polish))
    return Scene(
        bodies=tuple(bodies),
        statics=tuple(statics),
        description="On each lane a heavy ball rolls into standing bowling pins, seen from the side.",
        # Contacts under load converge slowly: 10 iterations leave 0.007 px open to a reader of text, 30 under 0.001.
        solver=Solver(iterations=30),
    )
