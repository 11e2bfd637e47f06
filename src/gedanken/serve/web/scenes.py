"""Problems, answers and frames as JSON that a page can draw. Numbers that are not finite become null."""

import math
from typing import Any

import numpy as np
from pydantic import ValidationError

from gedanken import __version__, tasks
from gedanken.episode import LocalEnv, locate
from gedanken.errors import UserError
from gedanken.loop import Problem, Task, Turn
from gedanken.serve.web.wire import ProblemRequest


def pose(request: ProblemRequest, max_turns: int | None = None) -> tuple[Task, Problem, dict[str, Any]]:
    """The task, the problem that a request names, and the request with its subject and our version filled in.

    Raises:
        UserError: there is no such problem.
    """
    task = tasks.load(request.task)
    if wrong := sorted(set(request.options) - set(task.options)):
        raise UserError(f"{task.name} has no option {wrong[0]!r}; it has {', '.join(task.options)}")
    subject = request.subject
    if subject is None:
        subject, _ = locate(task, request.split, None, None, request.index)
    env = LocalEnv(task.name)
    options: dict[str, Any] = dict(request.options)
    env.reset(
        subject=subject,
        index=request.index,
        split=request.split,
        level=request.level,
        max_turns=max_turns,
        **options,
    )
    assert env.problem is not None
    return env.task, env.problem, {**request.model_dump(), "subject": subject, "version": __version__}


def show_problem(task: Task, problem: Problem) -> dict[str, Any] | None:
    """What a page draws of the public half of a problem (`models.problems.Shown`), None for a task without pictures."""
    shown = task.show_problem(problem)
    return {**plain(shown), "prompt_length": len(problem.prompt)} if shown else None


def show_turn(task: Task, problem: Problem, number: int, turn: Turn) -> dict[str, Any]:
    """A turn as `models.episodes.Turn`."""
    verdict = turn.verdict
    judged = {
        **verdict.to_dict(),
        "match": verdict.match,
        "solved_at": task.solved_at,
        "weights": dict(verdict.weights),
    }
    return {
        "number": number,
        # The database takes no NUL and no half of a surrogate pair.
        "answer": turn.answer[:65_536].encode("utf-8", "replace").decode().replace("\x00", "\ufffd"),
        "verdict": plain(judged),
        "drawing": plain(task.show_answer(problem, turn)),
        "seconds": turn.seconds,
    }


def show_again(named: dict[str, Any]) -> dict[str, Any] | None:
    """What is shown of a recorded problem; None where this version does not know its subject or its options."""
    try:
        task, problem, _ = pose(ProblemRequest(**named))
    except (UserError, ValidationError):
        return None
    return show_problem(task, problem)


def show_comparison(identity: str, sides: list[dict[str, Any]]) -> dict[str, Any]:
    """The episodes of a comparison, as the history has them, as `models.episodes.Comparison`."""
    return {
        "id": identity,
        "created": min(side["created"] for side in sides),
        "problem": sides[0]["problem"],
        "shown": show_again(sides[0]["problem"]),
        "episodes": [{**side, "shown": None} for side in sides],
        "recorded": None,
        "law": None,
    }


def plain(value: Any) -> Any:
    """The value as JSON-able data."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    elif isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value).encode("utf-8", "replace").decode()
