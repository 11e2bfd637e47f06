"""`gedanken zoo`: what there is to ask about."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli._options import TaskArgument

app = typer.Typer(help="What there is to ask about.", no_args_is_help=True)


@app.command("list", epilog="gedanken zoo list discover --tier 3\n\ngedanken zoo list predict --json | jq length")
def list_subjects(
    task: TaskArgument = "discover",
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    tier: Annotated[int | None, typer.Option(help="Only subjects of this tier.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list.")] = False,
) -> None:
    """List what a task can ask about: systems of `discover`, scenarios of `predict`."""
    from rich.console import Console
    from rich.table import Table

    from gedanken import tasks
    from gedanken.cli._show import print_json

    chosen = tasks.load(task)
    subjects = [
        subject
        for subject in map(chosen.describe, chosen.subjects())
        if category in (None, subject.category) and tier in (None, subject.tier)
    ]
    if as_json:
        print_json([subject.to_dict() for subject in subjects])
        return
    tiers = any(subject.tier is not None for subject in subjects)
    table = Table(box=None, pad_edge=False)
    for column in ("name", "category", *(["tier"] if tiers else []), "split", "about"):
        table.add_column(column, overflow="fold")
    for subject in subjects:
        shown = [str(subject.tier)] if tiers else []
        split = "held out" if subject.held_out else "train"
        table.add_row(subject.name, subject.category, *shown, split, subject.about)
    Console().print(table, highlight=False)


@app.command(epilog="gedanken zoo show lorenz --index 1\n\ngedanken zoo show newtons_cradle --level 2")
def show(
    name: Annotated[str, typer.Argument(help="A subject of any task.")],
    index: Annotated[int, typer.Option(help="Which instance to draw.")] = 0,
    level: Annotated[int | None, typer.Option(help="1 to 5; the task's own by default.")] = None,
) -> None:
    """Show one subject: what it is, its source, and one instance."""
    import difflib

    from gedanken import tasks
    from gedanken.errors import UserError

    every = [tasks.load(task) for task in tasks.names()]
    for task in every:
        if name in task.subjects():
            print(task.explain(name, level=level, index=index))
            return
    near = difflib.get_close_matches(name, [subject for task in every for subject in task.subjects()], n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `gedanken zoo list TASK` names them"
    raise UserError(f"there is no subject called {name!r}{hint}")


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
