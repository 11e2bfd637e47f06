"""Language models as players: `openai:gpt-4o-mini` is loaded by `backends/openai.py`, which gets the model's name.

A backend is a module of `backends/` with `load(model, **options) -> Player`. Backends are found by walking the folder,
and a module is imported only when a spec names it.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gedanken import zoo
from gedanken.errors import UserError
from gedanken.loop import Player

PACKAGE = "gedanken.models.backends"

PACKAGED = Path(__file__).parent / "packaged"
"""Small models that come with the package, each in a folder `<task>/<backend>/<name>`."""


def names() -> tuple[str, ...]:
    """The backends there are."""
    return tuple(zoo.names(PACKAGE))


def load(spec: str, offered: Mapping[str, Any] | None = None, **options: Any) -> Player:
    """The player that `backend:model` names.

    Args:
        spec: `backend:model`.
        offered: what the caller can provide (`progress`, ...), passed on only if the backend takes it.
        options: what the user asked for. Those that are None count as not given.

    Raises:
        UserError: there is no such backend, or it does not take one of the user's options.
    """
    backend, model = _split(spec)
    player: Player = call_loader(f"{backend}:", zoo.load(PACKAGE, backend).load, (model,), offered or {}, options)
    return player


def packaged(task: str) -> tuple[str, ...]:
    """Names of the small models of a task that come with the package and play without an extra."""
    return tuple(sorted(_packaged(task)))


def find_packaged(name: str, task: str) -> str | None:
    """The spec of one of `packaged`, `backend:folder`; None if there is none of that name."""
    folder = _packaged(task).get(name)
    return f"{folder.parent.name}:{folder}" if folder else None


def find_folder(model: str, task: str) -> Path:
    """The folder of a model that is named by its path or, if it comes with the package, by its name."""
    return _packaged(task).get(model) or Path(model)


def _packaged(task: str) -> dict[str, Path]:
    """The folders of the small models of a task, by name."""
    return {path.parent.name: path.parent for path in PACKAGED.glob(f"{task}/*/*/config.json")}


def option_names(spec: str) -> list[str]:
    """The options of the backend that `backend:model` names.

    Raises:
        UserError: there is no such backend.
    """
    return parameters(zoo.load(PACKAGE, _split(spec)[0]).load, skip=1)


def call_loader(
    name: str,
    loader: Callable[..., Any],
    arguments: Sequence[Any],
    offered: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Any:
    """Call a player's loader with the user's options, and with what the caller offers if the loader takes it.

    Raises:
        UserError: the user gave an option that `name` does not take.
    """
    given = {option: value for option, value in options.items() if value is not None}
    taken = parameters(loader, skip=len(arguments))
    for option in given:
        if option not in taken:
            known = f"it takes {', '.join(taken)}" if taken else "it takes none"
            raise UserError(f"{name} has no option {option!r}; {known}")
    return loader(*arguments, **{option: value for option, value in offered.items() if option in taken}, **given)


def parameters(loader: Callable[..., Any], skip: int = 0) -> list[str]:
    """The names of a loader's parameters after the first `skip`, in order."""
    return list(inspect.signature(loader).parameters)[skip:]


def _split(spec: str) -> tuple[str, str]:
    backend, colon, model = spec.partition(":")
    if not colon or not model or backend not in names():
        known = ", ".join(f"{name}:..." for name in names())
        raise UserError(f"{spec!r} is not a model; write one of {known}")
    return backend, model
