"""Rollouts: a player continues a scene on its own frames. The last hundred are kept in memory, compressed."""

import asyncio
import functools
import gzip
import logging
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from gedanken.errors import GedankenError, UserError
from gedanken.loop import Player, Problem, Question
from gedanken.serve.web.events import Numbered
from gedanken.serve.web.history import CANCELLED, FAILED, FINISHED, PLAYER, RUNNING
from gedanken.serve.web.metrics import Metrics
from gedanken.serve.web.players import open_requested
from gedanken.serve.web.running import Deadlines, Feed, Running, Stopped, close_player
from gedanken.serve.web.scenes import plain
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import Slots, freed_on_error
from gedanken.serve.web.wire import RolloutRequest
from gedanken.tasks.predict import rollout
from gedanken.tasks.predict.extrapolation import STANDARD
from gedanken.tasks.predict.show import show_scene
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import Prompt

_log = logging.getLogger(__name__)

# Rollouts that are kept.
KEPT = 100
# Characters of a model's answer that a frame carries.
SHOWN_TEXT = 8192
# The extrapolations that a rollout is compared with.
BASELINES = ("hold", "linear")


@dataclass
class Job:
    """A rollout.

    Attributes:
        running: what it runs as; None once it has ended.
        record: what is kept of it, as `models.rollouts.Rollout` but for the lists of events.
        owner: the hash of its owner's token.
        listeners: how many follow it.
        most: when its time is up, however many do.
        events: its events so far; None once it is packed.
        packed: the whole record as compressed JSON, once it has ended.
    """

    running: Running | None
    record: dict[str, Any]
    owner: str | None
    listeners: int = 0
    most: float = math.inf
    events: list[tuple[str, dict[str, Any]]] | None = field(default_factory=list)
    packed: bytes = b""

    def to_dict(self) -> dict[str, Any]:
        """The rollout as `models.rollouts.Rollout`."""
        told = self.events  # read once: another thread may pack them now
        if told is None:
            whole: dict[str, Any] = orjson.loads(gzip.decompress(self.packed))
            return whole
        named = {name: data for name, data in told if name != "frame"}
        baselines = named.get("baselines", {}).get("baselines")
        frames = [data for name, data in told if name == "frame"]
        return {**self.record, "scene": named["scene"], "frames": frames, "baselines": baselines}


class Rollouts:
    """Starts, stops, counts and keeps rollouts. Each is played by a thread."""

    def __init__(self, settings: Settings, metrics: Metrics | None = None):
        self.settings, metrics = settings, metrics or Metrics()
        total = max(1, settings.total_episodes // 4)
        self.slots = Slots("rollouts running", settings.client_episodes, total)
        self.threads = Slots("rollouts that are ending", 2 * settings.client_episodes, 2 * total)
        metrics.watch_slots("rollouts", self.slots)
        metrics.watch_slots("rollout threads", self.threads)
        self.jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._deadlines = Deadlines()
        self._pool = ThreadPoolExecutor(self.threads.total_limit, thread_name_prefix="rollout")

    def start(
        self, loop: asyncio.AbstractEventLoop, client: str, request: RolloutRequest, owner: str | None = None
    ) -> str:
        """Pose the scene and let the player continue it in a thread; its id.

        Raises:
            UserError: there is no such scene or player.
            BusyError: too many rollouts are running.
        """
        [slot] = self.slots.take(client)
        with freed_on_error([slot]):
            [thread] = self.threads.take(client)
        with freed_on_error([slot, thread]):
            seconds = self.settings.episode_seconds
            running = Running(secrets.token_urlsafe(16), "rollout", PredictTask.name, Feed(loop), seconds, slot, thread)
            # What a model writes comes with its frame, so its text is only listened to for the time limit.
            running.text.publishes = running.reasoning.publishes = False
            running.player = open_requested(request.player, PredictTask.name, self.settings, running)
            title, problem = _read(request)
            job = Job(running, _describe(running.id, request), owner, most=running.deadline)
            self.hear(job)
            self._tell(job, "scene", _show_start(title, problem))
            with self._lock:
                self.jobs[running.id] = job
                ended = [key for key, each in self.jobs.items() if each.running is None]
                for key in ended[: max(0, len(self.jobs) - KEPT)]:
                    del self.jobs[key]
            self._deadlines.add(running, functools.partial(self._expire, job))
            self._pool.submit(self._work, job, problem, request.frames)
        return running.id

    def _tell(self, job: Job, name: str, data: dict[str, Any]) -> None:
        """Keep an event and publish it."""
        running, events = job.running, job.events
        if running is not None and events is not None:
            events.append((name, data))
            running.feed.publish(name, data)

    def _work(self, job: Job, problem: Problem, frames: int) -> None:
        running = job.running
        assert running is not None
        assert running.player is not None
        status, reason, code = FINISHED, None, None
        try:
            for frame in _play(problem, running, frames):
                self._tell(job, "frame", frame)
            self._tell(job, "baselines", {"baselines": _compute_baselines(problem, frames)})
        except Stopped:
            status, reason, code = _why_stopped(job, running)
        except GedankenError as error:
            if running.cancelled.is_set():
                status, reason, code = CANCELLED, "cancelled", "cancelled"
            else:
                status, reason, code = FAILED, str(error), error.code or "invalid"
        except Exception:
            status, reason, code = FAILED, "the server failed at this rollout; its log says why", "server_fault"
            _log.exception("rollout %s", running.id)
        finally:
            close_player(running.player)
            running.thread_slot.free()
            self._finish(job, status, reason, code)

    def _finish(self, job: Job, status: str, reason: str | None, code: str | None) -> bool:
        """End a rollout; only the first call has an effect."""
        with self._lock:
            running, job.running = job.running, None
            if running is None:
                return False
        self._deadlines.discard(running)
        running.stop()
        job.record |= {"status": status, "error": reason, "code": code}
        job.packed, job.events = gzip.compress(orjson.dumps(job.to_dict()), 5), None
        running.feed.publish("end", {"status": status, "error": reason, "code": code}, last=True)
        return True

    def hear(self, job: Job) -> None:
        """Somebody looks at a rollout, or has just left: without a listener it goes on for a while only.

        A client that left before it read the id could not cancel, and its rollout would keep a slot.
        """
        running = job.running
        if running is not None:
            unheard = time.monotonic() + self.settings.unheard_seconds
            running.deadline = job.most if job.listeners else min(job.most, unheard)

    def _expire(self, job: Job) -> None:
        running = job.running
        if running is None:
            return
        if time.monotonic() < running.deadline:  # somebody came in the last moment
            self._deadlines.add(running, functools.partial(self._expire, job))
        else:
            self._finish(job, *_why_stopped(job, running))

    def cancel(self, identity: str) -> bool:
        """End a rollout and free its slot at once, its thread at the next frame; returns whether it was running."""
        job = self.jobs.get(identity)
        return job is not None and self._finish(job, CANCELLED, "cancelled", "cancelled")

    async def listen(self, job: Job, after: int) -> AsyncIterator[Numbered]:
        """The events of a rollout from number `after` on, as they happen or as they were."""
        running = job.running
        source = _retell(job, after) if running is None else running.feed.listen(after)
        job.listeners += 1
        self.hear(job)
        try:
            async for event in source:
                yield event
        finally:
            job.listeners -= 1
            self.hear(job)

    def close(self) -> None:
        """Start no more, and stop those that run with their connections."""
        self._deadlines.close()
        for identity in list(self.jobs):
            self.cancel(identity)
        self._pool.shutdown(wait=False, cancel_futures=True)


def _why_stopped(job: Job, running: Running) -> tuple[str, str, str]:
    """Status, reason and code of a rollout that was to go no further."""
    if running.cancelled.is_set():
        return CANCELLED, "cancelled", "cancelled"
    if time.monotonic() < job.most:
        return CANCELLED, "nobody followed this rollout", "cancelled"
    return FAILED, running.out_of_time, "time_up"


async def _retell(job: Job, after: int) -> AsyncIterator[Numbered]:
    """The events of a rollout that has ended."""
    whole = await asyncio.to_thread(job.to_dict)
    told = [("scene", whole["scene"]), *(("frame", frame) for frame in whole["frames"])]
    if whole["baselines"] is not None:
        told.append(("baselines", {"baselines": whole["baselines"]}))
    told.append(("end", {name: whole[name] for name in ("status", "error", "code")}))
    for number, (name, data) in enumerate(told[after:], after + 1):
        yield number, name, data


def _read(request: RolloutRequest) -> tuple[str, Problem]:
    if request.subject not in PredictTask().subjects():
        raise UserError(f"there is no scenario {request.subject!r}")
    return rollout.read_problem(
        request.subject,
        frames=request.frames,
        level=request.level,
        index=request.index,
        split=request.split,
        context=request.context,
        format=request.format,
        exact=request.exact,
    )


def _describe(identity: str, request: RolloutRequest) -> dict[str, Any]:
    names = ("subject", "split", "index", "level", "format", "exact")
    return {
        "id": identity,
        "status": RUNNING,
        "created": time.time(),
        **{name: getattr(request, name) for name in names},
        "player": dict.fromkeys(PLAYER) | request.player.public(),
        "error": None,
        "code": None,
    }


def _show_start(title: str, problem: Problem) -> dict[str, Any]:
    """The scene and the frames that the player is shown (`models.events.SceneEvent`)."""
    prompt = problem.observation.prompt
    return {
        "title": title,
        "scene": plain(show_scene(problem.truth.scene)),
        "first": prompt.first,
        "frames": _round(prompt.states),
        "prompt": problem.prompt,
    }


class _Heard:
    """A player whose last answer is remembered."""

    def __init__(self, player: Player):
        self.name, self._player, self.last = player.name, player, ""

    def answer(self, question: Question) -> str:
        self.last = self._player.answer(question)
        return self.last


def _play(problem: Problem, running: Running, frames: int) -> Iterator[dict[str, Any]]:
    """Each frame as it is predicted (`models.events.FrameEvent`)."""
    assert running.player is not None
    player = _Heard(running.player)
    first = problem.observation.prompt.next
    for number, (state, reading) in enumerate(PredictTask().roll_out(problem, player, frames)):
        running.check()
        truth = problem.truth.frames[number]
        yield {
            "number": first + number,
            "predicted": _round(state),
            "truth": _round(truth),
            "errors": plain(
                {"position": _rms(state, truth, 0), "velocity": _rms(state, truth, 2), "by_body": _misses(state, truth)}
            ),
            "coverage": float(reading.answered.mean()),
            "complaints": plain(reading.complaints[:3]),
            "text": plain(player.last[:SHOWN_TEXT]),
        }


def _compute_baselines(problem: Problem, frames: int) -> list[dict[str, Any]]:
    """Errors of extrapolations that go on from their own frames, as `models.scenes.Baseline`."""
    found = []
    for name in BASELINES:
        prompt, position, velocity = problem.observation.prompt, [], []
        for truth in problem.truth.frames[:frames]:
            state = STANDARD[name](prompt)
            position.append(_rms(state, truth, 0))
            velocity.append(_rms(state, truth, 2))
            prompt = Prompt(prompt.header, np.concatenate([prompt.states[1:], state[None]]), prompt.first + 1)
        found.append({"name": name, "position": plain(position), "velocity": plain(velocity)})
    return found


def _misses(state: Array, truth: Array) -> Array:
    """Distance of each body from where it should be, px; what a format does not say is no error."""
    off = np.nan_to_num(np.clip(state[:, 0:2] - truth[:, 0:2], -1e6, 1e6))
    return np.asarray(np.round(np.hypot(off[:, 0], off[:, 1]), 4), np.float64)


def _rms(state: Array, truth: Array, column: int) -> float:
    """Root mean square over the bodies of the error of two columns from `column` on."""
    off = np.nan_to_num(np.clip(state[:, column : column + 2] - truth[:, column : column + 2], -1e6, 1e6))
    return round(float(np.sqrt((off**2).sum(1).mean())), 4)


def _round(states: Array) -> Any:
    """States with the four decimals that scenes have."""
    return plain(np.round(states, 4))
