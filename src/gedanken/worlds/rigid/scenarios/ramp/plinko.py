"""Discs dropped on a lattice of pegs bounce from row to row and end in the slots at the bottom.

The pegs stand in staggered rows, so that a disc meets one in every row and goes left or right of it: the Galton board.
The gaps are wider than the largest disc, so that nothing can jam.
"""

import numpy as np

from gedanken.worlds.rigid import Body, Circle, Peg, Scene, Segment, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import scatter
from gedanken.worlds.rigid.scenarios._events import Event, dropped, every, struck
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.parts import Static

SLOT_TOP = 110.0

EVENT = Event("a disc falls through pegs", every(struck(by=60), dropped(by=150)))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Discs at rest or with a little velocity above the first row of pegs."""
    count = body_count(rng, level)
    columns = int(rng.integers(9, 12)) if count <= 25 else int(rng.integers(11, 14))
    rows = int(rng.integers(6, 9))
    pitch = 780 / columns
    # Peg and disc together are wider than a quarter of the pitch: no disc can fall straight past two rows.
    peg_radius, largest = rng.uniform(0.095, 0.11) * pitch, rng.uniform(0.17, 0.185) * pitch
    top = rng.uniform(450, 480)
    wood = surface(rng, (0.3, 0.8), (0.4, 0.8))
    statics: list[Static] = list(walls(radius=20, **surface(rng, (0.4, 0.9), (0.3, 0.7))))
    for row in range(rows):
        y = SLOT_TOP + 45 + row * (top - SLOT_TOP - 45) / (rows - 1)
        shift = 0.5 if row % 2 else 1.0
        statics += [Peg(10 + (k + shift) * pitch, y, peg_radius, **wood) for k in range(columns - (row + 1) % 2)]
    statics += [Segment(10 + k * pitch, 10, 10 + k * pitch, SLOT_TOP, radius=4, **wood) for k in range(1, columns)]
    disc = surface(rng, (0.2, 0.6), (0.5, 0.9))
    density = rng.uniform(0.002, 0.006)
    middle, spread = rng.uniform(320, 480), rng.uniform(170 if count <= 25 else 260, 300)
    region = (middle - spread, top + peg_radius + 4, middle + spread, 588.0)
    draws = rng.uniform((0.92, -80, -60), (1.0, 80, 0), (count, 3)).tolist()
    bodies = []
    for (x, y), (size, vx, vy) in zip(scatter(rng, count, region, largest), draws, strict=True):
        shape = Circle(largest * size)
        bodies.append(Body(shape, x, y, mass(shape, density), vx, vy, **disc))
    return Scene(
        bodies=tuple(bodies),
        statics=tuple(statics),
        description="Discs fall through staggered rows of pegs towards slots in the floor.",
    )
