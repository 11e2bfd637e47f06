"""Episodes and comparisons in progress: start, follow, cancel."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from gedanken.errors import UserError
from gedanken.serve.web import events
from gedanken.serve.web.dependencies import (
    FAILURES,
    BothSeen,
    Client,
    CurrentOwner,
    CurrentServices,
    Identifier,
    LastSeen,
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
async def episode_events(episode: Identifier, client: Client, services: CurrentServices, seen: LastSeen) -> EventStream:
    """Server-sent events: `turn_started`, `note`, `reasoning`, `token`, `turn`, then `end`; `Last-Event-ID` resumes."""
    if services.episodes.feed(episode) is None:
        require(await asyncio.to_thread(services.history.find, episode), "episode")
    [slot] = services.streams.take(client)
    return EventStream(events.follow(_source(services, episode, seen)), slot.free)


@router.get("/api/comparisons/{comparison}/events", response_class=StreamingResponse, responses=streams(EpisodeEvents))
async def comparison_events(
    comparison: Identifier, client: Client, services: CurrentServices, seen: BothSeen
) -> EventStream:
    """The events of both episodes as they happen, each with its `side`; `Last-Event-ID` (A.B) resumes."""
    recorded = require(await asyncio.to_thread(services.history.compare, comparison), "comparison")
    [slot] = services.streams.take(client)
    after = [*seen, *[0] * len(recorded)][: len(recorded)]
    sources = [_source(services, side["id"], last) for side, last in zip(recorded, after, strict=True)]
    return EventStream(events.follow_all(sources, after), slot.free)


def _source(services: Services, episode: str, after: int) -> AsyncIterator[events.Numbered]:
    """The events of an episode as they happen or, where its feed is gone, as the history has them."""
    feed = services.episodes.feed(episode)
    if feed is None:
        return events.replay(lambda: services.history.find(episode), after)
    return feed.listen(after if after < events.REPLAYED else 0)
