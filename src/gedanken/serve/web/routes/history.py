"""Recorded episodes and comparisons."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from gedanken.serve.web.dependencies import FAILURES, CurrentOwner, CurrentServices, Identifier, Json, require

router = APIRouter(tags=["history"], responses=FAILURES)


@router.get("/api/episodes")
def list_episodes(
    owner: CurrentOwner,
    services: CurrentServices,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[float | None, Query(allow_inf_nan=False)] = None,
) -> Response:
    """The latest episodes, without their turns. On a hosted server, only the caller's own."""
    if owner.is_required and owner.digest is None:
        return Json([])
    return Json(services.history.recent(limit, before, owner.digest if owner.is_required else None))


@router.get("/api/episodes/{episode}")
def find_episode(episode: Identifier, services: CurrentServices) -> Response:
    """An episode with every finished turn: the permalink, for everybody who has it."""
    return Json(require(services.history.find(episode), "episode"))


@router.get("/api/comparisons/{comparison}")
def find_comparison(comparison: Identifier, services: CurrentServices) -> Response:
    """Both episodes of a comparison."""
    return Json({"id": comparison, "episodes": require(services.history.compare(comparison), "comparison")})
