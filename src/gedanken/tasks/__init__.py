"""Questions about worlds, and how answers are judged: one folder a task."""

import importlib
import importlib.util
import pkgutil
from functools import cache
from typing import Any

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.loop import Task


def names() -> tuple[str, ...]:
    """The tasks there are: the sub-folders that hold a `task.py`."""
    return _names(tuple(__path__))


@cache
def _names(path: tuple[str, ...]) -> tuple[str, ...]:
    folders = (info.name for info in pkgutil.iter_modules(path) if info.ispkg)
    return tuple(sorted(name for name in folders if importlib.util.find_spec(f"{__name__}.{name}.task")))


def load(name: str, **options: Any) -> Task:
    """The task called `name`, made with `options` (`max_turns`, `mode`).

    Raises:
        UserError: there is no such task.
    """
    if name not in names():
        raise UserError(f"there is no task {str(name)[:40]!r}; there are {', '.join(names())}")
    made: Task = importlib.import_module(f"{__name__}.{name}.task").TASK(**options)
    return made


def players(name: str) -> tuple[str, ...]:
    """The built-in players of a task.

    Raises:
        UserError: there is no such task.
    """
    load(name)
    return tuple(zoo.names(f"{__name__}.{name}.players"))


def combined(name: str) -> tuple[str, ...]:
    """The players of a task that stand on another player: `guided` of `guided:hf:MODEL`.

    Raises:
        UserError: there is no such task.
    """
    load(name)
    package = f"{__name__}.{name}.combined"
    return tuple(zoo.names(package)) if importlib.util.find_spec(package) else ()
