"""A catapult: a falling weight drives the short arm of a lever down and the long arm throws its stones at a castle.

The lever turns on a hinge above its fulcrum; its long end rests on the ground and carries a rim that keeps the stones
from sliding off. The weight's momentum becomes the lever's rotation, and when the short end strikes the ground the
stones fly on. The castle is built where the first stone comes down.
"""

import math
from dataclasses import replace

import numpy as np

from gedanken.worlds.rigid import GROUND, Block, Body, Box, Circle, Scene, Solver, body_count, mass, pivot_at, walls
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.scenarios._events import Event, every, moved
from gedanken.worlds.rigid.scenarios._surfaces import surface

FLOOR = 10.0
THICK = 12.0
"""Thickness of the lever."""

TRIES = 6
"""Heights of the weight that are tried for one that throws into the space for the castle."""

LEAST_DROP = 12.0
"""Height (px) from which the weight falls at least: the lever is tilted."""

FLIGHT = 170
"""Frames after which every stone has come down."""

EVENT = Event("stones fly and a crate is knocked over or pushed", every(moved("stone", by=150), moved("crate", by=5)))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Lever, rim, weight, stones; then the castle column by column from the ground up."""
    # A lever with its rim, a weight, a stone and something to hit are the least.
    count = max(5, body_count(rng, level))
    stones = 1 if count < 8 else int(rng.integers(1, 4))
    crates = count - 3 - stones
    height = rng.uniform(58, 74)
    short, long = rng.uniform(1.2, 1.45) * height, rng.uniform(150, 190)
    pivot_x, pivot_y = rng.uniform(230, 270), FLOOR + height
    # The lever's lower edge meets the ground at its long end: h = l sin(a) + t / 2 cos(a), solved to first order in t.
    tilt = math.asin((height - THICK / 2 - 0.5) / long)
    cos, sin = math.cos(tilt), math.sin(tilt)

    def on_lever(along: float, above: float) -> tuple[float, float]:
        """A point given by the distance from the hinge along the lever (right positive) and above its middle line."""
        return pivot_x + along * cos - above * sin, pivot_y + along * sin + above * cos

    wood = surface(rng, (0.7, 1.0), (0.0, 0.1))
    density = rng.uniform(0.002, 0.004)
    lever = Box(short + long, THICK)
    rim = Box(10.0, rng.uniform(26, 34))
    bodies = [
        Body(lever, *on_lever((short - long) / 2, 0), mass(lever, density), angle=tilt, role="lever", **wood),
        Body(rim, *on_lever(5 - long, (THICK + rim.height) / 2), mass(rim, density), angle=tilt, role="lever", **wood),
    ]
    x, y = on_lever(5 - long, THICK / 2)
    a, b = on_lever(5 - long, (THICK + rim.height) / 2)
    joints = (
        # A joint to the ground that forbids contact would let the lever through the floor, which is ground as well.
        pivot_at(bodies, GROUND, 0, pivot_x, pivot_y, collide=True),
        pivot_at(bodies, 0, 1, x, y),
        pivot_at(bodies, 0, 1, a, b),
    )
    radius = rng.uniform(9, 13)
    stone = Circle(radius)
    stone_mass = mass(stone, density * rng.uniform(1.5, 3.0))
    granite = surface(rng, (0.6, 1.0), (0.0, 0.2))
    weight = Box(rng.uniform(34, 48), rng.uniform(34, 48))
    edge_x, edge_y = on_lever(0.75 * short, THICK / 2)
    drop = rng.uniform(20, 90)
    bodies.append(
        Body(
            weight,
            edge_x + rng.uniform(-4, 4),
            edge_y + weight.height / 2 + weight.width / 2 * math.tan(tilt) + drop,
            mass(weight, density * rng.uniform(7.0, 14.0)),
            vy=rng.uniform(-120, 0),
            role="weight",
            **granite,
        )
    )
    for k in range(stones):
        at = on_lever(10.3 - long + radius + k * (2 * radius + 0.3), THICK / 2 + radius)
        bodies.append(Body(stone, *at, stone_mass, role="stone", **granite))
    width, size = rng.uniform(26, 34), rng.uniform(26, 34)
    tall = max(1, min(int(rng.integers(3, 8)), crates), math.ceil(crates / 6))
    columns = math.ceil(crates / tall)
    pitch = width + rng.uniform(0.5, 6.0)
    ground = surface(rng, (0.7, 1.0), (0.1, 0.3))
    foot = 0.35 * height
    machine = Scene(
        bodies=tuple(bodies),
        statics=(
            *walls(radius=20, **ground),
            Block(((pivot_x - foot, FLOOR), (pivot_x + foot, FLOOR), (pivot_x, pivot_y - THICK - 2)), **ground),
        ),
        joints=joints,
        solver=Solver(iterations=20, substeps=4),
        description="A falling weight drives a lever that hurls what lies on its other end.",
    )
    aim = FLOOR + rng.uniform(0.3, 0.8) * tall * size
    near, far = pivot_x + short + 60, 775 - columns * pitch
    # The stone is then beside the first column, and not above it.
    beside = rng.uniform(0.0, 0.9) * radius
    for _ in range(TRIES):
        where = _landing(machine, aim) + beside
        if near <= where <= far:
            break
        # Too far or too short: the weight falls from less high, or higher.
        lower = min(0.6 * drop, drop - LEAST_DROP) if where > far else -0.6 * drop
        drop -= lower
        machine = replace(machine, bodies=[replace(b, y=b.y - lower) if k == 2 else b for k, b in enumerate(bodies)])
        bodies = list(machine.bodies)
    left = min(max(where, near), far)
    for k, less in enumerate(rng.uniform(0, 3, crates).tolist()):
        column, row = divmod(k, tall)
        crate = Box(width - less, size)
        at = (left + (column + 0.5) * pitch, FLOOR + (row + 0.5) * size)
        bodies.append(Body(crate, *at, mass(crate, 0.3 * density), role="crate", **wood))
    return replace(machine, bodies=tuple(bodies))


def _landing(machine: Scene, height: float) -> float:
    """Where the first stone, thrown with no castle in its way, comes down to this height (px)."""
    x, y = record(machine, FLIGHT).positions[:, 3].T
    apex = int(y.argmax())
    low = y[apex:] < height
    return float(x[apex + int(low.argmax())]) if low.any() else float(x[-1])
