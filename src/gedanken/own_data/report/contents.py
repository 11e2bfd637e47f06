"""What was discovered, written down: `report.md` to read, `report.json` to compute with, `fit.png` to look at.

A report says as plainly what the data cannot tell as what they can; that part is worked out here from the numbers.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from gedanken.errors import UserError
from gedanken.files import staged_folder
from gedanken.loop import Turn
from gedanken.statistics import Z95
from gedanken.versions import versions
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

FILES = ("fit.png", "report.md", "report.json")
# What a result depends on.
LIBRARIES = ("gedanken", "python", "numpy", "scipy", "numba")
ALIKE, WEAKER = 2.0, 6.0  # differences of -2 log posterior; "not worth more than a bare mention", "positive"
# (R. E. Kass and A. E. Raftery, Bayes factors, Journal of the American Statistical Association 90, 1995)


@dataclass(frozen=True)
class Alternative:
    """Another law that was tried.

    Attributes:
        equation: in the grammar.
        params: its best parameter values.
        criterion: what laws were ranked by, on the scale of -2 log posterior: smaller is better, differences count.
        match: its mean R2 over the observed columns.
    """

    equation: str
    params: Mapping[str, float]
    criterion: float
    match: float


@dataclass(frozen=True)
class DiscoveryReport:
    """Everything that a report shows. Shapes: m samples, n state columns.

    Attributes:
        title: what was studied.
        hint: what the player was told of it.
        states: names and order of the state columns.
        trajectories: the data, NaN where nothing was measured.
        predictions: the law re-simulated at each trajectory's samples, shape (m, n) each.
        equation: the law, in the grammar.
        params: its parameter values.
        r2: R2 of each observed column, over the trajectories that were fitted.
        solved: whether the verifier accepted the law.
        player: who found it.
        latex: the law in LaTeX, lines joined by a double backslash.
        standard_errors: one standard deviation of each parameter, infinite where the data do not determine it.
        curves: the law re-simulated densely, for smooth lines; `predictions` are drawn where it is empty.
        alternatives: other laws, in any order.
        criterion: the law's own, on the scale of the alternatives'; needed to compare them.
        held_out: indices of trajectories that were not fitted, only predicted.
        held_out_r2: R2 of each observed column over those.
        turns: the episode.
        rationale: the player's own words.
        units: unit of each column that has one.
        time: name of the time column.
        time_unit: its unit.
        source: where the data come from.
        notes: what was assumed or left out in reading them.
        caveats: what is known about the data that numbers cannot show.
        command: how to get this report again.
        seconds: how long the discovery took.
    """

    title: str
    hint: str
    states: StateSpace
    trajectories: tuple[Trajectory, ...]
    predictions: tuple[Array, ...]
    equation: str
    params: Mapping[str, float]
    r2: Mapping[str, float]
    solved: bool
    player: str
    latex: str = ""
    standard_errors: Mapping[str, float] | None = None
    curves: tuple[Trajectory, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    criterion: float | None = None
    held_out: tuple[int, ...] = ()
    held_out_r2: Mapping[str, float] | None = None
    turns: tuple[Turn, ...] = ()
    rationale: str = ""
    units: Mapping[str, str] | None = None
    time: str = "t"
    time_unit: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    command: str = ""
    seconds: float | None = None

    @property
    def match(self) -> float:
        """Mean R2 over the observed columns."""
        return float(np.mean(list(self.r2.values()))) if self.r2 else math.nan

    def label(self, column: str) -> str:
        """A column with its unit, for axes and tables."""
        unit = self.time_unit if column == self.time else (self.units or {}).get(column, "")
        return f"{column} ({unit})" if unit and unit.rstrip("s") != column.lower() else column

    def half_width(self, name: str) -> float:
        """Half of a parameter's 95 % interval; infinite where the data do not determine it."""
        error = (self.standard_errors or {}).get(name, math.inf)
        return Z95 * error if math.isfinite(error) else math.inf

    def ranked(self) -> list[tuple[float, Alternative]]:
        """The alternatives with how much worse than the law they are, best first."""
        best = (
            self.criterion if self.criterion is not None else min((a.criterion for a in self.alternatives), default=0.0)
        )
        return sorted(((a.criterion - best, a) for a in self.alternatives), key=lambda pair: pair[0])

    def residuals(self, column: str) -> list[Array]:
        """Data less re-simulation of each fitted trajectory, shape (m,) each, NaN where nothing was measured."""
        index = self.states.columns.index(column)
        fitted = [i for i in range(len(self.trajectories)) if i not in self.held_out]
        return [self.trajectories[i].values[:, index] - self.predictions[i][:, index] for i in fitted]


def limits(report: DiscoveryReport) -> list[str]:
    """What the data cannot tell, a sentence each."""
    found = list(report.caveats)
    columns = [c for c in report.states.columns if c in report.r2]
    if not report.solved:
        found.append(f"The law does not explain the data well enough to be accepted: its match is {report.match:.3f}.")
    if report.standard_errors is not None:
        for name, value in report.params.items():
            half = report.half_width(name)
            if not math.isfinite(half):
                found.append(f"{name} is not determined: other values, with the others adjusted, fit as well.")
            elif half >= abs(value):
                found.append(
                    f"{name} may be zero, and its term absent: its interval runs from {value - half:.3g} to "
                    f"{value + half:.3g}."
                )
            elif half > 0.5 * abs(value):
                found.append(f"{name} is known only roughly, {value - half:.3g} to {value + half:.3g}.")
    for name in columns:
        if (likeness := _likeness(report.residuals(name))) is not None:
            found.append(
                f"What is left over in {name} is not noise: neighbouring residuals are alike (correlation "
                f"{likeness:.2f}), so the law misses something there and the intervals are too narrow."
            )
    ranked = report.ranked()
    alike = [a for delta, a in ranked if delta < ALIKE]
    if alike:
        shown = ", ".join(f"`{plain(a.equation)}`" for a in alike[:3])
        many = f"{len(alike)} other laws fit" if len(alike) > 1 else "Another law fits"
        found.append(f"{many} the data as well as this one: {shown}.")
    elif ranked and ranked[0][0] < WEAKER:
        found.append(f"The data prefer this law to `{plain(ranked[0][1].equation)}`, but not strongly.")
    hidden = [c for c in report.states.columns if c not in report.r2]
    if hidden:
        found.append(f"{' and '.join(hidden)} was not measured and is inferred from the law itself.")
    samples = sum(int(np.isfinite(r).sum()) for c in columns for r in report.residuals(c))
    free = len(report.params) + report.states.size * (len(report.trajectories) - len(report.held_out))
    if samples < 5 * free:
        found.append(
            f"{samples} numbers were fitted with {free} free constants, starting values included: few for so many."
        )
    if len(report.trajectories) - len(report.held_out) == 1 and not report.held_out:
        found.append("There is one trial only: whether the law holds from another start is untested.")
    spans = ", ".join(f"{c} from {low:.3g} to {high:.3g}" for c in columns for low, high in [_range(report, c)])
    if spans:
        found.append(f"The law is tested only where the data are: {spans}.")
    return found


def _likeness(residuals: Sequence[Array]) -> float | None:
    """Correlation of neighbouring residuals where it is too large for noise (above three standard errors)."""
    pairs = [(r[:-1], r[1:]) for r in residuals if len(r) > 1]
    before, after = (np.concatenate([pair[k] for pair in pairs]) if pairs else np.empty(0) for k in (0, 1))
    known = np.isfinite(before) & np.isfinite(after)
    if known.sum() < 10:
        return None
    before, after = before[known], after[known]
    power = math.sqrt(float(before @ before) * float(after @ after))
    scale = max(float(np.abs(before).max()), float(np.abs(after).max()))
    correlation = float(before @ after) / power if power > 1e-18 * max(scale, 1e-300) ** 2 else 0.0
    return correlation if correlation > 3 / math.sqrt(known.sum()) else None


def _range(report: DiscoveryReport, column: str) -> tuple[float, float]:
    values = np.concatenate([t.values[:, report.states.columns.index(column)] for t in report.trajectories])
    return float(np.nanmin(values)), float(np.nanmax(values))


def plain(text: str) -> str:
    """Text from outside on one line, without what Markdown or HTML would make something of."""
    return " ".join(re.sub(r"[`<>\x00-\x1f\x7f]", " ", text).split())


# ---- files ----


def write_report(report: DiscoveryReport, folder: str | Path) -> dict[str, Path]:
    """Write the report's files into `folder`, all of them or none.

    Returns:
        The path of each file by its name.

    Raises:
        UserError: the folder cannot be written to.
    """
    from gedanken.own_data.report.figure import draw_fit
    from gedanken.own_data.report.page import to_markdown

    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; a report needs a folder")
    with staged_folder(folder) as staged:
        draw_fit(report, staged / "fit.png")
        (staged / "report.md").write_text(to_markdown(report), encoding="utf-8")
        (staged / "report.json").write_bytes(
            orjson.dumps(to_json(report), option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n"
        )
    return {name: folder / name for name in FILES}


def to_json(report: DiscoveryReport) -> dict[str, Any]:
    """The report as plain data. What is not finite becomes null."""
    return {
        "title": report.title,
        "hint": report.hint,
        "player": report.player,
        "solved": report.solved,
        "match": report.match,
        "equation": report.equation,
        "latex": report.latex,
        "params": dict(report.params),
        "half_widths_95": {name: report.half_width(name) for name in report.params} if report.standard_errors else None,
        "r2": dict(report.r2),
        "held_out": [report.trajectories[i].name or str(i) for i in report.held_out],
        "held_out_r2": dict(report.held_out_r2) if report.held_out_r2 else None,
        "alternatives": [
            {"equation": a.equation, "params": dict(a.params), "delta": delta, "match": a.match}
            for delta, a in report.ranked()
        ],
        "limits": limits(report),
        "notes": list(report.notes),
        "rationale": report.rationale,
        "columns": list(report.states.columns),
        "units": dict(report.units or {}),
        "time": report.time,
        "time_unit": report.time_unit,
        "trials": [
            {"name": trial.name, "t": trial.t, "observed": trial.values, "predicted": np.asarray(predicted)}
            for trial, predicted in zip(report.trajectories, report.predictions, strict=True)
        ],
        "turns": [
            {
                "answer": turn.answer,
                "reward": turn.verdict.reward,
                "terms": dict(turn.verdict.terms),
                "solved": turn.verdict.solved,
                "error": turn.verdict.error,
                "feedback": turn.verdict.feedback,
                "seconds": turn.seconds,
            }
            for turn in report.turns
        ],
        "source": report.source,
        "command": report.command,
        "seconds": report.seconds,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(*LIBRARIES),
    }
