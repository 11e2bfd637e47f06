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

    from gedanken import zoo
    from gedanken.errors import UserError
    from gedanken.tasks.discover import contracts

    module = zoo.load_file(file)
    if not hasattr(module, "SYSTEM"):
        raise UserError(f"{file} holds no SYSTEM; copy a file of src/gedanken/worlds/ode/systems")
    console = Console(highlight=False)
    broken = 0
    for promise, complaint in contracts.examine(file.stem, module.SYSTEM):
        broken += complaint is not None
        mark = "[red]broken[/]" if complaint else "[green]kept[/]  "
        console.print(f"{mark}  {promise.replace('_', ' ')}{': ' if complaint else ''}{complaint or ''}")
    if broken:
        raise typer.Exit(1)
