"""The one place that speaks to `gedanken.own_data`: tables and findings as data for the page."""

import io
import shlex
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.loop import Player, Turn
from gedanken.own_data import discovery
from gedanken.own_data.discovery import Finding
from gedanken.own_data.examples import Example, list_examples, load_example
from gedanken.own_data.order import second_order
from gedanken.own_data.read.formats import open_table
from gedanken.own_data.read.inputs import InputColumns
from gedanken.own_data.read.roles import find_roles
from gedanken.own_data.read.runs import separate_runs
from gedanken.own_data.read.table import Column
from gedanken.own_data.read.tables import Recording, read_trajectories
from gedanken.own_data.record import Record, read_record
from gedanken.own_data.report.write import to_json, write_report
from gedanken.serve.web.scenes import plain, show_turn
from gedanken.tasks.discover.hidden import follow
from gedanken.tasks.discover.judge import score_trials
from gedanken.tasks.discover.show import show_trials
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.inputs import HOLD, LINE, TRIAL, Drive
from gedanken.worlds.ode.law.latex import latex
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.simulate import Track, score
from gedanken.worlds.ode.trajectory import Array, StateSpace

PREVIEW = 5
POINTS = 600
# Roles of columns that have no law, in the order of `InputColumns`.
GIVEN = ("inputs", "held_inputs", "parameters")
Roles = Mapping[str, Any]


@contextmanager
def on_disk(name: str, data: bytes) -> Iterator[Path]:
    """The table as a file of its own name, since readers tell formats by it."""
    with tempfile.TemporaryDirectory(prefix="gedanken-") as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        yield path


def show_table(path: Path, roles: Roles) -> dict[str, Any]:
    """How a table is read with these roles: rows, columns, notes, trials, and why not (`models.discoveries.Dataset`).

    Raises:
        UserError: it is no table.
    """
    table = open_table(path)
    recording, problem, found = None, None, None
    try:
        recording = read_trajectories(path, **_options(roles))
        asked = [roles.get(name) for name in ("time", "trial")] + list(roles.get("state") or ())
        runs = separate_runs(table, [name for name in asked if name])
        found = find_roles(runs, roles.get("time"), roles.get("state"), roles.get("trial"), None, [])[1]
    except UserError as error:
        problem = str(error)
    columns = [
        {
            "header": column.header,
            "kind": column.kind,
            "unit": column.unit,
            **_role(column, found, recording),
            "preview": [str(cell)[:80] for cell in column.cells.dropna()[:PREVIEW]],
        }
        for column in table.columns
    ]
    return {
        "rows": len(table.rows),
        "columns": plain(columns),
        "order": roles.get("order"),
        "notes": plain(table.notes if recording is None else recording.notes),
        "series": None if recording is None else _show_series(recording),
        "problem": problem,
    }


def _options(roles: Roles) -> dict[str, Any]:
    """Arguments of `read_trajectories`."""
    given = {name: value for name, value in roles.items() if value not in (None, {}) and name not in GIVEN}
    line, hold, parameters = (tuple(roles.get(name) or ()) for name in GIVEN)
    return {**given, "inputs": InputColumns(line, hold, parameters, guess=True)}


# Role of a column by what an input does between two readings.
_GIVEN = {LINE: "input", HOLD: "held_input", TRIAL: "parameter"}


def _role(column: Column, found: Any, recording: Recording | None) -> dict[str, Any]:
    if found is None or recording is None:
        return {"role": "ignore", "velocity_of": None}
    if column.header == found.time:
        return {"role": "time", "velocity_of": None}
    if column.header in found.trial:
        return {"role": "trial", "velocity_of": None}
    own = (column.header, column.name)
    for each in recording.states.inputs:
        if recording.sources.get(each.name) in own:
            return {"role": _GIVEN[each.between], "velocity_of": None}
    state = next((name for name, source in recording.sources.items() if source in own), "")
    position = next((p for p, velocity in recording.states.velocities.items() if velocity == state and state), "")
    if position:
        return {"role": "velocity", "velocity_of": recording.sources.get(position)}
    return {"role": "state" if state else "ignore", "velocity_of": None}


def _show_series(recording: Recording) -> dict[str, Any]:
    shown: dict[str, Any] = plain(
        {
            "columns": recording.states.columns,
            "headers": recording.sources,
            "time": recording.time,
            "time_unit": recording.time_unit,
            "units": recording.units,
            "inputs": recording.states.input_names,
            "trials": show_trials(recording.trajectories),
        }
    )
    return shown


def show_examples() -> list[dict[str, Any]]:
    """The measured data sets that come with the package (`models.discoveries.Example`)."""
    return [_show_example(load_example(name)) for name in list_examples()]


def _show_example(example: Example) -> dict[str, Any]:
    return {
        "name": example.name,
        "title": example.title,
        "hint": example.hint,
        "about": example.about,
        "caveats": list(example.caveats),
        "source": example.source,
        "about_columns": dict(example.columns),
        "series": _show_series(read_trajectories(example.path, **example.options)),
    }


def read(
    data: str, roles: Roles, hint: str | None = None, fit_until: float | None = None, hold_out: bool = False
) -> Record:
    """The record in a file or an example.

    Raises:
        UserError: it cannot be used; one sentence.
    """
    table = _options(roles)
    # `--velocities` is no option of the command line, so a record does not take it either.
    velocities = table.pop("velocities", None)
    if velocities and table.get("order") is None:
        table["order"] = 2
    return read_record(data, hint=hint, fit_until=fit_until, hold_out=hold_out, **table)


def is_example(name: str) -> bool:
    """Whether a data set of this name comes with the package."""
    return name in list_examples()


def command(name: str, roles: Roles, request: Mapping[str, Any]) -> list[str]:
    """The words of the command line that gives the same report."""
    words = ["gedanken", "discover", name]
    given = {**roles, **request}
    for option, role in zip(("--input", "--hold", "--parameter"), GIVEN, strict=True):
        if given.get(role):
            words += [option, ",".join(given[role])]
    for option in ("time", "trial", "order", "hint", "fit_until"):
        if given.get(option) is not None:
            words += [f"--{option.replace('_', '-')}", str(given[option])]
    if given.get("state"):
        words += ["--state", ",".join(given["state"])]
    if given.get("hold_out"):
        words.append("--hold-out")
    player = given.get("player", {})
    if player.get("endpoint"):
        words += ["--player", f"openai:{player['model']}", "--base-url", player["endpoint"]]
    elif player.get("name") not in (None, "sparse"):
        words += ["--player", player["name"]]
    if given.get("max_turns"):
        words += ["--turns", str(given["max_turns"])]
    return words


def run(record: Record, player: Player, turns: int | None, on_turn: Callable[[int, Turn], None]) -> Finding:
    """Let the player look for the law; a finding without one where none of its answers could be read.

    Raises:
        PlayerError: it could not answer at all.
    """
    return discovery.run(record, player, turns, on_turn)


def show_candidate(record: Record, equation: str, params: Mapping[str, float], criterion: float) -> dict[str, Any]:
    """A law of a search that goes on (`models.discoveries.Candidate`)."""
    # Where nobody said which order the law has, both are searched.
    if equation.startswith("d2") and not any(c.velocity for c in record.problem.observation.states.coordinates):
        record = second_order(record)
    states = record.problem.observation.states
    law = Law(parse(equation, states, params), dict(params), equation)
    curves, r2 = _draw(record, law)
    shown: dict[str, Any] = plain(
        {
            "equation": law.text,
            "latex": latex(law.equations, law.params),
            "params": law.params,
            "criterion": criterion,
            "match": r2,
            "columns": states.columns,
            "curves": curves,
        }
    )
    return shown


def draw(record: Record, equation: str, params: Mapping[str, float]) -> list[dict[str, Any]]:
    """The curves of a law on the trials of a record, the held-out ones last."""
    states = record.problem.observation.states
    curves: list[dict[str, Any]] = plain(_draw(record, Law(parse(equation, states, params), dict(params), equation))[0])
    return curves


def _draw(record: Record, law: Law) -> tuple[list[dict[str, Any]], float]:
    """The curves of a law, each from the best start of its trial; and its mean R2 on the fitted trials."""
    scores = score_trials(record.problem, law)
    curves = []
    for number, (trial, found) in enumerate(zip(record.fitted, scores, strict=True)):
        last = record.continues and number == len(record.fitted) - 1
        end = record.held_out[-1].t[-1] if last else trial.t[-1]
        curves.append(_curve(law, found.start, trial.t[0], end, trial.drive))
    for trial in () if record.continues else record.held_out:
        start = score(Track(law.states, trial), law.source, law.params).start
        curves.append(_curve(law, start, trial.t[0], trial.t[-1], trial.drive))
    return curves, float(np.mean([found.r2 for found in scores]))


def _curve(law: Law, start: Array | None, begin: float, end: float, drive: Drive | None) -> dict[str, Any]:
    t = np.linspace(begin, end, POINTS)
    values = np.full((POINTS, law.states.size), np.nan)
    if start is not None and np.isfinite(start).all():
        values = follow(law, start, t, drive)
    return {"t": t, "values": values}


def show_finding(finding: Finding, words: Sequence[str]) -> dict[str, Any]:
    """What was found out (`models.discoveries.Report`)."""
    told = to_json(finding, words)
    names = (
        *("title", "hint", "player", "solved", "outcome", "doubts", "match", "equation", "r2", "held_out_r2"),
        *(
            "baselines",
            "order",
            "observations",
            "ladder",
            "left_out",
            "reason",
            "limits",
            "notes",
            "rationale",
            "columns",
        ),
        *("inputs", "units", "time", "time_unit", "source", "seconds", "written", "versions"),
    )
    task, problem = DiscoverTask(), finding.record.problem
    curves = finding.curves or [None] * len(told["trials"])
    shown: dict[str, Any] = plain(
        {
            **{name: told[name] for name in names},
            "latex": told["latex"],
            "command": shlex.join(words),
            "params": [
                {"name": name, "value": value, "half_width": finding.half_width(name)}
                for name, value in told["params"].items()
            ],
            "intervals": told["half_widths_95"] is not None,
            "alternatives": [
                {**each, **_describe(each["equation"], each["params"], finding.states)} for each in told["alternatives"]
            ],
            "trials": [
                {
                    "name": trial["name"],
                    "held_out": number in finding.held_out,
                    "t": trial["t"],
                    "observed": trial["observed"],
                    "predicted": trial["predicted"],
                    "curve": None if curve is None else {"t": curve.t, "values": curve.values},
                }
                for number, (trial, curve) in enumerate(zip(told["trials"], curves, strict=True))
            ],
            "turns": [show_turn(task, problem, number, turn) for number, turn in enumerate(finding.turns, 1)],
        }
    )
    return shown


def _describe(equation: str, params: Mapping[str, float], states: StateSpace) -> dict[str, Any]:
    equations = parse(equation, states, params)
    return {"latex": latex(equations, params), "complexity": equations.operators}


def pack_report(finding: Finding, words: Sequence[str]) -> bytes:
    """The report's files in a zip archive."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="gedanken-") as folder:
        files = write_report(finding, Path(folder) / "report", words)
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, path in files.items():
                archive.write(path, name)
    return packed.getvalue()
