"""The door for Python: `discover(...)` finds the law behind data in a program's hands or in a file."""

import base64
import html
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gedanken.errors import UserError
from gedanken.loop import Player, Turn
from gedanken.own_data import discovery
from gedanken.own_data.discovery import Finding
from gedanken.own_data.read.inputs import InputColumns
from gedanken.own_data.record import Record, read_record
from gedanken.players import load_player
from gedanken.sparse.warm import warm_up
from gedanken.tasks.discover.hidden import follow
from gedanken.worlds.ode.inputs import Drive
from gedanken.worlds.ode.knowledge import Knowledge
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class Result:
    """What was found out about a record. A notebook shows it as the law, its constants and the figure.

    Attributes:
        finding: everything that was worked out, as the reports use it.
    """

    def __init__(self, finding: Finding):
        """Args: finding is what `own_data.discovery.run` returned."""
        self.finding = finding

    def __repr__(self) -> str:
        return f"Result({self.equation!r})" if self.found else "Result(no law found)"

    # ---- the law ----

    @property
    def found(self) -> bool:
        """Whether there is a law at all."""
        return self.finding.fitted is not None

    @property
    def solved(self) -> bool:
        """Whether the simulator accepted the law."""
        return self.finding.solved

    @property
    def law(self) -> Law:
        """The law with its constants.

        Raises:
            UserError: there is none.
        """
        return self.finding.law

    @property
    def equation(self) -> str:
        """The law in the grammar, `d2x/dt2 = -k*x`; empty where none was found."""
        return self.law.text if self.found else ""

    @property
    def params(self) -> dict[str, float]:
        """The law's constants, by name."""
        return dict(self.finding.params) if self.found else {}

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """The 95 % interval of each constant; infinite where the data do not determine it."""
        widths = {name: self.finding.half_width(name) for name in self.params}
        return {name: (value - widths[name], value + widths[name]) for name, value in self.params.items()}

    @property
    def r2(self) -> dict[str, float]:
        """R2 of each observed column over the fitted trials."""
        return dict(self.finding.r2) if self.found else {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed, converted or left out in reading the data."""
        return self.finding.record.notes

    @property
    def record(self) -> Record:
        """What was looked at."""
        return self.finding.record

    @property
    def ladder(self) -> "pd.DataFrame":
        """The laws from simple to complex, a row each: equation, constants, terms, R2, criterion, which is reported."""
        import pandas as pd

        return pd.DataFrame([rung.to_dict() for rung in self.finding.ladder])

    @property
    def groups(self) -> "pd.DataFrame":
        """Trials by the constants they share, a row a group, where they do not share all; else without rows."""
        import pandas as pd

        return pd.DataFrame([group.to_dict() for group in self.finding.groups])

    # ---- what follows from it ----

    def predict(
        self,
        t: Any,
        start: Mapping[str, float] | Sequence[float] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> "pd.DataFrame":
        """The law's solution.

        Args:
            t: times, increasing, shape (m,); the start is the state at the first of them.
            start: the state to start from, by name or in the order of the states; None for the start of the first trial
                that was fitted.
            inputs: of each input its readings at these times, shape (m,), or one number; None for those of the first
                trial, which keep their last reading after its end.

        Returns:
            One row a time, one column a state; NaN from where the solution ends.

        Raises:
            UserError: times that do not increase, a start that does not fit the states, or other inputs than the law's.
        """
        import pandas as pd

        times = np.atleast_1d(np.asarray(t, np.float64))
        if times.ndim != 1 or not len(times) or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise UserError("the times to predict at are one array of finite, increasing numbers")
        columns = self.finding.states.columns
        values = follow(self.law, self._start(start), times, self._drive(times, inputs))
        return pd.DataFrame(values, columns=list(columns), index=pd.Index(times, name=self.finding.record.time))

    def _drive(self, times: Array, given: Mapping[str, Any] | None) -> Drive | None:
        expected = self.finding.states.inputs
        names = [each.name for each in expected]
        if given is None:
            return self.record.fitted[0].drive
        if set(given) != set(names):
            raise UserError(f"the inputs of the law are {', '.join(names) or 'none'}, not {', '.join(given) or 'none'}")
        if not names:
            return None
        try:
            readings = [np.broadcast_to(np.asarray(given[name], np.float64), times.shape) for name in names]
        except (TypeError, ValueError):
            readings = []
        if not readings or not np.isfinite(readings).all():
            raise UserError("the readings of an input are one finite number, or one for each time")
        return Drive(times, np.stack(readings, axis=1), expected)

    def _start(self, start: Mapping[str, float] | Sequence[float] | None) -> Array:
        columns = self.finding.states.columns
        if start is None:
            assert self.finding.fitted is not None
            return np.asarray(self.finding.fitted.starts[0], np.float64)
        if isinstance(start, Mapping):
            if missing := [name for name in columns if name not in start]:
                raise UserError(f"the start lacks {', '.join(missing)}; the states are {', '.join(columns)}")
            start = [start[name] for name in columns]
        values = np.asarray(start, np.float64)
        if values.shape != (len(columns),) or not np.isfinite(values).all():
            raise UserError(f"a start is one finite number for each of {', '.join(columns)}")
        return values

    @property
    def residuals(self) -> "pd.DataFrame":
        """Data less prediction at every sample of the fitted trials: columns `trial`, the time, and the states."""
        import pandas as pd

        columns, parts = self.finding.states.columns, []
        left = {name: self.finding.residuals(name) for name in columns} if self.found else {}
        for number, trial in enumerate(self.record.fitted):
            cells: dict[str, Any] = {"trial": trial.name or str(number + 1), self.record.time: trial.t}
            parts.append(pd.DataFrame(cells | {name: left[name][number] if left else np.nan for name in columns}))
        return pd.concat(parts, ignore_index=True)

    # ---- shown and written ----

    def latex(self) -> str:
        """The law for a paper."""
        return self.law.latex

    def plot(self) -> "Figure":
        """The report's figure: data, re-simulation and residuals."""
        from gedanken.own_data.report.figure import figure_of

        figure: Figure = figure_of(self.finding)
        return figure

    def report(self, folder: str | Path) -> dict[str, Path]:
        """Write `report.md`, `report.json` and `fit.png` into a folder; the path of each by its name."""
        from gedanken.own_data.report.write import write_report

        return write_report(self.finding, folder)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data, as `report.json` holds it."""
        from gedanken.own_data.report.write import to_json

        return to_json(self.finding)

    def _repr_html_(self) -> str:
        """Law, constants, figure and notes for a notebook."""
        title = html.escape(self.record.title)
        if not self.found:
            return f"<p><b>{title}</b>: no law found</p>"
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{value:.6g}</td><td>{low:.6g} .. {high:.6g}</td></tr>"
            for (name, value), (low, high) in zip(self.params.items(), self.intervals.values(), strict=True)
        )
        table = f"<table><tr><th>constant</th><th>value</th><th>95 % interval</th></tr>{rows}</table>" if rows else ""
        fits = ", ".join(f"R² of {html.escape(name)} {value:.5f}" for name, value in self.r2.items())
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        law = f"<pre>{html.escape(self.equation)}</pre>"
        page = io.BytesIO()
        self.plot().savefig(page, format="png", dpi=80)
        figure = f'<img alt="data and law" src="data:image/png;base64,{base64.b64encode(page.getvalue()).decode()}">'
        return f"<div><b>{title}</b>{law}{table}<p>{fits}</p>{figure}{f'<ul>{notes}</ul>' if notes else ''}</div>"


def discover(
    data: Any,
    *,
    time: Any = None,
    state: Sequence[str] | None = None,
    trial: str | None = None,
    order: int | None = None,
    hint: str | None = None,
    dt: float | None = None,
    missing: Sequence[float] | None = None,
    sheet: str | None = None,
    inputs: str | Sequence[str] = (),
    hold: str | Sequence[str] = (),
    parameters: str | Sequence[str] = (),
    fit_until: float | None = None,
    hold_out: bool = False,
    clock: bool = False,
    known: str | Sequence[str] | None = None,
    fix: str | Sequence[str] | Mapping[str, float] | None = None,
    bound: str | Sequence[str] | Mapping[str, Any] | None = None,
    terms: str | Sequence[str] | None = None,
    forbid: str | Sequence[str] | None = None,
    conserve: str | None = None,
    units: str | Sequence[str] | Mapping[str, str] | None = None,
    noise: float | None = None,
    index: int = 0,
    split: str = "test",
    conditions: Mapping[str, Any] | None = None,
    player: str | Player = "sparse",
    turns: int | None = None,
    player_options: Mapping[str, Any] | None = None,
    on_record: Callable[[Record], None] | None = None,
    on_turn: Callable[[int, Turn], None] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Result:
    """Find the law behind a record; the simulator verifies it.

        result = gedanken.discover("pendulum.csv", order=2)
        result = gedanken.discover(frame, time="t", state=["x", "vx"])
        result = gedanken.discover(X, time=t)            # arrays (m, n) and (m,), or lists of them, one a trial

    Args:
        data: a path, a frame of pandas or polars, a mapping of names to columns, an array (m, n), a list of such;
            also the name of a shipped example or of a system of the zoo.
        time: the column of times; for arrays the times themselves.
        state: the columns that get laws, in order; for arrays their names.
        trial: the column that tells trials apart.
        order: of the law: 1 (`dx/dt = ...`) or 2 (`d2x/dt2 = ...`).
        hint: one sentence about the scene.
        dt: the time between rows, where there is no column of times.
        missing: numbers that stand for a missing value; guessed when None.
        sheet: of a workbook.
        inputs: columns that drive the system and have no law; they run along straight lines between readings.
        hold: such columns each of whose readings holds until the next.
        parameters: columns of known constants that differ between trials.
        fit_until: later samples are held out and only predicted.
        hold_out: hold the last trial out and predict it from its start.
        clock: laws may name the time `t`; otherwise that is a last resort.
        known: a part of the law, `"d2y/dt2 = -g + ?"`; `?` is what is missing.
        fix: values of constants of the known part, or of coefficients of terms, `{"g": 9.81}`.
        bound: lowest and highest value of such, `{"k": (0, None)}`.
        terms: the only terms that may occur.
        forbid: terms that do not occur; also functions, inputs and `t`, which then occur nowhere.
        conserve: a quantity that the motion keeps: an expression, or `energy`.
        units: units of columns and of the time, `{"y": "m", "t": "s"}`.
        noise: of a system's problem, as a share of each column's spread.
        index: of a system's problem; for data of your own, which trials and windows are drawn where there are too many.
        split: of a system's problem.
        conditions: of a system's problem.
        player: who looks: `sparse`, or a language model as `openai:gpt-4o-mini`; or a player.
        turns: at most this many.
        player_options: for a player that is named: `base_url`, `api_key`.
        on_record: called with what was read, before the search.
        on_turn: called with the number of a turn and the turn.
        progress: called with a sentence at each stage of the search.

    Raises:
        UserError: data that cannot be used; one sentence, with what to do.
        PlayerError: the player could not answer.
    """
    table = {"time": time, "state": state, "trial": trial, "order": order, "dt": dt, "missing": missing, "sheet": sheet}
    line, held, known_constants = (
        (each,) if isinstance(each, str) else tuple(each) for each in (inputs, hold, parameters)
    )
    columns = InputColumns(line, held, known_constants, guess=True)
    record = read_record(
        data,
        hint=hint,
        fit_until=fit_until,
        hold_out=hold_out,
        noise=noise,
        index=index,
        split=split,
        conditions=conditions,
        clock=clock,
        knowledge=Knowledge.read(known, fix, bound, terms, forbid, conserve, units),
        inputs=columns if columns.named else None,
        **table,
    )
    if on_record:
        on_record(record)
    warm_up((lambda part: progress(f"compiling, once on this machine: {part}")) if progress else None)
    if isinstance(player, str):
        offered = {"progress": progress} if progress else {}
        player = load_player(player, "discover", offered, **(player_options or {}))
    return Result(discovery.run(record, player, turns, on_turn))
