"""Billiards seen from above: the cue ball breaks a triangle of balls on a felt table.

There is no gravity in the plane; the felt takes a fraction of the speed every second, balls and cushions give most of
the rest back. All balls have the same mass and size, so a full hit passes nearly the whole velocity on.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scenarios.collision._racks import triangle

EVENT = Event("the rack is broken", moved("ball", by=15))


def build(rng: np.random.Generator, level: int) -> Scene:
    """A cue ball (body 0) on its way into the rack."""
    radius = rng.uniform(9.0, 12.0)
    ball = Circle(radius)
    material = surface(rng, (0.02, 0.1), (0.92, 0.99))
    weight = mass(ball, rng.uniform(0.002, 0.006))
    apex = (rng.uniform(420, 530), rng.uniform(270, 330))
    cue = (rng.uniform(110, 280), rng.uniform(180, 420))
    speed = rng.uniform(480, 680)
    # Off centre by less than a ball's diameter: the apex ball is always hit, seldom full.
    distance = math.hypot(apex[0] - cue[0], apex[1] - cue[1])
    aim = math.atan2(apex[1] - cue[1], apex[0] - cue[0]) + rng.uniform(-1.2, 1.2) * radius / distance
    bodies = [Body(ball, *cue, weight, speed * math.cos(aim), speed * math.sin(aim), role="cue ball", **material)]
    gap = rng.uniform(0.1, 0.8)
    places = triangle(max(2, body_count(rng, level, others=1)), 2 * radius + gap)
    # Each ball may be off its place by a fifth of the gap: no two can touch.
    offsets = rng.uniform(-gap / 5, gap / 5, (len(places), 2)).tolist()
    for (x, y), (dx, dy) in zip(places, offsets, strict=True):
        bodies.append(Body(ball, apex[0] + x + dx, apex[1] + y + dy, weight, role="ball", **material))
    table = walls((10, 105, 790, 495), **surface(rng, (0.1, 0.4), (0.75, 0.95)))
    return Scene(
        bodies=tuple(bodies),
        statics=table,
        gravity=(0.0, 0.0),
        damping=rng.uniform(0.6, 0.85),
        description="A cue ball runs into racked billiard balls on a felt table, seen from above.",
    )
