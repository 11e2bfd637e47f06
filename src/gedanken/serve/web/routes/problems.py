"""Subjects of the zoo, and problems about them."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response

from gedanken.serve.web.dependencies import FAILURES, Json, answers, require_task
from gedanken.serve.web.models.problems import PosedProblem, SubjectDetail, SubjectRow, Thumbnails
from gedanken.serve.web.scenes import pose, show_problem
from gedanken.serve.web.wire import ProblemRequest

router = APIRouter(tags=["zoo"], responses=FAILURES)


@router.get("/api/subjects/{task}", responses=answers(list[SubjectRow]))
def subjects(task: str) -> Response:
    """What there is to ask about: systems of `discover`, scenarios of `predict`."""
    chosen = require_task(task)
    return Json([chosen.describe(subject).to_dict() for subject in chosen.subjects()])


@router.get("/api/subjects/discover/thumbnails", responses=answers(Thumbnails))
def thumbnails() -> Response:
    """A small curve for every system."""
    raise HTTPException(501, "not built yet")


@router.get("/api/subjects/{task}/{name}", responses=answers(SubjectDetail))
def subject(task: str, name: Annotated[str, Path(max_length=100)]) -> Response:
    """All about one subject, its law included."""
    raise HTTPException(501, "not built yet")


@router.post("/api/problems", responses=answers(PosedProblem))
def create_problem(request: ProblemRequest) -> Response:
    """Pose a problem and look at it."""
    task, problem, named = pose(request)
    return Json({"problem": named, **show_problem(task, problem)})
