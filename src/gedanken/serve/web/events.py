"""Server-sent events: episodes as they happen, or as the history recorded them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent

from gedanken.serve.web.episodes import Feed
from gedanken.serve.web.history import INTERRUPTED, RUNNING


def stream(events: Any) -> EventSourceResponse:
    """The response that sends events, and a comment every 15 s so that proxies do not close the connection."""
    return EventSourceResponse(events, sep="\n")


def to_event(name: str, data: dict[str, Any], number: int | None = None) -> ServerSentEvent:
    """One event; its number is the id that a client sends back as `Last-Event-ID`."""
    identity = None if number is None else str(number)
    return ServerSentEvent(orjson.dumps(data).decode(), event=name, id=identity, sep="\n")


async def follow(feed: Feed, after: int = 0) -> AsyncIterator[ServerSentEvent]:
    """The events of an episode from number `after` on."""
    async for number, name, data in feed.listen(after):
        yield to_event(name, data, number)


async def follow_all(feeds: list[Feed]) -> AsyncIterator[ServerSentEvent]:
    """The events of several episodes in the order they happen, each with its `side`."""
    queue: asyncio.Queue[ServerSentEvent | None] = asyncio.Queue()

    async def forward(side: int, feed: Feed) -> None:
        try:
            async for _, name, data in feed.listen():
                queue.put_nowait(to_event(name, {**data, "side": side}))
        finally:
            queue.put_nowait(None)

    forwarding = [asyncio.create_task(forward(side, feed)) for side, feed in enumerate(feeds)]
    try:
        open_feeds = len(feeds)
        while open_feeds:
            event = await queue.get()
            if event is None:
                open_feeds -= 1
            else:
                yield event
    finally:
        for task in forwarding:
            task.cancel()


async def replay(episodes: list[dict[str, Any]]) -> AsyncIterator[ServerSentEvent]:
    """The turns and the end of episodes from the history; several episodes carry their `side`."""
    for episode in episodes:
        side = {"side": episode["side"]} if len(episodes) > 1 else {}
        for turn in episode["turns"]:
            yield to_event("turn", {**turn, **side})
        status = INTERRUPTED if episode["status"] == RUNNING else episode["status"]
        yield to_event("end", {"status": status, "error": episode["error"], **side})
