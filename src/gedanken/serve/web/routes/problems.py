"""Subjects and problems."""

from typing import Any

from fastapi import APIRouter, Response

from gedanken.serve.web.dependencies import FAILURES, Json, require_task
from gedanken.serve.web.scenes import pose, show_problem
from gedanken.serve.web.wire import ProblemRequest

router = APIRouter(tags=["problems"], responses=FAILURES)


@router.get("/api/subjects/{task}")
def subjects(task: str) -> list[dict[str, Any]]:
    """What there is to ask about: systems of `discover`, scenarios of `predict`."""
    chosen = require_task(task)
    return [chosen.describe(subject).to_dict() for subject in chosen.subjects()]


@router.post("/api/problems")
def create_problem(request: ProblemRequest) -> Response:
    """Pose a problem and look at it."""
    task, problem, named = pose(request)
    return Json({"problem": named, **show_problem(task, problem)})
