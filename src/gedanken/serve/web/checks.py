"""Asking an endpoint whether it answers, before an episode is started with it."""

import time
from typing import Any

from gedanken.errors import PlayerError, UserError
from gedanken.loop import Question
from gedanken.models.backends.openai import OpenAIPlayer
from gedanken.serve.web.endpoints import open_player
from gedanken.serve.web.running import close_player
from gedanken.serve.web.scenes import plain
from gedanken.serve.web.settings import Settings

SECONDS = 10.0
# A model that stopped for one of these reasons did answer: it was allowed one token only.
ANSWERED = ("too_long", "empty", "filtered")


def try_model(endpoint: str, model: str, key: str | None, settings: Settings) -> dict[str, Any]:
    """Whether a model answers with a token (`models.server.EndpointCheck`)."""
    start = time.perf_counter()
    player, code, detail = None, None, ""
    try:
        player = _open(endpoint, model, key, settings)
        start = time.perf_counter()
        player.answer(Question([{"role": "user", "content": "Hello"}], None))
    except (UserError, PlayerError) as error:
        code, detail = error.code or "invalid", str(error)
    finally:
        close_player(player)
    ok = code is None or code in ANSWERED
    ms = round(1000 * (time.perf_counter() - start), 1)
    return {"ok": ok, "ms": ms, "code": None if ok else code, "detail": "" if ok else plain(detail)}


def read_models(endpoint: str, key: str | None, settings: Settings) -> dict[str, Any]:
    """The names of an endpoint's models (`models.server.EndpointModels`), or why it tells none."""
    player = None
    try:
        player = _open(endpoint, "none", key, settings)
        return {"models": plain(player.model_names()), "code": None, "detail": ""}
    except (UserError, PlayerError) as error:
        return {"models": [], "code": error.code or "invalid", "detail": plain(str(error))}
    finally:
        close_player(player)


def _open(endpoint: str, model: str, key: str | None, settings: Settings) -> OpenAIPlayer:
    return open_player(
        endpoint,
        model,
        hosted=settings.hosted,
        share_keys=settings.share_keys,
        own_port=settings.port,
        api_key=key,
        max_tokens=1,
        timeout=min(SECONDS, settings.answer_seconds),
        retries=0,
        stream=True,  # as it will be asked in an episode
    )
