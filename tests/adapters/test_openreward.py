"""Environments of the Open Reward Standard. `.ci/adapters` runs this where the library is."""

import asyncio
import time

import pytest

openreward = pytest.importorskip("openreward")

from openreward.environments import Server  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402

from gedanken import UserError  # noqa: E402
from gedanken.adapters.openreward import environment_of  # noqa: E402


def call(env, answer):
    return asyncio.run(env._call_tool("answer", {"answer": answer})).root.output


def test_the_same_answers_earn_the_same(case):
    for name, answer in case.answers.items():
        env = environment_of(case.task)(case.problem)
        assert call(env, answer).reward == pytest.approx(case.expected[name], abs=1e-9), name


def test_the_rewards_of_an_episode_sum_to_its_best_answer(case):
    env = environment_of(case.task)(case.problem)
    outputs = []
    for answer in case.answers.values():
        outputs.append(call(env, answer))
        if outputs[-1].finished:
            break
    best = max(case.expected[name] for name, _ in zip(case.answers, outputs, strict=False))
    assert sum(output.reward for output in outputs) == pytest.approx(best, abs=1e-9)
    if outputs[-1].finished:
        assert outputs[-1].metadata["best"] == pytest.approx(best, abs=1e-9)


@pytest.fixture
def fresh_loop(monkeypatch):
    """The library's version of sse-starlette keeps an event of the first server's loop for the whole process."""
    monkeypatch.setattr("sse_starlette.sse.AppStatus.should_exit_event", None)


@pytest.mark.usefixtures("fresh_loop")
@pytest.mark.parametrize("task", ["discover", "predict"])
def test_a_task_over_the_standards_server(task):
    kind = environment_of(task, size=3, level=1)
    headers = {"X-Session-ID": "one"}
    with TestClient(Server([kind]).app) as client:
        (name,) = client.get("/list_environments").json()
        splits = [split["name"] for split in client.get(f"/{name}/splits").json()]
        assert splits == ["train", "validation", "test"]
        assert client.post(f"/{name}/num_tasks", json={"split": "train"}).json()["num_tasks"] == 3
        (answer,) = client.get(f"/{name}/tools").json()["tools"]
        assert answer["name"] == "answer"
        made = client.post("/create", json={"env_name": name, "split": "train", "index": 1}, headers=headers)
        assert made.status_code == 200, made.text
        for _ in range(100):
            prompt = client.get(f"/{name}/prompt", headers=headers)
            if prompt.status_code == 200:
                break
            time.sleep(0.05)
        assert prompt.json()[0]["text"] == kind(kind.list_tasks("train")[1]).get_prompt()[0].text
        said = client.post(f"/{name}/call", json={"name": "answer", "input": {"answer": "no"}}, headers=headers)
        assert '"reward":0' in said.text.replace(" ", "").replace("0.0", "0")


def test_what_cannot_be_posed_is_said():
    with pytest.raises(UserError, match="level"):
        environment_of("discover", level=9)
    with pytest.raises(UserError, match="no split"):
        environment_of("discover").list_tasks("exam")
    assert {kind["split"] for kind in environment_of("discover", size=4).list_tasks("validation")} == {"val"}
