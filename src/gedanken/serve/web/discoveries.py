"""Discoveries in progress: a player looks for the law in a person's own data, and its report is recorded."""

import asyncio
import contextlib
import functools
import logging
import re
import secrets
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gedanken.errors import GedankenError, UserError
from gedanken.loop import Turn
from gedanken.own_data.record import Record
from gedanken.serve import warm
from gedanken.serve.web import own_data
from gedanken.serve.web.datasets import Datasets
from gedanken.serve.web.events import Numbered
from gedanken.serve.web.history import CANCELLED, FAILED, FINISHED, PLAYER, RUNNING, History
from gedanken.serve.web.metrics import Metrics
from gedanken.serve.web.players import YOU, open_requested
from gedanken.serve.web.records import Discovery
from gedanken.serve.web.running import Deadlines, Feed, Running, Stopped, close_player
from gedanken.serve.web.scenes import plain, show_turn
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import Slots, freed_on_error
from gedanken.serve.web.wire import DiscoveryRequest
from gedanken.tasks.discover.task import DiscoverTask

_log = logging.getLogger(__name__)

FEED_SECONDS = 60.0
POLL_SECONDS = 1.0
SERVER_FAULT = "the server failed at this discovery; its log says why", "server_fault"
_FITS = re.compile(r"(\d+) laws fitted")


class Search(Running):
    """A discovery in progress, which publishes how far a search is and its best law so far.

    Attributes:
        record: what is looked at.
    """

    record: Record

    def begin(self) -> None:
        """The clock of its progress starts."""
        self._begun = time.monotonic()

    def progress(self, text: str) -> None:
        """Publish a stage of the search (`models.events.ProgressEvent`)."""
        self.check()
        fits = _FITS.search(text)
        seconds = round(time.monotonic() - self._begun, 1)
        told = {"text": plain(text[:1000]), "fits": int(fits[1]) if fits else None, "seconds": seconds}
        self.feed.publish("progress", told)

    def improved(self, equation: str, params: dict[str, float], criterion: float) -> None:
        """Publish the best law so far."""
        self.check()
        self.feed.publish("candidate", own_data.show_candidate(self.record, equation, params, criterion))


class Discoveries:
    """Starts, stops and counts discoveries.

    Attributes:
        running: those in progress, by id.
    """

    def __init__(self, settings: Settings, history: History, datasets: Datasets, metrics: Metrics | None = None):
        self.settings, self.history, self.datasets = settings, history, datasets
        self.store = datasets.store
        metrics = metrics or Metrics()
        # Each searches on a core of its own for minutes.
        client, total = max(1, settings.client_episodes // 4), max(1, settings.total_episodes // 8)
        self.slots = Slots("discoveries running", client, total)
        self.threads = Slots("discoveries that are ending", 2 * client, 2 * total)
        metrics.watch_slots("discoveries", self.slots)
        metrics.watch_slots("discovery threads", self.threads)
        self.running: dict[str, Search] = {}
        self._ended: dict[str, tuple[float, Feed]] = {}
        self._lock = threading.Lock()
        self._deadlines = Deadlines()
        self._pool = ThreadPoolExecutor(self.threads.total_limit, thread_name_prefix="discovery")

    def start(
        self, loop: asyncio.AbstractEventLoop, client: str, request: DiscoveryRequest, owner: str | None = None
    ) -> str:
        """Read the data and let the player look for the law in a thread; its id.

        Raises:
            UserError: there are no such data, they cannot be used, or there is no such player.
            BusyError: too many discoveries are running.
        """
        if request.player.name == YOU:
            raise UserError(
                "a law in your own data is looked for by a player that can search; try laws at /api/simulate"
            )
        self.datasets.expire()
        [slot] = self.slots.take(client)
        with freed_on_error([slot]):
            [thread] = self.threads.take(client)
        with freed_on_error([slot, thread]):
            record, roles = self.datasets.record(request)
            name = record.title[:200]
            identity, feed = secrets.token_urlsafe(16), Feed(loop)
            running = Search(
                identity, "discovery", DiscoverTask.name, feed, self.settings.episode_seconds, slot, thread
            )
            running.record = record
            running.player = open_requested(request.player, DiscoverTask.name, self.settings, running)
            asked = request.model_dump(exclude={"player"}, exclude_none=True) | {"player": request.player.public()}
            words = own_data.command(request.example or name, roles, asked)
            self.store.begin(id=identity, name=name, dataset=request.dataset, request=asked, owner=owner)
            with self._lock:
                self.running[identity] = running
                now = time.monotonic()
                self._ended = {key: ended for key, ended in self._ended.items() if now - ended[0] < FEED_SECONDS}
            self._deadlines.add(running, functools.partial(self._expire, running))
            self._pool.submit(self._work, running, request.max_turns, words)
        return identity

    def _work(self, running: Search, turns: int | None, words: list[str]) -> None:
        status, reason, code = FINISHED, None, None
        results: dict[str, Any] = {}
        try:
            results = self._look(running, turns, words)
        except Stopped as stop:
            status, reason, code = CANCELLED if running.cancelled.is_set() else FAILED, str(stop), stop.code
        except GedankenError as error:
            if running.cancelled.is_set():
                status, reason, code = CANCELLED, "cancelled", "cancelled"
            else:
                status, reason, code = FAILED, str(error), error.code or "invalid"
        except Exception:
            status, (reason, code) = FAILED, SERVER_FAULT
            _log.exception("discovery %s", running.id)
        finally:
            close_player(running.player)
            running.thread_slot.free()
            with contextlib.suppress(Exception):  # of the database, which the log tells
                self._finish(running, status, reason, code, **results)

    def _look(self, running: Search, turns: int | None, words: list[str]) -> dict[str, Any]:
        """Play the episode; the report, and its files."""
        assert running.player is not None
        running.begin()
        running.check()
        if missing := warm.missing(running.player.name):
            running.note(missing, "compiling")
        for note in running.record.notes:
            running.note(note, "progress")
        task, problem = DiscoverTask(), running.record.problem

        def tell(number: int, turn: Turn) -> None:
            running.check()
            running.flush()
            running.feed.publish("turn", show_turn(task, problem, number, turn))

        finding = own_data.run(running.record, running.player, turns, tell)
        running.check()
        report = own_data.show_finding(finding, words)
        return {"report": report, "archive": own_data.pack_report(finding, words)}

    def _finish(self, running: Search, status: str, reason: str | None, code: str | None, **results: Any) -> bool:
        """End a discovery; only the first call has an effect."""
        with self._lock:
            if self.running.pop(running.id, None) is None:
                return False
            self._ended[running.id] = time.monotonic(), running.feed
        try:
            running.stop()
            running.flush()
            self._deadlines.discard(running)
            self.store.end(running.id, status=status, error=reason, code=code, **results)
            if results:
                running.feed.publish("report", results["report"])
        finally:
            running.feed.publish("end", {"status": status, "error": reason, "code": code}, last=True)
        return True

    def _expire(self, running: Search) -> None:
        with contextlib.suppress(Exception):  # of the database; the watch goes on
            self._finish(running, FAILED, running.out_of_time, "time_up")

    def cancel(self, identity: str) -> bool:
        """End a discovery and free its slot at once; returns whether it was running here."""
        running = self.running.get(identity)
        return running is not None and self._finish(running, CANCELLED, "cancelled", "cancelled")

    def find(self, identity: str) -> Discovery | None:
        """A recorded discovery; None if there is none of that id."""
        found, keep = self.store.discovery(identity), self.datasets.keep_seconds
        if found is not None and keep is not None and found.created < time.time() - keep and found.status != RUNNING:
            self.datasets.expire()
            return None
        return found

    def show(self, found: Discovery) -> dict[str, Any]:
        """A recorded discovery as `models.discoveries.Discovery`."""
        names = ("id", "status", "created", "ended", "name", "request", "error", "code", "report")
        keep = self.datasets.keep_seconds
        return {
            **{name: getattr(found, name) for name in names},
            "expires": None if keep is None else found.created + keep,
            "player": dict.fromkeys(PLAYER) | found.request["player"],
        }

    def draw_alternative(self, found: Discovery, number: int) -> dict[str, Any] | None:
        """An alternative law of a report on its data (`models.discoveries.AlternativeCurves`); None if there is none.

        Raises:
            UserError: the data are gone.
        """
        laws = (found.report or {}).get("alternatives", [])
        if number >= len(laws):
            return None
        record, _ = self.datasets.record(DiscoveryRequest(**found.request))
        law = laws[number]
        return {"equation": law["equation"], "curves": own_data.draw(record, law["equation"], law["params"])}

    def listen(self, identity: str, after: int) -> AsyncIterator[Numbered]:
        """The events of a discovery from number `after` on, as they happen or as they are recorded."""
        running, ended = self.running.get(identity), self._ended.get(identity)
        feed = running.feed if running is not None else ended[1] if ended is not None else None
        return self._retell(identity) if feed is None else feed.listen(after)

    async def _retell(self, identity: str) -> AsyncIterator[Numbered]:
        """Report and end of a discovery that has ended, or that runs on another server until it does."""
        while True:
            found = await asyncio.to_thread(self.find, identity)
            if found is None:
                return
            if found.status != RUNNING:
                if found.report is not None:
                    yield 1, "report", found.report
                yield 2, "end", {"status": found.status, "error": found.error, "code": found.code}
                return
            await asyncio.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Cancel all, without waiting for their threads."""
        self._deadlines.close()
        for identity in list(self.running):
            self.cancel(identity)
        self._pool.shutdown(wait=False, cancel_futures=True)
