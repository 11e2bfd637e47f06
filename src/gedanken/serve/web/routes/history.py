"""Recorded episodes and comparisons."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from gedanken.serve.web.dependencies import FAILURES, CurrentOwner, CurrentServices, Identifier, Json, answers, require
from gedanken.serve.web.models.base import Deleted, Status
from gedanken.serve.web.models.episodes import Comparison, ComparisonRow, Episode, EpisodeRow
from gedanken.serve.web.recorded import RECORDED
from gedanken.serve.web.scenes import show_again, show_comparison

router = APIRouter(tags=["history"], responses=FAILURES)

Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[float | None, Query(allow_inf_nan=False, description="The `created` of the last one seen.")]
Word = Annotated[str | None, Query(max_length=200)]


@router.get("/api/episodes", responses=answers(list[EpisodeRow]))
def list_episodes(
    owner: CurrentOwner,
    services: CurrentServices,
    limit: Limit = 50,
    before: Before = None,
    task: Word = None,
    subject: Word = None,
    player: Annotated[str | None, Query(max_length=200, description="A player's name or a model's.")] = None,
    status: Annotated[Status | None, Query()] = None,
) -> Response:
    """The latest episodes, without their turns. On a hosted server, only the caller's own."""
    if owner.is_required and owner.digest is None:
        return Json([])
    digest = owner.digest if owner.is_required else None
    filters = {"task": task, "subject": subject, "player": player, "status": status}
    return Json(services.history.recent(limit, before, digest, **filters))


@router.get("/api/episodes/{episode}", responses=answers(Episode))
def find_episode(episode: Identifier, services: CurrentServices) -> Response:
    """An episode with every finished turn: the permalink, for everybody who has it."""
    found = require(services.history.find(episode), "episode")
    return Json({**found, "shown": show_again(found["problem"])})


@router.delete("/api/episodes/{episode}", responses=answers(Deleted))
def delete_episode(episode: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Delete an episode that has ended. On a hosted server, only its owner may."""
    require(services.history.find(episode), "episode")
    owner.require(episode)
    if not services.history.delete(episode):
        raise HTTPException(409, "this episode is running; cancel it first")
    return Json({"id": episode, "deleted": True})


@router.get("/api/comparisons", responses=answers(list[ComparisonRow]))
def list_comparisons(
    owner: CurrentOwner,
    services: CurrentServices,
    limit: Limit = 50,
    before: Before = None,
) -> Response:
    """The latest comparisons, without their turns. On a hosted server, only the caller's own."""
    if owner.is_required and owner.digest is None:
        return Json([])
    return Json(services.history.recent_comparisons(limit, before, owner.digest if owner.is_required else None))


@router.get("/api/comparisons/{comparison}", responses=answers(Comparison))
def find_comparison(comparison: Identifier, services: CurrentServices) -> Response:
    """Both episodes of a comparison."""
    sides = require(services.history.compare(comparison), "comparison")
    return Json(show_comparison(comparison, sides))


@router.get("/api/recorded", responses=answers(Comparison))
def recorded_comparison() -> Response:
    """The comparison that comes with the package, with the true law; 404 where none does."""
    if not RECORDED.is_file():
        raise HTTPException(404, "no recorded comparison comes with this version")
    return Response(RECORDED.read_bytes(), media_type=Json.media_type)
