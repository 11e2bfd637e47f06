"""Rows of a table as trials: split by label or where time starts anew, in order of time, without repeats."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.own_data.read.cells import Array
from gedanken.own_data.read.clock import to_clock
from gedanken.own_data.read.derived import find_derived
from gedanken.own_data.read.roles import Roles
from gedanken.own_data.read.table import Table
from gedanken.seeding import stream

MAX_TRIALS = 50
MIN_SAMPLES = 4  # fewer points of a trial cannot tell any law from a parabola
_LATE = 1e3  # a record that begins later than this many of its own lengths after zero is counted from its first sample

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Trial:
    """One trial's samples.

    Attributes:
        name: its label, empty where there is only one.
        t: times, increasing, shape (m,).
        values: by header, shape (m,) each, NaN where nothing was measured.
    """

    name: str
    t: Array
    values: Mapping[str, Array]


def split_trials(
    table: Table, roles: Roles, missing: tuple[float, ...] | None, draw: int, notes: list[str]
) -> tuple[list[Trial], tuple[str, ...], str]:
    """The trials of a table.

    Args:
        table: where the rows are.
        roles: what its columns are.
        missing: numbers that stand for a missing value; guessed where None.
        draw: which trials are drawn where there are too many.
        notes: takes what was assumed.

    Returns:
        The trials; the headers of their states, without those that follow from others; and the unit that dates were
        turned into, if any.

    Raises:
        UserError: a cell that is not a number, times that contradict each other, or too few rows.
    """
    clock = table.find(roles.time)
    if clock.kind == "date":
        times, unit = to_clock(table, clock, notes)
    else:
        times, unit = table.numbers(clock, missing, notes), ""
        if np.isnan(times).all():
            raise UserError(f"column {clock.header!r} of {table.source} is empty: it holds no time")
        times, unit = _from_the_first(times, clock.header, notes)
    values = {header: table.numbers(table.find(header), missing, notes) for header in roles.states}
    for header in roles.states:
        if np.isnan(values[header]).all():
            raise UserError(f"column {header!r} of {table.source} is empty: it holds no number at all")
    if (lost := int(np.isnan(times).sum())) and table.run is None:
        notes.append(f"{lost} of {len(times):,} rows of {table.source} left out: no time")
    measured = np.any([np.isfinite(cells) for cells in values.values()], axis=0)
    usable = np.isfinite(times) & measured
    told: dict[str, list[str]] = {}  # what happened -> to which trials
    trials: list[tuple[str, Array, Rows, Mapping[str, Array]]] = []
    longest = 0
    labelled = bool(roles.trial) or table.run is not None
    for name, rows in _split(table, roles, times, usable, draw, notes):
        said: list[str] = []
        t, rows, means = _ordered(table, labelled, times, values, rows, name, said)
        longest = max(longest, len(t))
        if len(t) < MIN_SAMPLES:
            count = "1 sample" if len(t) == 1 else f"{len(t)} samples"
            said = [f"left out, with {count} of at least {MIN_SAMPLES}"]
        else:
            trials.append((name, t, rows, means))
        for what in said:
            told.setdefault(what, []).append(name)
    if not trials:
        count = f"{longest or 'no'} row{'s' * (longest != 1)}"
        each = "each trial of " if labelled else ""
        raise UserError(
            f"{each}{table.source} holds {count} with a time; a law needs at least {MIN_SAMPLES}, so give more samples"
        )
    for what, names in told.items():
        several = f"trial {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
        notes.append(f"{table.source}{', ' + several if any(names) else ''}: {what}")
    states = roles.states
    if not roles.asked:
        columns = [table.find(header) for header in states if header not in roles.carried.values()]
        derived = find_derived(columns, values, [(t, rows) for _, t, rows, _ in trials if len(t) == len(rows)])
        notes += [f"column {header!r} is left out: {why}" for header, why in derived.items()]
        states = tuple(header for header in states if header not in derived)
    return [Trial(name, t, {h: means[h] for h in states}) for name, t, _, means in trials], states, unit


def _from_the_first(times: Array, header: str, notes: list[str]) -> tuple[Array, str]:
    """Stamps since 1970 in seconds since the first, and other late clocks from their first sample."""
    first, last = np.nanmin(times), np.nanmax(times)
    if not first > _LATE * (last - first) or first < 1e6:
        return times, ""
    for unit, size in (("nanoseconds", 1e9), ("microseconds", 1e6), ("milliseconds", 1e3), ("seconds", 1.0)):
        if 4e8 < first / size < 5e9 and size > 1:
            notes.append(
                f"times in {header!r} look like {unit} since 1970; they are turned into seconds since the first"
            )
            return (times - first) / size, "s"
    notes.append(f"times in {header!r} are counted from the first, {first:.10g}")
    return times - first, ""


# ---- splitting ----


def _split(
    table: Table, roles: Roles, times: Array, usable: NDArray[np.bool_], draw: int, notes: list[str]
) -> Iterator[tuple[str, Rows]]:
    labels: pd.Series | None = table.run
    if roles.trial:
        parts = [table.find(header).cells for header in roles.trial]
        labels = _joined(parts)
    if labels is None:
        pieces = _restarts(times, np.flatnonzero(usable))
        if len(pieces) == 1:
            yield "", pieces[0]
            return
        notes.append(
            f"time starts anew {_times(len(pieces) - 1)} in {table.source}: it is read as {len(pieces)} trials, one "
            "after the other"
        )
        named = [(str(k), rows) for k, rows in enumerate(pieces, 1)]
    else:
        codes, names = pd.factorize(labels)
        if (codes < 0).any():
            notes.append(f"{int((codes < 0).sum())} of {len(codes):,} rows of {table.source} left out: no trial")
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
        groups = [order[a:b] for a, b in pairwise(edges.tolist())]
        named = [(_label(name), rows[usable[rows]]) for name, rows in zip(names, groups, strict=True)]
    if len(named) > MAX_TRIALS:
        rng = stream("own data", "trials", table.source, len(named), draw)
        chosen = np.sort(rng.choice(len(named), MAX_TRIALS, replace=False))
        shown = ", ".join(named[k][0][:20] for k in chosen)
        notes.append(
            f"{table.source} holds {len(named):,} trials; {MAX_TRIALS} of them are used, drawn at random (--index "
            f"draws others): {shown}"
        )
        named = [named[k] for k in chosen]
    yield from named


def _joined(parts: Sequence[pd.Series]) -> pd.Series:
    if len(parts) == 1:
        return parts[0].where(parts[0].astype(str).str.strip() != "")
    words = [part.map(_label, na_action="ignore") for part in parts]
    joined = words[0].astype(str)
    for word in words[1:]:
        joined = joined + " " + word.astype(str)
    return joined.where(np.logical_and.reduce([part.notna() for part in parts]))


def _label(value: object) -> str:
    """A trial's name: `3` for 3.0."""
    return f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value).strip()


def _restarts(times: Array, rows: Rows) -> list[Rows]:
    """Stretches of rows in which time increases, where they overlap in time: several trials one below the other."""
    back = np.flatnonzero(np.diff(times[rows]) < 0) + 1
    pieces = np.split(rows, back)
    if len(pieces) == 1 or any(len(piece) < MIN_SAMPLES for piece in pieces):
        return [rows]
    spans = sorted((times[piece[0]], times[piece[-1]]) for piece in pieces)
    apart = all(before[1] < after[0] for before, after in pairwise(spans))
    return [rows] if apart else pieces


# ---- order ----


def _ordered(
    table: Table, labelled: bool, times: Array, values: Mapping[str, Array], rows: Rows, trial: str, said: list[str]
) -> tuple[Array, Rows, dict[str, Array]]:
    """Times and values of one trial in order of time, exact repeats left out, values of one time averaged."""
    step = np.diff(times[rows])
    if (step < 0).any():
        said.append("the rows were not in order of time and have been sorted")
        rows = rows[np.argsort(times[rows], kind="stable")]
        step = np.diff(times[rows])
    same = np.flatnonzero(step == 0)
    if not len(same):
        return times[rows], rows, {header: cells[rows] for header, cells in values.items()}
    differ = np.zeros(len(same), bool)
    for cells in values.values():
        before, after = cells[rows[same]], cells[rows[same + 1]]
        differ |= (before != after) & np.isfinite(before) & np.isfinite(after)
    starts = np.concatenate([[0], np.flatnonzero(step != 0) + 1])
    if differ.sum() >= len(starts) / 2:
        k = same[np.flatnonzero(differ)[0]]
        first, second = sorted((int(rows[k]), int(rows[k + 1])))
        of = f" of trial {trial}" if trial else ""
        raise UserError(
            f"time {times[first]:g}{of} occurs twice in {table.source} with different values ({table.at(first)} and "
            f"{table.at(second)}), and so do others; if the file holds several trials, name the "
            f"{'columns that tell' if labelled else 'column that tells'} them apart with --trial"
        )
    if differ.any():
        said.append(f"{_rows(int(differ.sum()))} of the same time as the row before are averaged with it")
    if not differ.all():
        said.append(f"{_rows(int((~differ).sum()))} left out, a repeat of the row before")
    means = {}
    for header, cells in values.items():
        known = np.isfinite(cells[rows])
        count = np.add.reduceat(known, starts, dtype=np.int64)
        with np.errstate(invalid="ignore", over="ignore"):
            sums = np.add.reduceat(np.where(known, cells[rows], 0.0), starts)
            means[header] = sums / np.where(count, count, np.nan)
    return times[rows[starts]], rows[starts], means


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
