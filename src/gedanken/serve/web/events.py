"""Server-sent events: episodes as they happen, or as the history records them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError

from gedanken.serve.web.history import RUNNING
from gedanken.serve.web.running import Feed

# A client that reads nothing for so long is taken to be gone.
SEND_SECONDS = 30.0
# How often the history is read for an episode that runs on another server.
POLL_SECONDS = 1.0


class EventStream(EventSourceResponse):
    """The response that sends events, and a comment every 15 s so that proxies do not close the connection.

    `closing` is called once in any case: at the end of the events, when the client has gone, also before the first
    byte, when it does not read, and when the server stops.
    """

    def __init__(self, events: AsyncIterator[ServerSentEvent], closing: Callable[[], None]):
        super().__init__(events, sep="\n", send_timeout=SEND_SECONDS)
        self._closing = closing

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the events."""
        try:
            with contextlib.suppress(SendTimeoutError):
                await super().__call__(scope, receive, send)
        finally:
            self._closing()


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


async def replay(read: Callable[[], list[dict[str, Any]]]) -> AsyncIterator[ServerSentEvent]:
    """The turns and the ends of episodes from the history; several episodes carry their `side`.

    An episode that runs on another server is followed in the history until it ends there.

    Args:
        read: reads the episodes; it is called in a thread.
    """
    sent: dict[str, int] = {}
    ended: set[str] = set()
    while True:
        episodes = await asyncio.to_thread(read)
        for episode in episodes:
            if episode["id"] in ended:
                continue
            side = {"side": episode["side"]} if len(episodes) > 1 else {}
            for turn in episode["turns"][sent.get(episode["id"], 0) :]:
                yield to_event("turn", {**turn, **side})
            sent[episode["id"]] = len(episode["turns"])
            if episode["status"] != RUNNING:
                ended.add(episode["id"])
                yield to_event("end", {"status": episode["status"], "error": episode["error"], **side})
        if len(ended) == len(episodes):
            return
        await asyncio.sleep(POLL_SECONDS)
