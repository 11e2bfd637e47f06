"""Balls and blocks pour into a funnel and run out through its throat into a bin.

They fall on two steep plates that leave an opening of a few ball diameters between them. What arrives faster than the
throat lets through piles up above it; friction and arches between the bodies set the rate.
"""

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, Segment, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import scatter
from gedanken.worlds.rigid.scenarios._events import Event, dropped
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.shapes import Shape

PLATE = 10.0
"""Half thickness of the plates."""

EVENT = Event("bodies fall into the funnel", dropped(by=150))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Bodies at rest or with a small velocity in the upper part of the room."""
    count = body_count(rng, level)
    largest = rng.uniform(11, 14) if count > 15 else rng.uniform(13, 18)
    middle = rng.uniform(350, 450)
    throat = rng.uniform(2.6, 4.2) * 2 * largest
    low, high = rng.uniform(180, 240), rng.uniform(340, 390)
    plate = surface(rng, (0.2, 0.6), (0.1, 0.5))
    half = throat / 2 + PLATE
    statics = (
        *walls((10, rng.uniform(30, 60), 790, 590), radius=20, **surface(rng, (0.5, 1.0), (0.2, 0.5))),
        Segment(10, high, middle - half, low, radius=PLATE, **plate),
        Segment(790, high, middle + half, low, radius=PLATE, **plate),
    )
    grain = surface(rng, (0.1, 0.6), (0.1, 0.6))
    density = rng.uniform(0.002, 0.005)
    boxes = rng.uniform(0.0, 0.5)
    spread = rng.uniform(150, 320)
    region = (max(10.0, middle - spread), high + 12, min(790.0, middle + spread), 590.0)
    bodies = []
    draws = rng.uniform((0.0, 0.7, -60, -60), (1.0, 1.0, 60, 60), (count, 4)).tolist()
    for (x, y), (kind, size, vx, vy) in zip(scatter(rng, count, region, largest), draws, strict=True):
        radius = largest * size
        shape: Shape = Box(1.5 * radius, 1.2 * radius) if kind < boxes else Circle(radius)
        bodies.append(Body(shape, x, y, mass(shape, density), vx, vy, **grain))
    return Scene(
        bodies=tuple(bodies),
        statics=statics,
        description="Bodies fall into a funnel that is open at the bottom.",
    )
