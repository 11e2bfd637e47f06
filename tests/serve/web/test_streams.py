"""Streams of two sides: each is followed live or told from the history, and whoever comes back misses nothing."""

import asyncio
import json
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from gedanken.serve.web.episodes import Episodes
from gedanken.serve.web.events import REPLAYED, follow_all, replay
from gedanken.serve.web.history import History
from gedanken.serve.web.routes.episodes import _source
from gedanken.serve.web.scenes import pose
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.wire import PlayerRequest, ProblemRequest

YOU, SPARSE = PlayerRequest(name="you"), PlayerRequest(name="sparse")
WRONG = '{"equation": "d2y/dt2 = -1", "params": {}}'


def told(event):
    return event.id, event.event, json.loads(event.data)


@pytest.fixture
def run(tmp_path):
    """Runs a function of (episodes, services, ids) with a comparison of a person and `sparse` in progress."""

    def start(play):
        async def inner():
            history = History(f"sqlite:///{tmp_path}/history.sqlite")
            settings = Settings()
            episodes = Episodes(settings, history)
            services = SimpleNamespace(episodes=episodes, history=history)
            try:
                task, problem, named = pose(ProblemRequest(subject="free_fall", index=1), 2)
                loop = asyncio.get_running_loop()
                _, ids = episodes.start(loop, "me", task, problem, named, [YOU, SPARSE])
                await play(episodes, services, ids)
            finally:
                episodes.close()
                history.close()

        asyncio.run(inner())

    return start


async def ended(episodes, identity):
    for _ in range(3000):
        if identity not in episodes.running:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never ended")


def test_a_late_listener_of_a_running_side_follows_it_and_is_told_of_no_end(run):
    async def play(episodes, services, ids):
        await ended(episodes, ids[1])
        episodes._ended.clear()  # as after a minute
        sources = [_source(services, identity, 0) for identity in ids]
        stream = follow_all(sources, [0, 0])
        early = [told(await anext(stream)) for _ in range(3)]
        assert [(name, data["side"]) for _, name, data in early if data["side"] == 1] == [("turn", 1), ("end", 1)]
        assert [(name, data["side"]) for _, name, data in early if data["side"] == 0] == [("turn_started", 0)]
        assert [data["status"] for _, name, data in early if name == "end"] == ["finished"]
        for _ in range(2):
            await asyncio.to_thread(episodes.answer, ids[0], WRONG)
        rest = [told(event) async for event in stream]
        assert [name for _, name, _ in rest] == ["turn", "turn_started", "turn", "end"]
        assert {data["side"] for _, _, data in rest} == {0}

    run(play)


def test_a_listener_that_comes_back_misses_nothing_and_sees_nothing_twice(run):
    async def play(episodes, services, ids):
        await ended(episodes, ids[1])
        await asyncio.to_thread(episodes.answer, ids[0], WRONG)
        await asyncio.to_thread(episodes.answer, ids[0], WRONG)
        await asyncio.sleep(0.05)

        async def listen(after):
            sources = [_source(services, identity, last) for identity, last in zip(ids, after, strict=True)]
            return [told(event) async for event in follow_all(sources, after)]

        def sides(events):
            return [[(name, data) for _, name, data in events if data["side"] == side] for side in (0, 1)]

        whole = await listen([0, 0])
        for cut in range(len(whole)):
            before = whole[: cut + 1]
            after = [int(number) for number in before[-1][0].split(".")]
            again = sides(before + await listen(after))
            assert again == sides(whole)
        # An hour later, the same from the history: no turn twice, none missing.
        episodes._ended.clear()
        later = await listen([0, 0])
        assert [name for _, name, _ in later].count("turn") == 3
        after = [int(number) for number in later[1][0].split(".")]
        assert sum(after) > REPLAYED
        assert sides(later[:2] + await listen(after)) == sides(later)

    run(play)


def test_an_episode_of_another_server_is_followed_until_it_ends():
    states = [
        {"status": "running", "turns": [{"number": 1}]},
        {"status": "running", "turns": [{"number": 1}, {"number": 2}]},
        {"status": "cancelled", "error": "cancelled", "code": "cancelled", "turns": [{"number": 1}, {"number": 2}]},
    ]

    async def listen():
        reads = iter(states)
        from gedanken.serve.web import events

        patch = pytest.MonkeyPatch()
        patch.setattr(events, "POLL_SECONDS", 0.0)
        try:
            return [event async for event in replay(lambda: next(reads))]
        finally:
            patch.undo()

    found = asyncio.run(listen())
    assert [(name, data.get("number")) for _, name, data in found] == [("turn", 1), ("turn", 2), ("end", None)]
    assert [number for number, _, _ in found] == [REPLAYED + 1, REPLAYED + 2, REPLAYED + 3]
