"""The state and the limits of the server."""

from typing import Any

from fastapi import APIRouter, Response

from gedanken import __version__
from gedanken.serve.web.dependencies import CurrentServices

router = APIRouter(tags=["server"])


@router.get("/health")
def health(services: CurrentServices) -> dict[str, str]:
    """Whether the server and its history answer."""
    services.history.ping()
    return {"status": "healthy", "version": __version__}


@router.get("/metrics", response_class=Response)
def metrics(services: CurrentServices) -> Response:
    """Counters in Prometheus's text format."""
    return Response(services.metrics.render(), media_type="text/plain; version=0.0.4")


@router.get("/api/limits")
def limits(services: CurrentServices) -> dict[str, Any]:
    """What this server allows."""
    names = ("hosted", "max_body", "max_tokens", "max_turns", "answer_seconds", "episode_seconds", "client_episodes")
    return {name: getattr(services.settings, name) for name in names}
