"""Questions about worlds, and how answers are judged: one folder a task."""

import importlib
import importlib.util
import pkgutil
from functools import cache
from typing import Any

from gedanken.errors import UserError
from gedanken.loop import Task


@cache
def names() -> tuple[str, ...]:
    """The tasks there are: the sub-folders that hold a `task.py`."""
    folders = (info.name for info in pkgutil.iter_modules(__path__) if info.ispkg)
    return tuple(sorted(name for name in folders if importlib.util.find_spec(f"{__name__}.{name}.task")))


def load(name: str, **options: Any) -> Task:
    """The task called `name`, made with `options` (`max_turns`, ...).

    Raises:
        UserError: there is no such task.
    """
    if name not in names():
        raise UserError(f"there is no task {name!r}; there are {', '.join(names())}")
    made: Task = importlib.import_module(f"{__name__}.{name}.task").TASK(**options)
    return made
