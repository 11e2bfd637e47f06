"""Scenes to learn the next frame from: simulated on demand, or read from a data set's folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gedanken import tasks
from gedanken.errors import UserError
from gedanken.loop import Problem, Task
from gedanken.seeding import stream
from gedanken.tasks.predict.observation import Observation
from gedanken.training.packing import Packer, keep_newest
from gedanken.training.pairs import Source
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import Prompt


class Scenes(Protocol):
    """Questions of one level: header and context, and the frame that follows."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> tuple[Prompt, Array]: ...


class PosedScenes:
    """Scenes that are simulated on demand."""

    def __init__(self, source: Source):
        """The problems of `source`, one a scene."""
        self.source, self.judge, self._keys = source, tasks.load("predict"), source.keys()

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, number: int) -> tuple[Prompt, Array]:
        problem = self.source.pose(self.judge, *self._keys[number])
        return problem.observation.prompt, problem.truth.frames[0]


class RecordedScenes:
    """Scenes of one level of a data set; the frame to predict is drawn with the scene's key as seed."""

    def __init__(self, folder: Path, level: int, format: str, context: int, subjects: Sequence[str] | None = None):
        """Scenes of a data set's training split.

        Raises:
            UserError: there is no such data set, it is not for training, or it has no scene of this level.
        """
        from gedanken.data.card import split_of
        from gedanken.data.dataset import Dataset, read_columns
        from gedanken.data.training import Writer

        self.data, self.writer, self.context = Dataset(folder), Writer(format), context
        split = split_of(self.data.manifest)
        if split not in ("train", "imported"):
            raise UserError(f"{folder} is a {split} split; train on a train split, or examination means nothing")
        rows = [
            row
            for receipt in self.data.manifest.receipts()
            for row in read_columns(folder / receipt.file, ["scenario", "level"]).to_pylist()
        ]
        self._numbers = [
            number
            for number, row in enumerate(rows)
            if row["level"] == level and (subjects is None or row["scenario"] in subjects)
        ]
        if not self._numbers:
            raise UserError(f"{folder} has no scene of level {level}")

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, number: int) -> tuple[Prompt, Array]:
        sample = self.data[self._numbers[number]]
        states = sample.states
        end = int(stream("curriculum", *sample.key).integers(min(self.context, len(states) - 1), len(states)))
        start = max(0, end - self.context)
        return Prompt(self.writer.header(sample), states[start:end], sample.first + start), states[end]


@dataclass(frozen=True)
class PackedSource(Source):
    """Problems that show as many frames as fit into a model's context.

    Attributes:
        packer: decides how many frames fit.
        most: largest number of problems in all.
    """

    packer: Packer | None = None
    most: int = 0

    def keys(self) -> list[tuple[str, int]]:
        """The first `most` keys; subjects take turns."""
        return Source.keys(self)[: self.most]

    def pose(self, judge: Task, subject: str, index: int) -> Problem:
        """One problem with as many frames as fit; with one frame where none fits."""
        problem = Source.pose(self, judge, subject, index)
        assert self.packer is not None
        whole = problem.observation.prompt
        try:
            fitting = self.packer.pack(whole, problem.truth.frames[0]).prompt
        except UserError:
            fitting = keep_newest(whole, 1)
        shown = Observation(problem.observation.format, fitting)
        return replace(problem, observation=shown, prompt=shown.write())
