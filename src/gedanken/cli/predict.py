"""`gedanken predict`: let a player continue a scene, beside the truth."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli._options import FORMATS, BaseUrlOption, KeyOption, PlayerOption

EXAMPLES = (
    "gedanken predict newtons_cradle --player restart10 --frames 200 --gif cradle.gif",
    "gedanken predict billiards --level 3 --index 7 --player linear",
    "gedanken pose predict tower > tower.txt && gedanken predict tower.txt --player restart1 --frames 20 --json",
    "gedanken predict scene.json --frames 300 --gif scene.mp4",
    "gedanken predict recording.jsonl --context 10 --assume 'wall_radius=2, iterations=10, damping=1'",
)


def predict(
    scene: Annotated[
        str,
        typer.Argument(
            help="A scenario, or a file: .py with a build function, a scene in .json or .yaml, a text in any format, "
            "a published recording (.jsonl)."
        ),
    ],
    player: PlayerOption = "restart10",
    frames: Annotated[int, typer.Option(help="How many frames to predict.")] = 60,
    level: Annotated[int | None, typer.Option(help="Of a scenario, 1 to 5: how many bodies. Default: 2.")] = None,
    index: Annotated[int | None, typer.Option(help="Of a scenario: which instance. Default: 0.")] = None,
    split: Annotated[str | None, typer.Option(help="Of a scenario: train, val or test. Default: test.")] = None,
    context: Annotated[
        int | None, typer.Option(help="Frames shown, 10 by default. Of a file, the frames after them are the truth.")
    ] = None,
    text_format: Annotated[
        str | None, typer.Option("--format", help=f"Text format: {FORMATS}. Default: v1, or the file's own.")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Memoryless: each printed frame decides the next.")] = False,
    assume: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="What a published recording does not tell: wall_radius, iterations, damping; substeps, rotates.",
        ),
    ] = None,
    base_url: BaseUrlOption = None,
    api_key: KeyOption = None,
    gif: Annotated[
        Path | None, typer.Option(help="Write truth and prediction side by side: .gif, or .mp4 (extra `video`).")
    ] = None,
    width: Annotated[int, typer.Option(help="With --gif: px of each half, 120 to 1600.")] = 420,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with every predicted frame.")] = False,
) -> None:
    """Continue a scene on the player's own frames and measure it against the truth.

    The truth of a scenario is its recording. The truth of a file is the frames after the context; a file that has none
    is compared with a restart of the simulator from its text, and the output says so.
    """
    from rich.console import Console

    from gedanken.cli._show import print_json, progress_bar, show_rollout
    from gedanken.errors import UserError
    from gedanken.players import load_player
    from gedanken.tasks.predict import rollout
    from gedanken.worlds.ode.kernel import jit

    if gif is not None:
        from gedanken.worlds.rigid.drawing.film import check_film

        check_film(gif, width)
    with (
        progress_bar(f"{scene}, {player}") as advance,
        jit.announce(lambda part: advance(0, frames, f"compiling, once on this machine: {part}")),
    ):
        title, problem = rollout.read_problem(
            scene,
            frames=frames,
            level=level,
            index=index,
            split=split,
            context=context,
            format=text_format,
            exact=exact,
            assume=assume,
        )
        if gif is not None and problem.truth.scene is None:
            raise UserError(
                f"{scene} does not tell sizes, so there is nothing to draw; --gif needs a v1 text, a scenario, a "
                "scene, or a recording with --assume"
            )
        contestant = load_player(player, "predict", base_url=base_url, api_key=api_key)
        continued = rollout.run(title, problem, contestant, frames, lambda done: advance(done, frames))
    if gif is not None and continued.truth is not None and continued.scene is not None:
        from gedanken.worlds.rigid.drawing.film import compare

        compare(
            continued.scene,
            continued.truth,
            continued.predicted,
            gif,
            width=width,
            player=continued.player,
            truth_is="a restart" if continued.restarted else "the truth",
            first=continued.first,
        )
    if as_json:
        print_json(continued.to_dict() | ({"gif": str(gif)} if gif else {}))
        return
    console = Console(highlight=False)
    show_rollout(console, continued)
    if gif:
        console.print(f"wrote {gif}")
