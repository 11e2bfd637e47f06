"""Subjects of the zoo, and problems about them."""

import functools
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response

from gedanken import tasks
from gedanken.serve.web.dependencies import FAILURES, Json, answers, require_task, to_json
from gedanken.serve.web.models.problems import PosedProblem, SubjectDetail, SubjectRow, Thumbnails
from gedanken.serve.web.scenes import plain, pose, show_problem
from gedanken.serve.web.wire import ProblemRequest
from gedanken.tasks.discover.show import draw_small

router = APIRouter(tags=["zoo"], responses=FAILURES)


@router.get("/api/subjects/{task}", responses=answers(list[SubjectRow]))
def subjects(task: str) -> Response:
    """What there is to ask about: systems of `discover`, scenarios of `predict`."""
    chosen = require_task(task)
    entries = [chosen.describe(subject).to_dict() for subject in chosen.subjects()]
    return Json([{"equation": None, "source": None, "summary": entry["about"], **entry} for entry in entries])


@router.get("/api/subjects/discover/thumbnails", responses=answers(Thumbnails))
def thumbnails() -> Response:
    """A small curve for every system."""
    return Response(_thumbnails(), media_type=Json.media_type)


@functools.cache
def _thumbnails() -> bytes:
    drawn = {name: plain(draw_small(name)) for name in tasks.load("discover").subjects()}
    return to_json({"systems": drawn})


@router.get("/api/subjects/{task}/{name}", responses=answers(SubjectDetail))
def subject(task: str, name: Annotated[str, Path(max_length=100)]) -> Response:
    """All about one subject, its law included."""
    chosen = require_task(task)
    shown = chosen.show_subject(name) if name in chosen.subjects() else None
    if shown is None:
        raise HTTPException(404, f"there is nothing to show of {name[:100]!r} in {task}")
    return Json(plain(shown))


@router.post("/api/problems", responses=answers(PosedProblem))
def create_problem(request: ProblemRequest) -> Response:
    """Pose a problem and look at it."""
    task, problem, named = pose(request)
    version = named.pop("version")
    messages = [dict(message) for message in task.ask(problem)]
    shown = show_problem(task, problem)
    return Json({"problem": named, "version": version, "prompt": problem.prompt, "messages": messages, "shown": shown})
