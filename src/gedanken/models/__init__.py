"""Language models as players: `openai:gpt-4o-mini` is loaded by `backends/openai.py`, which gets the model's name.

A backend is a module of `backends/` with `load(model, **options) -> Player`. Backends are found by walking the folder,
and a module is imported only when a spec names it.
"""

import inspect
from typing import Any

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.loop import Player

PACKAGE = "gedanken.models.backends"


def names() -> tuple[str, ...]:
    """The backends there are."""
    return tuple(zoo.names(PACKAGE))


def load(spec: str, **options: Any) -> Player:
    """The player that `backend:model` names. Options that are None count as not given.

    Raises:
        UserError: there is no such backend, or it does not take one of the options.
    """
    backend, colon, model = spec.partition(":")
    if not colon or not model or backend not in names():
        known = ", ".join(f"{name}:..." for name in names())
        raise UserError(f"{spec!r} is not a model; write one of {known}")
    opener = zoo.load(PACKAGE, backend).load
    given = {name: value for name, value in options.items() if value is not None}
    taken = [p.name for p in inspect.signature(opener).parameters.values() if p.kind is p.KEYWORD_ONLY]
    for name in given:
        if name not in taken:
            raise UserError(f"{backend}: has no option {name!r}; it takes {', '.join(taken)}")
    player: Player = opener(model, **given)
    return player
