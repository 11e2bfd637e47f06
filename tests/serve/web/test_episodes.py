"""Episodes without a socket in front: limits of time, and what a hosted server offers."""

import asyncio

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from gedanken import UserError
from gedanken.serve.web.app import create_app
from gedanken.serve.web.episodes import Episodes
from gedanken.serve.web.history import History
from gedanken.serve.web.scenes import pose
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import BusyError
from gedanken.serve.web.wire import PlayerRequest, ProblemRequest


def listen(settings, *players):
    """The events of episodes that are played at once, one list for each."""

    async def run():
        history = History(settings.database)
        episodes = Episodes(settings, history)
        try:
            task, problem, named = pose(ProblemRequest(subject="free_fall", index=1))
            loop = asyncio.get_running_loop()
            _, ids = episodes.start(loop, "me", task, problem, named, list(players))
            told = [[event async for event in episodes.feed(each).listen()] for each in ids]
            return told, [history.find(each) for each in ids]
        finally:
            episodes.close()
            history.close()

    return asyncio.run(run())


@pytest.fixture
def database(tmp_path):
    return f"sqlite:///{tmp_path}/history.sqlite"


def test_an_episode_ends_when_its_time_is_up(database, fake_model):
    slow = PlayerRequest(endpoint=fake_model.url, model="slow:0.02")
    told, kept = listen(Settings(database=database, episode_seconds=0.5), slow)
    assert told[0][-1][1:] == (
        "end",
        {"status": "failed", "error": "the episode has used up its time", "code": "time_up"},
    )
    assert kept[0]["status"] == "failed"
    assert kept[0]["ended"] - kept[0]["created"] < 5.0


def test_the_limits_hold_for_a_comparison_as_a_whole(database, fake_model):
    slow = PlayerRequest(endpoint=fake_model.url, model="slow:0.02")
    with pytest.raises(BusyError, match="at most 1"):
        listen(Settings(database=database, client_episodes=1), slow, slow)
    with pytest.raises(BusyError, match="busy"):
        listen(Settings(database=database, total_episodes=1), slow, slow)


def test_a_bad_second_player_starts_nobody(database, fake_model):
    good = PlayerRequest(endpoint=fake_model.url, model="constant")
    with pytest.raises(UserError, match="no player"):
        listen(Settings(database=database), good, PlayerRequest(name="nobody"))
    history = History(database)
    assert history.recent(10) == []
    history.close()


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:////proc/nowhere/x.sqlite", "postgresql://me:secret@127.0.0.1:9/x", "nosuch://x"]
)
def test_a_history_that_cannot_be_opened_is_one_sentence_without_the_password(url):
    with pytest.raises(UserError, match="cannot be opened") as caught:
        create_app(Settings(database=url))
    assert "secret" not in str(caught.value)


def test_a_hosted_server_neither_offers_nor_asks_the_loopback(run_server, serve_command, fake_model, tmp_path):
    import json
    import urllib.error
    import urllib.request

    with run_server(*serve_command, "--hosted", "--database", f"sqlite:///{tmp_path}/h.sqlite") as (url, _):
        with urllib.request.urlopen(url + "/api/endpoints") as reply:
            assert {row["name"] for row in json.load(reply)} == {"huggingface", "openai", "openrouter"}
        for endpoint in (fake_model.url, "http://localhost:11434/v1", "http://[::1]:8000/v1", "ollama"):
            body = {"problem": {"subject": "free_fall"}, "player": {"endpoint": endpoint, "model": "constant"}}
            data = json.dumps(body).encode()
            request = urllib.request.Request(url + "/api/episodes", data, {"Content-Type": "application/json"})
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            with refused.value as error:
                assert error.code == 422
                assert "not a public address" in json.load(error)["detail"]
