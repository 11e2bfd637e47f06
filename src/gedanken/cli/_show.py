"""How turns and laws look on a terminal."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from gedanken.loop import Turn

if TYPE_CHECKING:
    from gedanken.own_data.finding import Finding
    from gedanken.tasks.predict.rollout import Rollout
    from gedanken.worlds.rigid.scene.geometry import Array


def show_turn(console: Console, number: int, turn: Turn) -> None:
    """One turn: the answer as it was read, its terms and what the simulator says."""
    verdict = turn.verdict
    mark = "[green]solved[/]" if verdict.solved else "[red]no score[/]" if verdict.error else "[yellow]not yet[/]"
    console.print(f"[bold]turn {number}[/]  {mark}  reward {verdict.reward:.3f}  ({turn.seconds:.2f} s)")
    for number, line in enumerate(verdict.reading.lines() if verdict.reading is not None else ()):
        console.print(f"  {line}", style="cyan" if number == 0 else None, highlight=False, markup=False)
    console.print("  " + "  ".join(f"{name} {verdict.terms[name]:.3f}" for name in verdict.weights), style="dim")
    console.print(f"  {verdict.feedback}", highlight=False)


def show_finding(console: Console, finding: "Finding", files: Mapping[str, Path]) -> None:
    """The law, its intervals, how well it holds, and what the data cannot tell."""
    from gedanken.own_data.report.limits import limits

    console.print(f"\n[bold]{finding.record.title}[/]: {finding.outcome}", highlight=False)
    for sentence in (*finding.observations, finding.order):
        if sentence:
            console.print(sentence, highlight=False)
    if finding.fitted is not None:
        console.print(f"[bold cyan]{finding.law.text}[/]", highlight=False)
        table = Table(box=None, pad_edge=False)
        for heading in ("parameter", "value", "95 % interval"):
            table.add_column(heading, justify="left" if heading == "parameter" else "right")
        for name, value in finding.params.items():
            half = finding.half_width(name)
            interval = f"{value - half:.5g} .. {value + half:.5g}" if math.isfinite(half) else "not identified"
            table.add_row(name, f"{value:.6g}", interval)
        console.print(table)
        console.print("R2  " + "  ".join(f"{name} {value:.5f}" for name, value in finding.r2.items()))
    if finding.held_out_r2:
        console.print("R2 held out  " + "  ".join(f"{name} {value:.4f}" for name, value in finding.held_out_r2.items()))
    if not finding.accepted:
        for baseline, r2 in finding.baselines.items():
            console.print(f"R2 of the {baseline}  " + "  ".join(f"{name} {value:.4f}" for name, value in r2.items()))
    if len(finding.ladder) > 1:
        console.print(_ladder(finding))
    if finding.reason:
        console.print(finding.reason, highlight=False)
    for sentence in limits(finding):
        console.print(f"- {sentence}", style="dim")
    for path in files.values():
        console.print(f"wrote {path}")


def _ladder(finding: "Finding") -> Table:
    """The ladder of complexity against fit."""
    table = Table(box=None, pad_edge=False)
    for heading in ("constants", "terms", "R2", "R2 left out", "law"):
        table.add_column(heading, justify="left" if heading == "law" else "right", overflow="fold")
    for rung in finding.ladder:
        left_out = "" if rung.left_out is None else f"{rung.left_out:.5f}"
        mark = "bold" if rung.reported else None
        table.add_row(str(rung.constants), str(rung.terms), f"{rung.match:.5f}", left_out, rung.equation, style=mark)
    return table


def print_json(value: object, pretty: bool = False) -> None:
    """One JSON document on standard output."""
    import orjson

    options = orjson.OPT_SERIALIZE_NUMPY | (orjson.OPT_INDENT_2 if pretty else 0)
    print(orjson.dumps(value, option=options).decode())


@contextmanager
def progress_bar(title: str, seconds: float = 10.0) -> Iterator[Callable[..., None]]:
    """A bar on standard error; yields `advance(done, total, note)`.

    Where standard error is no terminal (a log file, a job's output), a line is printed at most every `seconds`.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _make_log(title, seconds)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        row = bar.add_task(title, total=None, note="")

        def advance(done: int, total: int, note: str = "") -> None:
            bar.update(row, completed=done, total=total, note=note)

        yield advance


def _make_log(title: str, seconds: float) -> Callable[..., None]:
    """`advance(done, total, note)` that prints lines instead of drawing; what takes less than `seconds` prints none."""
    start = last = time.monotonic()

    def advance(done: int, total: int, note: str = "") -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < seconds:
            return
        last = now
        share = f" ({done / total:.0%})" if total else ""
        # A pipe would keep lines back until there are many.
        print(f"{title}: {done}/{total}{share}, {now - start:.0f} s  {note}".rstrip(), file=sys.stderr, flush=True)

    return advance


def show_rollout(console: Console, rollout: "Rollout") -> None:
    """How far a prediction strays: a line of bars over time, and errors at the usual horizons."""
    console.print(f"[bold]{rollout.title}[/], {rollout.player}, {len(rollout.predicted)} frames")
    numbered = rollout.numbered.mean()
    told = "" if numbered == rollout.coverage.mean() else f", {numbered:.1%} in a frame numbered as asked"
    console.print(f"coverage {rollout.coverage.mean():.1%} of the bodies answered{told}")
    for warning in rollout.warnings:
        console.print(f"warning: {warning}", style="yellow")
    for complaint in rollout.complaints[:5]:
        console.print(f"  {complaint}", style="yellow")
    position, velocity = rollout.position_errors, rollout.velocity_errors
    if position is None or velocity is None:
        console.print(
            "the file has no frame after the context and does not tell enough to simulate one: nothing to compare with"
        )
        return
    console.print(f"compared with {rollout.compared_with}")
    table = Table(box=None, pad_edge=False)
    for heading in ("frames ahead", "position error (px)", "velocity error (px/s)"):
        table.add_column(heading, justify="right")
    from gedanken.tasks.predict.rollout import HORIZONS

    for horizon in sorted({h for h in HORIZONS if h <= len(position)} | {len(position)}):
        table.add_row(str(horizon), f"{position[horizon - 1]:.4f}", f"{velocity[horizon - 1]:.3f}")
    console.print(table)
    console.print(f"error over time  {_bars(position)}  0 to {position.max():.3g} px")


def _bars(values: "Array", width: int = 40) -> str:
    """A row of block characters, one for each of at most `width` spans of `values`."""
    spans = [values[k] for k in range(0, len(values), max(1, -(-len(values) // width)))]
    top = max(*spans, 1e-12) if len(spans) > 1 else max(spans[0], 1e-12)
    return "".join(" ▁▂▃▄▅▆▇█"[min(8, int(8 * value / top + 0.999))] for value in spans)
