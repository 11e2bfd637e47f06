"""Episodes in progress: each is played by a thread, or by a person, and a turn is in the history before it is seen."""

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
from gedanken.loop import Problem, Task, Turn, play
from gedanken.serve import warm
from gedanken.serve.web.games import Game
from gedanken.serve.web.history import CANCELLED, FAILED, FINISHED, History
from gedanken.serve.web.metrics import Metrics
from gedanken.serve.web.players import YOU, open_requested
from gedanken.serve.web.running import Deadlines, Feed, Running, Stopped, close_player
from gedanken.serve.web.scenes import show_turn
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import Slot, Slots, freed_on_error
from gedanken.serve.web.wire import PlayerRequest

_log = logging.getLogger(__name__)

# How long the feed of an ended episode stays in memory for its listeners. After that they read the history.
FEED_SECONDS = 60.0
# Bytes of randomness in an id. A permalink is a secret: to know it is to be allowed to read it.
ID_BYTES = 16
# What a listener is told of a fault of ours.
SERVER_FAULT = "the server failed at this episode; its log says why", "server_fault"


class Episodes:
    """Starts, stops and counts episodes.

    Attributes:
        running: the episodes in progress, by id.
        games: those of them that a person plays.
    """

    def __init__(self, settings: Settings, history: History, metrics: Metrics | None = None):
        self.settings, self.history, self.metrics = settings, history, metrics or Metrics()
        self.running: dict[str, Running] = {}
        self.games: dict[str, Game] = {}
        self.metrics.episodes_running.set_function(lambda: len(self.running))
        self.slots = Slots("episodes running", settings.client_episodes, settings.total_episodes)
        # The thread of a cancelled episode may still connect to its endpoint or compile. It does not occupy an episode
        # any more, but there must not be ever more of them.
        self.threads = Slots("episodes that are ending", 2 * settings.client_episodes, 2 * settings.total_episodes)
        # A person may think for an hour, and occupies memory only.
        self.waiting = Slots("episodes waiting for you", settings.client_episodes, 8 * settings.total_episodes)
        for kind, slots in (("episodes", self.slots), ("threads", self.threads), ("games", self.waiting)):
            self.metrics.watch_slots(kind, slots)
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
        asked = sum(player.name != YOU for player in players)
        slots, threads = self._take(client, asked, len(players) - asked)
        with freed_on_error([*slots, *threads]):
            fresh = [self._prepare(loop, task, request, slots, threads) for request in players]
            self._record(fresh, players, comparison, named, task.max_turns, owner)
            with self._lock:
                self.running |= {running.id: running for running in fresh}
                now = time.monotonic()
                self._ended = {key: ended for key, ended in self._ended.items() if now - ended[0] < FEED_SECONDS}
            for running in fresh:
                self._deadlines.add(running, functools.partial(self._expire, running))
                if running.player is not None:
                    self._pool.submit(self._work, running, task, problem)
                else:
                    self.games[running.id] = Game(running, task, problem, self.settings.idle_seconds)
                    running.feed.publish("turn_started", {"number": 1})
        return comparison, [running.id for running in fresh]

    def _take(self, client: str, asked: int, waiting: int) -> tuple[list[Slot], list[Slot]]:
        """Slots for players that are asked, then for those that are waited for; and slots for the former's threads."""
        slots = self.slots.take(client, asked)
        with freed_on_error(slots):
            threads = self.threads.take(client, asked)
            with freed_on_error(threads):
                return [*slots, *self.waiting.take(client, waiting)], threads

    def _prepare(
        self,
        loop: asyncio.AbstractEventLoop,
        task: Task,
        request: PlayerRequest,
        slots: list[Slot],
        threads: list[Slot],
    ) -> Running:
        """What an episode runs as, with its player opened; it takes its slots from the lists."""
        identity, feed = secrets.token_urlsafe(ID_BYTES), Feed(loop)
        if request.name == YOU:
            slot = slots.pop()
            idle = self.settings.idle_seconds
            running = Running(identity, "episode", task.name, feed, idle, slot, slot)
            running.out_of_time = f"no answer came within {idle / 60:.0f} minutes"
            return running
        running = Running(
            identity, "episode", task.name, feed, self.settings.episode_seconds, slots.pop(0), threads.pop(0)
        )
        running.player = open_requested(request, task.name, self.settings, running)
        return running

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
                    self.history.end(running.id, FAILED, *SERVER_FAULT)
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
        status, reason, code = FINISHED, None, None
        try:
            assert running.player is not None
            running.check()
            if missing := warm.missing(running.player.name):
                running.note(missing, "compiling")
            running.feed.publish("turn_started", {"number": 1})
            for number, turn in enumerate(play(task, running.player, problem), 1):
                running.check()
                running.flush()
                self._tell(running, task, problem, number, turn)
                if not turn.verdict.solved and number < task.max_turns:
                    running.feed.publish("turn_started", {"number": number + 1})
        except Stopped as stop:
            status, reason, code = CANCELLED if running.cancelled.is_set() else FAILED, str(stop), stop.code
        except GedankenError as error:
            # `cancel` breaks the connection to the endpoint off; the resulting error of the player is not the reason.
            if running.cancelled.is_set():
                status, reason, code = CANCELLED, "cancelled", "cancelled"
            else:
                status, reason, code = FAILED, str(error), error.code or "invalid"
        except BaseException:
            self._finish(running, FAILED, *SERVER_FAULT)
            raise
        self._finish(running, status, reason, code)

    def _tell(self, running: Running, task: Task, problem: Problem, number: int, turn: Turn) -> dict[str, Any]:
        """Record a turn, then publish it; the turn as `models.episodes.Turn`."""
        shown = show_turn(task, problem, number, turn)
        self.history.add_turn(episode=running.id, **shown)
        self.metrics.turns.labels(task.name).inc()
        running.feed.publish("turn", shown)
        return shown

    def answer(self, episode: str, text: str) -> dict[str, Any] | None:
        """Judge a person's next answer (`models.episodes.AnswerReply`); None where the episode waits for none."""
        game = self.games.get(episode)
        if game is None:
            return None
        with game.lock:
            running = game.running
            if running.cancelled.is_set() or game.is_over():
                return None
            turn = game.judge(text)
            number = len(game.turns)
            shown = self._tell(running, game.task, game.problem, number, turn)
            if game.is_over():
                self._finish(running, FINISHED)
            else:
                running.feed.publish("turn_started", {"number": number + 1})
        left = 0 if game.is_over() else game.task.max_turns - number
        return {"turn": shown, "status": FINISHED if game.is_over() else "running", "turns_left": left}

    def _finish(self, running: Running, status: str, reason: str | None = None, code: str | None = None) -> bool:
        """End an episode; only the first call, by its thread, by `cancel` or by its deadline, has an effect."""
        with self._lock:
            if self.running.pop(running.id, None) is None:
                return False
            self.games.pop(running.id, None)
            self._ended[running.id] = time.monotonic(), running.feed
            self.metrics.episodes.labels(running.task, status).inc()
        try:
            running.stop()
            running.flush()
            self._deadlines.discard(running)
            self.history.end(running.id, status, reason, code)
        finally:
            running.feed.publish("end", {"status": status, "error": reason, "code": code}, last=True)
        return True

    def _expire(self, running: Running) -> None:
        if time.monotonic() < running.deadline:  # an answer came in the last moment
            self._deadlines.add(running, functools.partial(self._expire, running))
            return
        with contextlib.suppress(Exception):  # of the database; the watch goes on
            self._finish(running, FAILED, running.out_of_time, "time_up")

    def cancel(self, episode: str) -> bool:
        """End an episode and free its slot at once; returns whether it was running here."""
        running = self.running.get(episode)
        return running is not None and self._finish(running, CANCELLED, "cancelled", "cancelled")

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
