"""A `discover` problem for people: data for a page, a picture, text for a terminal, the page about the zoo."""

import html
from collections.abc import Iterable
from typing import Any

import numpy as np

from gedanken import zoo
from gedanken.loop import Problem, Turn
from gedanken.worlds.ode import system
from gedanken.worlds.ode.knowledge.text import sentences
from gedanken.worlds.ode.law.latex import latex
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.simulate import Track, score
from gedanken.worlds.ode.trajectory import Array

WIDTH, HEIGHT, MARGIN = 640, 180, 34


def show_problem(problem: Problem) -> dict[str, Any]:
    """Hint, columns and trials."""
    seen = problem.observation
    trials = [
        {"name": trial.name, "t": trial.t, "values": trial.values}
        | ({} if trial.drive is None else {"inputs": trial.drive.at(trial.t)})
        for trial in seen.trajectories
    ]
    shown = {"hint": seen.hint, "columns": seen.states.columns, "trials": trials}
    if seen.states.inputs:
        shown["inputs"] = [{"name": each.name, "between": each.between} for each in seen.states.inputs]
    if seen.knowledge:
        shown["known"] = sentences(seen.knowledge)
    return shown


def show_answer(problem: Problem, turn: Turn) -> dict[str, Any] | None:
    """The law's simulated trials; None where there is no law that could be simulated."""
    if turn.verdict.error is not None:
        return None
    trials = range(len(problem.truth.scored))
    curves = [{"t": problem.truth.scored[k].t, "values": _simulate(problem, turn.verdict.reading, k)} for k in trials]
    return {"curves": curves}


def _simulate(problem: Problem, law: Law, trial: int) -> Array | None:
    """The law at the samples of a trial, from the start that verdicts are given for."""
    truth = problem.truth
    track = Track(problem.observation.states, truth.scored[trial], truth.initials[trial])
    return score(track, law.source, law.params).predicted


def picture(problem: Problem, best: Turn | None) -> str:
    """The first trial over time as SVG, a panel a column, with the simulation of the best law so far."""
    shown = problem.observation.trajectories[0]
    curve, caption = None, "Measured"
    if best is not None and best.verdict.error is None:
        curve = _simulate(problem, best.verdict.reading, 0)
        caption = f"Measured (dots) and simulated by {best.verdict.reading.text} (line)"
    panels = [
        _panel(name, shown.t, shown.values[:, k], problem.truth.scored[0].t, None if curve is None else curve[:, k])
        for k, name in enumerate(problem.observation.states.columns)
        if np.isfinite(shown.values[:, k]).any()
    ]
    return f"<figure><figcaption>{html.escape(caption)}</figcaption>{''.join(panels)}</figure>"


def _panel(name: str, t: Array, values: Array, times: Array, curve: Array | None) -> str:
    """Dots over time with an optional line, in the colours of the page."""
    seen = np.isfinite(values)
    low, high = float(values[seen].min()), float(values[seen].max())
    pad = 0.05 * (high - low) or 1.0
    low, high = low - pad, high + pad

    def place(x: Array, y: Array) -> Iterable[tuple[float, float]]:
        across = MARGIN + (WIDTH - 2 * MARGIN) * (x - t[0]) / (t[-1] - t[0])
        down = HEIGHT - MARGIN / 2 - (HEIGHT - MARGIN) * (np.clip(y, low, high) - low) / (high - low)
        return zip(across.tolist(), down.tolist(), strict=True)

    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in place(t[seen], values[seen]))
    line = ""
    if curve is not None:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in place(times, np.nan_to_num(curve)))
        line = f'<polyline points="{points}" fill="none" stroke="#d55e00" stroke-width="2"/>'
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" aria-label="{html.escape(name)} over time">'
        f'<g fill="var(--body-text-color, #555)" font-size="11">{dots}'
        f'<text x="4" y="14">{html.escape(name)}</text><text x="4" y="{HEIGHT - 6}">{low:.3g}</text>'
        f'<text x="60" y="14">max {high:.3g}</text></g>{line}</svg>'
    )


def explain(subject: str, problem: Problem) -> str:
    """A system in plain text: its law, its source, a prompt about it, and what was drawn for that prompt."""
    entry = system.load(subject)
    equations = parse(entry.equation, entry.states, tuple(entry.params))
    lines = [
        f"{subject}  {entry.category}, tier {entry.tier}{', held out' if entry.held_out else ''}",
        f"law     {entry.equation}",
        f"LaTeX   {latex(equations)}",
        *(f"keeps   {quantity} = {expression}" for quantity, expression in entry.conserved.items()),
        f"source  {entry.source}",
        "",
        problem.prompt,
        "",
        f"drawn   {', '.join(f'{key} = {value:.4g}' for key, value in problem.truth.params.items())}",
    ]
    return "\n".join(lines)


def systems_page() -> str:
    """The zoo in Markdown, from the systems themselves."""
    entries = {name: system.load(name) for name in system.names()}
    lines = [
        "# Systems of `discover`",
        "",
        "Generated by `gedanken docs` from `src/gedanken/worlds/ode/systems/`, one file a system. "
        f"There are {len(entries)}, of which {sum(e.held_out for e in entries.values())} are held out from training.",
        "",
    ]
    for category in sorted({entry.category for entry in entries.values()}):
        lines += [f"## {category.capitalize()}", ""]
        for name, entry in entries.items():
            if entry.category == category:
                lines += [*_describe(name, entry), ""]
    return "\n".join(lines)


def _describe(name: str, entry: system.System) -> list[str]:
    """The section about one system."""
    equations = parse(entry.equation, entry.states, tuple(entry.params))
    params = ", ".join(f"`{key}` {_range(value)}" for key, value in entry.params.items()) or "none"
    lines = [f"### `{name}`", "", zoo.docstring(system.PACKAGE, name), "", _display(latex(equations)), ""]
    lines += [f"- tier {entry.tier}, {'held out' if entry.held_out else 'train'}", f"- parameters: {params}"]
    lines += [f"- starts: {', '.join(f'`{key}` {_range(value)}' for key, value in entry.initial.items())}"]
    if entry.conserved:
        lines += [f"- keeps: {', '.join(f'{key} `{value}`' for key, value in entry.conserved.items())}"]
    if entry.readable:
        scales = ", ".join(f"`{key}` = `{value}`" for key, value in entry.scales.items() if key != value)
        lines += [f"- taught as: `{entry.readable}` with {scales}"]
    return [*lines, f"- source: {entry.source}"]


def _display(formula: str) -> str:
    """A displayed formula, lines kept apart where there are several."""
    return f"$$\\begin{{gathered}} {formula} \\end{{gathered}}$$" if r"\\" in formula else f"$${formula}$$"


def _range(quantity: object) -> str:
    """A drawn quantity in words."""
    if isinstance(quantity, int | float):
        return f"= {quantity:g}"
    if isinstance(quantity, str):
        return f"= `{quantity}`"
    fields = vars(quantity) if hasattr(quantity, "__dict__") else {}
    if {"low", "high"} <= set(fields):
        return f"{fields['low']:g} to {fields['high']:g}" + (
            " (log)" if type(quantity).__name__ == "LogUniform" else ""
        )
    if "options" in fields:
        return "one of " + ", ".join(f"{value:g}" for value in fields["options"])
    if "magnitude" in fields:
        return f"±({_range(fields['magnitude'])})"
    return str(quantity)
