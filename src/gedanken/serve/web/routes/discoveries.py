"""Discovering a law in a person's own data, as a job."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Request, Response
from fastapi.responses import StreamingResponse

from gedanken.serve.web.dependencies import (
    FAILURES,
    Client,
    CurrentOwner,
    CurrentServices,
    Identifier,
    answers,
    streams,
)
from gedanken.serve.web.models.base import Cancelled, Deleted, Started
from gedanken.serve.web.models.discoveries import AlternativeCurves, Discovery
from gedanken.serve.web.models.events import DiscoveryEvents
from gedanken.serve.web.wire import DiscoveryRequest

router = APIRouter(tags=["own data"], responses=FAILURES)


@router.post("/api/discoveries", status_code=201, responses=answers(Started, status=201))
async def start_discovery(
    request: DiscoveryRequest, http: Request, client: Client, owner: CurrentOwner, services: CurrentServices
) -> Response:
    """Let a player look for the law in a table; follow it at `events`, find what it found at `url`."""
    raise HTTPException(501, "not built yet")


@router.get("/api/discoveries/{discovery}", responses=answers(Discovery))
def find_discovery(discovery: Identifier, services: CurrentServices) -> Response:
    """A discovery with its report: the permalink, for everybody who has it."""
    raise HTTPException(501, "not built yet")


@router.get("/api/discoveries/{discovery}/events", response_class=StreamingResponse, responses=streams(DiscoveryEvents))
async def discovery_events(
    discovery: Identifier,
    client: Client,
    services: CurrentServices,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,9}$")] = None,
) -> Response:
    """Server-sent events: `note`, `progress`, `candidate`, `turn`, `report`, then `end`; `Last-Event-ID` resumes."""
    raise HTTPException(501, "not built yet")


@router.post("/api/discoveries/{discovery}/cancel", responses=answers(Cancelled))
def cancel_discovery(discovery: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Stop a discovery at once. On a hosted server, only its owner may."""
    raise HTTPException(501, "not built yet")


@router.delete("/api/discoveries/{discovery}", responses=answers(Deleted))
def delete_discovery(discovery: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Delete a discovery with its report."""
    raise HTTPException(501, "not built yet")


@router.get("/api/discoveries/{discovery}/alternatives/{number}", responses=answers(AlternativeCurves))
def draw_alternative(
    discovery: Identifier, number: Annotated[int, Path(ge=0, lt=1000)], services: CurrentServices
) -> Response:
    """The curves of an alternative law, by its place in the report."""
    raise HTTPException(501, "not built yet")


@router.get(
    "/api/discoveries/{discovery}/report.zip",
    responses={200: {"description": "report.md, report.json and fit.png", "content": {"application/zip": {}}}},
)
def download_report(discovery: Identifier, services: CurrentServices) -> Response:
    """The report's files."""
    raise HTTPException(501, "not built yet")
