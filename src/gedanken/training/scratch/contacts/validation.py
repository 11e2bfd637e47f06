"""A model's velocity errors on validation scenes while it learns, beside those of no impulse and of the textbook's law.

The model is judged as it plays: its folder is read by the decoder that comes with the package.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gedanken.models.impulses import decoder
from gedanken.models.impulses.player import predict
from gedanken.seeding import stream
from gedanken.training.scratch.contacts.examples import EVENT, Moment, walk
from gedanken.training.scratch.scenes import pose_validation
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.laws import each_alone
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text._ledger import Listing

MOMENTS = 4
"""Steps of a scene that are judged: where something happens first."""


@dataclass(frozen=True)
class Trial:
    """A step to be predicted.

    Attributes:
        scene: what it is of.
        physics: its motion and bookkeeping.
        moment: the step.
    """

    scene: Scene
    physics: c.Physics
    moment: Moment


@dataclass(frozen=True)
class Figures:
    """Velocity errors over bodies, px/s, root mean square; None where there is no such trial.

    Attributes:
        velocity_rmse: of the model.
        velocity_rmse_free: of no impulse.
        velocity_rmse_alone: of each contact for itself by the textbook's law.
        velocity_rmse_held_out: of the model, in scenarios that no training split contains.
        velocity_rmse_held_out_free: of no impulse, there.
        velocity_rmse_held_out_alone: of the textbook's law, there.
        trials: how many steps, all together.
    """

    velocity_rmse: float | None
    velocity_rmse_free: float | None
    velocity_rmse_alone: float | None
    velocity_rmse_held_out: float | None
    velocity_rmse_held_out_free: float | None
    velocity_rmse_held_out_alone: float | None
    trials: int


def pose_trials(cells: Sequence[tuple[str, int]], scenes: int) -> list[Trial]:
    """Steps of so many scenes of the validation split, in turn from the scenarios and levels, a third held out."""
    order = stream("scratch", "validation", "cells").permutation(len(cells))
    trials = []
    for scenario, level, index, scene in pose_validation([cells[k] for k in order], scenes):
        rng = stream("scratch", "validation", scenario, level, index)
        moments = [moment for moment in walk(scene, rng, 0.0) if len(moment.rows)]
        busy = [moment for moment in moments if moment.news.max() > EVENT] or moments
        picks = rng.permutation(len(busy))[:MOMENTS]
        trials += [Trial(scene, c.Physics.of(scene), busy[k]) for k in picks]
    return trials


def validate(folder: Path, trials: Sequence[Trial]) -> Figures:
    """Measure the model in `folder`."""
    weights = decoder.load(folder)
    errors: dict[tuple[str, bool], list[np.ndarray]] = {}
    for trial in trials:
        moment, physics = trial.moment, trial.physics
        none = np.zeros((len(moment.rows), 3))
        listing = Listing(moment.flown, moment.rows, moment.last, moment.told, True, pushed=False)
        answers = {
            "model": predict(weights, [listing], [trial.scene], [physics])[0],
            "free": none,
            "alone": each_alone(moment.flown, moment.rows, physics.masses),
        }
        for name, impulses in answers.items():
            state = physics.settle(moment.flown, moment.rows, impulses, False)
            off = np.clip((state - moment.after)[:, 2:4], -1e5, 1e5)
            errors.setdefault((name, trial.scene.name in scenarios.HELD_OUT), []).append((off**2).sum(1))

    def rmse(name: str, held_out: bool) -> float | None:
        found = errors.get((name, held_out))
        return float(np.sqrt(np.mean(np.concatenate(found)))) if found else None

    return Figures(
        velocity_rmse=rmse("model", False),
        velocity_rmse_free=rmse("free", False),
        velocity_rmse_alone=rmse("alone", False),
        velocity_rmse_held_out=rmse("model", True),
        velocity_rmse_held_out_free=rmse("free", True),
        velocity_rmse_held_out_alone=rmse("alone", True),
        trials=len(trials),
    )
