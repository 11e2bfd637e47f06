"""Scenes of `predict`: geometry, and how they truly move."""

import base64
import functools
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Response

from gedanken.errors import UserError
from gedanken.serve.web.dependencies import FAILURES, Json, answers, to_json
from gedanken.serve.web.models.scenes import SceneRecording, SceneThumbnails
from gedanken.serve.web.scenes import plain
from gedanken.serve.web.wire import SceneRequest
from gedanken.tasks.predict.show import show_scene
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import memoryless, record

router = APIRouter(tags=["zoo"], responses=FAILURES)


@router.get("/api/scenes/thumbnails", responses=answers(SceneThumbnails))
def scene_thumbnails(level: Annotated[int, Query(ge=1, le=5)] = 2) -> Response:
    """The geometry of one scene a scenario."""
    return Response(_thumbnails(level), media_type=Json.media_type)


@functools.cache
def _thumbnails(level: int) -> bytes:
    drawn = {name: plain(show_scene(scenarios.pose(name, level, split="test"))) for name in scenarios.names()}
    return to_json({"level": level, "scenes": drawn})


@router.post("/api/scenes", responses=answers(SceneRecording))
def record_scene(request: SceneRequest) -> Response:
    """A scene and the frames that the simulator makes of it."""
    if request.subject not in scenarios.names():
        raise UserError(f"there is no scenario {request.subject!r}")
    scene = scenarios.pose(request.subject, request.level, split=request.split, index=request.index)
    states = record(memoryless(scene) if request.exact else scene, request.frames).states
    poses = np.ascontiguousarray(states[:, :, [0, 1, 4]], "<f4")
    return Json(
        {
            **request.model_dump(),
            "title": f"{request.subject} (level {request.level}, {request.split} {request.index})",
            "scene": plain(show_scene(scene)),
            "frames": len(states),
            "bodies": len(scene.bodies),
            "poses": base64.b64encode(poses.tobytes()).decode(),
        }
    )
