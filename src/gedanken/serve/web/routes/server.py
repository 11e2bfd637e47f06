"""The state and the limits of the server."""

from fastapi import APIRouter, Response

from gedanken import __version__, tasks
from gedanken.serve import warm
from gedanken.serve.web import page
from gedanken.serve.web.dependencies import CurrentServices, Json, answers
from gedanken.serve.web.models.server import Health, Limits, Server
from gedanken.serve.web.recorded import RECORDED

router = APIRouter(tags=["server"])

LIMITS = tuple(name for name in Limits.model_fields if name != "simulations_per_minute")


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
    settings = services.settings
    loaded = [tasks.load(name) for name in tasks.names()]
    return Json(
        {
            "version": __version__,
            "hosted": settings.hosted,
            "features": {
                "page": page.is_built(),
                "datasets": True,
                "runs": settings.runs is not None,
                "recorded": RECORDED.is_file(),
            },
            "limits": {
                **{name: getattr(settings, name) for name in LIMITS},
                "simulations_per_minute": settings.simulations_per_minute if settings.hosted else None,
            },
            "pair": settings.pair,
            "compiled": {"verifier": warm.warm.is_set(), "search": warm.searched.is_set()},
            "reward": {
                task.name: [
                    {"name": name, "weight": weight, "about": task.table.about(name)}
                    for name, weight in task.weights.items()
                ]
                for task in loaded
            },
        }
    )
