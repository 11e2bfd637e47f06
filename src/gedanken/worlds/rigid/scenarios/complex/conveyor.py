"""Boxes and balls ride on moving belts; at a belt's end they drop onto the next one, which runs the other way.

A belt's surface moves at a constant speed and drags what lies on it along by friction until both are equally fast. What
leaves the last belt piles up on the floor.
"""

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, Segment, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import shares
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scene.parts import Static
from gedanken.worlds.rigid.scene.shapes import Shape

BELTS = (0, 1, 2, 3, 4, 4)
RADIUS = 9.0

EVENT = Event("goods are carried along", moved(by=60, share=0.3))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Belts from the top down, shifted alternately to either side; goods stand on them with gaps between."""
    count = body_count(rng, level)
    belts = min(BELTS[level], count)
    statics: list[Static] = [*walls(elasticity=0.1)]
    bodies: list[Body] = []
    sense = 1 if rng.random() < 0.5 else -1
    grip = rng.uniform(0.7, 1.0)
    drop = min(150.0, 460 / belts)
    density = rng.uniform(0.002, 0.006)
    for belt, load in enumerate(shares(count, belts)):
        y = 500 - rng.uniform(0, 10) - belt * drop
        left, right = (60, 640 - rng.uniform(0, 60)) if sense > 0 else (160 + rng.uniform(0, 60), 740)
        speed = rng.uniform(70, 220)
        statics.append(Segment(left, y, right, y, radius=RADIUS, friction=grip, elasticity=0.1, belt=sense * speed))
        pitch = min((right - left - 40) / load, 90.0)
        size = min(pitch - 4, rng.uniform(26, 36))
        # Loaded from the upstream end.
        start = left + 20 if sense > 0 else right - 20
        for k in range(load):
            width = size * rng.uniform(0.6, 1.0)
            shape: Shape = Box(width, size * rng.uniform(0.6, 1.0)) if rng.random() < 0.7 else Circle(width / 2)
            rise = shape.height / 2 if isinstance(shape, Box) else shape.radius
            x = start + sense * (pitch * (k + 0.5) + rng.uniform(-1, 1) * (pitch - width - 2) / 2)
            bodies.append(
                Body(
                    shape,
                    x,
                    y + RADIUS + rise - 0.05,
                    mass(shape, density),
                    friction=rng.uniform(0.5, 0.9),
                    elasticity=rng.uniform(0.05, 0.3),
                )
            )
        sense = -sense
    return Scene(bodies, statics, speed_cap=1000, description="A belt conveyor carries goods.")
