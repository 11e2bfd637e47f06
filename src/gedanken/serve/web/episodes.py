"""Episodes in progress: a thread plays each one, everything that happens is on disk before it is told."""

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
from gedanken.serve.web.scenes import draw_turn, plain
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.wire import PlayerRequest

_log = logging.getLogger(__name__)

# Finished episodes stay in memory for those who still listen; later ones read the history.
KEPT_SECONDS = 60.0


class Stopped(GedankenError):
    """The episode was cancelled or has used up its time; the message says which."""


class BusyError(GedankenError):
    """Too many episodes are running; the message says whose."""


class Feed:
    """What happens in an episode, in order: written by its thread, read by any number of listeners on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop = loop
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._news = asyncio.Event()
        self.closed = False

    def tell(self, name: str, data: dict[str, Any], last: bool = False) -> None:
        """Append an event; the last one closes the feed. From any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is gone: the server is stopping, and nobody listens
            self._loop.call_soon_threadsafe(self._append, name, data, last)

    def _append(self, name: str, data: dict[str, Any], last: bool) -> None:
        self._events.append((name, data))
        self.closed = self.closed or last
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def listen(self, after: int = 0, beat: float = 15.0) -> AsyncIterator[tuple[int, str, dict[str, Any]] | None]:
        """Events from number `after` on, as (number, name, data); None after `beat` seconds of silence."""
        while True:
            news = self._news
            while after < len(self._events):
                name, data = self._events[after]
                after += 1
                yield after, name, data
            if self.closed:
                return
            try:
                await asyncio.wait_for(news.wait(), beat)
            except TimeoutError:
                yield None


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

    def __init__(self, settings: Settings, history: History):
        self.settings, self.history = settings, history
        self.running: dict[str, Running] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self.turns: Counter[str] = Counter()
        # Threads by client: a cancelled episode's may wait for a silent endpoint a while longer, and still counts.
        self._threads: Counter[str] = Counter()
        self._recent: dict[str, tuple[float, Feed]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(settings.total_episodes, thread_name_prefix="episode")

    def open_player(self, request: PlayerRequest, task: str, on_token: Callable[[str], None]) -> Player:
        """The player that a request names. A built-in one by its bare name: no spec of another kind is taken.

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
            running.player = self.open_player(request, task.name, _teller(running))
        with self._lock:
            mine = self._threads[client]
            if mine + len(fresh) > self.settings.client_episodes:
                raise BusyError(f"you have {mine} episodes running; at most {self.settings.client_episodes} at once")
            if self._threads.total() + len(fresh) > self.settings.total_episodes:
                raise BusyError("the server is busy; try again in a minute")
            self._threads[client] += len(fresh)
            self.running |= {running.id: running for running in fresh}
            now = time.monotonic()
            self._recent = {key: kept for key, kept in self._recent.items() if now - kept[0] < KEPT_SECONDS}
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
            running.feed.tell("turn_started", {"number": 1})
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
                self.turns[task.name] += 1
                running.feed.tell("turn", row)
                if not turn.verdict.solved and number < task.max_turns:
                    running.feed.tell("turn_started", {"number": number + 1})
        except Stopped as stop:
            status, reason = CANCELLED if running.cancelled.is_set() else FAILED, str(stop)
        except GedankenError as error:
            # A player whose connection was closed by `cancel` complains about that; it is not the reason.
            status, reason = (CANCELLED, "cancelled") if running.cancelled.is_set() else (FAILED, str(error))
        except BaseException:
            self._finish(running, task.name, FAILED, "the server failed at this episode; its log says why")
            raise
        self._finish(running, task.name, status, reason)

    def _finish(self, running: Running, task: str, status: str, reason: str | None) -> None:
        """End an episode once, whoever comes first: its thread or `cancel`."""
        with self._lock:
            if self.running.pop(running.id, None) is None:
                return
            self._recent[running.id] = time.monotonic(), running.feed
            self.counts[task, status] += 1
        try:
            self.history.end(running.id, status, reason)
        finally:
            running.feed.tell("end", {"status": status, "error": reason}, last=True)
            _close(running.player)

    def cancel(self, episode: str) -> bool:
        """End an episode now; whether it was running. Its thread follows at the model's next token or time-out."""
        running = self.running.get(episode)
        if running is None:
            return False
        running.cancelled.set()
        self._finish(running, running.task, CANCELLED, "cancelled")
        return True

    def feed(self, episode: str) -> Feed | None:
        """The feed of an episode that is running or ended a moment ago."""
        running = self.running.get(episode)
        if running is not None:
            return running.feed
        kept = self._recent.get(episode)
        return kept[1] if kept else None

    def close(self) -> None:
        """Cancel everything; threads that a silent endpoint holds are not waited for."""
        for episode in list(self.running):
            self.cancel(episode)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _teller(running: Running) -> Callable[[str], None]:
    def on_token(piece: str) -> None:
        running.check()
        running.feed.tell("token", {"text": plain(piece)})

    return on_token


def _close(player: Player | None) -> None:
    close = getattr(player, "close", None)
    if callable(close):
        with contextlib.suppress(Exception):
            close()
