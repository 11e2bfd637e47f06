"""Rollouts: a player continues a scene on its own frames. They are streamed and not recorded."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from sse_starlette import EventSourceResponse, ServerSentEvent

from gedanken.errors import GedankenError, UserError
from gedanken.loop import Player
from gedanken.serve.web import events
from gedanken.serve.web.dependencies import FAILURES, CurrentServices, Services
from gedanken.serve.web.episodes import BusyError, close_player
from gedanken.serve.web.scenes import plain
from gedanken.serve.web.wire import RolloutRequest
from gedanken.tasks.predict import rollout
from gedanken.tasks.predict.show import show_scene
from gedanken.tasks.predict.task import PredictTask

router = APIRouter(tags=["episodes"], responses=FAILURES)


@router.post("/api/rollouts", response_class=StreamingResponse)
def roll_out(request: RolloutRequest, services: CurrentServices) -> EventSourceResponse:
    """Let a player continue a scene on its own frames: events `scene`, `frame` (beside the truth), `end`."""
    told = _roll_out(request, services)
    # The first event is made here, so that a bad request gets an error response and not a broken stream.
    scene = next(told)
    return events.stream(itertools.chain([scene], told))


def _roll_out(request: RolloutRequest, services: Services) -> Iterator[ServerSentEvent]:
    """The events of a rollout, which holds a slot until it ends or is closed."""
    if not services.rollout_slots.acquire(blocking=False):
        raise BusyError("the server is busy; try again in a minute")
    deadline = time.monotonic() + services.settings.episode_seconds

    def check_time(_: str = "") -> None:
        if time.monotonic() > deadline:
            raise UserError("the rollout has used up its time")

    player = None
    try:
        player = services.episodes.open_player(request.player, PredictTask.name, check_time)
        frames = _frames(request, player, check_time)
        yield events.to_event("scene", next(frames))
        try:
            for number, frame in enumerate(frames, 1):
                yield events.to_event("frame", frame, number)
            yield events.to_event("end", {"status": "finished", "error": None})
        except GedankenError as error:
            yield events.to_event("end", {"status": "failed", "error": str(error)})
    finally:
        services.rollout_slots.release()
        close_player(player)


def _frames(request: RolloutRequest, player: Player, check_time: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """First the scene, then each frame as it is predicted."""
    if request.subject not in PredictTask().subjects():
        raise UserError(f"there is no scenario {request.subject!r}")
    title, problem = rollout.read_problem(
        request.subject,
        frames=request.frames,
        level=request.level,
        index=request.index,
        split=request.split,
        context=request.context,
        format=request.format,
        exact=request.exact,
    )
    prompt = problem.observation.prompt
    yield plain(
        {"title": title, "scene": show_scene(problem.truth.scene), "first": prompt.first, "frames": prompt.states}
    )
    for number, (state, reading) in enumerate(PredictTask().roll_out(problem, player, request.frames)):
        check_time()
        yield plain(
            {
                "number": prompt.next + number,
                "predicted": state,
                "truth": problem.truth.frames[number],
                "coverage": float(reading.answered.mean()),
                "complaints": reading.complaints[:3],
            }
        )
