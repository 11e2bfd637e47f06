"""Batches made by processes of their own while the model computes.

Examples are made in pools; a pool's examples are sorted by length, cut into batches, and the batches shuffled. A batch
is a function of where the examples come from, the options and its place (pool and number): a checkpoint keeps that
place, and a resumed run goes on with the batches that would have come, whatever the number of processes.
"""

import multiprocessing
import queue
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from gedanken.errors import UserError
from gedanken.models.llama.batches import cut_batches
from gedanken.seeding import stream

PAD = 0
"""The token behind an example that is shorter than its batch, in every vocabulary."""

AHEAD = 64
"""Batches of each process that wait for the model."""


@dataclass(frozen=True)
class Example:
    """A text with its answer.

    Attributes:
        ids: tokens, shape (tokens,), int32.
        asked: which of them are the answer, shape (tokens,).
    """

    ids: np.ndarray
    asked: np.ndarray


class Source(Protocol):
    """Where examples come from. It is sent to other processes."""

    def make_pool(self, number: int) -> list[Example]:
        """The examples of a pool, the same ones at each call.

        Raises:
            UserError: they cannot be made.
        """


@dataclass(frozen=True)
class Batch:
    """Examples of one optimizer step.

    Attributes:
        ids: shape (examples, tokens), int32, pads behind.
        asked: which tokens are answers, shape (examples, tokens).
        place: pool and number of the batch after this one.
    """

    ids: np.ndarray
    asked: np.ndarray
    place: tuple[int, int]

    @property
    def count(self) -> int:
        """Tokens that are not pads."""
        return int((self.ids != PAD).sum())


def shuffle_pool(source: Source, number: int, tokens: int) -> list[Batch]:
    """All batches of a pool, in the order in which they are learnt.

    Args:
        source: of the examples.
        number: of the pool.
        tokens: of a batch, pads included.

    Raises:
        UserError: as of the source.
    """
    examples = source.make_pool(number)
    cut = cut_batches([len(example.ids) for example in examples], tokens)
    order = stream("scratch", "batches", number).permutation(len(cut)).tolist()
    places = [(number, k + 1) for k in range(len(cut) - 1)] + [(number + 1, 0)]
    return [_pad([examples[k] for k in cut[which]], place) for which, place in zip(order, places, strict=True)]


def _pad(examples: Sequence[Example], place: tuple[int, int]) -> Batch:
    ids = np.full((len(examples), max(len(example.ids) for example in examples)), PAD, np.int32)
    asked = np.zeros(ids.shape, bool)
    for row, mask, example in zip(ids, asked, examples, strict=True):
        row[: len(example.ids)] = example.ids
        mask[: len(example.ids)] = example.asked
    return Batch(ids, asked, place)


def make_batches(source: Source, tokens: int, place: tuple[int, int], stride: int = 1) -> Iterator[Batch]:
    """The batches from a place on, without end, of every `stride`th pool."""
    pool, first = place
    while True:
        yield from shuffle_pool(source, pool, tokens)[first:]
        pool, first = pool + stride, 0


class Loader:
    """The batches of a source, made ahead by processes. Use it in a `with` statement."""

    def __init__(self, source: Source, tokens: int, place: tuple[int, int] = (0, 0), workers: int = 1):
        # Spawned: the model's threads and their locks must not be forked.
        context = multiprocessing.get_context("spawn")
        self._queues: list[Any] = [context.Queue(AHEAD) for _ in range(workers)]
        self._pool = place[0]
        starts = [place if k == place[0] % workers else (_first(place[0], k, workers), 0) for k in range(workers)]
        self._processes = [
            context.Process(target=_work, args=(batches, source, tokens, start, workers), daemon=True)
            for batches, start in zip(self._queues, starts, strict=True)
        ]

    def __enter__(self) -> "Loader":
        for process in self._processes:
            process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process, batches in zip(self._processes, self._queues, strict=True):
            process.terminate()
            process.join()
            batches.close()

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        """The next batch.

        Raises:
            UserError: what a process raised, or that it died.
        """
        worker = self._pool % len(self._processes)
        while True:
            try:
                found = self._queues[worker].get(timeout=1.0)
            except queue.Empty:
                if not self._processes[worker].is_alive():
                    raise UserError("a process that makes examples died; go on with --resume") from None
                continue
            if isinstance(found, UserError):
                raise found
            batch: Batch = found
            self._pool = batch.place[0]
            return batch


def _first(pool: int, worker: int, workers: int) -> int:
    """The first pool after `pool` that a worker makes."""
    return pool + (worker - pool) % workers


def _work(batches: Any, source: Source, tokens: int, place: tuple[int, int], stride: int) -> None:
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
        for batch in make_batches(source, tokens, place, stride):
            if not hand_over(batch):
                return
    except UserError as error:
        hand_over(error)
