"""A player by its name: a task's own (`sparse`), or a language model behind a backend (`openai:gpt-4o-mini`)."""

import inspect
from typing import Any

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.loop import Player


def load_player(spec: str, task: str, **options: Any) -> Player:
    """The player that `spec` names, for `task`.

    Args:
        spec: the file name of one of the task's `players/`, or `scheme:model` for a backend of `models/`.
        task: `discover` or `predict`.
        options: backend options (`base_url`, `api_key`, ...); options of None are left to the backend's defaults.

    Raises:
        UserError: no such player; the message lists those there are.
    """
    if ":" in spec:
        from gedanken import models

        return models.load(spec, **{name: value for name, value in options.items() if value is not None})
    package = f"gedanken.tasks.{task}.players"
    if spec not in zoo.names(package):
        known = ", ".join(zoo.names(package))
        raise UserError(
            f"there is no player {spec!r}; {task} has {known}, and any model as openai:MODEL or scripted:FILE"
        )
    load = zoo.load(package, spec).load
    known_options = inspect.signature(load).parameters
    player: Player = load(
        **{name: value for name, value in options.items() if value is not None and name in known_options}
    )
    return player
