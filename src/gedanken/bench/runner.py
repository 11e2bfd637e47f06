"""Plays the items of a suite, in this process or in several, and keeps each row as it is done.

Rows are appended to a JSONL file whose first line holds the settings of the run. A run that was cut off goes on where
it stopped; rows of other settings are never mixed in. A problem that a player could not answer at all has no row, so
that a further run asks for it again: an endpoint that is down says nothing about the model.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import orjson

from gedanken.errors import PlayerError, UserError
from gedanken.spread import Crew, spread

Key = TypeVar("Key", bound=Hashable)
Job = TypeVar("Job")
Row = TypeVar("Row")

Progress = Callable[[int, int, str], None]
"""Called with (done, total, note)."""

# After so many failures in a row the player is not asked again: an endpoint that is down stays so for a while.
PATIENCE = 5


def collect(
    jobs: Mapping[Key, Job],
    work: Callable[[Job], Row],
    *,
    form: type[Row],
    key: Callable[[Row], Key],
    settings: Mapping[str, Any],
    path: Path | None = None,
    workers: Crew = 1,
    progress: Progress | None = None,
    note: Callable[[Row], str] = lambda row: "",
    on_failure: Callable[[Key, str], None] | None = None,
    player: Callable[[Key], str] = lambda key: "",
) -> list[Row]:
    """The row of every job, in the jobs' order; those that an earlier run left in `path` are not measured again.

    A job whose player could not answer has no row and is told to `on_failure`. After `PATIENCE` such jobs in a row, so
    are the player's other jobs, without being tried.

    Args:
        jobs: by the key of their row.
        work: measures a job; a function of a module where there are several workers, which are processes.
        form: the dataclass of rows.
        key: the key of a row.
        settings: JSON-able: what the rows depend on besides their job.
        path: file for the rows; None keeps none.
        workers: processes, or a cluster.
        progress: called after each row.
        note: what `progress` is told of a row.
        on_failure: called with the key of a job and the reason why the player could not answer; without it, the first
            such job ends the run.
        player: whose job a key is, where there are several players.

    Raises:
        UserError: `path` holds rows of other settings.
        PlayerError: the player could not answer, and there is no `on_failure`.
    """
    done = {key(row): row for row in read_rows(path, form, settings)}
    waiting = [each for each in jobs if each not in done]
    finished = len(jobs) - len(waiting)
    while waiting:
        in_a_row: Counter[str] = Counter()
        crew = 1 if len(waiting) == 1 else workers
        rows = spread(partial(_attempt, work), [jobs[each] for each in waiting], crew)
        for each, row in zip(waiting, rows, strict=True):
            if isinstance(row, PlayerError):
                if on_failure is None:
                    raise row
                on_failure(each, str(row))
                in_a_row[player(each)] += 1
                if in_a_row[player(each)] == PATIENCE:
                    break
                continue
            in_a_row[player(each)] = 0
            done[key(row)] = row
            append_row(path, row, settings)
            finished += 1
            if progress is not None:
                progress(finished, len(jobs), note(row))
        else:
            break
        rows.close()
        given_up, rest = player(each), waiting[waiting.index(each) + 1 :]
        for other in rest:
            if player(other) == given_up and on_failure is not None:
                on_failure(other, f"not asked after {PATIENCE} failures in a row")
        waiting = [other for other in rest if player(other) != given_up]
    return [done[each] for each in jobs if each in done]


def _attempt(work: Callable[[Job], Row], job: Job) -> Row | PlayerError:
    try:
        return work(job)
    except PlayerError as error:
        return error


def describe_missing(player: str, failures: Mapping[Any, str], total: int) -> dict[str, Any]:
    """What a result says about problems without a row: `player`, how many of how many, and the first reason."""
    return {"player": player, "problems": len(failures), "of": total, "reason": next(iter(failures.values()))}


def explain_missing(missing: Sequence[Mapping[str, Any]], resumable: bool) -> str:
    """One sentence on the problems that have no row, for the end of a run."""
    parts = [
        f"{each['problems']} of {each['of']} problems are missing, since {each['player']} could not answer "
        f"({each['reason']})"
        for each in missing
    ]
    again = "the same command asks for these alone" if resumable else "with --out, a further run asks for these alone"
    return f"{'; '.join(parts)}; {again}"


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
