"""A discovery report as a Markdown page."""

import math
import shlex
from collections.abc import Sequence

import numpy as np

from gedanken.markdown import table
from gedanken.own_data.finding import Finding
from gedanken.own_data.report.limits import limits, plain
from gedanken.versions import versions
from gedanken.worlds.ode.knowledge.text import sentences

# What a result depends on.
LIBRARIES = ("gedanken", "python", "numpy", "scipy", "numba")


def to_markdown(finding: Finding, command: Sequence[str] = ()) -> str:
    """The report as a page."""
    hint = finding.record.problem.observation.hint
    page = [f"# {plain(finding.record.title)}", ""]
    page += [f"> {plain(hint)}", ""] if hint else []
    page += [f"**{plain(finding.outcome)}.**".replace("**n", "**N").replace("**s", "**S").replace("**f", "**F"), ""]
    if finding.fitted is None:
        page += [f"`{plain(finding.player)}` found no law that could be read and simulated.", ""]
    else:
        page += _law(finding)
        page += _outside(finding)
        page += ["", f"Found by `{plain(finding.player)}`, with a mean R² of {finding.match:.4f}.", ""]
    for sentence in (*finding.observations, finding.order, finding.reason):
        page += [plain(sentence), ""] if sentence else []
    page += ["![Data, re-simulation and residuals](fit.png)", ""]
    if finding.fitted is not None and finding.params:
        page += ["## Parameters", "", *_parameters(finding), ""]
    page += ["## How well it fits", "", *_fit(finding), ""]
    if len(finding.ladder) > 1:
        page += ["## From simple to complex", "", *_ladder(finding), ""]
    if finding.groups:
        page += ["## Trials with other constants", "", *_groups(finding), ""]
    if finding.alternatives:
        page += ["## Other laws that were tried", "", *_alternatives(finding), ""]
    page += [
        "## What the data cannot tell",
        "",
        *(f"- {' '.join(sentence.split())}" for sentence in limits(finding)),
        "",
    ]
    if finding.fitted is not None:
        page += ["## How it was verified", "", _verification(finding), ""]
    if finding.fitted is not None and finding.law.rationale:
        page += ["## In the player's words", "", f"> {plain(finding.law.rationale)[:2000]}", ""]
    if len(finding.turns) > 1:
        page += ["## Turns", "", *_turns(finding), ""]
    if finding.record.notes:
        page += ["## How the data were read", "", *(f"- {plain(note)}" for note in finding.record.notes), ""]
    page += ["## Provenance", ""]
    page += [f"- Data: {plain(finding.record.source)}"] if finding.record.source else []
    page += [f"- Command: `{plain(shlex.join(command))}`"] if command else []
    page += [f"- Time: {finding.seconds:.1f} s"]
    page += ["- Versions: " + ", ".join(f"{name} {version}" for name, version in versions(*LIBRARIES).items()), ""]
    return "\n".join(page)


def _outside(finding: Finding) -> list[str]:
    """What was given: inputs, constants of a trial, and what was known of the law."""
    between = {"line": "straight lines between readings", "hold": "each reading holds until the next"}
    told = [
        f"`{each.name}` is an input ({between[each.between]})"
        if each.between in between
        else f"`{each.name}` is known in each trial"
        for each in finding.states.inputs
    ]
    told = [f"Given: {'; '.join(told)}."] if told else []
    known = sentences(finding.record.problem.observation.knowledge)
    told += [f"Known beforehand: {plain(' '.join(known))}"] if known else []
    return ["", *told] if told else []


def _law(finding: Finding) -> list[str]:
    lines = ["```text", *(part.strip() for part in finding.law.text.replace("`", "'").split(";")), "```"]
    if not finding.law.latex:
        return lines
    written = r" \\ ".join(line.replace(" = ", " &= ", 1) for line in finding.law.latex.split(r" \\ "))
    return ["$$", rf"\begin{{aligned}} {written} \end{{aligned}}", "$$", "", *lines]


def _parameters(finding: Finding) -> list[str]:
    rows = []
    units = finding.param_units
    for name, value in finding.params.items():
        half = finding.half_width(name)
        if finding.standard_errors is None:
            rows.append([name, f"{value:.6g}", "", "", units.get(name, "")])
        elif not math.isfinite(half):
            rows.append([name, f"{value:.4g}", "not determined", "", units.get(name, "")])
        elif half < 1e-12 * abs(value):
            rows.append([name, f"{value:.6g}", "given", "", units.get(name, "")])
        else:
            digits = _digits(half)
            share = f"{100 * half / abs(value):.2g} %" if value else ""
            rows.append([name, f"{value:.{digits}f}", f"± {half:.{digits}f}", share, units.get(name, "")])
    head = ["parameter", "value", "95 % interval", "of the value", "unit"]
    shown = len(head) if units else len(head) - 1
    return table(head[:shown], [row[:shown] for row in rows])


def _digits(half: float) -> int:
    """Decimals that show two figures of an uncertainty."""
    return min(max(1 - math.floor(math.log10(half)), 0), 12) if half > 0 else 6


def _fit(finding: Finding) -> list[str]:
    rows = []
    for column in finding.states.columns:
        if column not in finding.r2:
            rows.append([finding.record.label(column), "not measured" if finding.fitted else "", "", "", ""])
            continue
        left = np.concatenate(finding.residuals(column))
        left = left[np.isfinite(left)]
        held = (finding.held_out_r2 or {}).get(column)
        spread = f"{math.sqrt(float((left**2).mean())):.3g}" if left.size else ""
        rows.append(
            [
                finding.record.label(column),
                f"{finding.r2[column]:.5f}",
                spread,
                str(left.size),
                "" if held is None else f"{held:.5f}",
            ]
        )
    for name, r2 in finding.baselines.items():
        mean = float(np.mean(list(r2.values()))) if r2 else math.nan
        rows.append([f"*{name} of each trial*", f"{mean:.5f}", "", "", ""])
    head = ["column", "R²", "RMS residual", "samples", "R², held out"]
    shown = len(head) if finding.held_out else len(head) - 1
    return table(head[:shown], [row[:shown] for row in rows])


def _ladder(finding: Finding) -> list[str]:
    rows = [
        [
            str(rung.constants),
            str(rung.terms),
            f"{rung.match:.5f}",
            "" if rung.left_out is None else f"{rung.left_out:.5f}",
            "" if rung.criterion is None else f"{rung.criterion:.1f}",
            f"**`{plain(rung.equation)}`**" if rung.reported else f"`{plain(rung.equation)}`",
        ]
        for rung in finding.ladder
    ]
    head = ["constants", "terms", "R²", "R², left out", "criterion", "law"]
    lines = table(head, rows)
    if finding.left_out:
        lines += ["", f"Left out of a further fit of each law, and predicted by it: {finding.left_out}."]
    return lines


def _groups(finding: Finding) -> list[str]:
    names = list(finding.groups[0].params)
    rows = [
        [plain(", ".join(group.trials)), *(f"{group.params[name]:.4g}" for name in names), f"{group.r2:.5f}"]
        for group in finding.groups
    ]
    rows = [
        [f"**{row[0]}**", *row[1:]] if group.reported else row for row, group in zip(rows, finding.groups, strict=True)
    ]
    return [
        f"`{plain(finding.groups[0].equation)}`, fitted to trials that share its constants. This report is about those "
        "in bold.",
        "",
        *table(["trials", *names, "R²"], rows),
    ]


def _alternatives(finding: Finding) -> list[str]:
    rows = [
        [f"+{delta:.1f}" if delta >= 0 else f"{delta:.1f}", f"{a.match:.4f}", f"`{plain(a.equation)}`"]
        for delta, a in finding.ranked()
    ]
    return [
        *table(["Δ", "match", "law"], rows),
        "",
        "Δ is how much worse (if negative, better) than the law above, on the scale of -2 log posterior: below 2 the",
        "data cannot tell the",
        "two apart, above 6 they speak clearly, above 10 very clearly (Kass and Raftery 1995).",
    ]


def _verification(finding: Finding) -> str:
    fitted = len(finding.trajectories) - len(finding.held_out)
    starts = " of each trial" if fitted > 1 else ""
    text = (
        f"The equation was solved by an adaptive integrator from a starting state{starts}, and the solution compared "
        "with the data at every sample time. R² of a column is the share of its variance that the solution explains, "
        "over all trials together, and a law is accepted where their mean is above 0.93. No derivative of the data "
        "enters."
    )
    if finding.standard_errors is not None:
        text += (
            " The intervals come from the curvature of the squared residuals at the best fit; where the noise of "
            "neighbouring samples is alike, they are widened for it."
        )
    if finding.held_out:
        names = ", ".join(plain(finding.trajectories[i].name or str(i + 1)) for i in finding.held_out)
        start = (
            "the state that the record ends with"
            if finding.record.continues
            else "what was measured at its first sample"
        )
        if any(k > 1 for k in finding.shown):
            start = "its first samples, which are not scored"
        text += f" Held out of the fit and only predicted, from {start}: {names}."
    return text


def _turns(finding: Finding) -> list[str]:
    rows = [
        [
            str(i),
            f"{turn.verdict.terms.get('match', 0.0):.4f}",
            f"{turn.verdict.reward:.3f}",
            plain(turn.verdict.error or turn.verdict.feedback)[:160],
        ]
        for i, turn in enumerate(finding.turns, 1)
    ]
    return table(["turn", "match", "reward", "feedback"], rows)
