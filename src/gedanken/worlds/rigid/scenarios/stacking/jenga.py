"""A block tower seen from the side, and a finger that pokes one of its blocks.

Courses of two or three short blocks, seen end-on, alternate with one long block, seen from the side; some of the short
ones have already been drawn. The finger, which nothing can stop, moves towards the tower at the height of one course of
short blocks, pushes it aside by a third of a block's width to more than one, and is pulled back.
"""

import numpy as np

from gedanken.worlds.rigid import Body, Box, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, moved
from gedanken.worlds.rigid.scenarios._surfaces import surface

FLOOR = 10.0

LAYOUTS = ((-1, 0, 1), (-1, 0, 1), (-1, 1), (-1, 0), (0, 1))
"""Which of the three places of a course of short blocks are taken; what is left always bears the tower."""


LAST = {1: (0,), 2: (-1, 1), 3: (-1, 1)}
"""The same where the tower ends: by how many blocks are left for this course and those above it."""

EVENT = Event("a block is pushed out of line", moved("block", by=6))


def build(rng: np.random.Generator, level: int) -> Scene:
    """The tower course by course from the ground up; the finger is the last body."""
    # Three blocks are the least that make two courses.
    blocks = max(3, body_count(rng, level, others=1))
    short, gap = rng.uniform(28, 38), rng.uniform(0.2, 2.5)
    # Two courses hold at least three blocks, and the tower must end below the ceiling.
    height = min(rng.uniform(18, 24), 540 / (blocks / 1.5 + 2))
    long = 3 * short + 2 * gap
    wood = surface(rng, (0.45, 0.8), (0.0, 0.1))
    density = rng.uniform(0.001, 0.003)
    centre = rng.uniform(300, 500)
    bodies: list[Body] = []
    loose = []
    course = 0
    while len(bodies) < blocks:
        left = blocks - len(bodies)
        if course % 2:
            row = [(Box(long, height), 0.0)]
        else:
            places = LAYOUTS[rng.integers(len(LAYOUTS))] if left > 3 else LAST[left]
            row = [(Box(short, height), place * (short + gap)) for place in places]
            loose.append((course, places[0], places[-1]))
        for box, offset in row:
            # Hands never put a block quite straight, and no two blocks weigh the same.
            slip, heft = rng.uniform((-0.4 * gap, 0.8), (0.4 * gap, 1.25)).tolist()
            x = centre + offset + slip
            bodies.append(
                Body(box, x, FLOOR + (course + 0.5) * height, mass(box, density * heft), role="block", **wood)
            )
        course += 1
    poked, leftmost, rightmost = loose[rng.integers(len(loose) // 3, max(1, len(loose) - 1))]
    side = 1 if rng.random() < 0.5 else -1
    finger = Box(rng.uniform(50, 80), 0.6 * height)
    # It starts clear of the whole tower and stops some way beyond the near face of the course that it pokes.
    face = (-leftmost if side > 0 else rightmost) * (short + gap) + short / 2
    # A tower of a few blocks lies still a second after it was poked: there the finger is near, and takes its time.
    slow = {1: 0.15, 2: 0.35}.get(level, 1.0)
    start = centre - side * (long / 2 + finger.width / 2 + slow * rng.uniform(8, 50))
    stop = centre - side * (face + finger.width / 2 - rng.uniform(0.35, 1.3) * short)
    speed = rng.uniform(50, 140) * slow
    bodies.append(
        Body(
            finger,
            start,
            FLOOR + (poked + 0.5) * height,
            vx=side * speed,
            kinematic=True,
            bounds=(min(start, stop), 0.0, max(start, stop), 600.0),
            friction=rng.uniform(0.2, 0.6),
            elasticity=0.0,
            role="finger",
        )
    )
    return Scene(
        bodies=tuple(bodies),
        statics=walls(radius=20, **surface(rng, (0.7, 1.0), (0.1, 0.3))),
        solver=Solver(iterations=20),
        description="A finger pokes a tower of loose wooden blocks and is pulled back.",
    )
