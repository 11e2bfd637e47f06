"""`gedanken zoo`: what there is to ask about."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="What there is to ask about.", no_args_is_help=True)


@app.command("list", epilog="gedanken zoo list --tier 3\n\ngedanken zoo list --json | jq length")
def list_subjects(
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    tier: Annotated[int | None, typer.Option(help="Only this tier.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list.")] = False,
) -> None:
    """List the systems of `discover`."""
    from rich.console import Console
    from rich.table import Table

    from gedanken.cli._show import print_json
    from gedanken.worlds.ode import system

    rows: list[dict[str, Any]] = []
    for name in system.names():
        entry = system.load(name)
        if category in (None, entry.category) and tier in (None, entry.tier):
            rows.append(
                {
                    "name": name,
                    "category": entry.category,
                    "tier": entry.tier,
                    "held_out": entry.held_out,
                    "equation": entry.equation,
                    "source": entry.source,
                }
            )
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("system", "category", "tier", "split", "law"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            row["name"], row["category"], str(row["tier"]), "held out" if row["held_out"] else "train", row["equation"]
        )
    Console().print(table, highlight=False)


@app.command(epilog="gedanken zoo show lorenz --index 1")
def show(
    name: Annotated[str, typer.Argument(help="A system.")],
    index: Annotated[int, typer.Option(help="Which instance to draw.")] = 0,
) -> None:
    """Show one system: its law, its source and one instance."""
    from rich.console import Console

    from gedanken import tasks
    from gedanken.worlds.ode import system
    from gedanken.worlds.ode.expression import parse

    entry = system.load(name)
    problem = tasks.load("discover").pose(name, split="test", index=index, noise=0.0)
    console = Console(highlight=False)
    console.print(f"[bold]{name}[/]  {entry.category}, tier {entry.tier}{', held out' if entry.held_out else ''}")
    console.print(f"law     {entry.equation}")
    console.print(f"LaTeX   {parse(entry.equation, entry.states, tuple(entry.params)).latex()}")
    for quantity, expression in entry.conserved.items():
        console.print(f"keeps   {quantity} = {expression}")
    console.print(f"source  {entry.source}\n")
    console.print(problem.prompt, markup=False)
    console.print(f"\ndrawn   {', '.join(f'{key} = {value:.4g}' for key, value in problem.truth.params.items())}")


@app.command(epilog="gedanken zoo gallery --out docs/zoo --level 3")
def gallery(
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("runs/gallery"),
    level: Annotated[int, typer.Option(help="1 to 5: how many bodies.")] = 3,
    scenario: Annotated[list[str] | None, typer.Option(help="Only these; repeatable.")] = None,
    sheet_only: Annotated[bool, typer.Option("--sheet-only", help="Only the contact sheet.")] = False,
) -> None:
    """Draw every rigid scenario: an animated picture each, and a contact sheet."""
    from gedanken.cli._show import progress_bar
    from gedanken.worlds.rigid import catalogue, draw
    from gedanken.worlds.rigid.simulate import record

    names = scenario or catalogue.names()
    out.mkdir(parents=True, exist_ok=True)
    with progress_bar("gallery") as advance:
        for done, name in enumerate([] if sheet_only else names, 1):
            advance(done - 1, len(names), name)
            scene = catalogue.pose(name, level, split="test")
            draw.animate(scene, record(scene).states, out / f"{name}.gif")
    draw.contact_sheet(names, out / "gallery.png", level)
    typer.echo(f"wrote {out / 'gallery.png'}")
