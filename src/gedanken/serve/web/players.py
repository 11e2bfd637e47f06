"""The player that a request names."""

from collections.abc import Callable
from typing import Any

from gedanken import tasks, zoo
from gedanken.errors import UserError
from gedanken.loop import Player, Question
from gedanken.players import load_player, names
from gedanken.serve.web.endpoints import open_player
from gedanken.serve.web.running import Running
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.wire import PlayerRequest

# The name of the player whose answers are posted, and what names of this server's models begin with.
YOU, LOCAL = "you", "local:"


class LocalModel:
    """A model of this server, loaded when it is asked first: loading one takes seconds, and starting must not.

    Attributes:
        name: `local:` and its name.
    """

    def __init__(self, name: str, load: Callable[[], Player], note: Callable[[str, str], None]):
        """Args: its name; loads it; publishes a note of a kind, since these models do not stream what they write."""
        self.name = name
        self._load, self._note = load, note
        self._player: Player | None = None

    def answer(self, question: Question) -> str:
        """The model's answer.

        Raises:
            PlayerError: it gave none.
            UserError: it cannot be loaded.
        """
        if self._player is None:
            self._note(f"{self.name} is being loaded", "thinking")
            self._player = self._load()
        self._note(f"{self.name} is thinking", "thinking")
        return self._player.answer(question)


def open_requested(request: PlayerRequest, task: str, settings: Settings, running: Running) -> Player:
    """A player of this server by name, or a model by endpoint and name. What it writes is published by `running`.

    Raises:
        UserError: there is no such player, or its endpoint cannot be asked.
    """
    if (request.name is None) == (request.endpoint is None):
        raise UserError("a player has either a name or an endpoint")
    limit = settings.max_tokens
    if request.max_tokens is not None and request.max_tokens > limit:
        raise UserError(f"max_tokens is at most {limit} here")
    if request.name is not None:
        return _open_named(request, task, settings, running)
    assert request.endpoint is not None
    if not request.model:
        raise UserError("an endpoint needs the name of a model")
    return open_player(
        request.endpoint,
        request.model,
        hosted=settings.hosted,
        share_keys=settings.share_keys,
        own_port=settings.port,
        api_key=request.api_key.get_secret_value() if request.api_key else None,
        temperature=request.temperature,
        max_tokens=request.max_tokens or min(4096, limit),
        timeout=settings.answer_seconds,
        retries=1,
        on_token=running.text,
        on_reasoning=running.reasoning,
    )


def _open_named(request: PlayerRequest, task: str, settings: Settings, running: Running) -> Player:
    name = str(request.name)
    offered = {"progress": running.progress, "improved": getattr(running, "improved", None), "check": running.check}
    if name.startswith(LOCAL):
        spec = dict(settings.models).get(name.removeprefix(LOCAL))
        if spec is None:
            known = ", ".join(LOCAL + each for each, _ in settings.models) or "none"
            raise UserError(f"this server has no model {name[:80]!r}; it has {known}")
        options = {"temperature": request.temperature, "max_tokens": request.max_tokens}
        return LocalModel(name, lambda: load_player(spec, task, offered, **options), running.note)
    if ":" in name:
        raise UserError("name a player of this server here; a model is given by endpoint and model")
    return load_player(name, task, offered)


def list_players(task: str, settings: Settings) -> list[dict[str, Any]]:
    """Who can play a task, as `models.server.LocalPlayer`: a person, the built-in players, this server's models."""
    you = "Answer yourself: same data, same verifier, as many turns."
    listed = [{"name": YOU, "title": "You", "kind": "you", "about": you}]
    own = tasks.players(task)
    for name in names(task):
        about = "A small model that comes with the package."
        if name in own:
            about = zoo.docstring(f"gedanken.tasks.{task}.players", name).split("\n\n")[0]
        listed.append({"name": name, "title": name, "kind": "builtin", "about": about})
    for name, spec in settings.models:
        listed.append({"name": LOCAL + name, "title": name, "kind": "local", "about": spec})
    return listed


def check_models(settings: Settings) -> None:
    """Refuse models and a pair that cannot be played with, before the server starts.

    Raises:
        UserError: which, and why.
    """
    from gedanken import models

    for name, spec in settings.models:
        if not name.replace("-", "").replace("_", "").replace(".", "").isalnum() or len(name) > 80:
            raise UserError(f"a model is named by letters, digits and -_., as in base=hf:..., not {name[:80]!r}")
        if ":" in spec:
            models.option_names(spec)
        elif spec not in names("discover"):
            raise UserError(f"--model {name}={spec}: a spec is like hf:FOLDER or openai:MODEL")
    known = [player["name"] for player in list_players("discover", settings)]
    for name in settings.pair or ():
        if name not in known:
            raise UserError(f"--pair names {name!r}; there are {', '.join(known)}")
