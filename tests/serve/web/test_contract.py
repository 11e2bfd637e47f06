"""What the API says of its answers is true: every answer and every event is read with its declared model."""

import math
from pathlib import Path

import orjson
import pytest

from gedanken import tasks
from gedanken.serve.web.models.base import CODES
from gedanken.serve.web.models.events import DiscoveryEvents, EpisodeEvents, RolloutEvents
from gedanken.serve.web.schema import write_schema

ROOT = Path(__file__).resolve().parents[3]
PROBLEM = {"subject": "free_fall_drag", "index": 3}
WRONG = {"equation": "d2y/dt2 = -g", "params": {"g": 9.0}, "rationale": "Nothing brakes it."}


def test_the_description_in_the_repository_is_the_applications(tmp_path):
    write_schema(tmp_path / "openapi.json")
    kept = (ROOT / "web" / "openapi.json").read_bytes()
    assert kept == (tmp_path / "openapi.json").read_bytes(), "run: gedanken serve --schema web/openapi.json"


def test_every_route_of_the_api_declares_its_answer():
    described = orjson.loads((ROOT / "web" / "openapi.json").read_bytes())
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            [good] = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            schema = good.get("content", {}).get("application/json", {}).get("schema")
            kinds = set(good.get("content", {}))
            assert kinds & {"text/event-stream", "text/plain", "application/zip"} or "$ref" in str(schema), (
                f"{method} {path} declares {good}"
            )
    for name in ("EpisodeEvents", "TurnEvent", "RolloutEvents", "DiscoveryEvents", "Error"):
        assert name in described["components"]["schemas"]


def test_what_can_be_looked_at(reader):
    server = reader.get("/api/server")
    assert server["reward"]["discover"][0]["about"]
    assert sum(term["weight"] for term in server["reward"]["discover"]) == pytest.approx(1.0)
    reader.get("/health")
    reader.get("/api/endpoints")
    for task in ("discover", "predict"):
        rows = reader.get(f"/api/subjects/{task}")
        assert [row["name"] for row in rows] == list(tasks.load(task).subjects())
        assert all(row["summary"] for row in rows)
        reader.get(f"/api/players/{task}")
    for subject in ("discover/free_fall_drag", "discover/foucault_pendulum", "predict/billiards"):
        reader.get(f"/api/subjects/{subject}")
    reader.get("/api/subjects/discover/billiards", 404)
    drawn = reader.get("/api/subjects/discover/thumbnails")["systems"]
    assert drawn.keys() == set(tasks.load("discover").subjects())
    scenes = reader.get("/api/scenes/thumbnails?level=1")["scenes"]
    assert scenes.keys() == set(tasks.load("predict").subjects())
    reader.get("/api/examples")
    reader.get("/api/results")
    reader.get("/api/runs", 404)


@pytest.mark.parametrize("task", ["discover", "predict"])
def test_a_problem_can_be_posted_back(reader, task):
    posed = reader.post("/api/problems", {"task": task, "index": 5, "level": 2})
    assert reader.post("/api/problems", posed["problem"]) == posed


def test_an_episode_a_comparison_and_their_history(reader):
    body = {"problem": PROBLEM, "players": [{"name": "you"}, {"name": "sparse"}], "max_turns": 2}
    started = reader.post("/api/comparisons", body, 201)
    you, sparse = started["episodes"]
    reader.get(f"/api/episodes/{you}/law", 409)
    reader.get(f"/api/episodes/{you}/messages")
    reader.post(f"/api/episodes/{you}/peek")
    for _ in range(2):
        reply = reader.post(f"/api/episodes/{you}/answers", WRONG)
    assert (reply["status"], reply["turns_left"]) == ("finished", 0)
    reader.post(f"/api/episodes/{you}/answers", WRONG, 409)
    told = reader.events(started["events"], EpisodeEvents)
    assert {name for _, name, _ in told} >= {"turn_started", "note", "turn", "end"}
    assert {data["code"] for _, name, data in told if name == "end"} == {None}
    shown = reader.get(started["url"])
    assert [side["peeked"] for side in shown["episodes"]] == [True, False]
    assert shown["shown"]["trials"]
    assert [row["id"] for row in reader.get("/api/comparisons")] == [started["id"]]
    for filters, found in (("player=sparse", 1), ("task=predict", 0), ("subject=free_fall_drag&status=finished", 2)):
        assert len(reader.get(f"/api/episodes?{filters}")) == found
    law = reader.get(f"/api/episodes/{sparse}/law")
    assert law["equation"] == "d2y/dt2 = -g + k*vy**2"
    assert reader.post("/api/episodes", {"problem": shown["problem"], "player": {"name": "sparse"}}, 201)
    assert reader.call("DELETE", f"/api/episodes/{you}")["deleted"]
    reader.get(f"/api/episodes/{you}", 404)


def test_a_frame_and_a_rollout(reader):
    episode = reader.post("/api/episodes", {"problem": {"task": "predict"}, "player": {"name": "linear"}}, 201)
    assert reader.events(episode["events"], EpisodeEvents)[-1][1] == "end"
    assert reader.get(episode["url"])["turns"][0]["drawing"]["kind"] == "frame"
    started = reader.post("/api/rollouts", {"subject": "billiards", "player": {"name": "linear"}, "frames": 3}, 201)
    told = reader.events(started["events"], RolloutEvents)
    assert [name for _, name, _ in told] == ["scene", "frame", "frame", "frame", "baselines", "end"]
    reader.get(started["url"])
    reader.post(started["url"] + "/cancel")
    recording = reader.post("/api/scenes", {"subject": "newtons_cradle", "frames": 9})
    assert recording["frames"] == 10


def test_a_table_and_a_discovery(reader):
    table = b"t [s],height [m]\n" + b"".join(b"%.1f,%.3f\n" % (k / 5, 20 - 0.4 * k) for k in range(24))
    reply = reader.call("POST", "/api/datasets?name=fall.csv", 201, content=table)
    assert [column["role"] for column in reply["columns"]] == ["time", "state"]
    reader.get(f"/api/datasets/{reply['id']}")
    wrong = reader.call("PATCH", f"/api/datasets/{reply['id']}", json={"time": "nothing"})
    assert "nothing" in wrong["problem"]
    assert reader.call("PATCH", f"/api/datasets/{reply['id']}", json={"order": 1})["problem"] is None
    tried = {"dataset": reply["id"], "equation": "dheight/dt = -c", "params": {"c": 2.0}}
    assert reader.post("/api/simulate", tried)["match"] > 0.99
    body = {"dataset": reply["id"], "hint": "It sinks.", "max_turns": 1}
    started = reader.post("/api/discoveries", body, 201)
    told = reader.events(started["events"], DiscoveryEvents)
    assert {name for _, name, _ in told} >= {"progress", "turn", "report", "end"}
    found = reader.get(started["url"])
    assert found["report"]["params"][0]["value"] == pytest.approx(2.0, rel=0.01)
    assert found["report"]["command"].startswith("gedanken discover fall.csv --order 1 --hint 'It sinks.'")
    assert reader.web.get(started["url"] + "/report.zip").content[:2] == b"PK"
    reader.post(started["url"] + "/cancel")
    assert reader.call("DELETE", started["url"])["deleted"]
    assert reader.call("DELETE", f"/api/datasets/{reply['id']}")["deleted"]


def test_columns_that_drive_a_system_are_inputs(reader):
    """A drive dx/dt = u - x, whose u steps: guessed by its name, and told by a person where the name says nothing."""
    rows, x = [], 0.0
    for k in range(60):
        u = 1.0 if (k // 15) % 2 else 0.0
        rows.append(f"{k / 10:.1f},{x:.5f},{u:.0f}")
        x = u + (x - u) * math.exp(-0.1)
    told = {"time": "t", "state": ["x"], "held_inputs": ["setting"]}
    for header, roles in (("voltage", {}), ("setting", told)):
        table = "\n".join([f"t,x,{header}", *rows]).encode()
        reply = reader.call("POST", "/api/datasets?name=step.csv", 201, content=table)
        if roles:
            reply = reader.call("PATCH", f"/api/datasets/{reply['id']}", json=roles)
        assert [column["role"] for column in reply["columns"]] == ["time", "state", "held_input"], reply
        assert reply["series"]["inputs"] == [header]
        tried = {"dataset": reply["id"], "equation": f"dx/dt = a*{header} - a*x", "params": {"a": 1.0}}
        simulated = reader.post("/api/simulate", tried)
        assert simulated["match"] > 0.999
        assert simulated["params_found"] == ["a"]
        started = reader.post("/api/discoveries", {"dataset": reply["id"], "max_turns": 1}, 201)
        reader.events(started["events"], DiscoveryEvents)
        report = reader.get(started["url"])["report"]
        assert report["inputs"] == {header: "hold"}
        assert header in report["equation"]
        assert report["match"] > 0.999
        assert [rung["reported"] for rung in report["ladder"]].count(True) == 1
        assert report["baselines"]
        if roles:
            assert "--hold setting" in report["command"]


def test_both_orders_are_searched_and_their_best_laws_drawn(reader):
    """Nobody said which order the census' law has: laws of both are streamed, each over the columns that it has."""
    started = reader.post("/api/discoveries", {"example": "us_census", "fit_until": 1910, "max_turns": 1}, 201)
    laws = [data for _, name, data in reader.events(started["events"], DiscoveryEvents) if name == "candidate"]
    orders = {2 if law["equation"].startswith("d2") else 1: law for law in laws}
    assert {order: law["columns"] for order, law in orders.items()} == {
        1: ["population"],
        2: ["population", "vpopulation"],
    }
    assert all(len(law["columns"]) == len(law["curves"][0]["values"][0]) for law in laws)
    found = reader.get(started["url"])
    assert (found["status"], found["error"]) == ("finished", None)
    assert "orders" in found["report"]["order"]


def test_a_record_without_a_law_has_a_report(reader, fake_model):
    table = b"t,x\n" + b"".join(b"%d,%d\n" % (k, k * k % 7) for k in range(24))
    reply = reader.call("POST", "/api/datasets?name=noise.csv", 201, content=table)
    body = {"dataset": reply["id"], "max_turns": 1, "player": {"endpoint": fake_model.url, "model": "says:no"}}
    started = reader.post("/api/discoveries", body, 201)
    reader.events(started["events"], DiscoveryEvents)
    report = reader.get(started["url"])["report"]
    assert report["equation"] is None
    assert report["outcome"] == "no law found"
    assert report["trials"][0]["predicted"] is None
    assert set(report["baselines"]) == {"mean", "straight line"}


def test_refusals_have_codes(reader):
    for path, body, status, code in (
        ("/api/problems", {"task": "chess"}, 422, "invalid"),
        ("/api/episodes", {"problem": {}, "player": {"endpoint": "openai", "model": "m"}}, 422, "key_missing"),
        ("/api/episodes", {"problem": {}, "player": {"endpoint": "ftp://x", "model": "m"}}, 422, "bad_endpoint"),
        ("/api/episodes/nonesuch/answers", WRONG, 404, "not_found"),
        ("/api/simulate", {"equation": "x"}, 422, "invalid"),
        ("/api/simulate", {"problem": {"task": "predict"}, "equation": "x"}, 422, "invalid"),
    ):
        assert reader.post(path, body, status)["code"] == code
        assert code in CODES
