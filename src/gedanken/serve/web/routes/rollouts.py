"""Rollouts: a player continues a scene on its own frames. They are streamed and not recorded."""

import asyncio
import functools

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gedanken.serve.web import events
from gedanken.serve.web.dependencies import FAILURES, Client, CurrentServices
from gedanken.serve.web.events import EventStream
from gedanken.serve.web.wire import RolloutRequest

router = APIRouter(tags=["episodes"], responses=FAILURES)


@router.post("/api/rollouts", response_class=StreamingResponse)
async def roll_out(request: RolloutRequest, client: Client, services: CurrentServices) -> EventStream:
    """Let a player continue a scene on its own frames: events `scene`, `frame` (beside the truth), `end`."""
    # The scene is posed here, so that a bad request gets an error response and not a broken stream.
    running = await asyncio.to_thread(services.rollouts.start, asyncio.get_running_loop(), client, request)
    return EventStream(events.follow(running.feed), functools.partial(services.rollouts.stop, running))
