"""`gedanken check`: run the contracts on an entry of your own."""

from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = ("gedanken check my_oscillator.py", "gedanken check src/gedanken/worlds/ode/systems/simple_pendulum.py")


def check(
    file: Annotated[Path, typer.Argument(help="A Python file that holds one system (SYSTEM) or scenario (build).")],
) -> None:
    """Hold one zoo entry to the promises that every entry keeps; exit with 1 where it breaks one."""
    from rich.console import Console

    from gedanken import tasks
    from gedanken.errors import UserError

    examined = (tasks.load(name).examine(file) for name in tasks.names())
    promises = next((promises for promises in examined if promises is not None), None)
    if promises is None:
        raise UserError(f"{file} holds neither a SYSTEM nor a function build; CONTRIBUTING.md names a file to copy")
    console = Console(highlight=False)
    broken = 0
    for promise, complaint in promises:
        broken += complaint is not None
        mark = "[red]broken[/]" if complaint else "[green]kept[/]  "
        console.print(f"{mark}  {promise.replace('_', ' ')}{': ' if complaint else ''}{complaint or ''}")
    if broken:
        raise typer.Exit(1)
