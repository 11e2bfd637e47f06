"""Server-sent events: episodes as they happen, or as the history records them."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import orjson
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError

from gedanken.serve.web.history import RUNNING

_log = logging.getLogger(__name__)

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


def to_event(name: str, data: dict[str, Any], identity: str) -> ServerSentEvent:
    """One event; a client sends its id back as `Last-Event-ID`."""
    return ServerSentEvent(orjson.dumps(data).decode(), event=name, id=identity, sep="\n")


# One event: its number, its name, its data. Numbers of one episode grow.
Numbered = tuple[int, str, dict[str, Any]]

# Turns that are read from the history are numbered from here on, far above the events of any feed.
REPLAYED = 1_000_000


async def follow(events: AsyncIterator[Numbered]) -> AsyncIterator[ServerSentEvent]:
    """One source of events as a stream."""
    async for number, name, data in events:
        yield to_event(name, data, str(number))


async def follow_all(
    sources: Sequence[AsyncIterator[Numbered]], after: Sequence[int]
) -> AsyncIterator[ServerSentEvent]:
    """Several sources in the order their events happen, each event with its `side`.

    Ids are the numbers of the last event of each side, joined by dots: with one, a client goes on where it was.
    """
    # A source that is ahead of its reader waits: a client that reads slowly fills no memory.
    queue: asyncio.Queue[tuple[int, Numbered | None]] = asyncio.Queue(maxsize=64)
    seen = list(after)

    async def forward(side: int, source: AsyncIterator[Numbered]) -> None:
        try:
            async for event in source:
                await queue.put((side, event))
        except Exception:  # of the database; the other side goes on
            _log.exception("side %d of a stream", side)
        await queue.put((side, None))

    forwarding = [asyncio.create_task(forward(side, source)) for side, source in enumerate(sources)]
    try:
        open_sources = len(sources)
        while open_sources:
            side, event = await queue.get()
            if event is None:
                open_sources -= 1
            else:
                number, name, data = event
                seen[side] = number
                yield to_event(name, {**data, "side": side}, ".".join(map(str, seen)))
    finally:
        for task in forwarding:
            task.cancel()


async def replay(read: Callable[[], dict[str, Any] | None], after: int = 0) -> AsyncIterator[Numbered]:
    """The turns and the end of an episode from the history, from number `after` on.

    An episode that runs on another server is followed in the history until it ends there.

    Args:
        read: reads the episode; it is called in a thread.
        after: the number of the last event seen. Numbers of a feed, which are smaller, say nothing about turns here.
    """
    sent = max(0, after - REPLAYED)
    while True:
        episode = await asyncio.to_thread(read)
        if episode is None:  # deleted
            return
        for turn in episode["turns"][sent:]:
            sent += 1
            yield REPLAYED + sent, "turn", turn
        if episode["status"] != RUNNING:
            if sent <= len(episode["turns"]):  # else the end was seen, too
                end = {name: episode[name] for name in ("status", "error", "code")}
                yield REPLAYED + sent + 1, "end", end
            return
        await asyncio.sleep(POLL_SECONDS)
