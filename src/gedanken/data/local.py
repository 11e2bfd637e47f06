"""Shards made by processes on this machine."""

import multiprocessing
import os
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from gedanken.data.places import is_remote
from gedanken.data.shards import Plan, Receipt, write_shard
from gedanken.errors import UserError


@dataclass(frozen=True)
class Processes:
    """So many worker processes; with one, the work is done in this process.

    A worker is a process and not a thread: two threads reach 1.7 times the speed of one, two processes 1.97 times.
    """

    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.count <= 1024:
            raise UserError(f"the number of workers must be from 1 to 1024, not {self.count}")

    def __call__(self, plan: Plan, numbers: Sequence[int], folder: Path) -> Generator[tuple[int, Receipt]]:
        """Make the shards; see `generate.Workers`."""
        # What one process puts into `memory://`, no other sees.
        alone = is_remote(folder) and str(folder).startswith("memory:")
        if self.count == 1 or len(numbers) < 2 or alone:
            for number in numbers:
                yield number, write_shard(plan, number, folder)
            return
        # Spawned, not forked: this process has threads (Arrow's, the progress bar's) whose locks a fork may inherit.
        context = multiprocessing.get_context("spawn")
        count = min(self.count, len(numbers))
        pool = ProcessPoolExecutor(count, context, initializer=_die_with_parent)
        try:
            waiting = list(reversed(numbers))
            running: dict[Future[Receipt], int] = {}
            while waiting or running:
                # No more than one task each in the queue: what fails is told at once, not after the rest.
                while waiting and len(running) < 2 * count:
                    number = waiting.pop()
                    running[pool.submit(write_shard, plan, number, folder)] = number
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield running.pop(future), future.result()
        except BrokenProcessPool as error:
            raise UserError("a worker process died; what is finished stays, go on with --resume") from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _die_with_parent() -> None:
    """Let a worker end when the process that started it is gone; killed, that one cannot tell it to."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
