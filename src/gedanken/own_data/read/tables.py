"""A person's own table becomes trajectories: which column is time, what the states are, what a trial is.

Whatever had to be assumed or left out on the way is said in a note; what cannot be used is refused with one sentence.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.own_data.read.columns import CLOCK, Columns, open_columns
from gedanken.own_data.read.headers import (
    Roles,
    find_roles,
    identifiers,
    implied_unit,
    same_roles,
    split_unit,
)
from gedanken.own_data.read.velocities import arrange, pair
from gedanken.worlds.ode.kernel.limits import MAX_STATES
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory, pool

MAX_TRIALS = 50
MIN_SAMPLES = 4  # fewer points of a trial cannot tell any law from a parabola


@dataclass(frozen=True)
class Recording:
    """What was read from a person's own data.

    Attributes:
        states: names and order of the state variables.
        trajectories: one for each trial, with NaN for what was not measured.
        units: unit of each state column that has one.
        time: name of the time column.
        time_unit: its unit, or an empty string.
        sources: for each state column the header it came from; a velocity that was not measured has none.
        notes: what was assumed, converted or left out, a sentence each.
    """

    states: StateSpace
    trajectories: tuple[Trajectory, ...]
    units: Mapping[str, str]
    time: str
    time_unit: str
    sources: Mapping[str, str]
    notes: tuple[str, ...]


def read_trajectories(
    paths: str | Path | Sequence[str | Path],
    *,
    time: str | None = None,
    state: Sequence[str] | None = None,
    trial: str | None = None,
    order: int | None = None,
    velocities: Mapping[str, str] | None = None,
    max_rows: int = 1000,
) -> Recording:
    """Read one system's trials from a table, or from several tables with the same columns (one trial or more each).

    Args:
        paths: CSV, TSV, spaced text, Parquet, JSON or JSON lines, told by content and name.
        time: the time column; guessed from its name, or from the first column, when None.
        state: the state columns, in order; every numeric column that varies when None.
        trial: the column that tells trials apart; guessed from its name when None.
        order: 1 for `dx/dt = ...` in every column; 2 for `d2x/dt2 = ...`, where a velocity that was not measured
            becomes a column of NaN; None for order 2 where a column is named as another's velocity and agrees with it.
        velocities: which column is whose velocity, `{"x": "u"}`, where the names do not say it.
        max_rows: a longer trial is averaged down to this many rows.

    Raises:
        UserError: one sentence on what cannot be used, naming file, column and line.
    """
    files = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not files:
        raise UserError("no file was named")
    if order not in (None, 1, 2):
        raise UserError(f"the order of the law is 1 or 2, not {order}")
    notes: list[str] = []
    tables = [open_columns(path) for path in files]
    roles = find_roles(tables[0], time, state, trial, notes)
    labels, label_units = zip(*map(split_unit, roles.states), strict=True)
    names = identifiers(labels, notes)
    renamed = dict(zip(labels, names, strict=True)) | dict(zip(roles.states, names, strict=True))
    units = {name: unit for name, unit in zip(names, label_units, strict=True) if unit}
    time_label, time_unit = split_unit(roles.time)
    time_unit = time_unit or implied_unit(time_label)
    trials: list[Trajectory] = []
    for table in tables:
        notes += table.notes
        found, clock_unit = _trials(table, same_roles(table, roles), max_rows, notes)
        time_unit = clock_unit or time_unit
        for each in found:
            stem = [table.path.stem] if len(tables) > 1 else []
            trials.append(replace(each, name=" ".join([*stem, *([each.name] if each.name else [])])))
    names, trials = _varying(tables[0].path, trials, names, state is not None, notes)
    pairs = pair(trials, names, order, velocities or {}, renamed, notes)
    states, trials = arrange(trials, names, pairs, order)
    if states.size > MAX_STATES:
        raise UserError(
            f"{tables[0].path.name} makes {states.size} states with the velocities ({', '.join(states.columns)}) and "
            f"at most {MAX_STATES} can be used; name the ones to use with --state"
        )
    for c in states.coordinates:
        if c.velocity and c.velocity not in names and c.name in units and time_unit:
            units[c.velocity] = f"{units[c.name]}/{time_unit}"
    return Recording(
        states=states,
        trajectories=tuple(trials),
        units={name: unit for name, unit in units.items() if name in states.columns},
        time=time_label,
        time_unit=time_unit,
        sources={name: header for header, name in renamed.items() if name in states.columns and header in roles.states},
        notes=tuple(dict.fromkeys(notes)),
    )


# ---- rows to trials ----


def _trials(table: Columns, roles: Roles, max_rows: int, notes: list[str]) -> tuple[list[Trajectory], str]:
    """Read, split, order and reduce. Returns the trials and the unit that dates were turned into, if any."""
    file = table.path.name
    dated = table.kinds[roles.time] == "date"
    numbers, others = table.read(
        roles.states if dated else (roles.time, *roles.states),
        [*([roles.time] if dated else []), *([roles.trial] if roles.trial else [])],
    )
    unit = ""
    if dated:
        times, unit = _clock(table, roles.time, others[roles.time], notes)
    else:
        times = numbers[roles.time]
    for name in (*([] if dated else [roles.time]), *roles.states):
        if np.isinf(numbers[name]).any():
            row = int(np.flatnonzero(np.isinf(numbers[name]))[0])
            raise UserError(f"column {name!r} of {file} holds infinity in {table.place(row)}")
        if np.isnan(numbers[name]).all():
            raise UserError(f"column {name!r} of {file} is empty: it holds no number at all")
    if missing := int(np.isnan(times).sum()):
        notes.append(f"{missing} of {len(times):,} rows of {file} left out: no time")
    trials = []
    told: dict[str, list[str]] = {}  # what happened -> to which trials
    longest = 0
    for name, rows in _split(others[roles.trial] if roles.trial else None, times, file, notes):
        said: list[str] = []
        rows = _ordered(table, roles, times, numbers, rows, name, said)
        longest = max(longest, len(rows))
        if len(rows) < MIN_SAMPLES:
            said = [f"left out, with fewer than {MIN_SAMPLES} rows"]
        else:
            t, values = _reduce(times[rows], [numbers[s][rows] for s in roles.states], max_rows, roles.states, said)
            trials.append(Trajectory(t, values, name))
        for what in said:
            told.setdefault(what, []).append(name)
    if not trials:
        count = f"{longest or 'no'} row{'s' * (longest != 1)}"
        each = "each trial of " if roles.trial else ""
        raise UserError(f"{each}{file} holds {count} with a time; a law needs at least {MIN_SAMPLES}")
    for what, names in told.items():
        which = f", trial {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
        notes.append(f"{file}{which if roles.trial else ''}: {what}")
    return trials, unit


def _split(
    labels: pa.Array | None, times: Array, file: str, notes: list[str]
) -> Iterator[tuple[str, NDArray[np.intp]]]:
    timed = np.isfinite(times)
    if labels is None:
        yield "", np.flatnonzero(timed)
        return
    coded = labels.cast(pa.string()).dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    names = coded.dictionary.to_pylist()
    if len(names) > MAX_TRIALS:
        notes.append(f"{file} holds {len(names)} trials; the first {MAX_TRIALS} are used")
    if (codes < 0).any():
        notes.append(f"{int((codes < 0).sum())} of {len(codes):,} rows of {file} left out: no trial")
    for code, name in enumerate(names[:MAX_TRIALS]):
        yield str(name), np.flatnonzero(timed & (codes == code))


def _ordered(
    table: Columns,
    roles: Roles,
    times: Array,
    numbers: Mapping[str, Array],
    rows: NDArray[np.intp],
    trial: str,
    said: list[str],
) -> NDArray[np.intp]:
    """Rows of one trial in order of time, exact repeats left out."""
    file, of = table.path.name, f" of trial {trial}" if trial else ""
    step = np.diff(times[rows])
    if (step < 0).any():
        said.append("the rows were not in order of time and have been sorted")
        rows = rows[np.argsort(times[rows], kind="stable")]
        step = np.diff(times[rows])
    same = np.flatnonzero(step == 0)
    if not len(same):
        return rows
    for column in roles.states:
        before, after = numbers[column][rows[same]], numbers[column][rows[same + 1]]
        differ = np.flatnonzero(~((before == after) | (np.isnan(before) & np.isnan(after))))
        if len(differ):
            first, second = sorted((rows[same[differ[0]]], rows[same[differ[0]] + 1]))
            hint = (
                ""
                if roles.trial
                else "; if the file holds several trials, name the column that tells them apart with --trial"
            )
            raise UserError(
                f"time {times[first]:g}{of} occurs twice in {file} with different values ({table.place(int(first))} "
                f"and {table.place(int(second))}){hint}"
            )
    repeats = "1 row" if len(same) == 1 else f"{len(same)} rows"
    said.append(f"{repeats} left out, a repeat of the row before")
    return np.delete(rows, same + 1)


def _clock(table: Columns, name: str, cells: pa.Array, notes: list[str]) -> tuple[Array, str]:
    """Dates and times of day as seconds, or as days where they span more than two days, since the first."""
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        seconds = np.array([_seconds(table, name, row, cell) for row, cell in enumerate(cells.to_pylist())])
    elif pa.types.is_time(cells.type):
        ticks = cells.cast(pa.int32() if pa.types.is_time32(cells.type) else pa.int64()).cast(pa.float64())
        seconds = np.asarray(ticks) / {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[cells.type.unit]
    else:
        stamps = cells.cast(pa.timestamp("us", getattr(cells.type, "tz", None)), safe=False)
        seconds = np.asarray(stamps.cast(pa.int64()).cast(pa.float64(), safe=False)) / 1e6
    if not np.isfinite(seconds).any():
        raise UserError(f"column {name!r} of {table.path.name} is empty: it holds no date at all")
    seconds = seconds - np.nanmin(seconds)
    if np.nanmax(seconds) > 2 * 86400:
        notes.append(f"dates in {name!r} are turned into days since the first")
        return seconds / 86400, "days"
    notes.append(f"dates and times in {name!r} are turned into seconds since the first")
    return seconds, "s"


def _seconds(table: Columns, name: str, row: int, cell: str | None) -> float:
    """One date or time of day that Arrow left as text."""
    if cell is None:
        return np.nan
    try:
        if re.fullmatch(CLOCK, cell.strip()):
            hours, minutes, *rest = cell.split(":")
            return int(hours) * 3600 + int(minutes) * 60 + float(rest[0] if rest else 0)
        date = datetime.fromisoformat(cell.strip())
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        raise UserError(
            f"the time column {name!r} of {table.path.name} holds {cell[:40]!r} in {table.place(row)}, "
            "which is not a date like 2020-01-31"
        ) from None


def _reduce(
    t: Array, columns: Sequence[Array], max_rows: int, names: Sequence[str], said: list[str]
) -> tuple[Array, Array]:
    """At most `max_rows` rows, by averaging bins of equally many rows; NaN cells are left out of the averages."""
    rows = len(t)
    if rows <= max_rows:
        return t, np.stack(columns, axis=1)
    edges = np.linspace(0, rows, max_rows + 1).astype(np.intp)
    starts, counts = edges[:-1], np.diff(edges)
    said.append(f"{rows:,} rows are averaged down to {max_rows:,}, about {rows / max_rows:,.0f} at a time")
    times = np.add.reduceat(t, starts) / counts
    values = np.empty((max_rows, len(columns)))
    for index, column in enumerate(columns):
        known = np.isfinite(column)
        count = np.add.reduceat(known, starts, dtype=np.int64)
        with np.errstate(invalid="ignore"):
            values[:, index] = np.add.reduceat(np.where(known, column, 0.0), starts) / np.where(count, count, np.nan)
        if _hides_motion(t, column, times, values[:, index]):
            said.append(f"column {names[index]!r} moves faster than the averages can show; cut out a shorter time span")
    return times, values


def _hides_motion(t: Array, column: Array, times: Array, means: Array) -> bool:
    """Whether averaging lost motion rather than noise: what it took away is then correlated from row to row."""
    window = slice(0, min(len(t), 200_000))
    known = np.isfinite(means)
    if known.sum() < 2:
        return False
    lost = (column[window] - np.interp(t[window], times[known], means[known]))[np.isfinite(column[window])]
    if lost.size < 3 or lost.var() <= 0.02 * np.nanvar(column[window]):
        return False
    return float(np.corrcoef(lost[:-1], lost[1:])[0, 1]) > 0.5


# ---- trials to a state space ----


def _varying(
    path: Path, trials: list[Trajectory], names: Sequence[str], asked: bool, notes: list[str]
) -> tuple[list[str], list[Trajectory]]:
    """Leave out columns that stay constant in every trial: they are settings, not states."""
    moves = np.zeros(len(names), bool)
    for trial in trials:
        known = np.isfinite(trial.values)
        moves |= trial.values.max(0, initial=-np.inf, where=known) > trial.values.min(0, initial=np.inf, where=known)
    for index in np.flatnonzero(~moves).tolist():
        levels = pool(trials)[:, index]
        if not np.isfinite(levels).any():
            raise UserError(f"column {names[index]!r} of {path.name} holds no number in the rows that have a time")
        low, high = np.nanmin(levels), np.nanmax(levels)
        told = f"always {low:g}" if low == high else f"constant in each trial ({low:g} to {high:g})"
        if asked or not moves.any():
            raise UserError(f"column {names[index]!r} of {path.name} is {told}: what never changes has no law to find")
        notes.append(f"column {names[index]!r} is left out: it is {told}, so it is a setting and not a state")
    kept = [name for name, moving in zip(names, moves, strict=True) if moving]
    return kept, [replace(trial, values=trial.values[:, moves]) for trial in trials]
