"""The player that a request names."""

from gedanken.errors import UserError
from gedanken.loop import Player
from gedanken.players import load_player
from gedanken.serve.web.endpoints import open_player
from gedanken.serve.web.running import Running
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.wire import PlayerRequest


def open_requested(request: PlayerRequest, task: str, settings: Settings, running: Running) -> Player:
    """A built-in player by its bare name, or a model by endpoint and name. What it writes is published by `running`.

    Raises:
        UserError: there is no such player, or its endpoint cannot be asked.
    """
    if (request.name is None) == (request.endpoint is None):
        raise UserError("a player has either a name or an endpoint")
    if request.name is not None:
        if ":" in request.name:
            raise UserError("name a built-in player here; a model is given by endpoint and model")
        return load_player(request.name, task, {"progress": running.check})
    assert request.endpoint is not None
    if not request.model:
        raise UserError("an endpoint needs the name of a model")
    limit = settings.max_tokens
    if request.max_tokens is not None and request.max_tokens > limit:
        raise UserError(f"max_tokens is at most {limit} here")
    return open_player(
        request.endpoint,
        request.model,
        hosted=settings.hosted,
        share_keys=settings.share_keys,
        api_key=request.api_key.get_secret_value() if request.api_key else None,
        temperature=request.temperature,
        max_tokens=request.max_tokens or min(4096, limit),
        timeout=settings.answer_seconds,
        retries=1,
        on_token=running.text,
        on_reasoning=running.reasoning,
    )
