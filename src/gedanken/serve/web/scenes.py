"""Problems, answers and frames as JSON that a page can draw. Numbers that are not finite become null."""

import math
from typing import Any

import numpy as np

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


def show_problem(task: Task, problem: Problem) -> dict[str, Any]:
    """The public half of a problem: its text, its messages, and the data behind them."""
    messages = [dict(message) for message in task.ask(problem)]
    return plain_object(prompt=problem.prompt, messages=messages, **task.show_problem(problem))


def draw_turn(task: Task, problem: Problem, turn: Turn) -> dict[str, Any] | None:
    """What the page draws of an answer."""
    shown = task.show_answer(problem, turn)
    return None if shown is None else plain_object(**shown)


def plain_object(**values: Any) -> dict[str, Any]:
    """An object of JSON-able data."""
    return {name: plain(value) for name, value in values.items()}


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
