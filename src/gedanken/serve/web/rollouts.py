"""Rollouts in progress: a player continues a scene on its own frames. They are streamed and not recorded."""

import asyncio
import functools
import logging
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gedanken.errors import GedankenError, UserError
from gedanken.serve.web.metrics import Metrics
from gedanken.serve.web.players import open_requested
from gedanken.serve.web.running import Deadlines, Feed, Running, close_player
from gedanken.serve.web.scenes import plain
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import Slots, freed_on_error
from gedanken.serve.web.wire import RolloutRequest
from gedanken.tasks.predict import rollout
from gedanken.tasks.predict.show import show_scene
from gedanken.tasks.predict.task import PredictTask

_log = logging.getLogger(__name__)


class Rollouts:
    """Starts, stops and counts rollouts. Each is played by a thread and lasts as long as its client listens."""

    def __init__(self, settings: Settings, metrics: Metrics | None = None):
        self.settings, metrics = settings, metrics or Metrics()
        total = max(1, settings.total_episodes // 4)
        self.slots = Slots("rollouts running", settings.client_episodes, total)
        self.threads = Slots("rollouts that are ending", 2 * settings.client_episodes, 2 * total)
        metrics.watch_slots("rollouts", self.slots)
        metrics.watch_slots("rollout threads", self.threads)
        self._deadlines = Deadlines()
        self._pool = ThreadPoolExecutor(self.threads.total_limit, thread_name_prefix="rollout")

    def start(self, loop: asyncio.AbstractEventLoop, client: str, request: RolloutRequest) -> Running:
        """Pose the scene and let the player continue it in a thread; `stop` must be called at the end.

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
            # What a model writes is shown as frames, so its text is only listened to for the time limit.
            running.text.publishes = running.reasoning.publishes = False
            running.player = open_requested(request.player, PredictTask.name, self.settings, running)
            frames = _frames(request, running)
            running.feed.publish("scene", next(frames))
            self._deadlines.add(running, functools.partial(self._expire, running))
            self._pool.submit(self._work, running, frames)
        return running

    def _work(self, running: Running, frames: Iterator[dict[str, Any]]) -> None:
        status, reason = "finished", None
        try:
            for frame in frames:
                running.feed.publish("frame", frame)
        except GedankenError as error:
            status, reason = "failed", str(error)
        except Exception:
            status, reason = "failed", "the server failed at this rollout; its log says why"
            _log.exception("rollout %s", running.id)
        finally:
            close_player(running.player)
            running.thread_slot.free()
            self._finish(running, status, reason)

    def _finish(self, running: Running, status: str, reason: str | None) -> None:
        """End a rollout; only the first call has an effect on its listener."""
        self._deadlines.discard(running)
        running.stop()
        running.feed.publish("end", {"status": status, "error": reason}, last=True)

    def _expire(self, running: Running) -> None:
        self._finish(running, "failed", running.out_of_time)

    def stop(self, running: Running) -> None:
        """Its listener has gone: free its slot at once; its thread ends at the next frame."""
        self._finish(running, "cancelled", "cancelled")

    def close(self) -> None:
        """Start no more. Those that run are stopped with their connections."""
        self._deadlines.close()
        self._pool.shutdown(wait=False, cancel_futures=True)


def _frames(request: RolloutRequest, running: Running) -> Iterator[dict[str, Any]]:
    """First the scene, then each frame as it is predicted."""
    if request.subject not in PredictTask().subjects():
        raise UserError(f"there is no scenario {request.subject!r}")
    title, problem = rollout.read_problem(
        request.subject,
        frames=request.frames,
        level=request.level,
        index=request.index,
        split=request.split,
        context=request.context,
        format=request.format,
        exact=request.exact,
    )
    prompt = problem.observation.prompt
    yield plain(
        {"title": title, "scene": show_scene(problem.truth.scene), "first": prompt.first, "frames": prompt.states}
    )
    assert running.player is not None
    for number, (state, reading) in enumerate(PredictTask().roll_out(problem, running.player, request.frames)):
        running.check()
        yield plain(
            {
                "number": prompt.next + number,
                "predicted": state,
                "truth": problem.truth.frames[number],
                "coverage": float(reading.answered.mean()),
                "complaints": reading.complaints[:3],
            }
        )
