"""How turns and laws look on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from gedanken.loop import Turn


def show_turn(console: Console, number: int, turn: Turn) -> None:
    """One turn: the law it proposed, its terms and what the simulator says."""
    verdict = turn.verdict
    mark = "[green]solved[/]" if verdict.solved else "[red]no score[/]" if verdict.error else "[yellow]not yet[/]"
    console.print(f"[bold]turn {number}[/]  {mark}  reward {verdict.reward:.3f}  ({turn.seconds:.2f} s)")
    if equation := verdict.details.get("equation"):
        console.print(f"  [cyan]{equation}[/]", highlight=False)
        values = ", ".join(f"{name} = {value:.5g}" for name, value in verdict.details["params"].items())
        console.print(f"  {values}", highlight=False)
    console.print("  " + "  ".join(f"{name} {verdict.terms[name]:.3f}" for name in verdict.weights), style="dim")
    console.print(f"  {verdict.feedback}", highlight=False)


def law_table(params: dict[str, float], errors: dict[str, float] | None) -> Table:
    """Parameters with their 95 % intervals."""
    table = Table(box=None, pad_edge=False)
    table.add_column("parameter")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for name, value in params.items():
        error = (errors or {}).get(name)
        interval = "not identified" if error is None else f"{value - 1.96 * error:.5g} .. {value + 1.96 * error:.5g}"
        table.add_row(name, f"{value:.6g}", interval)
    return table


def print_json(value: object, pretty: bool = False) -> None:
    """One JSON document on standard output."""
    import orjson

    options = orjson.OPT_SERIALIZE_NUMPY | (orjson.OPT_INDENT_2 if pretty else 0)
    print(orjson.dumps(value, option=options).decode())


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[..., None]]:
    """A bar on standard error; yields `advance(done, total, note)`."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        row = bar.add_task(title, total=None, note="")

        def advance(done: int, total: int, note: str = "") -> None:
            bar.update(row, completed=done, total=total, note=note)

        yield advance
