"""Scenes that decoders of the rigid world learn from and are examined on, and their simulation with disturbances."""

from collections.abc import Iterator, Sequence

import numpy as np

from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import tracing
from gedanken.worlds.rigid.engine.chipmunk import Space
from gedanken.worlds.rigid.engine.simulate import FRAMES
from gedanken.worlds.rigid.engine.tracing import Tracer
from gedanken.worlds.rigid.scene.scene import LEVELS, Scene

POOL = 24
"""Scenes of a pool."""

SHAKEN = 0.05
"""Share of the frames before which the bodies are disturbed."""

SHAKES = (0.2, 20.0)
"""Smallest and largest size of a disturbance of the velocities (px/s); positions get a fiftieth of it in px."""

Posed = tuple[str, int, int, Scene]
"""Scenario, level, index within its split, and the scene."""


def all_cells() -> list[tuple[str, int]]:
    """All scenarios and levels that are not held out, neighbours unlike each other."""
    cells = [(name, level) for name in scenarios.names() if not scenarios.held_out(name) for level in LEVELS]
    return [cells[k] for k in stream("scratch", "cells").permutation(len(cells)).tolist()]


def pose_pool(cells: Sequence[tuple[str, int]], number: int) -> Iterator[Posed]:
    """The scenes of a pool: scenarios and levels in turn, a new scene of the training split each time."""
    for position in range(number * POOL, (number + 1) * POOL):
        index, cell = divmod(position, len(cells))
        scenario, level = cells[cell]
        yield scenario, level, index, scenarios.pose(scenario, level, index=index)


def pose_validation(cells: Sequence[tuple[str, int]], scenes: int) -> Iterator[Posed]:
    """So many scenes of the validation split, from the scenarios and levels in turn; every third one is held out."""
    unseen = [(name, level) for level in sorted({level for _, level in cells}) for name in scenarios.HELD_OUT]
    for number in range(scenes):
        which, place = (unseen, number // 3) if number % 3 == 2 else (cells, number - number // 3)
        index, cell = divmod(place, len(which))
        scenario, level = which[cell]
        yield scenario, level, index, scenarios.pose(scenario, level, split="val", index=index)


def trace(
    scene: Scene, rng: np.random.Generator, shaken: float = SHAKEN, frames: int = FRAMES
) -> Iterator[tuple[Tracer, tracing.Step]]:
    """The solver's steps of a scene's simulation, some frames disturbed.

    Raises:
        UserError: the scene is unstable.
    """
    size = np.exp(rng.uniform(*np.log(SHAKES)))
    with Space(scene) as space:
        tracer = Tracer(scene, space)
        masses = tracer.physics.masses
        scale = np.array([0.02, 0.02, 1.0, 1.0, 0.001, 0.05]) * size * (masses[:, :1] > 0)
        for _ in range(frames):
            if rng.random() < shaken:
                space.place(tracer.state() + rng.normal(0.0, 1.0, (len(masses), 6)) * scale)
            for step in tracer.frame():
                yield tracer, step
            if not np.abs(tracer.state()).max() < 1e5:
                raise UserError("the scene is unstable: its state is beyond all bounds")
