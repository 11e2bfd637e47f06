"""gedanken: language models learn physics, with a simulator as teacher and judge.

A simulator writes text, a model answers, the simulator verifies. The loop is in `gedanken.loop`; the worlds that write
and judge are in `gedanken.worlds`, the questions in `gedanken.tasks`, the answerers in `gedanken.models`.
"""

import importlib
from typing import Any

from gedanken.errors import GedankenError, Unanswerable, UserError
from gedanken.loop import Key, Player, Problem, Question, Task, Turn, Verdict, play
from gedanken.seeding import stream

__version__ = "0.2.0"

__all__ = [
    "GedankenError",
    "Key",
    "LocalEnv",
    "Player",
    "Problem",
    "Question",
    "Task",
    "Turn",
    "Unanswerable",
    "UserError",
    "Verdict",
    "__version__",
    "discover",
    "play",
    "stream",
]

RIGID = "Attractor Block Body Box Circle Gravitation Motor Peg Pin Pivot Polygon Scene Segment Slide Solver Spring Wind"
"""Parts of a rigid scene, which are `gedanken.Scene`, `gedanken.Body`, ..., too."""

LATER = {
    "LocalEnv": "gedanken.episode",
    "record": "gedanken.worlds.rigid.engine.simulate",
    "discover": "gedanken.own_data.result",
    **dict.fromkeys(RIGID.split(), "gedanken.worlds.rigid"),
}
"""Names whose modules take a while to import: looked up when they are asked for."""


def __getattr__(name: str) -> Any:
    if name in LATER:
        return getattr(importlib.import_module(LATER[name]), name)
    for suffix, module in (("Action", "models"), ("Env", "client")):
        # `DiscoverEnv`, `DiscoverAction`, ...: a pair for each task.
        if name.removesuffix(suffix).lower() in importlib.import_module("gedanken.tasks").names():
            try:
                return getattr(importlib.import_module(f"gedanken.serve.openenv.{module}"), name)
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] != "openenv":
                    raise
                raise ImportError(f"{name} needs OpenEnv; install it with: pip install 'gedanken[openenv]'") from None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
