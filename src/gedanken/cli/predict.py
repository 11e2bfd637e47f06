"""`gedanken predict`: let a player continue a scene, beside the truth."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli._options import FORMATS, BaseUrlOption, IndexArgument, KeyOption, PlayerOption

EXAMPLES = (
    "gedanken predict newtons_cradle --player restart10 --frames 200 --gif cradle.gif",
    "gedanken predict billiards --level 3 --index 7 --player linear",
    "gedanken pose predict tower > tower.txt && gedanken predict tower.txt --player restart1 --frames 20 --json",
)


def predict(
    scene: Annotated[
        str, typer.Argument(help="A scenario, a .py file with a build function, or a text in any format.")
    ],
    player: PlayerOption = "restart10",
    frames: Annotated[int, typer.Option(help="How many frames to predict.")] = 60,
    level: Annotated[int, typer.Option(help="1 to 5: how many bodies.")] = 2,
    index: IndexArgument = 0,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    context: Annotated[int, typer.Option(help="Frames shown.")] = 10,
    text_format: Annotated[str, typer.Option("--format", help=f"Text format: {FORMATS}.")] = "v1",
    exact: Annotated[bool, typer.Option("--exact", help="Memoryless: each printed frame decides the next.")] = False,
    base_url: BaseUrlOption = None,
    api_key: KeyOption = None,
    gif: Annotated[Path | None, typer.Option(help="Write truth and prediction side by side.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with every predicted frame.")] = False,
) -> None:
    """Continue a scene on the player's own frames and measure it against the truth."""
    from rich.console import Console

    from gedanken.cli._show import print_json, progress_bar, show_rollout
    from gedanken.errors import UserError
    from gedanken.players import load_player
    from gedanken.tasks.predict import rollout

    title, problem = rollout.read_problem(
        scene, frames=frames, level=level, index=index, split=split, context=context, format=text_format, exact=exact
    )
    if gif is not None and problem.truth.scene is None:
        raise UserError(
            f"{scene} does not tell sizes, so there is nothing to draw; --gif needs a v1 text or a scenario"
        )
    contestant = load_player(player, "predict", base_url=base_url, api_key=api_key)
    with progress_bar(f"{title}, {player}") as advance:
        continued = rollout.run(title, problem, contestant, frames, lambda done: advance(done, frames))
    if gif is not None and continued.truth is not None and continued.scene is not None:
        from gedanken.worlds.rigid.drawing.draw import compare

        gif.parent.mkdir(parents=True, exist_ok=True)
        compare(continued.scene, continued.truth, continued.predicted, gif)
    if as_json:
        print_json(continued.to_dict() | ({"gif": str(gif)} if gif else {}))
        return
    console = Console(highlight=False)
    show_rollout(console, continued)
    if gif:
        console.print(f"wrote {gif}")
