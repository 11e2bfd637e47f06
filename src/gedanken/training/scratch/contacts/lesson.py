"""Training on the contacts of a data set's scenes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gedanken.data import load, manifest
from gedanken.errors import UserError
from gedanken.models.impulses import vocabulary as v
from gedanken.models.llama.words import wrap
from gedanken.seeding import stream
from gedanken.training.scratch.contacts.decoder import BELL, SMALL_WEIGHT, bell_width, make_decoder, measure_loss
from gedanken.training.scratch.contacts.examples import (
    EVENT,
    FIRST_ROUND,
    PUSHES,
    QUIET,
    RESTING,
    SCENE_TOKENS,
    teach,
)
from gedanken.training.scratch.contacts.options import ScratchOptions
from gedanken.training.scratch.contacts.validation import Trial, pose_trials, validate
from gedanken.training.scratch.loader import Example
from gedanken.training.scratch.scenes import POOL, SHAKEN, SHAKES, all_cells, pose_pool
from gedanken.training.scratch.trainer import Progress, train
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.rounds import GIVEN
from gedanken.worlds.rigid.text import contacts


@dataclass(frozen=True)
class Scenes:
    """Groups of contacts of a data set's scenes, as examples.

    Attributes:
        folder: of the data set.
        most_rows: groups of more rows are left out.
    """

    folder: Path
    most_rows: int

    @cached_property
    def _data(self) -> Any:
        return load(self.folder)

    def make_pool(self, number: int) -> list[Example]:
        """The examples of `POOL` scenes.

        Raises:
            UserError: the data set cannot be read, or holds what is not for training.
        """
        data = self._data
        examples: list[Example] = []
        for position in range(number * POOL, (number + 1) * POOL):
            turn, place = divmod(position, len(data))
            order = stream("scratch", "order", turn).permutation(len(data))
            sample = data[int(order[place])]
            if sample.row["labels"] != contacts.LABELS:
                raise UserError(f"the format contacts needs {contacts.LABELS} positions, the data set has raw ones")
            examples += teach(sample.scene, sample.key, turn, self.most_rows, frames=sample.row["frames"] - 1)
        return examples

    def __getstate__(self) -> dict[str, Any]:
        """Without the open data set, which another process reads for itself."""
        return {"folder": self.folder, "most_rows": self.most_rows}


@dataclass(frozen=True)
class FreshScenes:
    """Groups of contacts of scenes that nobody recorded: scenarios and levels in turn, a new scene each time.

    Attributes:
        cells: scenarios and levels.
        most_rows: groups of more rows are left out.
    """

    cells: Sequence[tuple[str, int]]
    most_rows: int

    def make_pool(self, number: int) -> list[Example]:
        """The examples of `POOL` scenes."""
        examples: list[Example] = []
        for scenario, level, index, scene in pose_pool(self.cells, number):
            examples += teach(scene, (scenario, level, "train", index), 0, self.most_rows)
        return examples


class ContactLesson:
    """What `train scratch` teaches: the impulses of contacts and joints."""

    kind = "scratch"

    def __init__(self, options: ScratchOptions):
        """Raises: UserError: the data cannot be used."""
        self._options = options
        self._cells = _cells(options.data) if options.data else all_cells()
        self._trials: Sequence[Trial] | None = None

    @property
    def source(self) -> Scenes | FreshScenes:
        """The scenes of the data, or posed ones."""
        options = self._options
        return Scenes(options.data, options.most_rows) if options.data else FreshScenes(self._cells, options.most_rows)

    @property
    def vocabulary(self) -> str:
        """Name of what the tokens mean."""
        return f"contacts ({v.COUNT})"

    def describe(self) -> dict[str, Any]:
        """What the run learns from."""
        return {
            "text": {
                "format": "contacts",
                "given": GIVEN,
                "disturbed_frames": SHAKEN,
                "disturbances": SHAKES,
                "event": EVENT,
                "resting_groups": RESTING,
                "quiet_groups": QUIET,
                "pushes": PUSHES,
                "first_rounds": FIRST_ROUND,
                "tokens_of_a_scene": SCENE_TOKENS,
                "bell": BELL,
                "weight_of_small_numbers": SMALL_WEIGHT,
            },
            "cells": self._cells,
            "held_out": scenarios.HELD_OUT,
        }

    def make_model(self) -> Any:
        """The decoder."""
        return make_decoder(self._options.size, self._options.seed)

    def measure(self, model: Any, ids: Any, asked: Any, progress: float) -> tuple[Any, float, int]:
        """The loss on the numbers of answers."""
        return measure_loss(model, ids, asked, bell_width(progress))

    def save_words(self, folder: Path) -> None:
        """Write the tokenizer."""
        wrap(v.words(), "end", "<pad>").save_pretrained(folder)

    def examine(self, folder: Path) -> dict[str, Any]:
        """Velocity errors on validation scenes."""
        if self._trials is None:
            self._trials = pose_trials(self._cells, self._options.validation_scenes)
        return asdict(validate(folder, self._trials)) if self._trials else {}


def _cells(data: Path) -> list[tuple[str, int]]:
    """Scenarios and levels of a data set, to be validated on."""
    plan = manifest.plan_of(load(data).manifest)
    if plan.split != "train":
        raise UserError(f"{data} is not a data set of the training split")
    return [(scenario, level) for scenario in plan.scenarios for level in plan.levels]


def train_scratch(options: ScratchOptions, progress: Progress = lambda done, total, note: None) -> Path:
    """Train a decoder from nothing on the contacts of a data set's scenes.

    Args:
        options: what, on what, for how long.
        progress: called with seconds (or steps) done, in all, and a note of the figures.

    Returns:
        The folder of the model, for `AutoModelForCausalLM.from_pretrained` and `AutoTokenizer.from_pretrained`.

    Raises:
        UserError: the data cannot be used, the folder holds another run, or the loss stopped being a number; the last
            good checkpoint is kept.
    """
    return train(options, ContactLesson(options), progress)
