"""A player by its name: a task's own (`sparse`), or a language model behind a backend (`openai:gpt-4o-mini`)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gedanken import models, tasks, zoo
from gedanken.errors import UserError
from gedanken.loop import Player


def names(task: str) -> tuple[str, ...]:
    """The players that a task has without a further installation: its own, and the models in the package.

    Raises:
        UserError: there is no such task.
    """
    return tuple(sorted((*tasks.players(task), *models.packaged(task))))


def is_player(spec: str, task: str) -> bool:
    """Whether a name is a player's: one of `names`, or begins with a backend or with `guided:` and the like."""
    scheme, colon, _ = spec.partition(":")
    return (scheme in models.names() or scheme in tasks.combined(task)) if colon else spec in names(task)


def load_player(spec: str, task: str, offered: Mapping[str, Any] | None = None, **options: Any) -> Player:
    """The player that `spec` names, for `task`.

    Args:
        spec: the file name of one of the task's `players/`, `scheme:model` for a backend of `models/backends/`, or
            `guided:PLAYER` for one of the task's `combined/`, which stands on that player.
        task: the task's name.
        offered: what the caller can provide (`progress`, `seconds`, ...), passed on only if the player takes it.
        options: what the user asked for (`base_url`, `temperature`, ...). Those that are None count as not given.

    Raises:
        UserError: no such task or player, or the player does not take an option of the user; the message lists those
            there are.
    """
    name, colon, below = spec.partition(":")
    if colon and name in tasks.combined(task):
        loader = _find_combined(name, task)
        own = models.parameters(loader, skip=1)
        kept = {option: value for option, value in options.items() if option not in own}
        stands_on = load_player(below, task, offered, **kept)
        mine = {option: options[option] for option in own if option in options}
        combined: Player = models.call_loader(spec, loader, (stands_on,), offered or {}, mine)
        return combined
    if colon:
        return models.load(spec, offered, **options)
    player: Player
    if packaged := models.find_packaged(spec, task):
        player = models.load(packaged, offered, **options)
        player.name = spec
        return player
    player = models.call_loader(spec, _find_loader(spec, task), (), offered or {}, options)
    return player


def share_options(specs: Iterable[str], task: str, **options: Any) -> dict[str, dict[str, Any]]:
    """Of options that the user gave for several players at once, those that each of them takes, by the player's name.

    Raises:
        UserError: no such player, or no player takes an option.
    """
    given = {name: value for name, value in options.items() if value is not None}
    taken = {spec: _option_names(spec, task) for spec in specs}
    for name in given:
        if not any(name in names for names in taken.values()):
            raise UserError(f"none of the players {', '.join(taken)} has an option {name!r}")
    return {spec: {name: given[name] for name in names if name in given} for spec, names in taken.items()}


def name_served(spec: str, options: Mapping[str, Any]) -> str:
    """What results call a player: its name, and where it is served if the user said so; two servers are two players."""
    return f"{spec} at {options['base_url']}" if options.get("base_url") else spec


def _option_names(spec: str, task: str) -> list[str]:
    name, colon, below = spec.partition(":")
    if colon and name in tasks.combined(task):
        return [*models.parameters(_find_combined(name, task), skip=1), *_option_names(below, task)]
    behind = spec if colon else models.find_packaged(spec, task)
    return models.option_names(behind) if behind else models.parameters(_find_loader(spec, task))


def _find_loader(spec: str, task: str) -> Callable[..., Player]:
    known = names(task)
    if spec in tasks.combined(task):
        raise UserError(f"{spec} stands on another player: write {spec}:PLAYER, {spec}:hf:MODEL for instance")
    if spec not in known:
        backends = ", ".join(f"{name}:..." for name in models.names())
        raise UserError(f"there is no player {spec!r}; {task} has {', '.join(known)}, and any model as {backends}")
    loader: Callable[..., Player] = zoo.load(f"gedanken.tasks.{task}.players", spec).load
    return loader


def _find_combined(name: str, task: str) -> Callable[..., Player]:
    loader: Callable[..., Player] = zoo.load(f"gedanken.tasks.{task}.combined", name).load
    return loader
