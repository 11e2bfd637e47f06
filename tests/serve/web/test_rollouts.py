"""Rollouts without a socket in front: how many may run, and when they stop."""

import asyncio
import time

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from gedanken import UserError
from gedanken.serve.web import rollouts as module
from gedanken.serve.web.events import EventStream, follow
from gedanken.serve.web.rollouts import Rollouts
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import BusyError
from gedanken.serve.web.wire import RolloutRequest


class Player:
    """A player that keeps still, and whose closing is seen."""

    name = "still"
    interrupted = closed = False

    def answer(self, question):
        while not self.interrupted:
            time.sleep(0.01)
        return ""

    def interrupt(self):
        self.interrupted = True

    def close(self):
        self.closed = True


@pytest.fixture
def players(monkeypatch):
    opened = []

    def open_requested(*_):
        opened.append(Player())
        return opened[-1]

    monkeypatch.setattr(module, "open_requested", open_requested)
    return opened


GOOD = RolloutRequest(subject="billiards", player={"name": "hold"}, frames=2)


def test_a_rollout_that_is_refused_or_never_read_frees_its_slot(players):
    async def play():
        rollouts = Rollouts(Settings(client_episodes=1))
        loop = asyncio.get_running_loop()
        with pytest.raises(UserError, match="no scenario"):
            rollouts.start(loop, "me", GOOD.model_copy(update={"subject": "nowhere"}))
        running = rollouts.start(loop, "me", GOOD)
        with pytest.raises(BusyError, match="you have 1 rollouts running"):
            rollouts.start(loop, "me", GOOD)
        assert len(rollouts.slots) == 1

        async def gone():
            return {"type": "http.disconnect"}

        async def send(message):
            await asyncio.sleep(0.01)

        # The client left before the first event was sent.
        response = EventStream(follow(running.feed), lambda: rollouts.stop(running))
        await response({"type": "http", "method": "POST"}, gone, send)
        assert len(rollouts.slots) == 0
        rollouts.stop(rollouts.start(loop, "me", GOOD))
        deadline = time.monotonic() + 5
        while len(rollouts.threads) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        assert len(rollouts.threads) == len(rollouts.slots) == 0
        rollouts.close()

    asyncio.run(play())
    assert [player.closed for player in players[1:]] == [True, True]


def test_a_rollout_ends_when_its_time_is_up(players):
    async def play():
        rollouts = Rollouts(Settings(episode_seconds=0.3))
        running = rollouts.start(asyncio.get_running_loop(), "me", GOOD)
        events = [event async for event in running.feed.listen()]
        assert events[-1][1:] == ("end", {"status": "failed", "error": "the rollout has used up its time"})
        assert len(rollouts.slots) == 0
        rollouts.close()

    asyncio.run(play())
