"""What there is to discover a law in: a file, a shipped example, or a problem about a system of the zoo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gedanken.errors import UserError
from gedanken.loop import Problem
from gedanken.own_data.examples import list_examples, load_example
from gedanken.own_data.names import shorten
from gedanken.own_data.read.inputs import InputColumns
from gedanken.tasks.discover.conditions import HINT_LEVELS
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import system
from gedanken.worlds.ode.knowledge import Knowledge
from gedanken.worlds.ode.trajectory import Trajectory

FEWEST = 4  # samples of a trial that can tell a law from a parabola


@dataclass(frozen=True)
class Record:
    """Something to discover: a problem, and what a report says about where it is from.

    Attributes:
        title: what was measured.
        problem: the posed problem; its observation is what players see.
        held_out: trials, or a trial's later samples, that no player sees.
        continues: whether the held-out samples continue the last fitted trial instead of having a start of their own.
        units: unit of each column that has one.
        time: name of the time column.
        time_unit: its unit.
        source: where the data are from.
        notes: what was assumed or left out in reading them.
        caveats: what is known about the data that numbers cannot show.
        order_open: whether nobody said of which order the law is.
        names: the person's own name of each column that has a short one in equations.
    """

    title: str
    problem: Problem
    held_out: tuple[Trajectory, ...] = ()
    continues: bool = False
    units: Mapping[str, str] = field(default_factory=dict)
    time: str = "t"
    time_unit: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    order_open: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def fitted(self) -> tuple[Trajectory, ...]:
        """The trials that players see."""
        trials: tuple[Trajectory, ...] = self.problem.observation.trajectories
        return trials

    def about(self, trials: Sequence[Trajectory]) -> "Record":
        """The same question about other trials."""
        seen, truth = self.problem.observation, self.problem.truth
        problem = DiscoverTask().pose_record(
            seen.states, trials, seen.hint, self.problem.key.subject, self.held_out, seen.clock, truth.continues,
            seen.knowledge,
        )  # fmt: skip
        return replace(self, problem=problem)

    def label(self, column: str) -> str:
        """A column with its unit, for axes and tables; where equations have a short name for it, with the long one."""
        unit = self.time_unit if column == self.time else self.units.get(column, "")
        shown = f"{column}: {self.names[column]}" if column in self.names else column
        return f"{shown} ({unit})" if unit and unit.rstrip("s") != column.lower() else shown


def read_record(
    data: Any,
    *,
    hint: str | None = None,
    fit_until: float | None = None,
    hold_out: bool = False,
    noise: float | None = None,
    index: int = 0,
    split: str = "test",
    conditions: Mapping[str, Any] | None = None,
    clock: bool = False,
    knowledge: Knowledge = Knowledge(),
    **table: Any,
) -> Record:
    """A record from what a user names or holds: a file, a shipped example, a system of the zoo, or data in memory.

    Args:
        data: path, example or system; or a data frame, a mapping of columns, or arrays.
        hint: a sentence about the scene; for a system, `full`, `names` or `anonymous`.
        fit_until: samples after this time are held out.
        hold_out: the last trial is held out.
        noise: of a system's problem.
        index: of a system's problem; for data of your own, which trials and windows are drawn where there are too many.
        split: of a system's problem.
        conditions: of a system's problem.
        clock: laws may name the time; otherwise that is a last resort. A system's problem always allows it.
        knowledge: what is known of the law.
        table: how to read a table, as `read_trajectories` takes it: `time`, `state`, `trial`, `order`, `inputs`, ...

    Raises:
        UserError: there is no such thing, or it cannot be used; one sentence.
    """
    table = {name: value for name, value in table.items() if value is not None}
    posed = _Posed(hint, fit_until, hold_out, clock, knowledge)
    if not isinstance(data, (str, Path)):
        return _read_table(data, "data", posed, {**table, "draw": index})
    path = Path(data)
    if path.exists() or path.suffix or "/" in str(data):
        return _read_table(path, path.stem, posed, {**table, "draw": index})
    data = str(data)
    if data in list_examples():
        return _read_example(data, posed, table)
    if data not in system.names():
        raise UserError(
            f"there is no file, example or system called {data!r}; examples are {', '.join(list_examples())}, "
            "and `gedanken zoo list` names the systems"
        )
    if table or fit_until is not None or hold_out:
        raise UserError(f"{data} is a system of the zoo; columns and held-out samples are for your own data")
    options = dict(conditions or {})
    if noise is not None:
        options["noise"] = noise
    if hint is not None:
        if hint not in HINT_LEVELS:
            raise UserError(f"the hint of a system is {', '.join(HINT_LEVELS)}, not {hint!r}")
        options["hint"] = hint
    options |= knowledge.to_texts()
    problem = DiscoverTask().pose(data, split=split, index=index, **options)
    return Record(f"{data}, {split} {index}", problem, source=system.load(data).source)


def _read_example(name: str, posed: "_Posed", table: Mapping[str, Any]) -> Record:
    example = load_example(name)
    # What the user says of the columns replaces what the example says; naming other states drops its order with them.
    options = {**({} if "state" in table else example.options), **table}
    if posed.hint is None:
        posed = replace(posed, hint=example.hint)
    record = _read_table(example.path, example.path.stem, posed, options)
    return replace(record, title=example.title, source=example.source, caveats=example.caveats)


@dataclass(frozen=True)
class _Posed:
    """What is asked about a table, and what is known of it, besides how it is read."""

    hint: str | None
    fit_until: float | None
    hold_out: bool
    clock: bool
    knowledge: Knowledge


def _read_table(data: Any, name: str, posed: _Posed, table: Mapping[str, Any]) -> Record:
    # pandas takes half a second to import, which a system of the zoo does not need.
    from gedanken.own_data.read.tables import read_trajectories

    said = table.get("order") or posed.knowledge.order
    order = 2 if said == 2 else table.get("order")
    recording = read_trajectories(data, **{"inputs": InputColumns(guess=True), **table, "order": order})
    trials, continues = recording.trajectories, False
    held_out: tuple[Trajectory, ...] = ()
    title = data.name if isinstance(data, Path) else name
    if posed.hold_out:
        if len(trials) < 2:
            raise UserError(f"{title} holds one trial; holding one out needs two (see --trial)")
        trials, held_out = trials[:-1], trials[-1:]
    if posed.fit_until is not None:
        if held_out or recording.trials > 1:
            raise UserError("--fit-until is for one trial; with several, hold the last one out")
        # Pieces of a long trial have starts of their own, which they are predicted from.
        continues = len(trials) == 1
        trials, held_out = _cut(trials, posed.fit_until)
    states, names = shorten(recording.states)
    long = dict(zip(recording.states.columns, states.columns, strict=True))
    problem = DiscoverTask().pose_record(
        states,
        trials,
        posed.hint or "",
        name,
        held_out,
        clock=posed.clock,
        continues=continues,
        knowledge=posed.knowledge,
    )
    return Record(
        title,
        problem,
        held_out,
        continues,
        {long.get(name, name): unit for name, unit in recording.units.items()},
        recording.time,
        recording.time_unit,
        notes=(*recording.notes, *(f"{was} is called {name} in equations" for name, was in names.items())),
        order_open=said is None,
        names=names,
    )


def _cut(pieces: tuple[Trajectory, ...], until: float) -> tuple[tuple[Trajectory, ...], tuple[Trajectory, ...]]:
    """The pieces of one trial up to a time, and after it."""
    early = [(piece, piece.t <= until) for piece in pieces]
    before, after = (sum(int(each.sum()) for each in masks) for masks in zip(*((m, ~m) for _, m in early), strict=True))
    fitted = [replace(p, t=p.t[m], values=p.values[m]) for p, m in early if m.sum() >= FEWEST]
    least = 2 if len(pieces) == 1 else FEWEST
    late = [(p, ~m) for p, m in early if (~m).sum() >= least]
    held_out = [replace(p, t=p.t[m], values=p.values[m], name=f"after {max(until, p.t[0]):g}") for p, m in late]
    if not fitted or not held_out:
        raise UserError(
            f"--fit-until {until:g} leaves {before} samples to fit and {after} to predict; "
            f"the record runs from {pieces[0].t[0]:g} to {pieces[-1].t[-1]:g}"
        )
    return tuple(fitted), tuple(held_out)
