"""Subjects and problems."""

from typing import Any

from fastapi import APIRouter, Response

from gedanken.serve.web.dependencies import FAILURES, Json, require_task
from gedanken.serve.web.scenes import pose, show_problem, show_scene
from gedanken.serve.web.wire import ProblemRequest

router = APIRouter(tags=["problems"], responses=FAILURES)


@router.get("/api/subjects/{task}")
def subjects(task: str) -> Any:
    """What there is to ask about: systems of `discover`, scenarios of `predict`."""
    return list_subjects(task)


@router.post("/api/problems")
def create_problem(request: ProblemRequest) -> Response:
    """Pose a problem and look at it."""
    task, problem, named = pose(request)
    shown = {"problem": named, **show_problem(task, problem)}
    if task.name == "predict":
        shown["scene"] = show_scene(problem.truth.scene)
    return Json(shown)


def list_subjects(task: str) -> list[dict[str, Any]]:
    """One row a subject.

    Raises:
        HTTPException: there is no such task.
    """
    require_task(task)
    if task == "discover":
        from gedanken.worlds.ode import system

        entries = ((name, system.load(name)) for name in system.names())
        return [
            {"name": name, "category": entry.category, "tier": entry.tier, "held_out": entry.held_out}
            for name, entry in entries
        ]
    from gedanken.worlds.rigid import scenarios

    return [
        {"name": name, "category": scenarios.category(name), "tier": None, "held_out": name in scenarios.HELD_OUT}
        for name in scenarios.names()
    ]
