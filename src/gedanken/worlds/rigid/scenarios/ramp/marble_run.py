"""Marbles roll down a zigzag of sloping shelves, each of which hands them over to the one below.

Every shelf ends short of the opposite wall; the marbles roll off its edge, drop on to the next shelf and roll back.
Marbles of different size reach the edge at different times, since they start at different places; the shape alone sets
the rolling acceleration, 2/3 g sin(a).
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Scene, Segment, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import shares
from gedanken.worlds.rigid.scenarios._events import Event, dropped
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.parts import Static

THICK = 7.0
"""Half thickness of the shelves."""

EVENT = Event("a marble is handed on to the next shelf", dropped("marble", by=150))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Shelf by shelf from the top, the marbles of each from its upper end on."""
    count = body_count(rng, level)
    shelves = int(rng.integers(3, 5))
    # Steep and short: a marble reaches the next shelf, and often the one below, within the 200 frames of a recording.
    left = rng.uniform(190, 260)
    right = 800 - left * rng.uniform(0.9, 1.0)
    opening = rng.uniform(55, 80)
    first = 1 if rng.random() < 0.5 else -1
    track = surface(rng, (0.6, 1.0), (0.1, 0.4))
    glass = surface(rng, (0.5, 0.9), (0.2, 0.6))
    density = rng.uniform(0.002, 0.006)
    largest = rng.uniform(10, 14)
    pitch = 520 / shelves
    # As steep as the gap that a marble needs between the end of one shelf and the next one's upper end allows.
    drop = pitch - 2 * largest - 2 * THICK - rng.uniform(12, 30)
    run = right - left - opening
    slope = math.atan2(drop, run)
    statics: list[Static] = list(walls((left, 10, right, 590), **track))
    # Few marbles start on the top shelf, more on the upper half of all of them.
    loaded = min(shelves, 1 + count // 10)
    bodies = []
    for shelf, share in enumerate(shares(count, loaded) + [0] * (shelves - loaded)):
        side = first * (-1) ** shelf
        high = 560 - shelf * pitch - THICK - 2 * largest
        wall, sign = (left, 1.0) if side > 0 else (right, -1.0)
        statics.append(Segment(wall, high, wall + sign * run, high - drop, radius=THICK, **track))
        lane = min(50.0, 0.9 * run / max(share, 1))
        for k, (size, where, pace) in enumerate(rng.uniform((0.7, 0.0, 40.0), (1.0, 1.0, 200.0), (share, 3)).tolist()):
            radius = min(largest * size, 0.47 * lane)
            along = 12 + k * lane + radius + where * (lane - 2 * radius)
            stand = THICK + radius
            x = along * math.cos(slope) + stand * math.sin(slope)
            y = high - along * math.sin(slope) + stand * math.cos(slope)
            marble = Circle(radius)
            bodies.append(
                Body(
                    marble,
                    wall + sign * x,
                    y,
                    mass(marble, density),
                    sign * pace * math.cos(slope),
                    -pace * math.sin(slope),
                    spin=-sign * pace / radius,
                    role="marble",
                    **glass,
                )
            )
    return Scene(
        bodies=tuple(bodies),
        statics=tuple(statics),
        description="Marbles roll down a zigzag of sloping shelves.",
    )
