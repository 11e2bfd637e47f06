"""Results of `discover`: rates with intervals from the rows, as JSON and as Markdown tables."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from gedanken.bench.discover.rows import Row
from gedanken.bench.discover.suite import Suite
from gedanken.files import write_atomically
from gedanken.markdown import table
from gedanken.statistics import summarise_rate

Result = Mapping[str, Any]
RATES = ("solved", "generalises", "form")
SHARP = 0.999  # R2 from the unseen start above which a law counts as exact in practice


def summarise(suite: Suite, settings: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """The result object of `run`, from its rows."""
    clustered = settings["starts"] == "each"  # two starts of one system rise and fall together
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.subject if clustered else (row.subject, row.index), []).append(row)

    def rate(judge: Callable[[Row], bool], of: Sequence[Sequence[Row]] = tuple(groups.values())) -> dict[str, Any]:
        return summarise_rate([[judge(row) for row in group] for group in of])

    seconds = [row.seconds for row in rows]
    result: dict[str, Any] = {
        **settings,
        "n": len(rows),
        "solved": rate(lambda row: row.solved),
        "generalises": rate(lambda row: row.generalises),
        "sharp": rate(lambda row: row.r2_unseen is not None and row.r2_unseen > SHARP),
        "form": rate(lambda row: row.form),
        "form_or_equivalent": rate(lambda row: row.form or row.equivalent),
        "failed": rate(lambda row: row.r2 is None),
        "r2": {"mean_clipped": _mean([min(max(row.r2 or 0.0, 0.0), 1.0) for row in rows])},
        "r2_unseen": {"mean_clipped": _mean([min(max(row.r2_unseen or 0.0, 0.0), 1.0) for row in rows])},
        "complexity": {
            "median_ratio": _median([row.complexity / row.true_complexity for row in rows if row.complexity])
        },
        "coefficient_error": {
            "median": _median([row.coefficient_error for row in rows if row.coefficient_error is not None])
        },
        "seconds": {"median": _median(seconds), "mean": _mean(seconds), "max": round(max(seconds, default=0.0), 3)},
    }
    if settings["turns"] > 1:
        result["form_any_turn"] = rate(lambda row: row.form_any)
        result["mean_turns"] = _mean([row.turns for row in rows])
    if suite.kind == "odebench" and settings["starts"] != "joint":
        result["third_start"] = rate(lambda row: row.r2_third is not None and row.r2_third > suite.threshold)
    printed = [row for row in suite.printed if (row["noise"], row["drop"]) == (settings["noise"], settings["drop"])]
    if printed:
        result["as_printed_not_rerun"] = printed
    by_subject: dict[str, list[Row]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(row)
    result["subjects"] = {
        subject: {
            "n": len(group),
            **{name: round(100 * _mean([getattr(row, name) for row in group]), 1) for name in RATES},
            "seconds": _median([row.seconds for row in group]),
        }
        for subject, group in by_subject.items()
    }
    result["keys"] = [f"{row.subject}/{row.index}" for row in rows]
    result["date"] = time.strftime("%Y-%m-%d")
    return result


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if len(values) else 0.0


def _median(values: Sequence[float]) -> float:
    return round(float(np.median(values)), 4) if len(values) else 0.0


def write_reports(results: Sequence[Result], stem: Path) -> None:
    """Write `stem`.json (one object, or a list for several results) and `stem`.md."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    content = results[0] if len(results) == 1 else list(results)
    # Not `with_suffix`: a stem may end in noise0.05.
    write_atomically(stem.with_name(stem.name + ".json"), orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    write_atomically(stem.with_name(stem.name + ".md"), (render_markdown(results) + "\n").encode())


def render_markdown(results: Sequence[Result]) -> str:
    """A table of rates with their 95 % intervals and of published rows, then a table by subject for each result."""
    head = [
        "suite",
        "player",
        "noise",
        "conditions",
        "n",
        "solved %",
        "generalises %",
        "sharp %",
        "form %",
        "form or equivalent %",
    ]
    rows = [
        [
            result["suite"],
            result["player"],
            f"{result['noise']:g}",
            _conditions(result),
            result["n"],
            *(_rate(result[name]) for name in ("solved", "generalises", "sharp", "form", "form_or_equivalent")),
            f"{result['seconds']['median']:.2f}",
        ]
        for result in results
    ]
    lines = table([*head, "s"], [*rows, *_printed_rows(results)])
    notes = [
        "Solved: R2 of the clean record from its clean start is above the suite's threshold; generalises: the same "
        f"from a start that was not shown; sharp: R2 above {SHARP} from there; form: exactly the true terms. In "
        "brackets: 95 % intervals. s: median seconds a problem.",
    ]
    for result in results:
        if "missing" in result:
            missing = result["missing"]
            notes.append(
                f"**{missing['problems']} of {missing['of']} problems are missing**: {missing['player']} could not "
                f"answer ({missing['reason']})."
            )
        if "third_start" in result:
            third = _rate(result["third_start"])
            notes.append(
                f"{result['player']}, {_conditions(result)}: from half-way between ODEBench's two starts {third}."
            )
    lines += ["", *notes]
    for result in results:
        lines += [
            "",
            f"### {result['suite']}, {result['player']}, noise {result['noise']:g}, {_conditions(result)}",
            "",
        ]
        subjects = [
            [subject, row["n"], *(f"{row[name]:g}" for name in RATES), f"{row['seconds']:.2f}"]
            for subject, row in result["subjects"].items()
        ]
        lines += table(["subject", "n", "solved %", "generalises %", "form %", "s"], subjects)
    return "\n".join(lines)


def _rate(rate: Mapping[str, Any]) -> str:
    low, high = rate["ci"]
    return f"{rate['rate']:.1f} [{low:.1f}, {high:.1f}]"


def _conditions(result: Result) -> str:
    start = "both starts jointly" if result["starts"] == "joint" else f"{result['starts']} start"
    fixed = result["suite"] in ("odebench", "lsr")
    parts = [start if fixed else f"hint {result['hint']}"]
    if not fixed and result["starts"] == "joint":
        parts.append("two starts")
    parts += [f"drop {result['drop']:g}"] if result["drop"] else []
    parts += ["positions only"] if result["positions_only"] else []
    parts += [f"{result['turns']} turns"] if result["turns"] > 1 else []
    return ", ".join(parts)


def _printed_rows(results: Sequence[Result]) -> list[list[object]]:
    """Published rows under the same noise and dropping as some result here, marked as not re-run."""
    rows: list[list[object]] = []
    shown = set()
    for result in results:
        condition = (result["suite"], result["noise"], result["drop"])
        if condition in shown:
            continue
        shown.add(condition)
        for row in result.get("as_printed_not_rerun", ()):
            rows.append(
                [
                    result["suite"],
                    f"{row['player']} (as printed, not re-run)",
                    f"{row['noise']:g}",
                    "first start" + (f", drop {row['drop']:g}" if row["drop"] else ""),
                    63,
                    f"{row['solved']:.1f}",
                    f"{row['generalises']:.1f}",
                    "",
                    "",
                    "",
                    "",
                ]
            )
    return rows
