"""Episodes in progress: each is played by a thread, and a turn is in the history before listeners see it."""

import asyncio
import contextlib
import functools
import logging
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gedanken.errors import GedankenError
from gedanken.loop import Problem, Task, play
from gedanken.serve.web.history import CANCELLED, FAILED, FINISHED, History
from gedanken.serve.web.metrics import Metrics
from gedanken.serve.web.players import open_requested
from gedanken.serve.web.running import Deadlines, Feed, Running, Stopped, close_player
from gedanken.serve.web.scenes import draw_turn, plain
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import Slots, freed_on_error
from gedanken.serve.web.wire import PlayerRequest

_log = logging.getLogger(__name__)

# How long the feed of an ended episode stays in memory for its listeners. After that they read the history.
FEED_SECONDS = 60.0
# Bytes of randomness in an id. A permalink is a secret: to know it is to be allowed to read it.
ID_BYTES = 16


class Episodes:
    """Starts, stops and counts episodes."""

    def __init__(self, settings: Settings, history: History, metrics: Metrics | None = None):
        self.settings, self.history, self.metrics = settings, history, metrics or Metrics()
        self.running: dict[str, Running] = {}
        self.metrics.episodes_running.set_function(lambda: len(self.running))
        self.slots = Slots("episodes running", settings.client_episodes, settings.total_episodes)
        # The thread of a cancelled episode may still connect to its endpoint or compile. It does not occupy an episode
        # any more, but there must not be ever more of them.
        self.threads = Slots("episodes that are ending", 2 * settings.client_episodes, 2 * settings.total_episodes)
        self.metrics.watch_slots("episodes", self.slots)
        self.metrics.watch_slots("threads", self.threads)
        # Feeds of ended episodes, with the time of their end.
        self._ended: dict[str, tuple[float, Feed]] = {}
        self._lock = threading.Lock()
        self._deadlines = Deadlines()
        self._pool = ThreadPoolExecutor(self.threads.total_limit, thread_name_prefix="episode")

    def start(
        self,
        loop: asyncio.AbstractEventLoop,
        client: str,
        task: Task,
        problem: Problem,
        named: dict[str, Any],
        players: list[PlayerRequest],
        owner: str | None = None,
    ) -> tuple[str | None, list[str]]:
        """Start an episode for each player at the same problem; the comparison's id (of two or more) and theirs.

        Raises:
            UserError: a player that cannot be opened; then none is started.
            BusyError: too many episodes are running.
        """
        comparison = secrets.token_urlsafe(ID_BYTES) if len(players) > 1 else None
        slots = self.slots.take(client, len(players))
        with freed_on_error(slots):
            threads = self.threads.take(client, len(players))
        with freed_on_error([*slots, *threads]):
            seconds = self.settings.episode_seconds
            fresh = [
                Running(secrets.token_urlsafe(ID_BYTES), "episode", task.name, Feed(loop), seconds, slot, thread)
                for slot, thread in zip(slots, threads, strict=True)
            ]
            for running, request in zip(fresh, players, strict=True):
                running.player = open_requested(request, task.name, self.settings, running)
            self._record(fresh, players, comparison, named, task.max_turns, owner)
            with self._lock:
                self.running |= {running.id: running for running in fresh}
                now = time.monotonic()
                self._ended = {key: ended for key, ended in self._ended.items() if now - ended[0] < FEED_SECONDS}
            for running in fresh:
                self._deadlines.add(running, functools.partial(self._expire, running))
                self._pool.submit(self._work, running, task, problem)
        return comparison, [running.id for running in fresh]

    def _record(
        self,
        fresh: list[Running],
        players: list[PlayerRequest],
        comparison: str | None,
        named: dict[str, Any],
        max_turns: int,
        owner: str | None,
    ) -> None:
        """Record all episodes as running, or the recorded ones as failed if the history fails at one of them."""
        try:
            for side, (running, request) in enumerate(zip(fresh, players, strict=True)):
                self.history.begin(
                    id=running.id,
                    comparison=comparison,
                    side=side,
                    problem=named,
                    player=request.public(),
                    max_turns=max_turns,
                    owner=owner,
                )
        except Exception:
            for running in fresh:
                with contextlib.suppress(Exception):
                    self.history.end(running.id, FAILED, "the server failed at this episode; its log says why")
            raise

    def _work(self, running: Running, task: Task, problem: Problem) -> None:
        try:
            self._play(running, task, problem)
        except Exception:
            _log.exception("episode %s", running.id)
        finally:
            close_player(running.player)
            running.thread_slot.free()

    def _play(self, running: Running, task: Task, problem: Problem) -> None:
        status, reason = FINISHED, None
        try:
            assert running.player is not None
            running.check()
            running.feed.publish("turn_started", {"number": 1})
            for number, turn in enumerate(play(task, running.player, problem), 1):
                running.check()
                running.flush()
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
            # `cancel` breaks the connection to the endpoint off; the resulting error of the player is not the reason.
            status, reason = (CANCELLED, "cancelled") if running.cancelled.is_set() else (FAILED, str(error))
        except BaseException:
            self._finish(running, FAILED, "the server failed at this episode; its log says why")
            raise
        self._finish(running, status, reason)

    def _finish(self, running: Running, status: str, reason: str | None) -> bool:
        """End an episode; only the first call, by its thread, by `cancel` or by its deadline, has an effect."""
        with self._lock:
            if self.running.pop(running.id, None) is None:
                return False
            self._ended[running.id] = time.monotonic(), running.feed
            self.metrics.episodes.labels(running.task, status).inc()
        try:
            running.stop()
            running.flush()
            self._deadlines.discard(running)
            self.history.end(running.id, status, reason)
        finally:
            running.feed.publish("end", {"status": status, "error": reason}, last=True)
        return True

    def _expire(self, running: Running) -> None:
        with contextlib.suppress(Exception):  # of the database; the watch goes on
            self._finish(running, FAILED, running.out_of_time)

    def cancel(self, episode: str) -> bool:
        """End an episode and free its slot at once; returns whether it was running here."""
        running = self.running.get(episode)
        return running is not None and self._finish(running, CANCELLED, "cancelled")

    def feed(self, episode: str) -> Feed | None:
        """The feed of an episode that is running or ended less than about `FEED_SECONDS` ago."""
        running = self.running.get(episode)
        if running is not None:
            return running.feed
        ended = self._ended.get(episode)
        return ended[1] if ended else None

    def close(self) -> None:
        """Cancel all episodes, without waiting for threads that an endpoint keeps waiting."""
        self._deadlines.close()
        for episode in list(self.running):
            self.cancel(episode)
        self._pool.shutdown(wait=False, cancel_futures=True)
