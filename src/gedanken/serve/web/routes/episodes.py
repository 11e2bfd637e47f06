"""Episodes and comparisons in progress: start, follow, cancel."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from gedanken.errors import UserError
from gedanken.serve.web import events
from gedanken.serve.web.dependencies import (
    FAILURES,
    Client,
    CurrentOwner,
    CurrentServices,
    Identifier,
    Services,
    answers,
    require,
    streams,
)
from gedanken.serve.web.events import EventStream
from gedanken.serve.web.models.base import Cancelled, Started
from gedanken.serve.web.models.episodes import StartedComparison
from gedanken.serve.web.models.events import EpisodeEvents
from gedanken.serve.web.scenes import pose
from gedanken.serve.web.wire import ComparisonRequest, EpisodeRequest, PlayerRequest, ProblemRequest

router = APIRouter(tags=["episodes"], responses=FAILURES)


@router.post("/api/episodes", status_code=201, responses=answers(Started, status=201))
async def start_episode(
    request: EpisodeRequest,
    http: Request,
    response: Response,
    client: Client,
    owner: CurrentOwner,
    services: CurrentServices,
) -> dict[str, Any]:
    """Let a player play; follow it at `events`, find it again at `url`.

    A hosted server answers with a token in the header `Gedanken-Owner` and in a cookie; listing and cancelling need it.
    """
    digest = owner.identify(http, response)
    _, ids = await _start(services, client, digest, request.problem, [request.player], request.max_turns)
    return {"id": ids[0], "url": f"/api/episodes/{ids[0]}", "events": f"/api/episodes/{ids[0]}/events"}


@router.post("/api/comparisons", status_code=201, responses=answers(StartedComparison, status=201))
async def start_comparison(
    request: ComparisonRequest,
    http: Request,
    response: Response,
    client: Client,
    owner: CurrentOwner,
    services: CurrentServices,
) -> dict[str, Any]:
    """Let two players play the same problem: same data, hint, seed and verifier."""
    digest = owner.identify(http, response)
    comparison, ids = await _start(services, client, digest, request.problem, request.players, request.max_turns)
    url = f"/api/comparisons/{comparison}"
    return {"id": comparison, "episodes": ids, "url": url, "events": f"{url}/events"}


async def _start(
    services: Services,
    client: str,
    owner: str | None,
    problem: ProblemRequest,
    players: list[PlayerRequest],
    turns: int | None,
) -> tuple[str | None, list[str]]:
    """Pose the problem and start one episode a player, in a thread; the comparison's id and the episodes'."""
    if turns is not None and turns > services.settings.max_turns:
        raise UserError(f"max_turns is at most {services.settings.max_turns} here")
    loop = asyncio.get_running_loop()

    def start() -> tuple[str | None, list[str]]:
        task, posed, named = pose(problem, turns)
        return services.episodes.start(loop, client, task, posed, named, players, owner)

    return await asyncio.to_thread(start)


@router.post("/api/episodes/{episode}/cancel", responses=answers(Cancelled))
def cancel_episode(episode: Identifier, owner: CurrentOwner, services: CurrentServices) -> dict[str, Any]:
    """Stop an episode at once; its finished turns stay. On a hosted server, only its owner may."""
    require(services.history.find(episode), "episode")
    owner.require(episode)
    return {"id": episode, "cancelled": services.episodes.cancel(episode)}


@router.get("/api/episodes/{episode}/events", response_class=StreamingResponse, responses=streams(EpisodeEvents))
async def episode_events(
    episode: Identifier,
    client: Client,
    services: CurrentServices,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,9}$")] = None,
) -> EventStream:
    """Server-sent events: `turn_started`, `reasoning`, `token`, `turn`, then `end`. `Last-Event-ID` resumes."""
    feed = services.episodes.feed(episode)
    if feed is None:
        require(await asyncio.to_thread(services.history.find, episode), "episode")
    [slot] = services.streams.take(client)
    if feed is not None:
        return EventStream(events.follow(feed, int(last_event_id or 0)), slot.free)
    return EventStream(events.replay(lambda: [require(services.history.find(episode), "episode")]), slot.free)


@router.get("/api/comparisons/{comparison}/events", response_class=StreamingResponse, responses=streams(EpisodeEvents))
async def comparison_events(comparison: Identifier, client: Client, services: CurrentServices) -> EventStream:
    """The events of both episodes as they happen, each with its `side`."""
    recorded = require(await asyncio.to_thread(services.history.compare, comparison), "comparison")
    feeds = [services.episodes.feed(episode["id"]) for episode in recorded]
    live = [feed for feed in feeds if feed is not None]
    [slot] = services.streams.take(client)
    if len(live) == len(recorded):
        return EventStream(events.follow_all(live), slot.free)
    return EventStream(events.replay(lambda: services.history.compare(comparison)), slot.free)
