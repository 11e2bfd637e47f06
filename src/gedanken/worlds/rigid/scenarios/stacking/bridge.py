"""A bridge of loose stones: planks lie end to end on piers between two banks, and loads come down on them.

Nothing is glued: the piers are columns of stacked blocks, the planks rest on the piers' heads and on the banks, and
friction and weight do the rest. A boulder rushes along the valley against the first pier, which gives way with the
planks on it; a heavy ball rolls on from the left bank, and stones and crates drop on the deck.
"""

import numpy as np

from gedanken.worlds.rigid import Block, Body, Box, Circle, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, dropped
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.shapes import Shape

FLOOR = 10.0
PIERS = {1: (1, 1), 2: (1, 2), 3: (2, 3), 4: (3, 4), 5: (4, 5)}
"""Level -> fewest and most piers."""

EVENT = Event("a plank gives way", dropped("plank", by=20))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Piers from the left, each from the ground up, then the planks, the boulder, the ball and what is dropped."""
    # A pier, two planks, a boulder and a ball are the least.
    count = max(5, body_count(rng, level))
    piers = min(int(rng.integers(*PIERS[level], endpoint=True)), (count - 3) // 2)
    planks = piers + 1
    # Two thirds of what piers' first blocks, planks, boulder and ball leave over goes into the height of the piers.
    storeys = min(1 + (2 * (count - 2 * piers - 3) // 3) // piers, 7)
    drops = count - piers * storeys - planks - 2
    left, right = rng.uniform(110, 180), rng.uniform(620, 690)
    deck = FLOOR + rng.uniform(150, 240)
    span = (right - left) / planks
    stone_width = min(rng.uniform(22, 34), 0.5 * span)
    stone = surface(rng, (0.6, 0.95), (0.0, 0.15))
    density = rng.uniform(0.001, 0.003)
    bodies = []
    for pier in range(1, planks):
        block = Box(stone_width, (deck - FLOOR) / storeys)
        shifts = rng.uniform(-0.05 * stone_width, 0.05 * stone_width, storeys).tolist()
        for k, shift in enumerate(shifts):
            y = FLOOR + (k + 0.5) * block.height
            x = left + pier * span + shift
            bodies.append(Body(block, x, y, mass(block, 2 * density), role="pier", **stone))
    thickness, ledge = rng.uniform(10, 16), 24.0
    for k in range(planks):
        # The outer planks reach on to the banks' ledges; neighbours leave a joint of a pixel above the pier's middle.
        start = left + k * span + 0.5 if k else left - ledge
        end = left + (k + 1) * span - 0.5 if k < piers else right + ledge
        plank = Box(end - start, thickness)
        x, y = (start + end) / 2, deck + thickness / 2
        bodies.append(Body(plank, x, y, mass(plank, density), role="plank", **stone))
    surface_y = deck + thickness
    boulder = Circle(min(rng.uniform(16, 24), 0.28 * (span - stone_width)))
    rush = rng.uniform(480, 680)
    bodies.append(
        Body(
            boulder,
            left + boulder.radius + 2,
            FLOOR + boulder.radius,
            mass(block, 2 * density) * storeys * rng.uniform(3.0, 6.0),
            rush,
            spin=-rush / boulder.radius,
            role="boulder",
            **stone,
        )
    )
    ball = Circle(rng.uniform(14, 22))
    speed = rng.uniform(200, 380)
    bodies.append(
        Body(
            ball,
            rng.uniform(30 + ball.radius, left - ledge),
            surface_y + ball.radius,
            mass(ball, density * rng.uniform(4.0, 10.0)),
            speed,
            spin=-speed / ball.radius,
            role="ball",
            **stone,
        )
    )
    for k in range(drops):
        # One lane each, so that loads of any height above the deck are apart.
        lane = (right - left) / drops
        size = min(rng.uniform(18, 30), 0.75 * lane)
        load: Shape = Circle(size / 2) if rng.random() < 0.5 else Box(size, size)
        x, height, heft = rng.uniform((0.42, 15, 1.0), (0.58, 300, 8.0)).tolist()
        y = min(surface_y + size / 2 + height, 588 - size / 2)
        bodies.append(Body(load, left + (k + x) * lane, y, mass(load, density * heft), role="load", **stone))
    bank = surface(rng, (0.7, 1.0), (0.1, 0.3))
    return Scene(
        bodies=tuple(bodies),
        statics=(
            *walls(radius=20, **bank),
            Block.box(10, FLOOR, left, deck, **bank),
            Block.box(10, deck, left - ledge - 0.5, surface_y, **bank),
            Block.box(right, FLOOR, 790, deck, **bank),
            Block.box(right + ledge + 0.5, deck, 790, surface_y, **bank),
        ),
        solver=Solver(iterations=20),
        description="A boulder knocks a pier from under a bridge that only weight and friction hold together.",
    )
