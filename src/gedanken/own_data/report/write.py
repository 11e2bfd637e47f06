"""What was discovered, written down: `report.md` to read, `report.json` to compute with, `fit.png` to look at."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from gedanken.errors import UserError
from gedanken.files import staged_folder
from gedanken.own_data.finding import Finding
from gedanken.own_data.report.figure import draw_fit
from gedanken.own_data.report.limits import limits
from gedanken.own_data.report.page import LIBRARIES, to_markdown
from gedanken.versions import versions

FILES = ("fit.png", "report.md", "report.json")


def write_report(finding: Finding, folder: str | Path, command: Sequence[str] = ()) -> dict[str, Path]:
    """Write the report's files into `folder`, all of them or none.

    Args:
        finding: what is reported.
        folder: where to.
        command: the words of the command line that gives this report again.

    Returns:
        The path of each file by its name.

    Raises:
        UserError: the folder cannot be written to.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; a report needs a folder")
    with staged_folder(folder) as staged:
        draw_fit(finding, staged / "fit.png")
        (staged / "report.md").write_text(to_markdown(finding, command), encoding="utf-8")
        (staged / "report.json").write_bytes(
            orjson.dumps(to_json(finding, command), option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY) + b"\n"
        )
    return {name: folder / name for name in FILES}


def to_json(finding: Finding, command: Sequence[str] = ()) -> dict[str, Any]:
    """The report as plain data. What is not finite becomes null."""
    law = finding.law if finding.fitted else None
    params = law.params if law else {}
    widths = {name: finding.half_width(name) for name in params}
    return {
        "title": finding.record.title,
        "hint": finding.record.problem.observation.hint,
        "player": finding.player,
        "solved": finding.solved,
        "outcome": finding.outcome,
        "doubts": list(finding.doubts),
        "match": finding.match,
        "equation": law.text if law else None,
        "latex": law.latex if law else None,
        "params": dict(params),
        "half_widths_95": widths if law and finding.standard_errors else None,
        "param_units": finding.param_units,
        "r2": dict(finding.r2),
        "held_out": [finding.trajectories[i].name or str(i) for i in finding.held_out],
        "held_out_r2": dict(finding.held_out_r2) if finding.held_out_r2 else None,
        "held_out_shown": list(finding.shown),
        "baselines": {name: dict(r2) for name, r2 in finding.baselines.items()},
        "order": finding.order,
        "observations": list(finding.observations),
        "ladder": [rung.to_dict() for rung in finding.ladder],
        "left_out": finding.left_out,
        "groups": [group.to_dict() for group in finding.groups],
        "reason": finding.reason,
        "alternatives": [
            {"equation": a.equation, "params": dict(a.params), "delta": delta, "match": a.match}
            for delta, a in finding.ranked()
        ],
        "limits": limits(finding),
        "notes": list(finding.record.notes),
        "rationale": law.rationale if law else "",
        "columns": list(finding.states.columns),
        "inputs": {each.name: each.between for each in finding.states.inputs},
        "knowledge": finding.record.problem.observation.knowledge.to_dict(),
        "units": dict(finding.record.units or {}),
        "time": finding.record.time,
        "time_unit": finding.record.time_unit,
        "trials": [
            {
                "name": trial.name,
                "t": trial.t,
                "observed": trial.values,
                "inputs": None if trial.drive is None else trial.drive.at(trial.t),
                "predicted": None if predicted is None else np.asarray(predicted),
            }
            for trial, predicted in zip(finding.trajectories, _predictions(finding), strict=True)
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
            for turn in finding.turns
        ],
        "source": finding.record.source,
        "command": shlex.join(command),
        "seconds": finding.seconds,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(*LIBRARIES),
    }


def _predictions(finding: Finding) -> Sequence[Any]:
    """What the law predicts of each trial, None for each where there is no law."""
    return [np.asarray(each) for each in finding.predictions] if finding.fitted else [None] * len(finding.trajectories)
