"""A discovery report as a Markdown page."""

import math

import numpy as np

from gedanken.markdown import table
from gedanken.own_data.report.contents import LIBRARIES, DiscoveryReport, limits, plain
from gedanken.versions import versions


def to_markdown(report: DiscoveryReport) -> str:
    """The report as a page."""
    verdict = "accepted" if report.solved else "not accepted"
    page = [f"# {plain(report.title)}", ""]
    page += [f"> {plain(report.hint)}", ""] if report.hint else []
    page += _law(report)
    page += [
        "",
        f"Found by `{plain(report.player)}`; {verdict} by the simulator with a match of {report.match:.4f}.",
        "",
    ]
    page += ["![Data, re-simulation and residuals](fit.png)", ""]
    if report.params:
        page += ["## Parameters", "", *_parameters(report), ""]
    page += ["## How well it fits", "", *_fit(report), ""]
    if report.alternatives:
        page += ["## Other laws that were tried", "", *_alternatives(report), ""]
    page += [
        "## What the data cannot tell",
        "",
        *(f"- {' '.join(sentence.split())}" for sentence in limits(report)),
        "",
    ]
    page += ["## How it was verified", "", _verification(report), ""]
    if report.rationale:
        page += ["## In the player's words", "", f"> {plain(report.rationale)[:2000]}", ""]
    if len(report.turns) > 1:
        page += ["## Turns", "", *_turns(report), ""]
    if report.notes:
        page += ["## How the data were read", "", *(f"- {plain(note)}" for note in report.notes), ""]
    page += ["## Provenance", ""]
    page += [f"- Data: {plain(report.source)}"] if report.source else []
    page += [f"- Command: `{plain(report.command)}`"] if report.command else []
    page += [f"- Time: {report.seconds:.1f} s"] if report.seconds is not None else []
    page += ["- Versions: " + ", ".join(f"{name} {version}" for name, version in versions(*LIBRARIES).items()), ""]
    return "\n".join(page)


def _law(report: DiscoveryReport) -> list[str]:
    lines = ["```text", *(part.strip() for part in report.equation.replace("`", "'").split(";")), "```"]
    if not report.latex:
        return lines
    written = r" \\ ".join(line.replace(" = ", " &= ", 1) for line in report.latex.split(r" \\ "))
    return ["$$", rf"\begin{{aligned}} {written} \end{{aligned}}", "$$", "", *lines]


def _parameters(report: DiscoveryReport) -> list[str]:
    rows = []
    for name, value in report.params.items():
        half = report.half_width(name)
        if report.standard_errors is None:
            rows.append([name, f"{value:.6g}", "", ""])
        elif not math.isfinite(half):
            rows.append([name, f"{value:.4g}", "not determined", ""])
        else:
            digits = _digits(half)
            share = f"{100 * half / abs(value):.2g} %" if value else ""
            rows.append([name, f"{value:.{digits}f}", f"± {half:.{digits}f}", share])
    return table(["parameter", "value", "95 % interval", "of the value"], rows)


def _digits(half: float) -> int:
    """Decimals that show two figures of an uncertainty."""
    return min(max(1 - math.floor(math.log10(half)), 0), 12) if half > 0 else 6


def _fit(report: DiscoveryReport) -> list[str]:
    rows = []
    for column in report.states.columns:
        if column not in report.r2:
            rows.append([report.label(column), "not measured", "", "", ""])
            continue
        left = np.concatenate(report.residuals(column))
        left = left[np.isfinite(left)]
        held = (report.held_out_r2 or {}).get(column)
        spread = f"{math.sqrt(float((left**2).mean())):.3g}" if left.size else ""
        rows.append(
            [
                report.label(column),
                f"{report.r2[column]:.5f}",
                spread,
                str(left.size),
                "" if held is None else f"{held:.5f}",
            ]
        )
    head = ["column", "R²", "RMS residual", "samples", "R², held-out trials"]
    shown = len(head) if report.held_out else len(head) - 1
    return table(head[:shown], [row[:shown] for row in rows])


def _alternatives(report: DiscoveryReport) -> list[str]:
    rows = [
        [f"+{delta:.1f}" if delta >= 0 else f"{delta:.1f}", f"{a.match:.4f}", f"`{plain(a.equation)}`"]
        for delta, a in report.ranked()
    ]
    return [
        *table(["Δ", "match", "law"], rows),
        "",
        "Δ is how much worse than the law above, on the scale of -2 log posterior: below 2 the data cannot tell the",
        "two apart, above 6 they speak clearly, above 10 very clearly (Kass and Raftery 1995).",
    ]


def _verification(report: DiscoveryReport) -> str:
    fitted = len(report.trajectories) - len(report.held_out)
    starts = " of each trial" if fitted > 1 else ""
    text = (
        f"The equation was solved by an adaptive integrator from a starting state{starts}, and the solution compared "
        "with the data at every sample time. R² of a column is the share of its variance that the solution explains, "
        "the match is their mean, and a law is accepted above 0.93. No derivative of the data enters."
    )
    if report.standard_errors is not None:
        text += (
            " The intervals come from the curvature of the squared residuals at the best fit; they presume that the "
            "noise of one sample does not depend on its neighbour's."
        )
    if report.held_out:
        names = ", ".join(plain(report.trajectories[i].name or str(i + 1)) for i in report.held_out)
        text += f" Held out of the fit and only predicted: {names}."
    return text


def _turns(report: DiscoveryReport) -> list[str]:
    rows = [
        [
            str(i),
            f"{turn.verdict.terms.get('match', 0.0):.4f}",
            f"{turn.verdict.reward:.3f}",
            plain(turn.verdict.error or turn.verdict.feedback)[:160],
        ]
        for i, turn in enumerate(report.turns, 1)
    ]
    return table(["turn", "match", "reward", "feedback"], rows)
