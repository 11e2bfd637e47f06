"""`gedanken serve` as a process of its own: problems, episodes, comparisons, rollouts, history, crashes, abuse."""

import json
import os
import signal
import socket
import sqlite3
import threading
import time
import urllib.request

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from gedanken import tasks
from gedanken.serve.web.history import BEAT_SECONDS, LEASE_SECONDS

SPARSE = {"name": "sparse"}


def wait_until(true, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def test_the_lists(api):
    assert api.call("/health")[1]["status"] == "healthy"
    for task, subject in (("discover", "free_fall_drag"), ("predict", "billiards")):
        listed = {row["name"]: row for row in api.call(f"/api/subjects/{task}")[1]}
        assert listed[subject]["held_out"] is False
    listed = [(row["name"], row["kind"]) for row in api.call("/api/players/discover")[1]]
    assert listed == [("you", "you"), ("gedanken-laws", "builtin"), ("sparse", "builtin")]
    assert "restart10" in [row["name"] for row in api.call("/api/players/predict")[1]]
    assert [row["name"] for row in api.call("/api/endpoints")[1]][:3] == ["huggingface", "openai", "openrouter"]
    assert api.call("/api/server")[1]["limits"]["max_tokens"] == 500
    assert "/api/comparisons" in api.call("/openapi.json")[1]["paths"]


@pytest.mark.parametrize(("task", "subject"), [("discover", "lorenz"), ("predict", "tower")])
def test_a_problem_is_the_one_that_its_key_names(api, task, subject):
    status, shown = api.call("/api/problems", {"task": task, "subject": subject, "index": 5})
    problem = tasks.load(task).pose(subject, split="test", index=5)
    assert status == 200
    assert shown["prompt"] == problem.prompt
    assert shown["problem"]["subject"] == subject
    if task == "predict":
        assert len(shown["shown"]["scene"]["bodies"]) == problem.truth.scene.bodies.__len__()
    else:
        assert shown["shown"]["trials"][0]["t"] == problem.observation.trajectories[0].t.tolist()
        assert problem.truth.equation not in json.dumps(shown)


def test_gaps_in_the_data_are_null(api):
    spec = {"subject": "simple_pendulum", "options": {"positions_only": True}}
    shown = api.call("/api/problems", spec)[1]["shown"]
    assert {row[1] for row in shown["trials"][0]["values"]} == {None}


def test_an_episode_is_streamed_kept_and_found_again(api):
    episode, events = api.play(SPARSE)
    # How many notes come depends on the search.
    assert [name for name, _ in events if name != "note"] == ["turn_started", "turn", "end"]
    assert any("laws fitted" in data["text"] for name, data in events if name == "note")
    turn = events[-2][1]
    assert turn["verdict"]["solved"]
    assert len(turn["drawing"]["curves"][0]["values"]) == len(turn["drawing"]["curves"][0]["t"])
    status, kept = api.call(f"/api/episodes/{episode}")
    assert (status, kept["status"], kept["turns"], kept["solved"]) == (200, "finished", [turn], True)
    assert {name: value for name, value in kept["player"].items() if value} == SPARSE
    assert episode in [row["id"] for row in api.call("/api/episodes?limit=200")[1]]
    assert [name for name, _ in api.events(f"/api/episodes/{episode}/events", after=len(events) - 1)] == ["end"]


def test_the_same_request_plays_the_same_episode(api):
    turns = [api.play(SPARSE, index=8, level=4)[1][-2][1] for _ in range(2)]
    assert turns[0]["verdict"] == turns[1]["verdict"]


def test_a_comparison_is_fair(api, fake_model):
    constant = {"endpoint": fake_model.url, "model": "constant"}
    body = {"problem": {"subject": "free_fall_drag", "index": 4}, "players": [constant, SPARSE], "max_turns": 2}
    status, started = api.call("/api/comparisons", body)
    assert status == 201
    events = api.events(started["events"])
    assert {data["side"] for _, data in events} == {0, 1}
    assert [name for name, _ in events].count("end") == 2
    shown = api.call(started["url"])[1]["episodes"]
    assert [episode["id"] for episode in shown] == started["episodes"]
    assert shown[0]["problem"] == shown[1]["problem"]
    players = [{name: value for name, value in episode["player"].items() if value} for episode in shown]
    assert players == [constant, SPARSE]
    assert [len(episode["turns"]) for episode in shown] == [2, 1]
    prompt = tasks.load("discover").pose("free_fall_drag", split="test", index=4).prompt
    assert fake_model.bodies[-1]["messages"][1]["content"] == prompt


def test_tokens_arrive_while_the_model_writes_and_cancel_stops_it(api, fake_model):
    player = {"endpoint": fake_model.url, "model": "slow:0.02"}
    _, started = api.call("/api/episodes", {"problem": {"subject": "lorenz"}, "player": player})
    assert api.events(started["events"], stop="token")[-1] == ("token", {"text": "d"})
    assert api.call(started["url"] + "/cancel", {})[1] == {"id": started["id"], "cancelled": True}
    end = {"status": "cancelled", "error": "cancelled", "code": "cancelled"}
    assert api.events(started["events"])[-1] == ("end", end)
    assert api.call(started["url"])[1]["status"] == "cancelled"
    assert api.call(started["url"] + "/cancel", {})[1]["cancelled"] is False


def test_a_silent_model_can_be_cancelled_at_once(api, fake_model):
    player = {"endpoint": fake_model.url, "model": "silent"}
    _, started = api.call("/api/episodes", {"problem": {"subject": "lorenz"}, "player": player})
    begun = time.monotonic()
    api.call(started["url"] + "/cancel", {})
    assert api.events(started["events"])[-1][1]["status"] == "cancelled"
    assert time.monotonic() - begun < 2.0


@pytest.mark.parametrize(
    ("model", "code", "sentence"),
    [
        ("status:401", "key_refused", "refuses the key"),
        ("status:403", "model_forbidden", "does not let this key use"),
        ("status:404", "model_unknown", "does not know the model"),
        ("status:429", "slow_down", "asks to slow down"),
        ("status:500", "bad_endpoint", "failed with status 500"),
        ("garbage", "bad_endpoint", "not a stream of chat completions"),
        ("cut", "broke_off", "broke off"),
        ("silent", "timeout", "did not answer within 3 s"),
        ("slow:0.1", "timeout", "did not answer within 3 s"),
        ("says:", "empty", "empty answer"),
        ("redirect", "bad_endpoint", "status 307"),
    ],
)
def test_a_failing_endpoint_is_one_sentence_and_a_code(api, fake_model, model, code, sentence):
    key = "sk-visitor-0815-abcdefghijklmnop"
    episode, events = api.play({"endpoint": fake_model.url, "model": model, "api_key": key})
    name, end = events[-1]
    assert (name, end["status"]) == ("end", "failed")
    assert sentence in end["error"]
    assert end["code"] == code
    assert key not in json.dumps(events)
    kept = api.call(f"/api/episodes/{episode}")[1]
    assert (kept["error"], kept["code"]) == (end["error"], code)


@pytest.mark.parametrize("text", ["", "no idea", "\x00\x1b", '{"equation": "d2y/dt2 = exp(vy**10)"}', "é" * 150])
def test_any_answer_of_a_model_is_a_turn(api, fake_model, text):
    _, events = api.play({"endpoint": fake_model.url, "model": "says:x" + text}, max_turns=1)
    assert events[-1][1]["status"] == "finished"
    assert next(data for name, data in events if name == "turn")["verdict"]["reward"] < 0.3


def test_the_visitors_key_goes_to_the_endpoint_and_nowhere_else(api, fake_model):
    key = "sk-visitor-4711-abcdefghijklmnop"
    player = {"endpoint": fake_model.url, "model": "constant", "api_key": key}
    episode, events = api.play(player, max_turns=1)
    assert fake_model.headers[-1]["authorization"] == f"Bearer {key}"
    assert key not in json.dumps(api.call(f"/api/episodes/{episode}")[1]) + json.dumps(events)
    refused = api.call("/api/episodes", {"problem": {}, "player": {**player, "oops": 1}})
    assert refused[0] == 422
    assert key not in json.dumps(refused)
    for path in api.folder.iterdir():
        assert key.encode() not in path.read_bytes(), path.name


def test_a_rollout_comes_frame_by_frame_beside_the_truth(api):
    body = {"subject": "billiards", "player": {"name": "restart10"}, "frames": 5, "index": 2}
    started = api.call("/api/rollouts", body)[1]
    events = api.events(started["events"])
    assert [name for name, _ in events] == ["scene", *["frame"] * 5, "baselines", "end"]
    frame = events[1][1]
    assert len(frame["predicted"]) == len(frame["truth"]) == len(events[0][1]["scene"]["bodies"])
    assert frame["coverage"] == 1.0
    assert frame["text"]
    kept = api.call(started["url"])[1]
    assert kept["frames"] == [data for name, data in events if name == "frame"]
    assert [each["name"] for each in kept["baselines"]] == ["hold", "linear"]
    assert api.events(started["events"], after=6) == events[6:]


def test_metrics_count(api):
    with urllib.request.urlopen(api.url + "/metrics") as reply:
        text = reply.read().decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['gedanken_episodes_total{status="finished",task="discover"}']) >= 1
    assert float(lines['gedanken_requests_total{method="GET",route="/health",status="200"}']) >= 1


BAD_PLAYERS = [
    {},
    {"name": "sparse", "endpoint": "openai", "model": "m"},
    {"name": "nobody"},
    {"name": "scripted:/etc/passwd"},
    {"name": "openai:gpt-4o-mini"},
    {"name": "../sparse"},
    {"name": ["sparse"]},
    {"name": "x" * 101},
    {"endpoint": "ftp://localhost/v1", "model": "m"},
    {"endpoint": "http://user:pw@localhost/v1", "model": "m"},
    {"endpoint": "http://[::1", "model": "m"},
    {"endpoint": "http://localhost:99999/v1", "model": "m"},
    {"endpoint": "http://localhost/v1"},
    {"endpoint": "http://localhost/v1", "model": "m", "max_tokens": 501},
    {"endpoint": "http://localhost/v1", "model": "m", "max_tokens": -1},
    {"endpoint": "http://localhost/v1", "model": "m", "temperature": 9},
    {"endpoint": "http://localhost/v1", "model": "m", "api_key": "two words"},
    {"endpoint": "http://localhost/v1", "model": "m", "api_key": {"a": 1}},
    {"endpoint": "https://api.openai.com/v1", "model": "m"},
    {"endpoint": "http://huggingface.co/v1", "model": "m"},
]
BAD_PROBLEMS = [
    3,
    [],
    {"subject": "nowhere"},
    {"subject": "/etc/passwd"},
    {"subject": "evil.py", "task": "predict"},
    {"task": "../discover"},
    {"index": -1},
    {"index": 2**31},
    {"index": "1.5"},
    {"level": 6},
    {"split": "dev"},
    {"split": "train", "subject": "charged_b_field"},
    {"options": {"noise": "much"}},
    {"options": {"noise": 7}},
    {"options": {"nois": 0.1}},
    {"options": {"index": 4}},
    {"options": {"max_turns": 4}},
    {"options": {"noise": [1]}},
    {"options": {str(k): k for k in range(17)}},
    {"task": "predict", "subject": "lorenz"},
    {"unknown": 1},
]


@pytest.mark.parametrize("player", BAD_PLAYERS, ids=str)
def test_a_bad_player_is_refused_in_one_sentence(api, player, monkeypatch):
    status, reply = api.call("/api/episodes", {"problem": {"subject": "lorenz"}, "player": player})
    assert status == 422
    assert set(reply) == {"detail", "code"}
    assert 10 < len(reply["detail"]) < 600
    assert "Traceback" not in reply["detail"]


@pytest.mark.parametrize("problem", BAD_PROBLEMS, ids=lambda value: str(value)[:40])
def test_a_bad_problem_is_refused_in_one_sentence(api, problem):
    for path, body in (
        ("/api/problems", problem),
        ("/api/episodes", {"problem": problem, "player": SPARSE}),
    ):
        status, reply = api.call(path, body)
        assert status == 422
        assert 10 < len(reply["detail"]) < 600


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"index": NaN}',
        b'{"level": 1e9}',
        b'{"subject": "\\ud800"}',
        b"null",
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_a_bad_body_is_refused(api, raw):
    status, reply = api.call("/api/problems", raw=raw)
    assert status in (400, 422)
    assert isinstance(reply["detail"], str)
    assert len(reply["detail"]) < 600


def test_bad_paths_and_bodies_beyond_the_limit(api):
    assert api.call("/api/problems", raw=b" " * 300_000)[0] == 413
    assert api.call("/api/subjects/cooking")[0] == 404
    assert api.call("/api/episodes/nonesuch")[0] == 404
    assert api.call("/api/episodes/nonesuch/cancel", {})[0] == 404
    assert api.call("/api/episodes/nonesuch/events")[0] == 404
    assert api.call("/api/comparisons/nonesuch")[0] == 404
    assert api.call("/api/comparisons/nonesuch/events")[0] == 404
    assert api.call("/api/episodes/" + "x" * 99)[0] == 422
    assert api.call("/api/episodes?limit=0")[0] == 422
    assert api.call("/api/episodes?before=nan")[0] == 422
    assert api.call("/api/nonesuch")[0] == 404
    assert api.call("/api/problems", method="DELETE")[0] == 405
    too_many = {"problem": {"subject": "lorenz"}, "player": SPARSE, "max_turns": 17}
    assert api.call("/api/episodes", too_many)[0] == 422
    assert api.call("/health")[0] == 200


def test_other_sites_are_kept_out(api):
    assert api.call("/health", Host="evil.example")[0] == 400
    assert api.call("/health", Host="localhost:1234")[0] == 200
    preflight = urllib.request.Request(
        api.url + "/api/problems",
        method="OPTIONS",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(preflight)
    with refused.value as error:
        assert "access-control-allow-origin" not in error.headers
    # A form of another site can send text/plain without asking first; that is not taken for JSON.
    assert api.call("/api/problems", {"subject": "lorenz"}, Content_Type="text/plain")[0] == 422


def test_a_client_that_vanishes_harms_nobody(api, fake_model):
    player = {"endpoint": fake_model.url, "model": "slow:0.05"}
    _, started = api.call("/api/episodes", {"problem": {"subject": "lorenz"}, "player": player})
    host, port = api.url.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(f"GET {started['events']} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            raw.recv(100)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"POST /api/problems HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
        raw.shutdown(socket.SHUT_WR)  # half closed in the middle of a body
    assert api.call("/health")[0] == 200
    assert api.events(started["events"], stop="token")[-1][0] == "token"
    api.call(started["url"] + "/cancel", {})


def test_a_client_may_run_only_so_many_at_once(api, fake_model):
    def threads_done():
        return api.call("/api/episodes", {"problem": {"subject": "free_fall"}, "player": SPARSE})[0] == 201

    body = {"problem": {"subject": "lorenz"}, "player": {"endpoint": fake_model.url, "model": "slow:0.5"}}
    started = []
    while (reply := api.call("/api/episodes", body))[0] == 201:
        started.append(reply[1])
        assert len(started) <= 8
    assert reply[0] == 429
    assert "at most 8" in reply[1]["detail"]
    for each in started:
        api.call(each["url"] + "/cancel", {})
    wait_until(threads_done)


@pytest.mark.slow
def test_nothing_finished_is_lost_to_a_kill(run_server, serve_command, fake_model, tmp_path):
    """SIGKILL in the middle of 50 episodes: every turn that a listener saw is there on restart."""
    database = tmp_path / "history.sqlite"
    options = ("--database", f"sqlite:///{database}", "--client-episodes", 60, "--total-episodes", 60)
    seen, lock = {}, threading.Lock()

    def follow(url, started):
        try:
            with urllib.request.urlopen(url + started["events"], timeout=30) as reply:
                for line in reply:
                    if line.startswith(b'data: {"number"') and b'"verdict"' in line:
                        turn = json.loads(line[6:])
                        with lock:
                            seen.setdefault(started["id"], []).append(turn)
        except OSError:
            pass  # the server was killed

    with run_server(*serve_command, *options) as (url, process):
        listeners = []
        for seed in range(50):
            body = {
                "problem": {"subject": "free_fall_drag", "index": seed},
                "player": {"endpoint": fake_model.url, "model": "constant"},
            }
            request = urllib.request.Request(
                url + "/api/episodes", json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=30) as reply:
                started = json.loads(reply.read())
            listeners.append(threading.Thread(target=follow, args=(url, started), daemon=True))
            listeners[-1].start()
        wait_until(lambda: sum(map(len, seen.values())) >= 40, 60)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for listener in listeners:
            listener.join(10)
    assert sum(map(len, seen.values())) < 50 * 8, "it was killed after the end; the test shows nothing"
    with sqlite3.connect(database) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()
    with run_server(*serve_command, *options) as (url, _):

        def interrupted():
            with urllib.request.urlopen(f"{url}/api/episodes?limit=200") as reply:
                return all(row["status"] in ("interrupted", "finished") for row in json.loads(reply.read()))

        # The killed server could not sign off, so its lease has to expire first.
        wait_until(interrupted, LEASE_SECONDS + 2 * BEAT_SECONDS)
        for episode, turns in seen.items():
            with urllib.request.urlopen(f"{url}/api/episodes/{episode}") as reply:
                kept = json.loads(reply.read())
            assert kept["turns"][: len(turns)] == turns
            assert kept["status"] in ("interrupted", "finished")
        with urllib.request.urlopen(f"{url}/api/episodes?limit=200") as reply:
            assert len(json.loads(reply.read())) == 50
