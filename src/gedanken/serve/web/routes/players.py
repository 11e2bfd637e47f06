"""Who can play: players of this server, and endpoints with models."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Response

from gedanken.serve.web.checks import read_models, try_model
from gedanken.serve.web.dependencies import FAILURES, Client, CurrentServices, Json, Services, answers, require_task
from gedanken.serve.web.endpoints import ENDPOINTS, has_server_key
from gedanken.serve.web.models.server import Endpoint, EndpointCheck, EndpointModels, LocalPlayer
from gedanken.serve.web.players import list_players
from gedanken.serve.web.wire import EndpointRequest, ModelRequest

router = APIRouter(tags=["players"], responses=FAILURES)


@router.get("/api/players/{task}", responses=answers(list[LocalPlayer]))
def players(task: str, services: CurrentServices) -> Response:
    """Who can play a task: a person (`you`), built-in players, and the models that this server offers."""
    return Json(list_players(require_task(task).name, services.settings))


@router.get("/api/endpoints", responses=answers(list[Endpoint]))
def endpoints(services: CurrentServices) -> list[dict[str, Any]]:
    """Where models may be asked, and whether a key has to be brought along."""
    settings = services.settings
    local = {"ollama", "vllm"} if settings.hosted else set()
    lends_keys = settings.share_keys or not settings.hosted
    return [
        {
            "name": name,
            "title": preset.title,
            "base_url": preset.base_url,
            "model": preset.model,
            "needs_key": preset.needs_key and not (lends_keys and has_server_key(preset.base_url)),
        }
        for name, preset in ENDPOINTS.items()
        if name not in local
    ]


@router.post("/api/endpoints/check", responses=answers(EndpointCheck))
def check_endpoint(request: ModelRequest, client: Client, services: CurrentServices) -> Response:
    """Ask a model for one token: whether it answers within ten seconds, or why not."""
    with checking(services, client):
        return Json(try_model(request.endpoint, request.model, _key(request), services.settings))


@router.post("/api/endpoints/models", responses=answers(EndpointModels))
def list_models(request: EndpointRequest, client: Client, services: CurrentServices) -> Response:
    """The names of the models that an endpoint offers."""
    with checking(services, client):
        return Json(read_models(request.endpoint, _key(request), services.settings))


@contextmanager
def checking(services: Services, client: str) -> Iterator[None]:
    """Hold a slot: each check waits for an endpoint on one of the threads that answer requests."""
    [slot] = services.checks.take(client)
    try:
        yield
    finally:
        slot.free()


def _key(request: EndpointRequest) -> str | None:
    return request.api_key.get_secret_value() if request.api_key else None
