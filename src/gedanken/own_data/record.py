"""What there is to discover a law in: a file, a shipped example, or a problem about a system of the zoo."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gedanken.errors import UserError
from gedanken.loop import Problem
from gedanken.own_data.examples import list_examples, load_example
from gedanken.own_data.names import shorten
from gedanken.own_data.read.inputs import InputColumns
from gedanken.own_data.read.tables import read_trajectories
from gedanken.tasks.discover.conditions import HINT_LEVELS
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode import system
from gedanken.worlds.ode.knowledge import Knowledge
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

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

    def label(self, column: str) -> str:
        """A column with its unit, for axes and tables; where equations have a short name for it, with the long one."""
        unit = self.time_unit if column == self.time else self.units.get(column, "")
        shown = f"{column}: {self.names[column]}" if column in self.names else column
        return f"{shown} ({unit})" if unit and unit.rstrip("s") != column.lower() else shown


def read_record(
    data: str,
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
    """A record from what a user names: a file, a shipped example, or a system of the zoo.

    Args:
        data: path, example or system.
        hint: a sentence about the scene; for a system, `full`, `names` or `anonymous`.
        fit_until: samples after this time are held out.
        hold_out: the last trial is held out.
        noise: of a system's problem.
        index: of a system's problem.
        split: of a system's problem.
        conditions: of a system's problem.
        clock: laws may name the time; otherwise that is a last resort. A system's problem always allows it.
        knowledge: what is known of the law.
        table: how to read a file: `time`, `state`, `trial`, `order`, `inputs`.

    Raises:
        UserError: there is no such thing, or it cannot be used; one sentence.
    """
    table = {name: value for name, value in table.items() if value is not None}
    path = Path(data)
    if path.exists() or path.suffix or "/" in data:
        return _read_file(path, hint, fit_until, hold_out, clock, knowledge, table)
    if data in list_examples():
        return _read_example(data, hint, fit_until, hold_out, clock, knowledge, table)
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


def _read_example(
    name: str,
    hint: str | None,
    fit_until: float | None,
    hold_out: bool,
    clock: bool,
    knowledge: Knowledge,
    table: Mapping[str, Any],
) -> Record:
    example = load_example(name)
    # What the user says of the columns replaces what the example says; naming other states drops its order with them.
    options = {**({} if "state" in table else example.options), **table}
    hint = example.hint if hint is None else hint
    record = _read_file(example.path, hint, fit_until, hold_out, clock, knowledge, options)
    return replace(record, title=example.title, source=example.source, caveats=example.caveats)


def _read_file(
    path: Path,
    hint: str | None,
    fit_until: float | None,
    hold_out: bool,
    clock: bool,
    knowledge: Knowledge,
    table: Mapping[str, Any],
) -> Record:
    recording = read_trajectories(path, **{"inputs": InputColumns(guess=True), **table})
    trials, continues = recording.trajectories, False
    held_out: tuple[Trajectory, ...] = ()
    if hold_out:
        if len(trials) < 2:
            raise UserError(f"{path} holds one trial; holding one out needs two (see --trial)")
        trials, held_out = trials[:-1], trials[-1:]
    if fit_until is not None:
        if held_out or len(trials) > 1:
            raise UserError("--fit-until is for one trial; with several, hold the last one out")
        trials, held_out = _cut(trials[0], fit_until)
        continues = True
    trials, left_out = _complete(recording.states, trials)
    states, names = shorten(recording.states)
    long = dict(zip(recording.states.columns, states.columns, strict=True))
    problem = DiscoverTask().pose_record(
        states, trials, hint or "", path.stem, held_out, clock=clock, continues=continues, knowledge=knowledge
    )
    return Record(
        path.name,
        problem,
        held_out,
        continues,
        {long.get(name, name): unit for name, unit in recording.units.items()},
        recording.time,
        recording.time_unit,
        notes=(*recording.notes, *left_out, *(f"{was} is called {name} in equations" for name, was in names.items())),
        order_open=table.get("order") is None,
        names=names,
    )


def _complete(states: StateSpace, trials: tuple[Trajectory, ...]) -> tuple[tuple[Trajectory, ...], tuple[str, ...]]:
    """The trials with at least two samples of each coordinate, and a note on those without.

    Where no trial has them, all are kept: the search says what is missing.
    """
    kept, names = [], []
    for number, trial in enumerate(trials, 1):
        seen = dict(zip(states.columns, trial.observed.tolist(), strict=True))
        if len(trial.t) >= FEWEST and all(
            seen[c.name] or (c.velocity and seen[c.velocity]) for c in states.coordinates
        ):
            kept.append(trial)
        else:
            names.append(trial.name or str(number))
    if not kept or not names:
        return trials, ()
    which = f"trial{'s' * (len(names) > 1)} {', '.join(names[:5])}{' and more' * (len(names) > 5)}"
    return tuple(kept), (f"{which} left out: fewer than two samples of a column, or than {FEWEST} in all",)


def _cut(trial: Trajectory, until: float) -> tuple[tuple[Trajectory, ...], tuple[Trajectory, ...]]:
    early = trial.t <= until
    if early.sum() < 4 or (~early).sum() < 2:
        raise UserError(
            f"--fit-until {until:g} leaves {early.sum()} samples to fit and {(~early).sum()} to predict; "
            f"the record runs from {trial.t[0]:g} to {trial.t[-1]:g}"
        )
    return (
        (replace(trial, t=trial.t[early], values=trial.values[early]),),
        (replace(trial, t=trial.t[~early], values=trial.values[~early], name=f"after {until:g}"),),
    )
