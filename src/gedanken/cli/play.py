"""`gedanken play`: one episode, turn by turn."""

from typing import Annotated

import typer

from gedanken.cli._options import (
    BaseUrlOption,
    ConditionOption,
    IndexArgument,
    KeyOption,
    RewardOption,
    SubjectArgument,
    TaskArgument,
    parse_conditions,
)

EXAMPLES = (
    "gedanken play discover damped_spring --index 2",
    "gedanken play discover free_fall_drag --player openai:qwen3:4b --base-url ollama --turns 8",
    "gedanken play discover charged_b_field --json | jq .reward",
)


def play(
    task: TaskArgument,
    subject: SubjectArgument,
    player: Annotated[
        str | None, typer.Option(help="A built-in player (the task's own by default), or a model as BACKEND:MODEL.")
    ] = None,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    index: IndexArgument = 0,
    turns: Annotated[
        int | None, typer.Option(help="At most this many turns; the task's own number by default.")
    ] = None,
    conditions: ConditionOption = None,
    base_url: BaseUrlOption = None,
    api_key: KeyOption = None,
    temperature: Annotated[float | None, typer.Option(help="Sampling temperature of a language model.")] = None,
    reward: RewardOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a turn, as it is played.")] = False,
) -> None:
    """Play one episode and show every turn."""
    import orjson
    from rich.console import Console

    from gedanken import loop, tasks
    from gedanken.cli._show import show_turn
    from gedanken.players import load_player

    chosen = tasks.load(task, max_turns=turns, reward=reward)
    problem = chosen.pose(subject, split=split, index=index, **parse_conditions(conditions))
    contestant = load_player(
        player or chosen.default_player, task, base_url=base_url, api_key=api_key, temperature=temperature
    )
    console = Console(stderr=as_json)
    for number, turn in enumerate(loop.play(chosen, contestant, problem), 1):
        if as_json:
            row = {"turn": number, "key": problem.key.to_dict(), "player": contestant.name, "answer": turn.answer}
            print(orjson.dumps(row | turn.verdict.to_dict() | {"seconds": turn.seconds}).decode(), flush=True)
        else:
            show_turn(console, number, turn)
