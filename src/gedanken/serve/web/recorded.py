"""The comparison that comes with the package: two players at one problem, as `/api/comparisons/:id` would tell it."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from gedanken import __version__
from gedanken.errors import GedankenError
from gedanken.files import write_atomically
from gedanken.loop import Player, Problem, Task, Turn, play
from gedanken.serve.web.history import FAILED, FINISHED, PLAYER
from gedanken.serve.web.scenes import plain, pose, show_problem, show_turn
from gedanken.serve.web.wire import ProblemRequest

RECORDED = Path(__file__).parent / "recorded.json"
NAME = "recorded"


def record(
    request: ProblemRequest,
    players: Sequence[tuple[str, Callable[[], Player]]],
    turns: int | None,
    command: str,
    note: str,
    on_turn: Callable[[str, int, Turn], None],
) -> dict[str, Any]:
    """Let players play one problem, one after the other (`models.episodes.Comparison`).

    Args:
        request: the problem.
        players: what each is called, and a function that loads it.
        turns: answers a player has; the task's own number when None.
        command: the command line that does the same.
        note: who played, for the badge.
        on_turn: called with the player's name, the turn's number and the turn.

    Raises:
        UserError: there is no such problem.
    """
    task, problem, named = pose(request, turns)
    version = named.pop("version")
    created = time.time()
    episodes = [_play(task, problem, named, side, name, load(), on_turn) for side, (name, load) in enumerate(players)]
    law = task.show_truth(problem)
    return {
        "id": NAME,
        "created": created,
        "problem": named,
        "shown": show_problem(task, problem),
        "episodes": episodes,
        "recorded": {"date": time.strftime("%Y-%m-%d"), "version": version, "command": command, "note": note},
        "law": None if law is None else plain({key: value for key, value in law.items() if key != "kind"}),
    }


def _play(
    task: Task,
    problem: Problem,
    named: dict[str, Any],
    side: int,
    name: str,
    player: Player,
    on_turn: Callable[[str, int, Turn], None],
) -> dict[str, Any]:
    """One side, as `models.episodes.Episode`. A player that fails ends it with the turns that it has."""
    begun, status, reason, code = time.time(), FINISHED, None, None
    shown: list[dict[str, Any]] = []
    try:
        for number, turn in enumerate(play(task, player, problem), 1):
            on_turn(name, number, turn)
            shown.append(show_turn(task, problem, number, turn))
    except GedankenError as error:
        status, reason, code = FAILED, str(error), error.code or "invalid"
    verdicts = [turn["verdict"] for turn in shown]
    return {
        "id": f"{NAME}-{side}",
        "status": status,
        "created": begun,
        "ended": time.time(),
        "comparison": NAME,
        "side": side,
        "version": __version__,
        "problem": named,
        "player": dict.fromkeys(PLAYER) | {"name": name},
        "max_turns": task.max_turns,
        "error": reason,
        "code": code,
        "peeked": False,
        "best_reward": max((verdict["reward"] for verdict in verdicts), default=None),
        "best_match": max((verdict["match"] for verdict in verdicts), default=None),
        "solved": any(verdict["solved"] for verdict in verdicts),
        "solved_in": next((number for number, each in enumerate(verdicts, 1) if each["solved"]), None),
        "played": len(shown),
        "turns": shown,
        "shown": None,
    }


def write(path: Path, comparison: dict[str, Any]) -> None:
    """Write a comparison to a file.

    Raises:
        UserError: the folder cannot be written to.
    """
    write_atomically(path, orjson.dumps(comparison, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
