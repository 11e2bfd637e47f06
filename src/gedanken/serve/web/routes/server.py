"""The state and the limits of the server."""

from fastapi import APIRouter, HTTPException, Response

from gedanken import __version__
from gedanken.serve.web.dependencies import CurrentServices, answers
from gedanken.serve.web.models.server import Health, Server

router = APIRouter(tags=["server"])


@router.get("/health", responses=answers(Health))
def health(services: CurrentServices) -> dict[str, str]:
    """Whether the server and its history answer."""
    services.history.ping()
    return {"status": "healthy", "version": __version__}


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus's text format", "content": {"text/plain": {}}}},
)
def metrics(services: CurrentServices) -> Response:
    """Counters in Prometheus's text format."""
    return Response(services.metrics.render(), media_type="text/plain; version=0.0.4")


@router.get("/api/server", responses=answers(Server))
def server(services: CurrentServices) -> Response:
    """What a page asks first: the version, what is switched on, limits, rewards, the pair of players to begin with."""
    raise HTTPException(501, "not built yet")
