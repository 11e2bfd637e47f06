"""Benchmark tables that come with the package, and the folders of training runs."""

import functools
from pathlib import Path
from typing import Annotated

import fastapi
from fastapi import APIRouter, HTTPException, Query, Response

from gedanken.serve.web import published
from gedanken.serve.web.dependencies import FAILURES, CurrentServices, Json, Services, answers, require, to_json
from gedanken.serve.web.models.results import Results, RunMetrics, Runs
from gedanken.serve.web.runs import find_runs, list_runs, read_metrics

router = APIRouter(tags=["results"], responses=FAILURES)


@router.get("/api/results", responses=answers(Results))
def results() -> Response:
    """The benchmark tables, each with the command that reproduces it."""
    return Response(_results(), media_type=Json.media_type)


@functools.cache
def _results() -> bytes:
    return to_json({"tables": published.read_tables()})


@router.get("/api/runs", responses=answers(Runs))
def runs(services: CurrentServices) -> Response:
    """The training runs of the folder that `--runs` names; 404 where the server shows none."""
    return Json({"runs": list_runs(_folder(services))})


@router.get("/api/runs/{name}/metrics", responses=answers(RunMetrics))
def metrics(
    name: Annotated[str, fastapi.Path(max_length=200)],
    services: CurrentServices,
    after: Annotated[int, Query(ge=0, lt=2**31, description="Lines that the caller has.")] = 0,
) -> Response:
    """The lines that a run has measured since."""
    path = require(find_runs(_folder(services)).get(name), "run")
    return Json(read_metrics(name, path, after))


def _folder(services: Services) -> Path:
    if services.settings.runs is None:
        raise HTTPException(404, "this server shows no training runs; start it with --runs FOLDER")
    return Path(services.settings.runs)
