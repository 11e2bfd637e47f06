"""Results of benchmark runs as Markdown tables and JSON files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

Result = Mapping[str, Any]


def write_reports(results: Sequence[Result], stem: Path) -> None:
    """Write `stem`.json (one object, or a list for several results) and `stem`.md."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    content = results[0] if len(results) == 1 else list(results)
    # Not `with_suffix`: a stem may end in noise0.05.
    stem.with_name(stem.name + ".json").write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    stem.with_name(stem.name + ".md").write_text(render_markdown(results) + "\n", encoding="utf-8")


def render_markdown(results: Sequence[Result]) -> str:
    """One table of rates with their 95 % intervals, what others printed, and one table by subject a result."""
    lines = [
        "| suite | player | noise | conditions | n | solved % | generalises % | form % | form or equivalent % | s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        rates = [_rate(result[name]) for name in ("solved", "generalises", "form", "form_or_equivalent")]
        cells = [
            result["suite"],
            result["player"],
            f"{result['noise']:g}",
            _conditions(result),
            str(result["n"]),
            *rates,
        ]
        lines.append(f"| {' | '.join([*cells, format(result['seconds']['median'], '.2f')])} |")
    lines += _printed_rows(results)
    notes = [
        "Solved: R2 of the clean record from its clean start is above the suite's threshold; generalises: the same "
        "from a start that was not shown; form: exactly the true terms. In brackets: 95 % intervals. s: median "
        "seconds a problem.",
    ]
    for result in results:
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
        lines += ["| subject | n | solved % | generalises % | form % | s |", "|---|---|---|---|---|---|"]
        for subject, row in result["subjects"].items():
            percent = " | ".join(f"{row[name]:g}" for name in ("solved", "generalises", "form"))
            lines.append(f"| {subject} | {row['n']} | {percent} | {row['seconds']:.2f} |")
    return "\n".join(lines)


def _rate(rate: Mapping[str, Any]) -> str:
    low, high = rate["ci"]
    return f"{rate['rate']:.1f} [{low:.1f}, {high:.1f}]"


def _conditions(result: Result) -> str:
    start = "both starts jointly" if result["starts"] == "joint" else f"{result['starts']} start"
    parts = [start if result["suite"] == "odebench" else f"hint {result['hint']}"]
    if result["suite"] != "odebench" and result["starts"] == "joint":
        parts.append("two starts")
    parts += [f"drop {result['drop']:g}"] if result["drop"] else []
    parts += ["positions only"] if result["positions_only"] else []
    parts += [f"{result['turns']} turns"] if result["turns"] > 1 else []
    return ", ".join(parts)


def _printed_rows(results: Sequence[Result]) -> list[str]:
    """Published rows under the same noise and dropping as some result here, marked as not re-run."""
    lines = []
    shown = set()
    for result in results:
        condition = (result["suite"], result["noise"], result["drop"])
        if condition in shown:
            continue
        shown.add(condition)
        for row in result.get("as_printed_not_rerun", ()):
            lines.append(
                f"| {result['suite']} | {row['player']} (as printed, not re-run) | {row['noise']:g} | first start"
                f"{', drop ' + format(row['drop'], 'g') if row['drop'] else ''} | 63 | {row['solved']:.1f} | "
                f"{row['generalises']:.1f} | | | |"
            )
    return lines
