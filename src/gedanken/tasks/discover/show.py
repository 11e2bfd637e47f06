"""A `discover` problem for people: data for a page, a picture, text for a terminal, the page about the zoo."""

import html
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from gedanken import zoo
from gedanken.loop import Problem, Turn
from gedanken.seeding import stream
from gedanken.tasks.discover.judge import score_trials
from gedanken.tasks.discover.observation import Observation, Truth
from gedanken.worlds.ode import system
from gedanken.worlds.ode.knowledge.text import sentences
from gedanken.worlds.ode.law.latex import latex
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.parser import FUNCTIONS, TIME, parse
from gedanken.worlds.ode.simulate import SCORE_FUEL, Track, score, simulate
from gedanken.worlds.ode.trajectory import Array, Trajectory, pool

WIDTH, HEIGHT, MARGIN = 640, 180, 34
# Times of a smooth curve, and the work that it may take: a law that is scored at a hundred samples is drawn at three
# times as many.
DENSE, DENSE_FUEL = 300, 5 * SCORE_FUEL
SMALL = 48


def show_problem(problem: Problem) -> dict[str, Any]:
    """Hint, columns and trials, and what it takes to write an answer."""
    seen: Observation = problem.observation
    states = seen.states
    spread = [np.nanstd(column) if np.isfinite(column).any() else math.nan for column in pool(seen.trajectories).T]
    return {
        "task": problem.task,
        "hint": seen.hint,
        "columns": states.columns,
        "left_sides": states.left_sides,
        "functions": tuple(FUNCTIONS),
        "time": TIME,
        "time_unit": "",
        "units": {},
        "inputs": [{"name": each.name, "between": each.between} for each in states.inputs],
        "known": sentences(seen.knowledge) if seen.knowledge else [],
        "spread": dict(zip(states.columns, spread, strict=True)),
        "trials": show_trials(seen.trajectories),
        "held_out": [],
    }


def show_trials(trials: Iterable[Trajectory]) -> list[dict[str, Any]]:
    """Trials as data."""
    return [
        {
            "name": trial.name,
            "t": trial.t,
            "values": trial.values,
            "inputs": None if trial.drive is None else trial.drive.at(trial.t),
        }
        for trial in trials
    ]


def draw_law(problem: Problem, law: Law) -> dict[str, Any]:
    """A law, and its simulated trials from the starts that verdicts are given for: at the samples, and densely.

    A law that does not reach the end of every trial has no curves at the samples; the dense ones say how far it gets.
    """
    curves, dense, whole = [], [], True
    for trial, found in zip(problem.truth.scored, score_trials(problem, law), strict=True):
        whole &= not found.reason and found.predicted is not None
        curves.append({"t": trial.t, "values": _significant(found.predicted) if whole else None})
        dense.append(_draw_densely(law, found.start, trial))
    return {
        "kind": "law",
        "equation": law.text,
        "params": dict(law.params),
        "latex": latex(law.equations, law.params),
        "curves": curves if whole else [],
        "dense": dense,
    }


def _draw_densely(law: Law, start: Array | None, trial: Trajectory) -> dict[str, Any]:
    """A law at `DENSE` times over a trial's span."""
    times = np.linspace(trial.t[0], trial.t[-1], DENSE)
    values, reached = np.full((DENSE, law.states.size), math.nan), float(trial.t[0])
    if start is not None and np.isfinite(start).all():
        found = simulate(law.source, law.states, law.params, start, times, fuel=DENSE_FUEL, drive=trial.drive)
        values, reached = found.values, float(times[-1]) if not found.reason else found.reached
    return {"t": _significant(times), "values": _significant(values), "reached": reached}


def _significant(values: Array | None) -> Array | None:
    """Rounded to six significant digits, which is more than a screen shows and a third of the text."""
    if values is None:
        return None
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        power = np.where(values == 0, 0, 5 - np.floor(np.log10(np.abs(values))))
        up, down = 10.0 ** np.clip(power, 0, 300), 10.0 ** np.clip(-power, 0, 300)
        rounded = np.rint(values * up / down) / up * down
    return np.asarray(np.where(np.isfinite(rounded), rounded, values))


def show_truth(problem: Problem) -> dict[str, Any]:
    """The true law of a zoo problem, drawn like an answer, with what is known of it."""
    entry = system.load(problem.subject)
    truth: Truth = problem.truth
    states = problem.observation.states
    law = Law(parse(truth.equation, states, truth.params), truth.params, truth.equation)
    return {
        **draw_law(problem, law),
        "about": zoo.docstring(system.PACKAGE, problem.subject),
        "source": entry.source,
        # In the names of an anonymous problem they would be of no use.
        "conserved": dict(entry.conserved) if states == entry.states else {},
    }


def show_subject(subject: str) -> dict[str, Any]:
    """A system's law, how it is drawn, what it keeps, and where it is from."""
    entry = system.load(subject)
    about = zoo.docstring(system.PACKAGE, subject)
    equations = parse(entry.equation, entry.states, tuple(entry.params))
    return {
        "task": "discover",
        "name": subject,
        "category": entry.category,
        "tier": entry.tier,
        "held_out": entry.held_out,
        "summary": about.split("\n\n")[0],
        "about": about,
        "equation": entry.equation,
        "latex": latex(equations, entry.params),
        "columns": entry.states.columns,
        "params": [_show_quantity(*item) for item in entry.params.items()],
        "initial": [_show_quantity(*item) for item in entry.initial.items()],
        "conserved": dict(entry.conserved),
        "source": entry.source,
        "duration": str(entry.duration),
        "samples": entry.samples,
    }


def _show_quantity(name: str, quantity: system.Quantity) -> dict[str, Any]:
    """How a quantity is drawn, as data."""
    shown: dict[str, Any] = dict.fromkeys(("low", "high", "options", "expression"))
    match quantity:
        case system.Uniform() | system.LogUniform():
            kind = "uniform" if isinstance(quantity, system.Uniform) else "log_uniform"
            shown |= {"low": quantity.low, "high": quantity.high}
        case system.Choice():
            kind = "choice"
            shown |= {"options": quantity.options, "low": min(quantity.options), "high": max(quantity.options)}
        case system.Signed():
            kind = "signed"
            shown |= {"low": -quantity.magnitude.high, "high": quantity.magnitude.high}
        case str():
            kind = "expression"
            shown |= {"expression": quantity}
        case _:
            kind = "number"
            shown |= {"low": quantity, "high": quantity}
    return {"name": name, "kind": kind, **shown, "text": _range(quantity).replace("`", "").removeprefix("= ")}


def draw_small(subject: str) -> dict[str, Any]:
    """The first coordinate of a test instance without noise at `SMALL` times, for a thumbnail."""
    instance = system.draw(system.load(subject), stream("discover", subject, "thumbnail"))
    trajectory = system.trajectory(instance, np.linspace(0.0, instance.duration, SMALL))
    return {
        "column": instance.system.states.columns[0],
        "t": _significant(trajectory.t),
        "values": _significant(trajectory.values[:, 0]),
    }


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


def _simulate(problem: Problem, law: Law, trial: int) -> Array | None:
    """The law at the samples of a trial, from the start that verdicts are given for."""
    truth = problem.truth
    track = Track(problem.observation.states, truth.scored[trial], truth.initials[trial])
    return score(track, law.source, law.params).predicted


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
