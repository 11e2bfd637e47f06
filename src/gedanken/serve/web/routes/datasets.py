"""A person's own tables, and the measured examples that come with the package."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from gedanken.serve.web.dependencies import FAILURES, Client, CurrentOwner, CurrentServices, Identifier, answers
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
    raise HTTPException(501, "not built yet")


@router.post("/api/datasets", status_code=201, responses=answers(Dataset, status=201), openapi_extra=_RAW)
async def upload(
    http: Request,
    name: Annotated[str, Query(min_length=1, max_length=200, description="The file's name, with its ending.")],
    client: Client,
    owner: CurrentOwner,
    services: CurrentServices,
) -> Response:
    """Upload a table as the raw body: CSV, TSV, spaced text, Parquet, JSON or JSON lines."""
    raise HTTPException(501, "not built yet")


@router.get("/api/datasets/{dataset}", responses=answers(Dataset))
def find_dataset(dataset: Identifier, services: CurrentServices) -> Response:
    """An uploaded table as it is read with its roles, for everybody who has its id."""
    raise HTTPException(501, "not built yet")


@router.patch("/api/datasets/{dataset}", responses=answers(Dataset))
def set_roles(dataset: Identifier, request: RolesRequest, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Say what the columns are."""
    raise HTTPException(501, "not built yet")


@router.delete("/api/datasets/{dataset}", responses=answers(Deleted))
def delete_dataset(dataset: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Delete a table with what was discovered in it."""
    raise HTTPException(501, "not built yet")
