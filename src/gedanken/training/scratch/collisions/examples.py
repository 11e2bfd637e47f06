"""What a scene teaches: pairs of shapes that are near, and whether and where they touch.

Which pairs are taken does not depend on whether they touch, so that a model learns how often pairs like these do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.models.collisions import vocabulary as v
from gedanken.seeding import stream
from gedanken.training.scratch.loader import Example
from gedanken.training.scratch.scenes import SHAKEN, pose_pool, trace
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.manifolds import Manifold, Near, Shapes
from gedanken.worlds.rigid.scene.scene import Scene

LOOKS = 0.15
"""Share of a scene's steps that are looked at."""

FAST = 30.0
"""Relative speed (px/s) of the centres from which on a pair is taken always."""

SLOW = 0.15
"""Share of the slower pairs that are taken."""

SCENE_PAIRS = 320
"""Most pairs of a scene."""


@dataclass(frozen=True)
class Pairs:
    """Pairs of scenes that nobody recorded: scenarios and levels in turn, a new scene each time.

    Attributes:
        cells: scenarios and levels.
    """

    cells: Sequence[tuple[str, int]]

    def make_pool(self, number: int) -> list[Example]:
        """The examples of the pool's scenes."""
        examples: list[Example] = []
        for scenario, level, index, scene in pose_pool(self.cells, number):
            rng = stream("collisions", "examples", scenario, level, index)
            found = [pair for pair in look(scene, rng, SHAKEN) if _is_taken(pair[0], rng)]
            examples += [_say(*found[k]) for k in rng.permutation(len(found))[:SCENE_PAIRS].tolist()]
        return examples


def look(scene: Scene, rng: np.random.Generator, shaken: float) -> Iterator[tuple[Near, float, Manifold | None]]:
    """The pairs that are near in some steps of a scene: how far they are apart, and where they touch if they do."""
    shapes = Shapes(scene)
    for _, step in trace(scene, rng, shaken):
        if rng.random() < LOOKS:
            rows = step.rows[step.rows[:, c.KIND] == c.CONTACT]
            touching = {frozenset((found.first, found.second)): found for found in shapes.read(rows, step.flown)}
            for near in shapes.look(step.flown):
                manifold = touching.get(frozenset((near.first, near.second)))
                gap = shapes.separate(near, step.flown) if manifold is None else -float(manifold.depths.max())
                yield near, gap, manifold


def _is_taken(near: Near, rng: np.random.Generator) -> bool:
    return bool(np.hypot(*near.motion[:2]) > FAST or rng.random() < SLOW)


def _say(near: Near, gap: float, manifold: Manifold | None) -> Example:
    text, answer = v.encode(near), v.encode_answer(near, gap, manifold)
    asked = np.zeros(len(text) + len(answer), bool)
    asked[len(text) :] = True
    return Example(np.array(text + answer, np.int32), asked)
