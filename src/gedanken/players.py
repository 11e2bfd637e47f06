"""A player by its name: a task's own (`sparse`), or a language model behind a backend (`openai:gpt-4o-mini`)."""

import inspect
from typing import Any

from gedanken import models, tasks, zoo
from gedanken.errors import UserError
from gedanken.loop import Player


def load_player(spec: str, task: str, **options: Any) -> Player:
    """The player that `spec` names, for `task`.

    Args:
        spec: the file name of one of the task's `players/`, or `scheme:model` for a backend of `models/backends/`.
        task: the task's name.
        options: backend options (`base_url`, `api_key`, ...); options of None are left to the backend's defaults.

    Raises:
        UserError: no such task or player; the message lists those there are.
    """
    if ":" in spec:
        return models.load(spec, **{name: value for name, value in options.items() if value is not None})
    known = tasks.players(task)
    if spec not in known:
        backends = ", ".join(f"{name}:..." for name in models.names())
        raise UserError(f"there is no player {spec!r}; {task} has {', '.join(known)}, and any model as {backends}")
    load = zoo.load(f"gedanken.tasks.{task}.players", spec).load
    known_options = inspect.signature(load).parameters
    player: Player = load(
        **{name: value for name, value in options.items() if value is not None and name in known_options}
    )
    return player
