"""A burst of cannonballs on its way into a wall of crates.

The balls fly on parabolas from one muzzle, fired at equal intervals: at frame 0 the first is well along its way and the
last has just left. Speed and angle differ a little from shot to shot. The crates stand in columns on the ground and are
knocked over.
"""

import math

import numpy as np

from gedanken.worlds.rigid import Body, Box, Circle, Scene, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, struck
from gedanken.worlds.rigid.scenarios._surfaces import surface

GRAVITY = 981.0

EVENT = Event("a crate is hit", struck("crate", by=30))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Cannonballs (first shot first), then crates column by column from the ground up."""
    # A shot and two crates are the least that is a siege.
    count = max(3, body_count(rng, level))
    shots = max(1, min(count // 3, int(rng.integers(3, 7))))
    crates = count - shots
    radius = rng.uniform(8.0, 11.0)
    ball = Circle(radius)
    width, height = rng.uniform(24, 34), rng.uniform(24, 34)
    tall = max(2, math.ceil(crates / 9), min(int(rng.integers(2, 6)), crates))
    columns = math.ceil(crates / tall)
    pitch = width + rng.uniform(0.5, 6.0)
    left = 770 - columns * pitch - rng.uniform(0, 60)

    muzzle = (rng.uniform(30, 70), rng.uniform(60, 220))
    elevation = rng.uniform(0.6, 0.95)
    reach = left + rng.uniform(0.0, 0.5) * columns * pitch - muzzle[0]
    drop = muzzle[1] - (10 + rng.uniform(0.3, 1.0) * tall * height)
    # The speed whose parabola passes through the aim point: y = x tan a - g x^2 / (2 v^2 cos^2 a).
    speed = reach / math.cos(elevation) * math.sqrt(GRAVITY / (2 * (reach * math.tan(elevation) + drop)))
    interval = rng.uniform(0.55, 0.75) * (left - muzzle[0] - 3 * radius) / (speed * math.cos(elevation)) / shots
    iron = surface(rng, (0.4, 0.8), (0.2, 0.5))
    weight = mass(ball, rng.uniform(0.008, 0.016))
    bodies = []
    for k in range(shots):
        flown = (shots - 1 - k) * interval
        pace, angle = speed * rng.uniform(0.97, 1.03), elevation + rng.uniform(-0.03, 0.03)
        vx, vy = pace * math.cos(angle), pace * math.sin(angle)
        y = muzzle[1] + vy * flown - GRAVITY * flown**2 / 2
        bodies.append(
            Body(ball, muzzle[0] + vx * flown, y, weight, vx, vy - GRAVITY * flown, role="cannonball", **iron)
        )
    wood = surface(rng, (0.5, 0.9), (0.05, 0.3))
    density = rng.uniform(0.001, 0.003)
    for k, less in enumerate(rng.uniform(0, 3, crates).tolist()):
        column, row = divmod(k, tall)
        crate = Box(width - less, height)
        x = left + (column + 0.5) * pitch
        bodies.append(Body(crate, x, 10 + (row + 0.5) * height, mass(crate, density), role="crate", **wood))
    return Scene(
        bodies=tuple(bodies),
        statics=walls(radius=20, **surface(rng, (0.6, 1.0), (0.2, 0.6))),
        description="Stacked crates are under cannon fire.",
    )
