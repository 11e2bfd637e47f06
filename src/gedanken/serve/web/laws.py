"""What the simulator says of a law that is tried, and of the law that is true."""

import re
from typing import Any

import numpy as np
import orjson

from gedanken.errors import Unanswerable, UserError
from gedanken.loop import Problem, Task, Turn
from gedanken.serve.web.scenes import plain
from gedanken.worlds.ode.law.parser import FUNCTIONS, TIME, parse
from gedanken.worlds.ode.trajectory import StateSpace

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def write_answer(equation: str, params: dict[str, float], rationale: str = "") -> str:
    """The answer of a model that proposes this law."""
    return orjson.dumps({"equation": equation, "params": params, "rationale": rationale}).decode()


def simulate(task: Task, problem: Problem, equation: str, params: dict[str, float]) -> dict[str, Any]:
    """How a law would be judged as a first answer, and what it does (`models.episodes.Simulation`).

    Raises:
        UserError: the problem is none whose answer is a law.
    """
    states = getattr(problem.observation, "states", None)
    if not isinstance(states, StateSpace):
        raise UserError(f"laws are tried on problems of discover, not of {task.name}")
    answer = write_answer(equation, params)
    verdict = task.verify(problem, answer)
    drawing = task.show_answer(problem, Turn(answer, verdict))
    shown: dict[str, Any] = plain(
        {
            "drawing": drawing,
            "params_found": find_params(equation, states),
            "residual_sd": _residuals(problem, states, drawing),
            "r2": verdict.details.get("r2", {}),
            "terms": verdict.terms,
            "weights": verdict.weights,
            "match": verdict.match,
            "feedback": verdict.feedback,
            "error": None if verdict.error is None else _explain(verdict.error, equation, params, states, drawing),
        }
    )
    return shown


def find_params(equation: str, states: StateSpace) -> list[str]:
    """Names on the right-hand sides that are no variable, function or time, in the order they come."""
    known = {*states.columns, *states.aliases, *states.input_names, *FUNCTIONS, TIME}
    found: dict[str, None] = {}
    for statement in re.split(r"[;\n]", equation):
        for name in _WORD.findall(statement.rpartition("=")[2]):
            if name not in known:
                found[name] = None
    return list(found)


def _residuals(problem: Problem, states: StateSpace, drawing: dict[str, Any] | None) -> dict[str, float | None]:
    """Standard deviation of prediction less data, by column, over all trials."""
    if drawing is None or not drawing["curves"]:
        return dict.fromkeys(states.columns)
    pairs = zip(drawing["curves"], problem.truth.scored, strict=True)
    off = np.concatenate([curve["values"] - trial.values for curve, trial in pairs])
    seen = np.isfinite(off).any(axis=0)
    return {name: float(np.nanstd(off[:, k])) if seen[k] else None for k, name in enumerate(states.columns)}


def _explain(
    reason: str, equation: str, params: dict[str, float], states: StateSpace, drawing: dict[str, Any] | None
) -> dict[str, Any]:
    """A refusal (`models.episodes.ReadingError`): where reading stopped, or up to where the law could be simulated."""
    if drawing is not None:
        return {"text": reason, "position": None, "reached": min(curve["reached"] for curve in drawing["dense"])}
    position = None
    try:
        parse(equation, states, params)
    except Unanswerable as fault:
        position = fault.position
    return {"text": reason, "position": position, "reached": None}
