"""Episodes in progress: each is played by a thread, and a turn is in the history before listeners see it."""

import asyncio
import contextlib
import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gedanken.errors import GedankenError, UserError
from gedanken.loop import Player, Problem, Task, play
from gedanken.players import load_player
from gedanken.serve.web.endpoints import open_player
from gedanken.serve.web.history import CANCELLED, FAILED, FINISHED, History
from gedanken.serve.web.metrics import Metrics
from gedanken.serve.web.scenes import draw_turn, plain
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.wire import PlayerRequest

_log = logging.getLogger(__name__)

# How long the feed of an ended episode stays in memory for its listeners. After that they read the history.
FEED_SECONDS = 60.0


class Stopped(GedankenError):
    """The episode was cancelled or has used up its time; the message says which."""


class BusyError(GedankenError):
    """Too many episodes are running; the message says whose."""


class Feed:
    """The events of an episode in order: published by its thread, read by any number of listeners on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop = loop
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._changed = asyncio.Event()
        self.closed = False

    def publish(self, name: str, data: dict[str, Any], last: bool = False) -> None:
        """Append an event; the last one closes the feed. From any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the server is stopping, without listeners
            self._loop.call_soon_threadsafe(self._append, name, data, last)

    def _append(self, name: str, data: dict[str, Any], last: bool) -> None:
        self._events.append((name, data))
        self.closed = self.closed or last
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
    """One episode in progress."""

    def __init__(self, episode: str, task: str, client: str, feed: Feed, deadline: float):
        self.id, self.task, self.client, self.feed, self.deadline = episode, task, client, feed, deadline
        self.cancelled = threading.Event()
        self.player: Player | None = None

    def check(self, _: str = "") -> None:
        """Raise `Stopped` if the episode should go no further."""
        if self.cancelled.is_set():
            raise Stopped("cancelled")
        if time.monotonic() > self.deadline:
            raise Stopped("the episode has used up its time")


class Episodes:
    """Starts, stops and counts episodes."""

    def __init__(self, settings: Settings, history: History, metrics: Metrics | None = None):
        self.settings, self.history, self.metrics = settings, history, metrics or Metrics()
        self.running: dict[str, Running] = {}
        self.metrics.episodes_running.set_function(lambda: len(self.running))
        # Threads by client. That of a cancelled episode may still wait for its endpoint; it counts until it ends.
        self._threads: Counter[str] = Counter()
        # Feeds of ended episodes, with the time of their end.
        self._ended: dict[str, tuple[float, Feed]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(settings.total_episodes, thread_name_prefix="episode")

    def open_player(self, request: PlayerRequest, task: str, on_token: Callable[[str], None]) -> Player:
        """The player that a request names: a built-in one by its bare name, or a model by endpoint and name.

        Raises:
            UserError: there is no such player, or its endpoint cannot be asked.
        """
        if (request.name is None) == (request.endpoint is None):
            raise UserError("a player has either a name or an endpoint")
        if request.name is not None:
            if ":" in request.name:
                raise UserError("name a built-in player here; a model is given by endpoint and model")
            return load_player(request.name, task)
        assert request.endpoint is not None
        if not request.model:
            raise UserError("an endpoint needs the name of a model")
        limit = self.settings.max_tokens
        if request.max_tokens is not None and request.max_tokens > limit:
            raise UserError(f"max_tokens is at most {limit} here")
        return open_player(
            request.endpoint,
            request.model,
            hosted=self.settings.hosted,
            api_key=request.api_key.get_secret_value() if request.api_key else None,
            temperature=request.temperature,
            max_tokens=request.max_tokens or min(4096, limit),
            timeout=self.settings.answer_seconds,
            retries=1,
            on_token=on_token,
        )

    def start(
        self,
        loop: asyncio.AbstractEventLoop,
        client: str,
        task: Task,
        problem: Problem,
        named: dict[str, Any],
        players: list[PlayerRequest],
    ) -> tuple[str | None, list[str]]:
        """Start an episode for each player at the same problem; the comparison's id (of two or more) and theirs.

        Raises:
            UserError: a player that cannot be opened; then none is started.
            BusyError: too many episodes are running.
        """
        comparison = secrets.token_urlsafe(12) if len(players) > 1 else None
        deadline = time.monotonic() + self.settings.episode_seconds
        fresh = [Running(secrets.token_urlsafe(12), task.name, client, Feed(loop), deadline) for _ in players]
        for running, request in zip(fresh, players, strict=True):
            running.player = self.open_player(request, task.name, _token_publisher(running))
        with self._lock:
            count = self._threads[client]
            if count + len(fresh) > self.settings.client_episodes:
                raise BusyError(f"you have {count} episodes running; at most {self.settings.client_episodes} at once")
            if self._threads.total() + len(fresh) > self.settings.total_episodes:
                raise BusyError("the server is busy; try again in a minute")
            self._threads[client] += len(fresh)
            self.running |= {running.id: running for running in fresh}
            now = time.monotonic()
            self._ended = {key: ended for key, ended in self._ended.items() if now - ended[0] < FEED_SECONDS}
        for side, (running, request) in enumerate(zip(fresh, players, strict=True)):
            self.history.begin(
                id=running.id,
                comparison=comparison,
                side=side,
                problem=named,
                player=request.public(),
                max_turns=task.max_turns,
            )
        for running in fresh:
            self._pool.submit(self._work, running, task, problem)
        return comparison, [running.id for running in fresh]

    def _work(self, running: Running, task: Task, problem: Problem) -> None:
        try:
            self._play(running, task, problem)
        except Exception:
            _log.exception("episode %s", running.id)
        finally:
            with self._lock:
                self._threads[running.client] -= 1
                self._threads += Counter()  # drops those at zero

    def _play(self, running: Running, task: Task, problem: Problem) -> None:
        status, reason = FINISHED, None
        try:
            assert running.player is not None
            running.check()
            running.feed.publish("turn_started", {"number": 1})
            for number, turn in enumerate(play(task, running.player, problem), 1):
                running.check()
                row = {
                    "number": number,
                    "answer": turn.answer[:65_536].encode("utf-8", "replace").decode().replace("\x00", "\ufffd"),
                    "verdict": plain(turn.verdict.to_dict()),
                    "drawing": draw_turn(task, problem, turn),
                    "seconds": turn.seconds,
                }
                self.history.add_turn(episode=running.id, **row)
                self.metrics.turns.labels(task.name).inc()
                running.feed.publish("turn", row)
                if not turn.verdict.solved and number < task.max_turns:
                    running.feed.publish("turn_started", {"number": number + 1})
        except Stopped as stop:
            status, reason = CANCELLED if running.cancelled.is_set() else FAILED, str(stop)
        except GedankenError as error:
            # `cancel` closes the connection to the endpoint; the resulting error of the player is not the reason.
            status, reason = (CANCELLED, "cancelled") if running.cancelled.is_set() else (FAILED, str(error))
        except BaseException:
            self._finish(running, task.name, FAILED, "the server failed at this episode; its log says why")
            raise
        self._finish(running, task.name, status, reason)

    def _finish(self, running: Running, task: str, status: str, reason: str | None) -> None:
        """End an episode; only the first call, by its thread or by `cancel`, has an effect."""
        with self._lock:
            if self.running.pop(running.id, None) is None:
                return
            self._ended[running.id] = time.monotonic(), running.feed
            self.metrics.episodes.labels(task, status).inc()
        try:
            self.history.end(running.id, status, reason)
        finally:
            running.feed.publish("end", {"status": status, "error": reason}, last=True)
            close_player(running.player)

    def cancel(self, episode: str) -> bool:
        """End an episode; returns whether it was running. Its thread ends at the model's next token or time-out."""
        running = self.running.get(episode)
        if running is None:
            return False
        running.cancelled.set()
        self._finish(running, running.task, CANCELLED, "cancelled")
        return True

    def feed(self, episode: str) -> Feed | None:
        """The feed of an episode that is running or ended less than about `FEED_SECONDS` ago."""
        running = self.running.get(episode)
        if running is not None:
            return running.feed
        ended = self._ended.get(episode)
        return ended[1] if ended else None

    def close(self) -> None:
        """Cancel all episodes, without waiting for threads that an endpoint keeps waiting."""
        for episode in list(self.running):
            self.cancel(episode)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _token_publisher(running: Running) -> Callable[[str], None]:
    def on_token(piece: str) -> None:
        running.check()
        running.feed.publish("token", {"text": plain(piece)})

    return on_token


def close_player(player: Player | None) -> None:
    """Close the player's connection, if it has one."""
    close = getattr(player, "close", None)
    if callable(close):
        with contextlib.suppress(Exception):
            close()
