"""A row of dominos that a rolling ball starts to topple.

The dominos stand closer together than they are tall, so that each falls against the next and a wave runs down the row
at the speed that height, spacing and friction give it. Spacing and height vary along the row.
"""

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, turned
from gedanken.worlds.rigid.scenarios._surfaces import surface

FLOOR = 10.0

EVENT = Event("a domino topples", turned("domino", by=0.2))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Dominos in the order in which they fall; the ball is the last body."""
    dominos = max(2, body_count(rng, level, others=1))
    # The whole row fits between the ball's run-up and the wall that the last domino falls towards.
    height = min(rng.uniform(46, 74), 640 / (0.45 * dominos + 1))
    thickness = max(6.0, height * rng.uniform(0.13, 0.18))
    spacing = max(rng.uniform(0.42, 0.6) * height, thickness + 6)
    spacing = min(spacing, (640 - height) / dominos)
    direction = 1 if rng.random() < 0.5 else -1
    ball = Circle(height * rng.uniform(0.22, 0.34))
    start = 20 + ball.radius + rng.uniform(0, 20)
    x = start + ball.radius + thickness + rng.uniform(20, 60)
    ivory = surface(rng, (0.3, 0.7), (0.0, 0.3))
    density = rng.uniform(0.002, 0.005)
    bodies = []
    for tall, step in rng.uniform((0.88, 0.9), (1.0, 1.0), (dominos, 2)).tolist():
        tile = Box(thickness, height * tall)
        weight = mass(tile, density)
        bodies.append(
            Body(tile, x if direction > 0 else 800 - x, FLOOR + height * tall / 2, weight, role="domino", **ivory)
        )
        x += spacing * step
    speed = rng.uniform(160, 340)
    bodies.append(
        Body(
            ball,
            start if direction > 0 else 800 - start,
            FLOOR + ball.radius,
            mass(ball, density * rng.uniform(0.8, 1.6)),
            direction * speed,
            spin=-direction * speed / ball.radius,
            role="ball",
            **ivory,
        )
    )
    return Scene(
        bodies=tuple(bodies),
        statics=walls(**surface(rng, (0.7, 1.0), (0.1, 0.4))),
        description="A rolling ball topples a row of dominos.",
    )
