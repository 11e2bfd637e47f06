"""Batches from a data set, made by a process of its own while the model computes.

A batch is a function of the data set, the options and a position, the number of lessons before it. Every batch tells
the position after it: a checkpoint keeps that number, and a resumed run goes on with the batches that would have come.
"""

import multiprocessing
import queue
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from gedanken.data import load
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.training.scratch.examples import Tokens, encode, teach

AHEAD = 8
"""Batches that wait for the model. One takes the loader a tenth of the time that it takes the model."""


@dataclass(frozen=True)
class Batch:
    """Lessons of one optimizer step.

    Attributes:
        lessons: at least one.
        position: lessons of the run up to here, these included.
    """

    lessons: list[Tokens]
    position: int

    @property
    def count(self) -> int:
        """Tokens that are not pads."""
        return sum(lesson.count for lesson in self.lessons)

    @property
    def weight(self) -> float:
        """Sum of the tokens' weights."""
        return float(sum(lesson.weights[:, 1:].sum() for lesson in self.lessons))


def make_batches(folder: Path, tokenizer: str, tokens: int, position: int = 0) -> Iterator[Batch]:
    """The batches from a position on, without end: the scenes in a new order every time all have been seen.

    Args:
        folder: the data set.
        tokenizer: as JSON.
        tokens: of a batch; it is full with the lesson that reaches them.
        position: where to go on.

    Raises:
        UserError: the data set cannot be read, or holds what is not for training.
    """
    from tokenizers import Tokenizer

    data = load(folder)
    cut = Tokenizer.from_str(tokenizer)
    lessons: list[Tokens] = []
    while True:
        turn, place = divmod(position, len(data))
        order = stream("scratch", "order", turn).permutation(len(data))
        for number in order[place:].tolist():
            lessons.append(encode(teach(data[number], position), cut))
            position += 1
            if sum(lesson.count for lesson in lessons) >= tokens:
                yield Batch(lessons, position)
                lessons = []


class Loader:
    """The batches of `make_batches`, made ahead by a process. Use it in a `with` statement."""

    def __init__(self, folder: Path, tokenizer: str, tokens: int, position: int = 0):
        # Spawned: the model's threads and their locks must not be forked.
        context = multiprocessing.get_context("spawn")
        self._queue: Any = context.Queue(AHEAD)
        self._process = context.Process(
            target=_work, args=(self._queue, folder, tokenizer, tokens, position), daemon=True
        )

    def __enter__(self) -> "Loader":
        self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()
        self._queue.close()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        """The next batch.

        Raises:
            UserError: what the process raised, or that it died.
        """
        while True:
            try:
                found = self._queue.get(timeout=1.0)
            except queue.Empty:
                if not self._process.is_alive():
                    raise UserError("the process that reads the data set died; go on with --resume") from None
                continue
            if isinstance(found, UserError):
                raise found
            batch: Batch = found
            return batch


def _work(batches: Any, folder: Path, tokenizer: str, tokens: int, position: int) -> None:
    parent = multiprocessing.parent_process()

    def hand_over(found: Batch | UserError) -> bool:
        # A parent that was killed cannot end this process; nobody takes the batches then.
        while parent is None or parent.is_alive():
            try:
                batches.put(found, timeout=1.0)
                return True
            except queue.Full:
                continue
        batches.cancel_join_thread()
        return False

    try:
        for batch in make_batches(folder, tokenizer, tokens, position):
            if not hand_over(batch):
                return
    except UserError as error:
        hand_over(error)
