"""Discovering a law in a person's own data, as a job."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request, Response
from fastapi.responses import StreamingResponse

from gedanken.errors import UserError
from gedanken.serve.web.dependencies import (
    FAILURES,
    Client,
    CurrentOwner,
    CurrentServices,
    Identifier,
    Json,
    LastSeen,
    answers,
    require,
    streams,
)
from gedanken.serve.web.events import EventStream, follow
from gedanken.serve.web.models.base import Cancelled, Deleted, Started
from gedanken.serve.web.models.discoveries import AlternativeCurves, Discovery
from gedanken.serve.web.models.events import DiscoveryEvents
from gedanken.serve.web.wire import DiscoveryRequest

router = APIRouter(tags=["own data"], responses=FAILURES)

_ZIP: dict[int | str, dict[str, Any]] = {
    200: {"description": "report.md, report.json and fit.png", "content": {"application/zip": {}}}
}


@router.post("/api/discoveries", status_code=201, responses=answers(Started, status=201))
async def start_discovery(
    request: DiscoveryRequest,
    http: Request,
    response: Response,
    client: Client,
    owner: CurrentOwner,
    services: CurrentServices,
) -> dict[str, Any]:
    """Let a player look for the law in a table; follow it at `events`, find what it found at `url`."""
    most = services.settings.max_turns
    if request.max_turns is not None and request.max_turns > most:
        raise UserError(f"max_turns is at most {most} here")
    digest = owner.identify(http, response)
    loop = asyncio.get_running_loop()
    identity = await asyncio.to_thread(services.discoveries.start, loop, client, request, digest)
    url = f"/api/discoveries/{identity}"
    return {"id": identity, "url": url, "events": f"{url}/events"}


@router.get("/api/discoveries/{discovery}", responses=answers(Discovery))
def find_discovery(discovery: Identifier, services: CurrentServices) -> Response:
    """A discovery with its report: the permalink, for everybody who has it."""
    return Json(services.discoveries.show(require(services.discoveries.find(discovery), "discovery")))


@router.get("/api/discoveries/{discovery}/events", response_class=StreamingResponse, responses=streams(DiscoveryEvents))
async def discovery_events(
    discovery: Identifier, client: Client, services: CurrentServices, seen: LastSeen
) -> EventStream:
    """Server-sent events: `note`, `progress`, `candidate`, `turn`, `report`, then `end`; `Last-Event-ID` resumes."""
    require(await asyncio.to_thread(services.discoveries.find, discovery), "discovery")
    [slot] = services.streams.take(client)
    return EventStream(follow(services.discoveries.listen(discovery, seen)), slot.free)


@router.post("/api/discoveries/{discovery}/cancel", responses=answers(Cancelled))
def cancel_discovery(discovery: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Stop a discovery at once. On a hosted server, only its owner may."""
    owner.require_digest(require(services.discoveries.find(discovery), "discovery").owner, "discovery")
    return Json({"id": discovery, "cancelled": services.discoveries.cancel(discovery)})


@router.delete("/api/discoveries/{discovery}", responses=answers(Deleted))
def delete_discovery(discovery: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Delete a discovery with its report; one that is running is stopped."""
    owner.require_digest(require(services.discoveries.find(discovery), "discovery").owner, "discovery")
    services.discoveries.cancel(discovery)
    services.discoveries.store.delete_discovery(discovery)
    return Json({"id": discovery, "deleted": True})


@router.get("/api/discoveries/{discovery}/alternatives/{number}", responses=answers(AlternativeCurves))
def draw_alternative(
    discovery: Identifier, number: Annotated[int, Path(ge=0, lt=1000)], client: Client, services: CurrentServices
) -> Response:
    """The curves of an alternative law, by its place in the report."""
    if services.settings.hosted:
        services.simulations.count(client)
    found = require(services.discoveries.find(discovery), "discovery")
    return Json(require(services.discoveries.draw_alternative(found, number), "alternative law"))


@router.get("/api/discoveries/{discovery}/report.zip", response_class=Response, responses=_ZIP)
def download_report(discovery: Identifier, services: CurrentServices) -> Response:
    """The report's files."""
    found = require(services.discoveries.find(discovery), "discovery")
    if found.archive is None:
        raise HTTPException(409, "this discovery has no report")
    named = {"Content-Disposition": f'attachment; filename="discovery-{discovery[:8]}.zip"'}
    return Response(found.archive, headers=named, media_type="application/zip")
