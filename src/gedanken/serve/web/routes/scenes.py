"""Scenes of `predict`: geometry, and how they truly move."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from gedanken.serve.web.dependencies import FAILURES, Client, CurrentServices, answers
from gedanken.serve.web.models.scenes import SceneRecording, SceneThumbnails
from gedanken.serve.web.wire import SceneRequest

router = APIRouter(tags=["zoo"], responses=FAILURES)


@router.get("/api/scenes/thumbnails", responses=answers(SceneThumbnails))
def scene_thumbnails(level: Annotated[int, Query(ge=1, le=5)] = 2) -> Response:
    """The geometry of one scene a scenario."""
    raise HTTPException(501, "not built yet")


@router.post("/api/scenes", responses=answers(SceneRecording))
def record_scene(request: SceneRequest, client: Client, services: CurrentServices) -> Response:
    """A scene and the frames that the simulator makes of it."""
    raise HTTPException(501, "not built yet")
