"""Two servers on one database."""

import asyncio
import sqlite3

import pytest

pytest.importorskip("sqlalchemy")

from gedanken.serve.web import history as module
from gedanken.serve.web.history import History

EPISODE = {"comparison": None, "side": 0, "problem": {}, "player": {"name": "sparse"}, "max_turns": 1}
TURN = {"number": 1, "answer": "x", "verdict": {"reward": 0.5, "solved": False}, "drawing": None, "seconds": 0.1}


@pytest.fixture
def database(tmp_path):
    return f"sqlite:///{tmp_path}/history.sqlite"


@pytest.fixture
def first(database):
    history = History(database)
    history.begin(id="one", **EPISODE)
    yield history
    history.close()


def test_a_second_server_leaves_the_episodes_of_the_first_alone(database, first):
    second = History(database)
    assert first.find("one")["status"] == "running"
    second.begin(id="two", **EPISODE)
    second.beat()
    first.beat()
    assert [first.find(name)["status"] for name in ("one", "two")] == ["running"] * 2
    second.close()
    assert [first.find(name)["status"] for name in ("one", "two")] == ["running", "interrupted"]
    first.end("one", "finished")
    assert first.find("one")["status"] == "finished"


def test_the_episodes_of_a_server_that_was_killed_are_interrupted_when_its_lease_is_over(database, first, monkeypatch):
    clock = module.time.time
    second = History(database)
    for later, status in ((0.9, "running"), (1.1, "interrupted")):
        monkeypatch.setattr(module.time, "time", lambda later=later: clock() + later * module.LEASE_SECONDS)
        second.beat()
        assert second.find("one")["status"] == status
    second.close()


def test_a_database_of_an_older_version_is_brought_up_to_date(tmp_path, database):
    with sqlite3.connect(tmp_path / "history.sqlite") as connection:
        connection.execute(
            "create table episodes (id varchar(32) primary key, created float, ended float, status varchar(16), "
            "comparison varchar(32), side integer, problem json, player json, max_turns integer, error text)"
        )
        connection.execute("insert into episodes values ('old', 1.0, null, 'running', null, 0, '{}', '{}', 1, null)")
    connection.close()
    history = History(database)
    assert history.find("old")["status"] == "interrupted"
    history.begin(id="new", owner="o", **EPISODE)
    assert [row["id"] for row in history.recent(10, owner="o")] == ["new"]
    history.close()


def test_an_episode_of_another_server_is_followed_to_its_end(database, first, monkeypatch):
    pytest.importorskip("sse_starlette")
    from gedanken.serve.web import events

    monkeypatch.setattr(events, "POLL_SECONDS", 0.02)
    second = History(database)

    async def follow():
        heard = []
        async for _, name, _ in events.replay(lambda: second.find("one")):
            heard.append(name)
            if heard == ["turn"]:
                first.add_turn(episode="one", **{**TURN, "number": 2})
                first.end("one", "finished")
        return heard

    first.add_turn(episode="one", **TURN)
    assert asyncio.run(asyncio.wait_for(follow(), 10)) == ["turn", "turn", "end"]
    second.close()
