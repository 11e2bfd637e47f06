"""Problems, answers and frames as JSON that a page can draw. Numbers that are not finite become null."""

import dataclasses
import math
from typing import Any

import numpy as np

from gedanken import __version__, episode
from gedanken.episode import SUBJECT, LocalEnv
from gedanken.errors import UserError
from gedanken.loop import Problem, Task, Turn
from gedanken.serve.web.wire import ProblemRequest


def pose(request: ProblemRequest, max_turns: int | None = None) -> tuple[Task, Problem, dict[str, Any]]:
    """The task, the problem that a request names, and the request with its subject and our version filled in.

    Raises:
        UserError: there is no such problem.
    """
    task = request.task
    subject = request.subject
    if subject is None:
        subject, _ = episode.locate(task, request.split, None, None, request.seed)
    env = LocalEnv(task)
    reserved = {"seed", "index", "split", "level", "max_turns", "reward_mode", "episode_id", *SUBJECT.values()}
    if wrong := sorted(reserved & set(request.conditions)):
        raise UserError(f"{wrong[0]} is not a condition; it is a field of its own")
    options: dict[str, Any] = {SUBJECT[task]: subject, **request.conditions}
    result = env.reset(index=request.seed, split=request.split, level=request.level, max_turns=max_turns, **options)
    if ignored := result.observation.metadata.get("ignored"):
        raise UserError(f"{task} has no condition {ignored[0]!r}")
    assert env.problem is not None
    return env.task, env.problem, {**request.model_dump(), "subject": subject, "version": __version__}


def show_problem(task: Task, problem: Problem) -> dict[str, Any]:
    """The public half of a problem: its text, its messages, and the data behind them."""
    shown = {"prompt": problem.prompt, "messages": [dict(message) for message in task.ask(problem)]}
    seen = problem.observation
    if task.name == "discover":
        trials = [{"name": trial.name, "t": trial.t, "values": trial.values} for trial in seen.trajectories]
        return plain_object(**shown, hint=seen.hint, columns=seen.states.columns, trials=trials)
    return plain_object(**shown, format=seen.format, first=seen.prompt.first, frames=seen.prompt.states)


def show_scene(scene: Any) -> dict[str, Any]:
    """The shapes of a scene, for drawing."""
    parts = {name: [_part(part) for part in getattr(scene, name)] for name in ("bodies", "statics", "joints", "fields")}
    return plain_object(**parts, gravity=scene.gravity, description=scene.description)


def _part(part: Any) -> dict[str, Any]:
    shown = {"kind": type(part).__name__.lower(), **dataclasses.asdict(part)}
    if hasattr(part, "shape"):
        shown["shape"] = {"kind": type(part.shape).__name__.lower(), **shown["shape"]}
    return shown


def draw_turn(task: Task, problem: Problem, turn: Turn) -> dict[str, Any] | None:
    """What the page draws of an answer: a law's simulated trials, or the predicted frame beside the recorded one."""
    if turn.verdict.error is not None:
        return None
    if task.name == "predict":
        from gedanken.tasks.predict.task import fill
        from gedanken.worlds.rigid import text

        prompt = problem.observation.prompt
        reading = text.load(problem.observation.format).parse_frame(turn.answer, prompt)
        return plain_object(frame=fill(reading, prompt), recorded=problem.truth.frames[0])
    from gedanken.worlds.ode.simulate import score
    from gedanken.worlds.ode.track import Track

    details, truth, curves = turn.verdict.details, problem.truth, []
    for trial, start in zip(truth.scored, truth.initials, strict=True):
        track = Track(problem.observation.states, trial, start)
        curves.append({"t": trial.t, "values": score(track, details["equation"], details["params"]).predicted})
    return plain_object(curves=curves)


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
