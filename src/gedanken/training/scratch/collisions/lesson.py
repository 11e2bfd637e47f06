"""Training on pairs of shapes that are near."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gedanken.models.collisions import vocabulary as v
from gedanken.models.llama.words import wrap
from gedanken.training.scratch.collisions.decoder import BELL, GAP_WEIGHT, TOUCH_WEIGHT, make_decoder, measure_loss
from gedanken.training.scratch.collisions.examples import FAST, LOOKS, SCENE_PAIRS, SLOW, Pairs
from gedanken.training.scratch.collisions.options import CollisionOptions
from gedanken.training.scratch.collisions.validation import Trial, pose_trials, validate
from gedanken.training.scratch.scenes import SHAKEN, SHAKES, all_cells
from gedanken.training.scratch.trainer import Progress, train
from gedanken.worlds.rigid import scenarios


class CollisionLesson:
    """What `train collisions` teaches: whether and where two shapes touch."""

    kind = "collisions"

    def __init__(self, options: CollisionOptions):
        self._options = options
        self._cells = all_cells()
        self._trials: Sequence[Trial] | None = None

    @property
    def source(self) -> Pairs:
        """Pairs of posed scenes."""
        return Pairs(self._cells)

    @property
    def vocabulary(self) -> str:
        """Name of what the tokens mean."""
        return f"collisions ({v.COUNT})"

    def describe(self) -> dict[str, Any]:
        """What the run learns from."""
        return {
            "text": {
                "disturbed_frames": SHAKEN,
                "disturbances": SHAKES,
                "steps_looked_at": LOOKS,
                "fast": FAST,
                "slow_pairs": SLOW,
                "pairs_of_a_scene": SCENE_PAIRS,
                "bell": BELL,
                "weight_of_gaps": GAP_WEIGHT,
                "weight_of_touching": TOUCH_WEIGHT,
            },
            "cells": self._cells,
            "held_out": scenarios.HELD_OUT,
        }

    def make_model(self) -> Any:
        """The decoder."""
        return make_decoder(self._options.size, self._options.seed)

    def measure(self, model: Any, ids: Any, asked: Any, progress: float) -> tuple[Any, float, int]:
        """The loss on answers."""
        return measure_loss(model, ids, asked, progress)

    def save_words(self, folder: Path) -> None:
        """Write the tokenizer."""
        wrap(v.words(), "end", "<pad>").save_pretrained(folder)

    def examine(self, folder: Path) -> dict[str, Any]:
        """How pairs of validation scenes are judged."""
        if self._trials is None:
            self._trials = pose_trials(self._cells, self._options.validation_scenes)
        return asdict(validate(folder, self._trials)) if self._trials else {}


def train_collisions(options: CollisionOptions, progress: Progress = lambda done, total, note: None) -> Path:
    """Train a decoder from nothing to detect collisions.

    Args:
        options: for how long.
        progress: called with seconds (or steps) done, in all, and a note of the figures.

    Returns:
        The folder of the model, which `--player collisions:FOLDER` plays.

    Raises:
        UserError: the folder holds another run, or the loss stopped being a number; the last good checkpoint is kept.
    """
    return train(options, CollisionLesson(options), progress)
