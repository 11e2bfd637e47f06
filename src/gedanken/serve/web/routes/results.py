"""Benchmark tables that come with the package, and the folders of training runs."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Response

from gedanken.serve.web.dependencies import FAILURES, CurrentServices, answers
from gedanken.serve.web.models.results import Results, RunMetrics, Runs

router = APIRouter(tags=["results"], responses=FAILURES)


@router.get("/api/results", responses=answers(Results))
def results() -> Response:
    """The benchmark tables, each with the command that reproduces it."""
    raise HTTPException(501, "not built yet")


@router.get("/api/runs", responses=answers(Runs))
def runs(services: CurrentServices) -> Response:
    """The training runs of the folder that `--runs` names; 404 where the server shows none."""
    raise HTTPException(501, "not built yet")


@router.get("/api/runs/{name}/metrics", responses=answers(RunMetrics))
def metrics(
    name: Annotated[str, Path(max_length=200)],
    services: CurrentServices,
    after: Annotated[int, Query(ge=0, lt=2**31, description="Lines that the caller has.")] = 0,
) -> Response:
    """The lines that a run has measured since."""
    raise HTTPException(501, "not built yet")
