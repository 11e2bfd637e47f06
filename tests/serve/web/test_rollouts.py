"""Rollouts without a socket in front: how many may run, when they stop, and what is kept of them."""

import asyncio
import time

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from gedanken import UserError
from gedanken.serve.web import rollouts as module
from gedanken.serve.web.models.rollouts import Rollout
from gedanken.serve.web.rollouts import Rollouts
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import BusyError
from gedanken.serve.web.wire import RolloutRequest


class Player:
    """A player that waits until it is broken off, and whose closing is seen."""

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


def test_a_rollout_that_is_refused_or_cancelled_frees_its_slot(players):
    async def play():
        rollouts = Rollouts(Settings(client_episodes=1))
        loop = asyncio.get_running_loop()
        with pytest.raises(UserError, match="no scenario"):
            rollouts.start(loop, "me", GOOD.model_copy(update={"subject": "nowhere"}))
        identity = rollouts.start(loop, "me", GOOD)
        with pytest.raises(BusyError, match="you have 1 rollouts running"):
            rollouts.start(loop, "me", GOOD)
        assert len(rollouts.slots) == 1
        assert rollouts.cancel(identity)
        assert len(rollouts.slots) == 0
        assert not rollouts.cancel(identity)
        deadline = time.monotonic() + 5
        while len(rollouts.threads) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        assert len(rollouts.threads) == 0
        rollouts.close()

    asyncio.run(play())
    assert [player.closed for player in players[1:]] == [True]


async def listen(rollouts, identity, after=0):
    return [event async for event in rollouts.listen(rollouts.jobs[identity], after)]


@pytest.mark.parametrize(
    ("limits", "end"),
    [
        (
            {"episode_seconds": 0.3},
            {"status": "failed", "error": "the rollout has used up its time", "code": "time_up"},
        ),
        (
            {"unheard_seconds": 0.3},
            {"status": "cancelled", "error": "nobody followed this rollout", "code": "cancelled"},
        ),
    ],
)
def test_a_rollout_ends_when_its_time_is_up_or_nobody_follows_it(players, limits, end):
    async def play():
        rollouts = Rollouts(Settings(**limits))
        identity = rollouts.start(asyncio.get_running_loop(), "me", GOOD)
        if "unheard_seconds" in limits:
            deadline = time.monotonic() + 5
            while len(rollouts.slots) and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
        events = await listen(rollouts, identity)
        assert events[-1][1:] == ("end", end)
        assert len(rollouts.slots) == 0
        rollouts.close()

    asyncio.run(play())


def test_a_rollout_that_is_followed_goes_on(players):
    async def play():
        rollouts = Rollouts(Settings(unheard_seconds=0.2))
        identity = rollouts.start(asyncio.get_running_loop(), "me", GOOD)
        following = asyncio.create_task(listen(rollouts, identity))
        await asyncio.sleep(1.0)
        assert rollouts.jobs[identity].running is not None
        rollouts.cancel(identity)
        assert (await following)[-1][2]["error"] == "cancelled"
        rollouts.close()

    asyncio.run(play())


def test_what_has_ended_is_told_again_and_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(module, "KEPT", 2)

    async def play():
        rollouts = Rollouts(Settings())
        loop, ids = asyncio.get_running_loop(), []
        for _ in range(3):
            ids.append(rollouts.start(loop, "me", GOOD))
            live = await listen(rollouts, ids[-1])
        assert [name for _, name, _ in live] == ["scene", "frame", "frame", "baselines", "end"]
        assert await listen(rollouts, ids[-1]) == live
        assert await listen(rollouts, ids[-1], after=3) == live[3:]
        assert ids[0] not in rollouts.jobs
        kept = Rollout.model_validate(rollouts.jobs[ids[-1]].to_dict())
        assert (kept.status, len(kept.frames)) == ("finished", 2)
        # The player `hold` is the baseline `hold`.
        assert [frame.errors.position for frame in kept.frames] == kept.baselines[0].position
        rollouts.close()

    asyncio.run(play())
