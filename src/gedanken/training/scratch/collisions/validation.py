"""How well a model detects collisions on validation scenes while it learns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gedanken.models.collisions import decoder
from gedanken.models.collisions import vocabulary as v
from gedanken.seeding import stream
from gedanken.training.scratch.collisions.examples import look
from gedanken.training.scratch.scenes import pose_validation
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.manifolds import Manifold, Near

SCENE_PAIRS = 24
"""Pairs of a scene that are judged."""


@dataclass(frozen=True)
class Trial:
    """A pair to be judged.

    Attributes:
        held_out: its scenario is not in any training split.
        near: the pair.
        gap: how far its shapes are apart, px.
        manifold: where it touches, if it does.
    """

    held_out: bool
    near: Near
    gap: float
    manifold: Manifold | None


@dataclass(frozen=True)
class Figures:
    """How pairs are judged; None where there are none.

    Attributes:
        found: share of the touching pairs that are said to touch.
        right: share of the pairs said to touch that do.
        gap_error: median error of how far a pair is apart, px.
        depth_error: median error of the depth of those that are found, px.
        place_error: median distance of their first points, px.
        turned: share of those whose normal is more than 5 degrees off.
        found_held_out: as `found`, in scenarios that no training split contains; likewise the others.
        right_held_out: see there.
        found_by_sides: as `found`, of all touching pairs, for the rule that a pair touches unless the second lies
            beyond a side of the first; this much the text gives away.
        right_by_sides: as `right`, for that rule.
        found_of_all: of all touching pairs, the share that is found.
        right_of_all: of all pairs said to touch, the share that does.
        touching: share of the pairs that touch.
        trials: how many pairs, all together.
    """

    found: float | None
    right: float | None
    gap_error: float | None
    depth_error: float | None
    place_error: float | None
    turned: float | None
    found_held_out: float | None
    right_held_out: float | None
    found_by_sides: float | None
    right_by_sides: float | None
    found_of_all: float | None
    right_of_all: float | None
    touching: float
    trials: int


def pose_trials(cells: Sequence[tuple[str, int]], scenes: int) -> list[Trial]:
    """Pairs of so many scenes of the validation split, in turn from the scenarios and levels, a third held out."""
    trials = []
    for scenario, level, index, scene in pose_validation(cells, scenes):
        rng = stream("collisions", "validation", scenario, level, index)
        found = list(look(scene, rng, 0.0))
        picks = rng.permutation(len(found))[:SCENE_PAIRS].tolist()
        trials += [Trial(scenario in scenarios.HELD_OUT, *found[k]) for k in picks]
    return trials


def validate(folder: Path, trials: Sequence[Trial]) -> Figures:
    """Measure the model in `folder`."""
    weights = decoder.load(folder)
    answers = decoder.answer(weights, [v.encode(trial.near) for trial in trials])
    said = [v.decode_answer(trial.near, answer) for trial, answer in zip(trials, answers, strict=True)]
    gaps = [v.AMOUNTS[answer[0] - v.AMOUNT] - trial.gap for trial, answer in zip(trials, answers, strict=True)]
    errors = np.array(
        [
            _compare(trial.near, trial.manifold, manifold)
            for trial, manifold in zip(trials, said, strict=True)
            if trial.manifold and manifold
        ]
    ).reshape(-1, 3)
    held_out = np.array([trial.held_out for trial in trials])
    true = np.array([trial.manifold is not None for trial in trials])
    by_sides = np.array([max(trial.near.distances) < 0.0 for trial in trials])
    claimed = np.array([manifold is not None for manifold in said])

    def share(what: np.ndarray, among: np.ndarray) -> float | None:
        return float(what[among].mean()) if among.any() else None

    return Figures(
        found=share(claimed, true & ~held_out),
        right=share(true, claimed & ~held_out),
        gap_error=float(np.median(np.abs(gaps))) if trials else None,
        depth_error=float(np.median(errors[:, 0])) if len(errors) else None,
        place_error=float(np.median(errors[:, 1])) if len(errors) else None,
        turned=float((errors[:, 2] > 5.0).mean()) if len(errors) else None,
        found_held_out=share(claimed, true & held_out),
        right_held_out=share(true, claimed & held_out),
        found_by_sides=share(by_sides, true),
        right_by_sides=share(true, by_sides),
        found_of_all=share(claimed, true),
        right_of_all=share(true, claimed),
        touching=float(true.mean()),
        trials=len(trials),
    )


def _compare(near: Near, true: Manifold, said: Manifold) -> tuple[float, float, float]:
    """Errors of the depth and the place of the first point, px, and of the direction, degrees."""
    (right, lines), (direction, told) = near.tell(true), near.tell(said)
    turned = abs((direction - right + 180.0) % 360.0 - 180.0)
    return abs(told[0, 2] - lines[0, 2]), float(np.hypot(*(told[0, :2] - lines[0, :2]))), turned
