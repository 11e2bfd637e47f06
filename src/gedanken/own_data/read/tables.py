"""A person's own data become trajectories: which column is time, what the states are, what a trial is.

Whatever had to be assumed or left out on the way is said in a note; what cannot be used is refused with one sentence
that says what to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.own_data.read.formats import open_table
from gedanken.own_data.read.headers import identifiers, implied_unit
from gedanken.own_data.read.inputs import InputColumns, take_inputs
from gedanken.own_data.read.memory import is_in_memory, table_of
from gedanken.own_data.read.roles import Roles, find_roles, same_roles
from gedanken.own_data.read.runs import separate_runs
from gedanken.own_data.read.table import Table
from gedanken.own_data.read.trials import Trial, split_trials
from gedanken.own_data.read.velocities import arrange, find_velocities
from gedanken.own_data.read.windows import shorten
from gedanken.worlds.ode.kernel.limits import MAX_STATES
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory, pool

MAX_TOTAL = 20_000  # samples of all trials together


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
        trials: how many trials the trajectories are of; a long one gives several.
    """

    states: StateSpace
    trajectories: tuple[Trajectory, ...]
    units: Mapping[str, str]
    time: str
    time_unit: str
    sources: Mapping[str, str]
    notes: tuple[str, ...]
    trials: int = 1


def read_trajectories(
    data: Any,
    *,
    time: Any = None,
    state: Sequence[str] | None = None,
    trial: str | None = None,
    order: int | None = None,
    velocities: Mapping[str, str] | None = None,
    dt: float | None = None,
    missing: Sequence[float] | None = None,
    sheet: str | None = None,
    max_rows: int = 1000,
    draw: int = 0,
    inputs: InputColumns = InputColumns(),
) -> Recording:
    """Read one system's trials from a table, or from several tables with the same columns (one trial or more each).

    Args:
        data: a path or several; CSV, TSV, spaced text, Excel, Parquet, JSON, JSON lines, MATLAB or NumPy files, told by
            content and name. Or a data frame of pandas or polars, a mapping of names to columns, or an array (m, n).
        time: the time column; guessed from names, or from the first column, when None. For arrays the times, shape
            (m,), or a list of them, one for each trial.
        state: the state columns, in order; every numeric column that varies and does not follow from another when None.
        trial: the column that tells trials apart, or several with commas; guessed when None.
        order: 1 for `dx/dt = ...` in every column; 2 for `d2x/dt2 = ...`, where a velocity that was not measured
            becomes a column of NaN; None for order 2 where a column is named as another's velocity and agrees with it.
        velocities: which column is whose velocity, `{"x": "u"}`, where the names do not say it.
        dt: the time between rows, where there is no column of times.
        missing: numbers that stand for a missing value; guessed (-999 far from all other values) when None.
        sheet: of a workbook; the first that holds a table when None.
        max_rows: samples of a trial. Longer ones are averaged, or cut to windows where averages would hide the motion.
        draw: which windows and which trials are drawn where there are too many.
        inputs: columns that drive the system and have no law.

    Raises:
        UserError: one sentence on what cannot be used, naming file, column and line.
    """
    if order not in (None, 1, 2):
        raise UserError(f"the order of the law is 1 or 2, not {order}")
    notes: list[str] = []
    if is_in_memory(data):
        table, time = table_of(data, time, state)
        tables = [table]
    else:
        files = [data] if isinstance(data, (str, Path)) else list(data)
        if not files:
            raise UserError("no file was named; give a path to a table")
        tables = [open_table(Path(path), sheet) for path in files]
    codes = None if missing is None else tuple(float(code) for code in missing)
    asked = [name for name in (time, trial, *(state or ())) if isinstance(name, str)]
    first: Table | None = None
    roles: Roles | None = None
    trials: list[Trial] = []
    headers: tuple[str, ...] = ()
    time_unit = ""
    for table in tables:
        table = separate_runs(table, asked)
        notes += table.notes
        if roles is None or first is None:
            table, roles = find_roles(table, time, state, trial, dt, notes, inputs.named)
            first, own = table, roles
            clock = first.find(roles.time)
            time_unit = clock.unit or implied_unit(clock.name)
        else:
            table, own = _reread(table, roles, first, dt, notes, inputs)
        found, states, clock_unit = split_trials(table, own, codes, draw, notes)
        time_unit = clock_unit or time_unit
        names = dict(zip(own.states, roles.states, strict=True))
        headers = headers or tuple(names[header] for header in states)
        stem = [Path(table.source).stem] if len(tables) > 1 else []
        for each in found:
            values = {names[h]: cells for h, cells in each.values.items()}
            name = " ".join([*stem, *([each.name] if each.name else [])])
            trials.append(Trial(name, each.t, values))
    assert first is not None
    assert roles is not None
    return _assemble(first, roles, headers, trials, time_unit, notes, order, velocities or {}, max_rows, draw, inputs)


def _reread(
    table: Table, roles: Roles, first: Table, dt: float | None, notes: list[str], inputs: InputColumns
) -> tuple[Table, Roles]:
    """A further file with the roles of the first."""
    if dt is not None:
        states = [header for header in roles.states if header not in roles.carried.values()]
        table, _ = find_roles(table, None, states, None, dt, notes, inputs.named)
    return table, same_roles(table, roles, first)


def _assemble(
    first: Table,
    roles: Roles,
    headers: Sequence[str],
    trials: Sequence[Trial],
    time_unit: str,
    notes: list[str],
    order: int | None,
    velocities: Mapping[str, str],
    max_rows: int,
    draw: int,
    inputs: InputColumns,
) -> Recording:
    """Trials of columns by header become trajectories in a state space."""
    columns = [first.find(header) for header in headers]
    if first.named:
        names = identifiers([column.name for column in columns], notes)
        time = first.find(roles.time).name
    else:
        names = ["x"] if len(columns) == 1 else [f"x{k}" for k in range(1, len(columns) + 1)]
        time = "t"
        called = ", ".join(f"{column.header} is called {name}" for column, name in zip(columns, names, strict=True))
        notes.append(f"{first.source} has no header: {roles.time} is the time, {called}")
    renamed: dict[str, str] = {}
    for column, name in zip(columns, names, strict=True):
        renamed |= {column.name: name, column.header: name}
    units = {name: column.unit for column, name in zip(columns, names, strict=True) if column.unit}
    trajectories = _shortened(first, headers, trials, max_rows, draw, notes)
    named = {header: inputs.kind(name) for name, header in roles.carried.items()}
    kinds = [named.get(header) for header in headers]
    guess = inputs.guess and not roles.asked
    names, trajectories, given = take_inputs(first.source, trajectories, names, kinds, guess, notes)
    names, trajectories = _varying(first.source, trajectories, names, roles.asked, notes)
    pairs = find_velocities(trajectories, names, order, velocities, renamed, units, notes)
    states, trajectories = arrange(trajectories, names, pairs, order)
    states = replace(states, inputs=given)
    if states.size > MAX_STATES:
        raise UserError(
            f"{first.source} makes {states.size} states ({', '.join(states.columns[:12])}) and at most {MAX_STATES} "
            "can be used; name the ones to use with --state"
        )
    trajectories = _measured(first.source, states, trajectories, notes)
    for c in states.coordinates:
        if c.velocity and c.velocity not in names and c.name in units and time_unit:
            units[c.velocity] = f"{units[c.name]}/{time_unit}"
    known = (*states.columns, *states.input_names)
    sources = {name: column.header for column in columns if (name := renamed[column.header]) in known}
    return Recording(
        states=states,
        trajectories=tuple(trajectories),
        units={name: unit for name, unit in units.items() if name in known},
        time=time,
        time_unit=time_unit,
        sources=sources,
        notes=tuple(dict.fromkeys(notes)),
        trials=len(trials),
    )


def _shortened(
    first: Table, headers: Sequence[str], trials: Sequence[Trial], max_rows: int, draw: int, notes: list[str]
) -> list[Trajectory]:
    limit = max_rows if len(trials) == 1 else min(max_rows, max(100, MAX_TOTAL // len(trials)))
    trajectories = []
    told: dict[str, list[str]] = {}
    for trial in trials:
        said: list[str] = []
        columns = [trial.values[header] for header in headers]
        for t, values, part in shorten(trial.t, columns, limit, (first.source, trial.name, draw), said):
            trajectories.append(Trajectory(t, values, " ".join(filter(None, (trial.name, part)))))
        for what in said:
            told.setdefault(what, []).append(trial.name)
    for what, names in told.items():
        several = f", trial {', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"
        notes.append(f"{first.source}{several if any(names) else ''}: {what}")
    return trajectories


def _varying(
    source: str, trials: Sequence[Trajectory], names: Sequence[str], asked: bool, notes: list[str]
) -> tuple[list[str], list[Trajectory]]:
    """Leave out columns that stay constant in every trial: they are settings, not states."""
    moves = np.zeros(len(names), bool)
    for trial in trials:
        known = np.isfinite(trial.values)
        moves |= trial.values.max(0, initial=-np.inf, where=known) > trial.values.min(0, initial=np.inf, where=known)
    for index in np.flatnonzero(~moves).tolist():
        levels = pool(trials)[:, index]
        if not np.isfinite(levels).any():
            raise UserError(
                f"column {names[index]!r} of {source} holds no number in the rows that have a time; leave it out with "
                "--state"
            )
        low, high = np.nanmin(levels), np.nanmax(levels)
        told = f"always {low:g}" if low == high else f"constant in each trial ({low:g} to {high:g})"
        if asked or not moves.any():
            raise UserError(
                f"column {names[index]!r} of {source} is {told}: what never changes has no law to find; name a column "
                "that changes with --state"
            )
        notes.append(f"column {names[index]!r} is left out: it is {told}, so it is a setting and not a state")
    kept = [name for name, moving in zip(names, moves, strict=True) if moving]
    return kept, [replace(trial, values=trial.values[:, moves]) for trial in trials]


def _measured(source: str, states: StateSpace, trials: Sequence[Trajectory], notes: list[str]) -> list[Trajectory]:
    """Leave out trials in which a state was measured less than twice; a velocity may be inferred from its position."""
    kept: list[Trajectory] = []
    left_out: dict[str, list[str]] = {}
    for trial in trials:
        seen = trial.observed
        lacking = next(
            (
                c.name
                for c, at in ((c, states.columns.index(c.name)) for c in states.coordinates)
                if not seen[at] and not (c.velocity and seen[at + 1])
            ),
            None,
        )
        if lacking is None:
            kept.append(trial)
        else:
            left_out.setdefault(lacking, []).append(trial.name)
    if not kept:
        name = next(iter(left_out))
        raise UserError(
            f"column {name!r} of {source} holds fewer than two values in "
            f"{'every trial' if len(trials) > 1 else 'the rows that have a time'}; name other columns with --state"
        )
    for name, which in left_out.items():
        several = f"{', '.join(which[:5])}{f' and {len(which) - 5} more' if len(which) > 5 else ''}"
        notes.append(f"trial {several} left out: {name} was measured there less than twice")
    return kept
