"""Rollouts: a player continues a scene on its own frames. The last hundred are kept in memory."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

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
from gedanken.serve.web.models.base import Cancelled, Started
from gedanken.serve.web.models.events import RolloutEvents
from gedanken.serve.web.models.rollouts import Rollout
from gedanken.serve.web.wire import RolloutRequest

router = APIRouter(tags=["rollouts"], responses=FAILURES)


@router.post("/api/rollouts", status_code=201, responses=answers(Started, status=201))
async def start_rollout(
    request: RolloutRequest,
    http: Request,
    response: Response,
    client: Client,
    owner: CurrentOwner,
    services: CurrentServices,
) -> dict[str, Any]:
    """Let a player continue a scene on its own frames; follow it at `events`, find it again at `url`.

    A rollout that nobody follows or asks for is stopped after half a minute.
    """
    digest = owner.identify(http, response)
    loop = asyncio.get_running_loop()
    # The scene is posed here, so that a bad request gets an error response and not a broken stream.
    identity = await asyncio.to_thread(services.rollouts.start, loop, client, request, digest)
    url = f"/api/rollouts/{identity}"
    return {"id": identity, "url": url, "events": f"{url}/events"}


@router.get("/api/rollouts/{rollout}", responses=answers(Rollout))
def find_rollout(rollout: Identifier, services: CurrentServices) -> Response:
    """A rollout with the frames so far, for everybody who has its id."""
    job = require(services.rollouts.jobs.get(rollout), "rollout")
    services.rollouts.hear(job)
    return Json(job.to_dict())


@router.get("/api/rollouts/{rollout}/events", response_class=StreamingResponse, responses=streams(RolloutEvents))
async def rollout_events(rollout: Identifier, client: Client, services: CurrentServices, seen: LastSeen) -> EventStream:
    """Server-sent events: `scene`, `frame` (beside the truth), `baselines`, `end`. `Last-Event-ID` resumes."""
    job = require(services.rollouts.jobs.get(rollout), "rollout")
    [slot] = services.streams.take(client)
    return EventStream(follow(services.rollouts.listen(job, seen)), slot.free)


@router.post("/api/rollouts/{rollout}/cancel", responses=answers(Cancelled))
def cancel_rollout(rollout: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Stop a rollout at once. On a hosted server, only its owner may."""
    job = require(services.rollouts.jobs.get(rollout), "rollout")
    owner.require_digest(job.owner, "rollout")
    return Json({"id": rollout, "cancelled": services.rollouts.cancel(rollout)})
