"""Plays the items of a suite, in this process or in several, and keeps each row as it is done.

Rows are appended to a JSONL file whose first line holds the settings of the run. A run that was cut off goes on where
it stopped; rows of other settings are never mixed in.
"""

import multiprocessing
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import orjson

from gedanken.errors import UserError

Key = TypeVar("Key", bound=Hashable)
Job = TypeVar("Job")
Row = TypeVar("Row")

Progress = Callable[[int, int, str], None]
"""Called with (done, total, note)."""


def collect(
    jobs: Mapping[Key, Job],
    work: Callable[[Job], Row],
    *,
    form: type[Row],
    key: Callable[[Row], Key],
    settings: Mapping[str, Any],
    path: Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    note: Callable[[Row], str] = lambda row: "",
) -> list[Row]:
    """The row of every job, in the jobs' order; those that an earlier run left in `path` are not measured again.

    Args:
        jobs: by the key of their row.
        work: measures a job; a function of a module where there are several workers, which are processes.
        form: the dataclass of rows.
        key: the key of a row.
        settings: JSON-able: what the rows depend on besides their job.
        path: file for the rows; None keeps none.
        workers: processes.
        progress: called after each row.
        note: what `progress` is told of a row.

    Raises:
        UserError: `path` holds rows of other settings.
    """
    done = {key(row): row for row in read_rows(path, form, settings)}
    waiting = [each for each in jobs if each not in done]
    finished = len(jobs) - len(waiting)
    for row in _map(work, [jobs[each] for each in waiting], workers):
        done[key(row)] = row
        append_row(path, row, settings)
        finished += 1
        if progress is not None:
            progress(finished, len(jobs), note(row))
    return [done[each] for each in jobs]


def _map(work: Callable[[Job], Row], jobs: Sequence[Job], workers: int) -> Iterator[Row]:
    if workers == 1 or len(jobs) < 2:
        yield from map(work, jobs)
        return
    # Spawned, not forked: the compiled code's threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(work, jobs)


def read_rows(path: Path | None, form: type[Row], settings: Mapping[str, Any]) -> list[Row]:
    """The rows that an earlier run finished. A last line that was cut off is dropped from the file.

    Raises:
        UserError: the file holds rows of other settings.
    """
    if path is None or not path.is_file():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with path.open("r+b") as file:
            file.truncate(len(whole))
    first, *lines = whole.splitlines() or [orjson.dumps(settings)]
    if orjson.loads(first) != orjson.loads(orjson.dumps(settings)):
        raise UserError(
            f"{path} holds rows of another run (another version or other settings); move it, or choose another --out"
        )
    return [form(**orjson.loads(line)) for line in lines]


def append_row(path: Path | None, row: Any, settings: Mapping[str, Any]) -> None:
    """Append a row to the file; the settings come before the first."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if file.tell() == 0:
            file.write(orjson.dumps(settings) + b"\n")
        file.write(orjson.dumps(asdict(row)) + b"\n")
