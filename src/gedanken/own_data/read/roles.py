"""Which column is the time, what tells trials apart, and which columns are states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from gedanken.errors import UserError
from gedanken.own_data.read.cells import Array, to_numbers
from gedanken.own_data.read.clock import day_and_clock
from gedanken.own_data.read.headers import INDEXES, TIME_UNITS, TIMES, is_time_name, is_trial_name, split_unit
from gedanken.own_data.read.runs import join_clocks
from gedanken.own_data.read.table import Column, Table

STEPS = "time between rows"  # header of the column that `dt` makes


@dataclass(frozen=True)
class Roles:
    """Which header is what.

    Attributes:
        time: the column of times.
        states: the columns of states, in order; then those that are read alike but are no states.
        trial: columns whose cells together name a trial.
        asked: whether a person named the states.
        carried: headers that were named as no states, by the name that a person gave; they have no law to find.
    """

    time: str
    states: tuple[str, ...]
    trial: tuple[str, ...]
    asked: bool
    carried: Mapping[str, str] = field(default_factory=dict)


def find_roles(
    table: Table,
    time: str | None,
    state: Sequence[str] | None,
    trial: str | None,
    dt: float | None,
    notes: list[str],
    carried: Sequence[str] = (),
) -> tuple[Table, Roles]:
    """The columns that a person named, and good guesses for those that they did not; the table may gain a time.

    `carried` names columns that are read along with the states and are none, such as a known force.

    Raises:
        UserError: a named column is not there, nothing looks like a time, or nothing is left for a state.
    """
    if dt is not None:
        table = _add_steps(table, time, dt)
        clock = table.columns[0]
    elif time is not None:
        clock = table.find(time)
    else:
        table, clock = _guess_time(table, notes)
    if clock.kind == "text":
        raise UserError(
            f"the time column {clock.header!r} of {table.source} is not numeric; use numbers or dates (2020-01-31), or "
            "name another column with --time"
        )
    if clock.kind == "empty":
        raise UserError(
            f"column {clock.header!r} of {table.source} is empty: it holds no time; name another with --time"
        )
    chosen = [table.find(name) for name in state] if state is not None else None
    if chosen is None:
        table = join_clocks(table, clock, _second_clocks(table, clock, trial), notes)
        clock = table.find(clock.header)
    trials = [table.find(name.strip()) for name in trial.split(",")] if trial is not None else []
    if not trials:
        trials = _guess_trial(table, clock, [*(chosen or ()), *map(table.find, carried)], notes)
    if chosen is not None:
        for column in chosen:
            if column is clock or column in trials or sum(column is each for each in chosen) > 1:
                raise UserError(
                    f"column {column.header!r} of {table.source} is named twice, as a state and as something else; "
                    "name it once"
                )
    else:
        chosen = _guess_states(table, clock, trials, notes)
    along = {name: table.find(name) for name in carried}
    for column in along.values():
        if column is clock or column in trials or (state is not None and column in chosen):
            raise UserError(
                f"column {column.header!r} of {table.source} is named twice, as an input and as another thing"
            )
    columns = [c for c in chosen if not any(c is each for each in along.values())]
    headers = (*(c.header for c in columns), *dict.fromkeys(c.header for c in along.values()))
    named = {name: column.header for name, column in along.items()}
    return table, Roles(clock.header, headers, tuple(c.header for c in trials), state is not None, named)


# ---- time ----


def _add_steps(table: Table, time: str | None, dt: float) -> Table:
    if time is not None:
        raise UserError("--time and --dt exclude each other: a column of times, or the time between rows")
    if not (np.isfinite(dt) and dt > 0):
        raise UserError(f"the time between rows (--dt) is a number above 0, not {dt:g}")
    counts = np.arange(len(table.rows)) if table.run is None else table.run.groupby(table.run).cumcount().to_numpy()
    cells = pd.Series(np.asarray(counts, float) * dt)
    column = Column(STEPS, "t", "", "number", cells)
    return replace(table, columns=(column, *table.columns))


def _guess_time(table: Table, notes: list[str]) -> tuple[Table, Column]:
    usable = [c for c in table.columns if c.kind in ("number", "date") and _varies(c)]
    dated = [c for c in usable if c.kind == "date"]
    if pair := day_and_clock(dated):
        day, clock = pair
        joined = day.cells.astype(str).str.strip() + " " + clock.cells.astype(str).str.strip()
        joined = joined.where(day.cells.notna() & clock.cells.notna())
        notes.append(f"columns {day.header!r} and {clock.header!r} together are read as the time")
        merged = replace(day, header=f"{day.header} {clock.header}", name=day.name, cells=joined)
        columns = tuple(merged if c is day else c for c in table.columns if c is not clock)
        return replace(table, columns=columns), merged
    names = {c.name.lower(): c for c in reversed(usable)}
    for guess in TIMES:
        # `S` is a state, `s` may be seconds.
        if guess in names and (len(guess) > 1 or names[guess].name == guess):
            return table, names[guess]
    for likely in (
        [c for c in usable if c.name.lower().startswith("time") or is_time_name(c.name)],
        dated,
        [c for c in usable if c.unit.lower() in TIME_UNITS and _increases(c)],
        [c for c in usable if c.name == "T" and _increases(c)],
    ):
        if likely:
            notes.append(f"column {likely[0].header!r} is read as the time")
            return table, likely[0]
    numeric = [c for c in table.columns if c.kind == "number"]
    first = next((c for c in numeric if table.named and c.name.lower() not in INDEXES), None)
    first = first or (numeric[0] if numeric and not table.named else None)
    if first is not None and len(numeric) > 1 and _increases(first):
        notes.append(f"column {first.header!r} is read as the time: it comes first and only increases")
        return table, first
    labels = [c for c in table.columns if c.kind == "text" and c.cells.nunique() <= len(c.cells) // 3]
    for column in numeric if len(numeric) > 1 else []:
        if any(_increases_within(column, label) for label in labels):
            notes.append(f"column {column.header!r} is read as the time: it only increases within each trial")
            return table, column
    counting = [c for c in numeric if c.name.lower() in INDEXES and _increases(c)]
    if counting and len(numeric) > 1:
        notes.append(
            f"column {counting[0].header!r} is read as the time, as nothing else looks like one; --dt gives the time "
            "between rows in a unit of its own"
        )
        return table, counting[0]
    if named := [c for c in numeric if is_time_name(c.name)]:
        return table, named[0]
    raise UserError(
        f"{table.source} has no column that looks like a time; its columns are {table.listed()}: name one with --time, "
        "or give the time between rows with --dt"
    )


def _varies(column: Column) -> bool:
    known = column.cells[column.cells.notna()]
    return len(known) > 1 and bool((known != known.iloc[0]).any())


def _increases(column: Column) -> bool:
    values, wrong = to_numbers(column.cells)
    return wrong is None and len(values) > 1 and bool(np.isfinite(values).all() and (np.diff(values) > 0).all())


def _increases_within(column: Column, label: Column) -> bool:
    values, wrong = to_numbers(column.cells)
    if wrong is not None or not np.isfinite(values).all():
        return False
    steps = pd.Series(values).groupby(label.cells.to_numpy()).diff().dropna()
    return len(steps) > 1 and bool((steps > 0).all())


def _second_clocks(table: Table, time: Column, trial: str | None) -> list[Column]:
    """Other columns that are named as times and hardly ever go back."""
    found = []
    for column in table.columns:
        if column is time or column.kind == "empty" or column.kind == "text" or column.header == trial:
            continue
        if column.kind == "date":
            found.append(column)
        elif is_time_name(column.name) or (column.unit.lower() in TIME_UNITS and column.unit == time.unit):
            values = to_numbers(column.cells)[0]
            step = np.diff(values[np.isfinite(values)])
            if len(step) > 2 and (step >= 0).mean() > 0.9 and (step > 0).any():
                found.append(column)
    return found


# ---- trials ----


def _guess_trial(table: Table, time: Column, chosen: Sequence[Column], notes: list[str]) -> list[Column]:
    """Columns that are named like numbers of trials, or in whose values times that occur twice occur once."""
    if table.run is not None:
        return []
    taken = [time, *chosen]
    free = [c for c in table.columns if not any(c is each for each in taken) and c.kind != "empty"]
    named = [c for c in free if is_trial_name(c.name) and c.cells.nunique() <= len(c.cells) // 2]
    times = time.cells
    groups = [c for c in free if c.kind == "text" or (c.kind == "number" and _is_label(c))]
    for column in named:
        if column.kind == "number" and not _is_label(column):
            continue
        repeated = _repeats(times, [column])
        if repeated:
            for other in groups:
                if other is not column and _repeats(times, [column, other]) == 0:
                    notes.append(f"columns {column.header!r} and {other.header!r} together tell the trials apart")
                    return [column, other]
        notes.append(f"column {column.header!r} tells the trials apart")
        return [column]
    if _repeats(times, []):
        for column in groups:
            if 1 < column.cells.nunique() <= len(column.cells) // 3 and _repeats(times, [column]) == 0:
                notes.append(
                    f"column {column.header!r} tells the trials apart: within each of its values a time occurs once"
                )
                return [column]
    return []


def _is_label(column: Column) -> bool:
    """Whether a column of numbers can be a label: whole numbers in a few long stretches or few values."""
    values = to_numbers(column.cells)[0]
    values = values[np.isfinite(values)]
    if not len(values) or (values != np.round(values)).any():
        return False
    return len(np.unique(values)) <= len(values) // 2


def _repeats(times: pd.Series, columns: Sequence[Column]) -> int:
    """How many rows repeat a time within a trial."""
    if not columns:
        return int(times.duplicated().sum())
    keys = pd.DataFrame({"time": times.to_numpy()} | {str(k): c.cells.to_numpy() for k, c in enumerate(columns)})
    return int(keys.duplicated().sum())


# ---- states ----


def _guess_states(table: Table, time: Column, trials: Sequence[Column], notes: list[str]) -> list[Column]:
    """Every column of numbers that is not a row number."""
    # A column of numbers that tells trials apart without being named so may be what was set for each of them.
    labels = [c for c in trials if c.kind != "number" or is_trial_name(c.name)]
    rest = [c for c in table.columns if c is not time and c not in labels]
    dropped: dict[str, str] = {}
    chosen = []
    for column in rest:
        if column.kind == "empty":
            dropped[column.header] = "empty"
        elif column.kind in ("text", "date"):
            dropped[column.header] = "text" if column.kind == "text" else "a date"
        elif column.name.lower() in INDEXES and table.named and _counts(column):
            dropped[column.header] = "a row number"
        else:
            chosen.append(column)
    notes += [f"column {name!r} is left out: it is {why}" for name, why in dropped.items()]
    if not chosen:
        held = "; ".join(f"{name} is {why}" for name, why in dropped.items()) or f"{time.header} is the only one"
        raise UserError(
            f"{table.source} has no numeric column besides the time ({held}); a law needs a measured quantity, named "
            "with --state"
        )
    return chosen


def _counts(column: Column) -> bool:
    values: Array = to_numbers(column.cells)[0]
    if not np.isfinite(values).all():
        return False
    step = np.diff(values)
    return len(step) > 0 and bool((step == step[0]).all() or (np.mean(step == 1) > 0.5 and (values % 1 == 0).all()))


def same_roles(table: Table, roles: Roles, first: Table) -> Roles:
    """The same columns in a further file, whose units and order of columns may be written otherwise."""

    def find(header: str) -> str:
        wanted = header if header in table.headers else split_unit(header)[0]
        found = table.find(wanted)
        units = {first.find(header).unit, found.unit} - {""}
        if len(units) > 1:
            raise UserError(
                f"column {header!r} is in other units in {table.source}: {' and '.join(sorted(units))}; convert one"
            )
        return found.header

    return replace(
        roles,
        time=find(roles.time),
        states=tuple(map(find, roles.states)),
        trial=tuple(map(find, roles.trial)),
        carried={name: find(header) for name, header in roles.carried.items()},
    )
