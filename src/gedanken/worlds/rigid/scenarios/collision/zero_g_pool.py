"""Pool without weight or felt: one or two cue balls hit a hexagonal cluster that floats in the middle of a box.

Nothing slows the balls down but their collisions: friction turns speed into spin and back, restitution below one loses
some of it. Balls differ in mass, so that a full hit does not simply pass the velocity on.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scenarios.collision._racks import hexagon

EVENT = Event("the cluster is hit", moved("target", by=20))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Cue balls first, then the cluster from the inside outwards."""
    cues = 1 if level < 3 else 2
    targets = max(2, body_count(rng, level, others=cues))
    radius = rng.uniform(12.0, 16.0) if targets < 20 else rng.uniform(10.0, 13.0)
    ball = Circle(radius)
    material = surface(rng, (0.1, 0.5), (0.85, 0.97))
    density = rng.uniform(0.002, 0.006)
    centre = (rng.uniform(370, 430), rng.uniform(270, 330))
    side = rng.choice((-1, 1))
    bodies = []
    for number in range(cues):
        # From the left and from the right, at least 70 px clear of the largest cluster (50 balls: 4.1 spacings wide).
        x = centre[0] + side * (-1) ** number * rng.uniform(230, 320)
        y = centre[1] + rng.uniform(-180, 180)
        aim = math.atan2(centre[1] - y, centre[0] - x) + rng.uniform(-0.06, 0.06)
        speed = rng.uniform(300, 560)
        bodies.append(
            Body(
                ball,
                x,
                y,
                mass(ball, density * rng.uniform(1.0, 2.0)),
                speed * math.cos(aim),
                speed * math.sin(aim),
                spin=rng.uniform(-8, 8),
                role="cue ball",
                **material,
            )
        )
    gap = rng.uniform(1.0, 5.0)
    turn = rng.uniform(0, math.pi / 3)
    cos, sin = math.cos(turn), math.sin(turn)
    draws = rng.uniform((-gap / 3, -gap / 3, 0.7, -5), (gap / 3, gap / 3, 1.4, 5), (targets, 4)).tolist()
    for (x, y), (dx, dy, heft, spin) in zip(hexagon(targets, 2 * radius + gap), draws, strict=True):
        at = (centre[0] + cos * x - sin * y + dx, centre[1] + sin * x + cos * y + dy)
        bodies.append(Body(ball, *at, mass(ball, density * heft), spin=spin, role="target", **material))
    return Scene(
        bodies=tuple(bodies),
        statics=walls(**surface(rng, (0.1, 0.6), (0.8, 0.97))),
        gravity=(0.0, 0.0),
        description="A floating cluster of balls is shot at in a closed box without gravity or drag.",
    )
