"""`gedanken zoo`: what there is to ask about."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="What there is to ask about.", no_args_is_help=True)


@app.command("list", epilog="gedanken zoo list discover --tier 3\n\ngedanken zoo list predict --json | jq length")
def list_subjects(
    task: Annotated[str, typer.Argument(help="discover (systems) or predict (scenarios).")] = "discover",
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    tier: Annotated[int | None, typer.Option(help="Only systems of this tier.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list.")] = False,
) -> None:
    """List the systems of `discover` or the scenarios of `predict`."""
    from rich.console import Console
    from rich.table import Table

    from gedanken.cli._show import print_json
    from gedanken.errors import UserError

    listings = {"discover": _systems, "predict": _scenarios}
    if task not in listings:
        raise UserError(f"there is no task {task!r}; there are {', '.join(listings)}")
    rows = [
        row
        for row in listings[task]()
        if category in (None, row["category"]) and (tier is None or row.get("tier") == tier)
    ]
    if as_json:
        print_json(rows)
        return
    shown = (
        ["name", "category", "tier", "split", "equation"]
        if task == "discover"
        else ["name", "category", "split", "about"]
    )
    table = Table(box=None, pad_edge=False)
    for column in shown:
        table.add_column(column, overflow="fold")
    for row in rows:
        cells = {**row, "split": "held out" if row["held_out"] else "train"}
        table.add_row(*(str(cells[column]) for column in shown))
    Console().print(table, highlight=False)


def _systems() -> list[dict[str, Any]]:
    from gedanken.worlds.ode import system

    entries = {name: system.load(name) for name in system.names()}
    fields = ("category", "tier", "held_out", "equation", "source")
    return [{"name": name} | {field: getattr(entry, field) for field in fields} for name, entry in entries.items()]


def _scenarios() -> list[dict[str, Any]]:
    from gedanken import zoo
    from gedanken.worlds.rigid import scenarios

    return [
        {
            "name": name,
            "category": scenarios.category(name),
            "held_out": name in scenarios.HELD_OUT,
            "about": " ".join((zoo.load(scenarios.PACKAGE, name).__doc__ or "").split("\n\n")[0].split()),
        }
        for name in scenarios.names()
    ]


@app.command(epilog="gedanken zoo show lorenz --index 1\n\ngedanken zoo show newtons_cradle --level 2")
def show(
    name: Annotated[str, typer.Argument(help="A system or a scenario.")],
    index: Annotated[int, typer.Option(help="Which instance to draw.")] = 0,
    level: Annotated[int, typer.Option(help="Of a scenario: 1 to 5.")] = 2,
) -> None:
    """Show one subject: what it is, its source, and one instance."""
    from rich.console import Console

    from gedanken import tasks, zoo
    from gedanken.worlds.ode import system
    from gedanken.worlds.ode.law.latex import latex
    from gedanken.worlds.ode.law.parser import parse
    from gedanken.worlds.rigid import scenarios, text

    console = Console(highlight=False)
    if name in scenarios.names():
        held_out = ", held out" if name in scenarios.HELD_OUT else ""
        console.print(f"[bold]{name}[/]  {scenarios.category(name)}{held_out}")
        console.print((zoo.load(scenarios.PACKAGE, name).__doc__ or "").strip() + "\n", markup=False)
        writer = text.load("v1")
        scene = scenarios.pose(name, level, split="test", index=index)
        console.print(writer.write_header(writer.Header.of(scene)), markup=False)
        return
    entry = system.load(name)
    problem = tasks.load("discover").pose(name, split="test", index=index, noise=0.0)
    console.print(f"[bold]{name}[/]  {entry.category}, tier {entry.tier}{', held out' if entry.held_out else ''}")
    console.print(f"law     {entry.equation}")
    console.print(f"LaTeX   {latex(parse(entry.equation, entry.states, tuple(entry.params)))}")
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
    from gedanken.worlds.rigid import scenarios
    from gedanken.worlds.rigid.drawing import draw
    from gedanken.worlds.rigid.engine.simulate import record

    names = scenario or scenarios.names()
    out.mkdir(parents=True, exist_ok=True)
    with progress_bar("gallery") as advance:
        for done, name in enumerate([] if sheet_only else names, 1):
            advance(done - 1, len(names), name)
            scene = scenarios.pose(name, level, split="test")
            draw.animate(scene, record(scene).states, out / f"{name}.gif")
    draw.contact_sheet(names, out / "gallery.png", level)
    typer.echo(f"wrote {out / 'gallery.png'}")
