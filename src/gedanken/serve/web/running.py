"""What runs in a thread for a client: its feed of events, its time limit, its player, and how it is stopped.

A client may leave and an endpoint may be silent for ever. So nothing here waits for the thread: stopping breaks the
endpoint's connection off and frees the slot at once, and `Deadlines` stops what a thread does not stop by itself.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from gedanken.errors import GedankenError
from gedanken.loop import Player
from gedanken.serve.web.scenes import plain
from gedanken.serve.web.slots import Slot

# What an endpoint writes is kept in memory for late listeners, so it is limited: events a second (more pieces are
# joined) and characters altogether (the rest is not shown while it is written).
EVENTS_PER_SECOND = 50
SHOWN_CHARACTERS = 1 << 20


class Stopped(GedankenError):
    """It was cancelled or has used up its time; the message says which."""


class Feed:
    """Events in order: published by one thread, read by any number of listeners on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop = loop
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._changed = asyncio.Event()
        self.closed = False

    def publish(self, name: str, data: dict[str, Any], last: bool = False) -> None:
        """Append an event; the last one closes the feed, and later ones are dropped. From any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server is stopping, without listeners
            self._loop.call_soon_threadsafe(self._append, name, data, last)

    def _append(self, name: str, data: dict[str, Any], last: bool) -> None:
        if self.closed:
            return
        self._events.append((name, data))
        self.closed = last
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def listen(self, after: int = 0) -> AsyncIterator[tuple[int, str, dict[str, Any]]]:
        """Events from number `after` on, as (number, name, data), until the feed is closed."""
        while True:
            changed = self._changed
            while after < len(self._events):
                name, data = self._events[after]
                after += 1
                yield after, name, data
            if self.closed:
                return
            await changed.wait()


class Running:
    """One episode, rollout or discovery in progress.

    Attributes:
        id: its name.
        what: `episode`, `rollout` or `discovery`, for messages.
        task: the task's name.
        feed: its events.
        slot: held until it ends or is stopped.
        thread_slot: held until its thread has ended, too.
        cancelled: set when it should go no further.
        player: who plays; None where a person does.
        out_of_time: the sentence for when its time is up.
    """

    def __init__(self, identity: str, what: str, task: str, feed: Feed, seconds: float, slot: Slot, thread_slot: Slot):
        self.id, self.what, self.task, self.feed = identity, what, task, feed
        self.slot, self.thread_slot = slot, thread_slot
        self.deadline = time.monotonic() + seconds
        self.cancelled = threading.Event()
        self.player: Player | None = None
        self.text = Typing(self, "token")
        self.reasoning = Typing(self, "reasoning")
        self.out_of_time = f"the {what} has used up its time"

    def check(self) -> None:
        """Raise `Stopped` if it should go no further."""
        if self.cancelled.is_set():
            raise Stopped("cancelled", "cancelled")
        if time.monotonic() > self.deadline:
            raise Stopped(self.out_of_time, "time_up")

    def progress(self, text: str) -> None:
        """Publish a stage of a player's search.

        Raises:
            Stopped: it should go no further.
        """
        self.check()
        self.note(text, "progress")

    def note(self, text: str, kind: str) -> None:
        """Publish what is going on; see `models.events.Note`."""
        self.feed.publish("note", {"text": plain(text[:1000]), "kind": kind})

    def flush(self) -> None:
        """Publish the text that waits to be joined with more."""
        self.reasoning.flush()
        self.text.flush()

    def stop(self) -> None:
        """Let it go no further, break its player's connection off, and free its slot. From any thread."""
        self.cancelled.set()
        interrupt = getattr(self.player, "interrupt", None)
        if callable(interrupt):
            interrupt()
        self.slot.free()


class Typing:
    """A listener to a model's text that publishes it as events, as often and as much of it as the limits allow.

    Attributes:
        publishes: whether it publishes at all.
    """

    def __init__(self, running: Running, event: str):
        self._running, self._event = running, event
        self.publishes = True
        self._waiting: list[str] = []
        self._second, self._published, self._left = 0.0, 0, SHOWN_CHARACTERS

    def __call__(self, piece: str) -> None:
        """Take the next piece.

        Raises:
            Stopped: the running should go no further.
        """
        self._running.check()
        if not self.publishes:
            return
        piece = piece[: self._left]
        self._left -= len(piece)
        if piece:
            self._waiting.append(piece)
        now = time.monotonic()
        if now - self._second > 1.0:
            self._second, self._published = now, 0
        if self._published < EVENTS_PER_SECOND:
            self.flush()

    def flush(self) -> None:
        """Publish the pieces that wait."""
        if self._waiting:
            self._published += 1
            self._running.feed.publish(self._event, {"text": plain("".join(self._waiting))})
            self._waiting.clear()


class Deadlines:
    """Stops what has used up its time although its thread waits for something that never comes."""

    def __init__(self, interval: float = 0.5):
        self._watched: dict[Running, Callable[[], None]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, args=(interval,), name="deadlines", daemon=True)
        self._thread.start()

    def add(self, running: Running, expire: Callable[[], None]) -> None:
        """Call `expire` when the time of `running` is up."""
        with self._lock:
            self._watched[running] = expire

    def discard(self, running: Running) -> None:
        """It has ended."""
        with self._lock:
            self._watched.pop(running, None)

    def _watch(self, interval: float) -> None:
        while not self._closed.wait(interval):
            now = time.monotonic()
            with self._lock:
                expired = [item for item in self._watched.items() if now > item[0].deadline]
                for running, _ in expired:
                    del self._watched[running]
            for _, expire in expired:
                expire()

    def close(self) -> None:
        """End the watch."""
        self._closed.set()
        self._thread.join()


def close_player(player: Player | None) -> None:
    """Close the player's connection, if it has one."""
    close = getattr(player, "close", None)
    if callable(close):
        with contextlib.suppress(Exception):
            close()
