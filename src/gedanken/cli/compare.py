"""`gedanken compare`: two players at one problem, written as the web page reads a comparison."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gedanken.cli._options import ConditionOption, IndexArgument, SubjectArgument, TaskArgument, parse_conditions

EXAMPLES = (
    "gedanken compare discover free_fall_drag --player a=sparse --player b=scripted:answers.txt --out comparison.json",
    "gedanken compare discover damped_spring --player trained=hf:gedanken-discover-135m --player base=hf:smollm2 "
    "--with rows=4 --turns 4 --max-tokens 160 --out comparison.json",
)


def compare(
    task: TaskArgument,
    subject: SubjectArgument,
    out: Annotated[Path, typer.Option(help="File that is written.")],
    player: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SPEC",
            help="A player and what to call it; given twice. A spec is what --player takes elsewhere.",
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    index: IndexArgument = 0,
    turns: Annotated[
        int | None, typer.Option(help="At most this many turns each; the task's own number by default.")
    ] = None,
    conditions: ConditionOption = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest answer of a language model.")] = None,
    note: Annotated[str, typer.Option(help="A sentence on who played, which the page shows as a badge.")] = "",
) -> None:
    """Let two players play the same problem and write both episodes, with the true law, as one JSON file."""
    import functools
    import shlex
    import sys

    from rich.console import Console

    from gedanken.cli._show import show_turn
    from gedanken.errors import UserError
    from gedanken.players import load_player, share_options

    try:
        from pydantic import ValidationError

        from gedanken.serve.web import recorded
        from gedanken.serve.web.wire import ProblemRequest
    except ModuleNotFoundError:
        raise UserError("compare needs libraries; install them with: pip install 'gedanken[serve]'") from None

    named = [(each.partition("=")[0], each.partition("=")[2]) for each in player or ()]
    if len(named) != 2 or not all(name and spec for name, spec in named):
        raise UserError("compare takes two players, each written --player NAME=SPEC")
    options = parse_conditions(conditions)
    level = options.pop("level", None)
    asked = {"task": task, "subject": subject, "split": split, "index": index, "level": level, "options": options}
    try:
        request = ProblemRequest.model_validate(asked)
    except ValidationError as error:
        raise UserError("; ".join(each["msg"] for each in error.errors())) from None
    console = Console(stderr=True)
    given = share_options([spec for _, spec in named], task, max_tokens=max_tokens)
    players = [(name, functools.partial(load_player, spec, task, **given[spec])) for name, spec in named]

    def show(name: str, number: int, turn: Any) -> None:
        console.print(f"[bold]{name}[/bold]")
        show_turn(console, number, turn)

    # Where the file lies says nothing about how to make it again.
    words = [out.name if word == str(out) else word for word in sys.argv[1:]]
    told = recorded.record(request, players, turns, shlex.join(["gedanken", *words]), note, show)
    recorded.write(out, told)
    typer.echo(f"{out} holds the comparison")
