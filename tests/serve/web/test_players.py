"""Who can play: endpoints that are tried first, models of this server, the pair that it proposes."""

import time

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("openai")

from gedanken import UserError
from gedanken.serve.web.app import create_app
from gedanken.serve.web.models.events import EpisodeEvents
from gedanken.serve.web.settings import Settings

PROBLEM = {"subject": "free_fall", "index": 1}


@pytest.mark.parametrize(
    ("model", "ok", "code"),
    [
        ("constant", True, None),
        ("says:", True, None),  # it answered, with nothing: one token is all that it may write
        ("status:401", False, "key_refused"),
        ("status:404", False, "model_unknown"),
        ("status:429", False, "slow_down"),
        ("silent", False, "timeout"),
    ],
)
def test_a_model_is_tried(open_reader, fake_model, model, ok, code):
    reader = open_reader(answer_seconds=1.0)
    key = "sk-visitor-0815-abcdefghijklmnop"
    begun = time.monotonic()
    tried = reader.post("/api/endpoints/check", {"endpoint": fake_model.url, "model": model, "api_key": key})
    assert (tried["ok"], tried["code"]) == (ok, code)
    assert time.monotonic() - begun < 8
    assert key not in str(tried)
    assert fake_model.bodies[-1]["max_tokens"] == 1


def test_an_endpoint_that_cannot_be_asked_says_so(open_reader, fake_model):
    local, hosted = open_reader(port=8123), open_reader(hosted=True)
    for reader, endpoint, code in (
        (local, "http://127.0.0.1:9/v1", "unreachable"),
        (local, "http://localhost:8123/v1", "bad_endpoint"),
        (local, "nonsense", "bad_endpoint"),
        (local, "openai", "key_missing"),
        (hosted, fake_model.url, "bad_endpoint"),
    ):
        for path, body in (("check", {"model": "m"}), ("models", {})):
            tried = reader.post(f"/api/endpoints/{path}", {"endpoint": endpoint, **body})
            assert tried["code"] == code, tried
            assert tried["detail"]
    body = {"problem": PROBLEM, "player": {"endpoint": "vllm", "model": "m"}}
    own = open_reader(port=8000).post("/api/episodes", body, 422)
    assert "is this server itself" in own["detail"]


def test_an_endpoints_models_are_listed_and_the_key_is_not(reader, fake_model):
    key = "sk-visitor-0815-abcdefghijklmnop"
    told = reader.post("/api/endpoints/models", {"endpoint": fake_model.url, "api_key": key})
    assert told["models"][:2] == ["constant", "slow:0.1"]
    assert key not in str(told)
    refused = reader.post("/api/endpoints/models", {"endpoint": fake_model.url, "api_key": "refused"})
    assert (refused["models"], refused["code"]) == ([], "key_refused")


def test_models_of_the_server_play_by_their_name(open_reader, tmp_path):
    script = tmp_path / "laws.txt"
    script.write_text('{"equation": "d2y/dt2 = -1", "params": {}}\n---\n{"equation": "d2y/dt2 = -2", "params": {}}')
    reader = open_reader(
        models=(("wrong", f"scripted:{script}"), ("gone", "scripted:/nowhere")), pair=("local:wrong", "you")
    )
    assert reader.get("/api/server")["pair"] == ["local:wrong", "you"]
    listed = {player["name"]: player["kind"] for player in reader.get("/api/players/discover")}
    own = {"you": "you", "sparse": "builtin", "gedanken-laws": "builtin"}
    assert listed == {**own, "local:wrong": "local", "local:gone": "local"}
    started = reader.post("/api/episodes", {"problem": PROBLEM, "player": {"name": "local:wrong"}, "max_turns": 2}, 201)
    told = reader.events(started["events"], EpisodeEvents)
    assert [data["kind"] for _, name, data in told if name == "note" and data["kind"] != "compiling"] == [
        "thinking"
    ] * 3
    assert [data["verdict"]["details"]["equation"] for _, name, data in told if name == "turn"] == [
        "d2y/dt2 = -1",
        "d2y/dt2 = -2",
    ]
    started = reader.post("/api/episodes", {"problem": PROBLEM, "player": {"name": "local:gone"}}, 201)
    end = reader.events(started["events"], EpisodeEvents)[-1][2]
    assert (end["status"], end["code"]) == ("failed", "invalid")
    assert "no file" in end["error"]
    reader.post("/api/episodes", {"problem": PROBLEM, "player": {"name": "local:other"}}, 422)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"models": (("a", "nothing:x"),)}, "is not a model"),
        ({"models": (("a", "x"),)}, "a spec is like"),
        ({"models": (("a b", "sparse"),)}, "is named by letters"),
        ({"pair": ("sparse", "local:none")}, "--pair names 'local:none'"),
    ],
)
def test_what_cannot_play_is_refused_at_the_start(tmp_path, settings, sentence):
    with pytest.raises(UserError, match=sentence):
        create_app(Settings(database=f"sqlite:///{tmp_path}/h.sqlite", **settings))


def test_an_hour_without_an_answer_ends_a_persons_episode(open_reader):
    reader = open_reader(idle_seconds=1.0, client_episodes=1)
    body = {"problem": PROBLEM, "player": {"name": "you"}}
    started = reader.post("/api/episodes", body, 201)
    reader.post("/api/episodes", body, 429)
    end = reader.events(started["events"], EpisodeEvents)[-1][2]
    assert (end["status"], end["code"]) == ("failed", "time_up")
    assert "no answer came" in end["error"]
    assert reader.post("/api/episodes", body, 201)


def test_a_person_may_answer_with_any_text(reader):
    started = reader.post("/api/episodes", {"problem": {"task": "predict"}, "player": {"name": "you"}}, 201)
    asked = reader.get(started["url"] + "/messages")
    assert asked["number"] == 1
    assert asked["messages"][-1]["role"] == "user"
    url = started["url"] + "/answers"
    reader.post(url, {"equation": "x", "answer": "y"}, 422)
    assert reader.post(url, {"answer": "Nothing moves."})["turn"]["verdict"]["reward"] == 0.0
