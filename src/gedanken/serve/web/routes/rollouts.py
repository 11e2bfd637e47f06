"""Rollouts: a player continues a scene on its own frames. The last hundred are kept in memory."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request, Response
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
from gedanken.serve.web.models.base import Cancelled, Started
from gedanken.serve.web.models.events import RolloutEvents
from gedanken.serve.web.models.rollouts import Rollout
from gedanken.serve.web.wire import RolloutRequest

router = APIRouter(tags=["rollouts"], responses=FAILURES)


@router.post("/api/rollouts", status_code=201, responses=answers(Started, status=201))
async def start_rollout(
    request: RolloutRequest, http: Request, client: Client, owner: CurrentOwner, services: CurrentServices
) -> Response:
    """Let a player continue a scene on its own frames; follow it at `events`, find it again at `url`."""
    raise HTTPException(501, "not built yet")


@router.get("/api/rollouts/{rollout}", responses=answers(Rollout))
def find_rollout(rollout: Identifier, services: CurrentServices) -> Response:
    """A rollout with the frames so far, for everybody who has its id."""
    raise HTTPException(501, "not built yet")


@router.get("/api/rollouts/{rollout}/events", response_class=StreamingResponse, responses=streams(RolloutEvents))
async def rollout_events(
    rollout: Identifier,
    client: Client,
    services: CurrentServices,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,9}$")] = None,
) -> Response:
    """Server-sent events: `scene`, `frame` (beside the truth), `baselines`, `end`. `Last-Event-ID` resumes."""
    raise HTTPException(501, "not built yet")


@router.post("/api/rollouts/{rollout}/cancel", responses=answers(Cancelled))
def cancel_rollout(rollout: Identifier, owner: CurrentOwner, services: CurrentServices) -> Response:
    """Stop a rollout at once. On a hosted server, only its owner may."""
    raise HTTPException(501, "not built yet")
