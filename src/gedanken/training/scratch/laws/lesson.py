"""Training on laws, and on what follows wrong ones."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from gedanken.loop import Problem
from gedanken.models import find_folder
from gedanken.models.laws.vocabulary import FILE, Vocabulary
from gedanken.seeding import digest
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.pairs import Source
from gedanken.training.scratch.checkpoint import CHECKPOINT
from gedanken.training.scratch.laws.decoder import BELL, begin_with, make_decoder, measure_loss
from gedanken.training.scratch.laws.examples import (
    BLURRED,
    DEPTHS,
    HINT_SHARES,
    HINTS,
    NOISES,
    POSITIONS_ONLY,
    ROWS,
    Problems,
    list_words,
)
from gedanken.training.scratch.laws.options import LawOptions
from gedanken.training.scratch.laws.references import References, find_references
from gedanken.training.scratch.laws.validation import NOISE, pose_problems, validate
from gedanken.training.scratch.trainer import Progress, train


class LawLesson:
    """What `train laws` teaches: first laws, and how to go on from wrong ones."""

    kind = "laws"

    def __init__(self, options: LawOptions, progress: Progress):
        """Raises: UserError: a system is not known, or is held out."""
        self._options, self._progress = options, progress
        self._subjects = Source("discover", tuple(options.subjects or ("all",))).subjects
        self._favourites = tuple(name for name in DiscoverTask.training_subjects if name in self._subjects)
        written = options.folder.model
        # A run goes on with its own words, whatever joined the zoo since.
        resumed = options.resume and (written / FILE).is_file()
        self._vocabulary = Vocabulary.load(written) if resumed else Vocabulary(list_words(self._subjects))

    @cached_property
    def _problems(self) -> Sequence[Problem]:
        return pose_problems(self._favourites or self._subjects, self._options.validation_problems)

    @cached_property
    def _references(self) -> dict[str, References]:
        """What the constants of each system follow, which takes a second for each."""
        judge = DiscoverTask(mode="training")
        found = {}
        for name in self._subjects:
            self._progress(0, 1, f"measuring what constants follow: {name}")
            found[name] = find_references(judge, name, self._vocabulary, ROWS, NOISE)
        return found

    @property
    def source(self) -> Problems:
        """Problems of the training split."""
        options = self._options
        mistakes = tuple(options.mistakes or ())
        return Problems(
            tuple(self._subjects), self._favourites, options.favoured, options.drawn, self._vocabulary.words, mistakes,
            options.own_mistakes if mistakes else 0.0, self._references,
        )  # fmt: skip

    @property
    def vocabulary(self) -> str:
        """Name of what the tokens mean."""
        return f"laws ({digest(*self._vocabulary.words):032x})"

    def describe(self) -> dict[str, Any]:
        """What the run learns from."""
        return {
            "task": DiscoverTask.name,
            "text": {
                "rows": ROWS,
                "noise": NOISES,
                "wrong_laws_before": DEPTHS,
                "blurred": BLURRED,
                "positions_only": POSITIONS_ONLY,
                "hints": dict(zip(HINTS, HINT_SHARES, strict=True)),
                "bell": BELL,
                "words": len(self._vocabulary.words),
            },
            "subjects": self._subjects,
            "constants_follow": {
                name: {constant: " ".join(each[0]) for constant, each in found.items() if each}
                for name, found in self._references.items()
            },
            "favourites": self._favourites,
        }

    def make_model(self) -> Any:
        """The decoder."""
        model = make_decoder(self._options.size, self._options.seed, self._vocabulary)
        # A run that goes on has weights of its own.
        if self._options.init_from and not (self._options.output_dir / CHECKPOINT).is_file():
            begin_with(model, self._vocabulary, find_folder(self._options.init_from, DiscoverTask.name))
        return model

    def measure(self, model: Any, ids: Any, asked: Any, progress: float) -> tuple[Any, float, int]:
        """The loss on answers."""
        return measure_loss(model, ids, asked, self._vocabulary.number, progress)

    def save_words(self, folder: Path) -> None:
        """Write the list of words."""
        self._vocabulary.save(folder)

    def examine(self, folder: Path) -> dict[str, Any]:
        """What the model solves of validation problems."""
        return validate(folder, self._problems) if self._problems else {}


def train_laws(options: LawOptions, progress: Progress = lambda done, total, note: None) -> Path:
    """Train a decoder from nothing to find laws, and to make use of what the simulator says to wrong ones.

    Args:
        options: what, for how long.
        progress: called with seconds (or steps) done, in all, and a note of the figures.

    Returns:
        The folder of the model, which `--player laws:FOLDER` plays.

    Raises:
        UserError: a system is held out, the folder holds another run, or the loss stopped being a number; the last good
            checkpoint is kept.
    """
    return train(options, LawLesson(options, progress), progress)
