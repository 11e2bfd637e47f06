"""A person's own tables, and the measured examples that come with the package."""

import functools
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from gedanken.serve.web import own_data
from gedanken.serve.web.dependencies import (
    FAILURES,
    Client,
    CurrentOwner,
    CurrentServices,
    Identifier,
    Json,
    answers,
    require,
    to_json,
)
from gedanken.serve.web.models.base import Deleted
from gedanken.serve.web.models.discoveries import Dataset, Example
from gedanken.serve.web.wire import RolesRequest

router = APIRouter(tags=["own data"], responses=FAILURES)

_RAW: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get("/api/examples", responses=answers(list[Example]))
def list_examples() -> Response:
    """The measured data sets that come with the package."""
    return Response(_examples(), media_type=Json.media_type)


@functools.cache
def _examples() -> bytes:
    return to_json(own_data.show_examples())


@router.post("/api/datasets", status_code=201, responses=answers(Dataset, status=201), openapi_extra=_RAW)
async def upload(
    http: Request,
    response: Response,
    name: Annotated[str, Query(min_length=1, max_length=200, description="The file's name, with its ending.")],
    client: Client,
    owner: CurrentOwner,
    services: CurrentServices,
) -> dict[str, Any]:
    """Upload a table as the raw body: CSV, TSV, spaced text, Parquet, JSON or JSON lines; also gzipped.

    A hosted server answers with a token in the header `Gedanken-Owner` and in a cookie; changing and deleting need it.
    """
    digest = owner.identify(http, response)
    data = await http.body()
    return await run_in_threadpool(services.datasets.add, client, name, data, digest)


@router.get("/api/datasets/{dataset}", responses=answers(Dataset))
def find_dataset(dataset: Identifier, client: Client, services: CurrentServices) -> Response:
    """An uploaded table as it is read with its roles, for everybody who has its id."""
    return Json(services.datasets.show(client, require(services.datasets.find(dataset), "dataset")))


@router.patch("/api/datasets/{dataset}", responses=answers(Dataset))
def set_roles(
    dataset: Identifier, request: RolesRequest, client: Client, owner: CurrentOwner, services: CurrentServices
) -> Response:
    """Say what the columns are. Roles that cannot be used are answered with a `problem`."""
    found = require(services.datasets.find(dataset), "dataset")
    owner.require_digest(found.owner, "dataset")
    return Json(services.datasets.set_roles(client, found, request))


@router.delete("/api/datasets/{dataset}", responses=answers(Deleted))
def delete_dataset(dataset: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Delete a table with what was discovered in it."""
    found = require(services.datasets.find(dataset), "dataset")
    owner.require_digest(found.owner, "dataset")
    services.datasets.delete(dataset)
    return Json({"id": dataset, "deleted": True})
