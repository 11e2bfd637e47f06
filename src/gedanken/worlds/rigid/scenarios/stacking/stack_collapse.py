"""Leaning stacks collapse under their own weight.

In each stack every block sticks out over the one below by the same fraction of its width, so far that the centre of
mass of what lies above leaves the lowest block: the stack cannot stand and topples from frame 0 on, onto its neighbour
or the wall.
"""

import numpy as np

from gedanken.worlds.rigid import Body, Box, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import shares
from gedanken.worlds.rigid.scenarios._events import Event, dropped
from gedanken.worlds.rigid.scenarios._surfaces import surface

FLOOR = 10.0

EVENT = Event("a stack falls", dropped(by=30))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Stack by stack from the left, each from the ground up."""
    # Of two blocks the upper one only tips over the edge.
    count = max(3, body_count(rng, level))
    stacks = max(1, round(count / rng.uniform(6, 11)))
    cell = 760 / stacks
    wood = surface(rng, (0.5, 0.9), (0.0, 0.2))
    density = rng.uniform(0.001, 0.003)
    bodies = []
    for number, blocks in enumerate(shares(count, stacks)):
        # The time of a fall grows with the root of the size: a few blocks are large.
        scale = 3.2 if blocks < 6 else 1.0
        thickness = min(scale * rng.uniform(20, 34), 520 / blocks)
        # n equal blocks shifted by s each stand only while n s < width (n - 1 above the lowest, their centre of mass
        # n s / 2 away from its middle): the lean is 1.35 to 1.8 of that limit.
        lean = rng.uniform(1.35, 1.8) / blocks * (1 if rng.random() < 0.5 else -1)
        width = min(scale * rng.uniform(46, 72), 0.9 * cell / (1 + abs(lean) * (blocks - 1)))
        reach = lean * width * (blocks - 1)
        slack = cell - width - abs(reach)
        x = 20 + number * cell + width / 2 + max(0.0, -reach) + rng.uniform(0.05, 0.95) * slack
        box = Box(width, thickness)
        for k, heft in enumerate(rng.uniform(0.8, 1.25, blocks).tolist()):
            y = FLOOR + (k + 0.5) * thickness
            bodies.append(Body(box, x + k * lean * width, y, mass(box, density * heft), **wood))
    return Scene(
        bodies=tuple(bodies),
        statics=walls(**surface(rng, (0.7, 1.0), (0.1, 0.4))),
        solver=Solver(iterations=20),
        description="Blocks stacked too far out of line collapse under their own weight.",
    )
