"""Who can play: built-in players, and endpoints with models."""

from typing import Any

from fastapi import APIRouter

from gedanken.players import names
from gedanken.serve.web.dependencies import FAILURES, CurrentServices, require_task
from gedanken.serve.web.endpoints import ENDPOINTS, has_server_key

router = APIRouter(tags=["players"])


@router.get("/api/players/{task}", responses=FAILURES)
def players(task: str) -> list[str]:
    """The built-in players of a task."""
    return list(names(require_task(task).name))


@router.get("/api/endpoints")
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
