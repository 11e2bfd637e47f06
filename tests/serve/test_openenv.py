"""The OpenEnv environments over real sockets, driven by the published clients."""

import asyncio
import json
import math
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

openenv = pytest.importorskip("openenv.core")

import websockets  # noqa: E402

from gedanken import DiscoverAction, DiscoverEnv, LocalEnv, PredictAction, PredictEnv  # noqa: E402
from gedanken.episode import EpisodeError  # noqa: E402
from gedanken.serve.openenv.models import DiscoverObservation  # noqa: E402

ENVS = Path(__file__).resolve().parents[2] / "envs"
CLIENTS = {"discover": DiscoverEnv, "predict": PredictEnv}
POOR = '{"equation": "d2y/dt2 = -g", "params": {"g": 3.0}}'


@pytest.fixture(params=["discover", "predict"])
def task(request):
    return request.param


@pytest.fixture
def url(task, request):
    return request.getfixturevalue(f"{task}_url")


def get(url):
    with urllib.request.urlopen(url, timeout=30) as reply:
        return json.load(reply)


def post(url, body, kind="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def finite(value):
    if isinstance(value, dict):
        return all(finite(each) for each in value.values())
    return not isinstance(value, float) or math.isfinite(value)


async def talk(url, *frames):
    """The replies to raw frames on one socket."""
    async with websockets.connect(url.replace("http", "ws") + "/ws", max_size=2**24) as socket:
        replies = []
        for frame in frames:
            await socket.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
            replies.append(json.loads(await asyncio.wait_for(socket.recv(), 30)))
        return replies


def test_the_example_of_the_readme_async(discover_url):
    local = LocalEnv("discover")
    prompt = local.reset(system_id="free_fall_drag", seed=42).observation.prompt
    truth = local.problem.truth
    near = json.dumps({"equation": truth.equation, "params": {**truth.params, "g": 1.1 * truth.params["g"]}})

    async def example():
        async with DiscoverEnv(base_url=discover_url) as env:
            start = await env.reset(system_id="free_fall_drag", seed=42)
            result = await env.step(DiscoverAction(equation="d2y/dt2 = -g + k * vy**2", params={"g": 9.81, "k": 0.05}))
            return start, result, await env.state(), await env.step(DiscoverAction(answer=near))

    start, result, state, second = asyncio.run(example())
    assert start.observation.prompt == prompt
    # Of this instance's own constants the example's are too far off to be worth anything.
    assert result.observation.components["match"] == result.reward == result.observation.r_match == 0.0
    assert 0.2 < second.observation.components["match"] == second.observation.r_match < 1.0
    assert (state.system_id, state.seed, state.step_count) == ("free_fall_drag", 42, 1)


def test_the_same_answers_earn_the_same_over_the_socket_and_in_process(task, url):
    local = LocalEnv(task)
    answers = ["nonsense", POOR, "I think. " * 1000 + POOR]
    for mode in ("r2", "improvement", "terminal"):
        options = {"seed": 11, "reward_mode": mode, "max_turns": 4}
        with CLIENTS[task](base_url=url).sync() as env:
            here, there = local.reset(**options), env.reset(**options)
            assert there.observation.prompt == here.observation.prompt
            for answer in [*answers, local.task.solve(local.problem)]:
                here, there = local.step(answer), env.step(DiscoverAction(answer=answer))
                assert (there.reward, there.done) == (here.reward, here.done)
                for name in ("prompt", "feedback", "r_match", "best_r_match", "turns_left", "error", "components"):
                    assert getattr(there.observation, name) == getattr(here.observation, name)
            assert there.done
            state = env.state()
            assert (state.done, state.step_count) == (True, 4)


def test_the_generic_client_needs_no_types(url):
    with openenv.GenericEnvClient(base_url=url).sync() as env:
        start = env.reset(seed=3, episode_id="mine", nois=1)
        assert start.observation["prompt"]
        assert start.metadata["ignored"] == ["nois"]
        result = env.step({"equations": {"y": "v"}})
        assert result.reward == 0.0
        assert result.observation["error"]
        assert env.state()["episode_id"] == "mine"


def test_sixty_four_sessions_at_once_each_as_if_alone(discover_url):
    async def episode(seed):
        async with DiscoverEnv(base_url=discover_url, message_timeout_s=120) as env:
            start = await env.reset(seed=seed, level=3)
            rewards = []
            for answer in laws[seed]:
                result = await env.step(DiscoverAction(answer=answer))
                rewards.append(result.reward)
            assert result.done
            return start.observation.prompt, rewards

    laws, alone = {}, {}
    for seed in range(64):
        local = LocalEnv("discover")
        prompt = local.reset(seed=seed, level=3).observation.prompt
        sides = local.problem.observation.states.left_sides
        laws[seed], rewards = [], []
        while not local.state()["done"]:
            slope = len(rewards) - 3.5
            law = {"equation": "; ".join(f"{side} = {slope}" for side in sides), "params": {}}
            laws[seed].append(json.dumps(law))
            rewards.append(local.step(laws[seed][-1]).reward)
        alone[seed] = prompt, rewards

    async def everyone():
        return await asyncio.gather(*(episode(seed) for seed in range(64)))

    assert dict(enumerate(asyncio.run(everyone()))) == alone
    assert len({prompt for prompt, _ in alone.values()}) == 64
    assert sum(len(rewards) for _, rewards in alone.values()) > 60 * 8


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "INVALID_JSON"),
        ("[1, 2]", "INVALID_JSON"),
        ("3", "INVALID_JSON"),
        ("[" * 100_000, "INVALID_JSON"),
        ('{"type": "step", "data": {"answer": ' + "[" * 100_000, "INVALID_JSON"),
        (b"\x00\x01\xff", "INVALID_JSON"),
        ('{"type": "step", "data": {"answer": "\\ud800"}}', "INVALID_JSON"),
        ({"type": "dance"}, "UNKNOWN_TYPE"),
        ({"type": ["step"]}, "UNKNOWN_TYPE"),
        ({"data": {}}, "UNKNOWN_TYPE"),
        ({"type": "step"}, "VALIDATION_ERROR"),
        ({"type": "step", "data": 3}, "VALIDATION_ERROR"),
        ({"type": "step", "data": None}, "VALIDATION_ERROR"),
        ({"type": "reset", "data": "x"}, "VALIDATION_ERROR"),
        ({"type": "reset", "data": {"seed": -5}}, "EXECUTION_ERROR"),
        ({"type": "reset", "data": {"seed": "x"}}, "EXECUTION_ERROR"),
        ({"type": "reset", "data": {"system_id": "../../etc", "scenario": "../../etc"}}, "EXECUTION_ERROR"),
        ('{"type": "reset", "data": {"seed": NaN}}', "EXECUTION_ERROR"),
        ({"type": "reset", "data": {"split": {"a": 1}}}, "EXECUTION_ERROR"),
        ({"type": "reset", "data": {"self": 1, "reward_mode": 3}}, "EXECUTION_ERROR"),
        ({"type": "mcp", "data": {"jsonrpc": "1"}}, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_frame_is_answered_and_the_session_lives_on(url, frame, code):
    reset = {"type": "reset", "data": {"seed": 1}}
    bad, state, step = asyncio.run(
        talk(url, reset, frame, {"type": "state"}, {"type": "step", "data": {"answer": "x"}})
    )[1:]
    assert bad["data"].get("code") == code
    assert len(json.dumps(bad)) < 2000
    assert state["data"]["step_count"] == 0
    assert state["data"]["seed"] == 1
    assert step["data"]["reward"] == 0.0


@pytest.mark.parametrize(
    "data",
    [
        {"answer": "x" * 1_000_000},
        {"answer": {"equation": ["d2y/dt2"]}},
        {"answer": None},
        {},
        {"metadata": 3},
        {"answer": "a", "metadata": [1]},
        {"type": "call_tool", "tool_name": "x"},
        {"type": ["unhashable"], "answer": "x"},
        {"equation": "d2y/dt2 = exp(vy**10)", "params": {}},
        {"answer": "\x00\x1b"},
        {"answer": '{"equation": "d2y/dt2 = 1e308*1e308", "params": {"a": 1e400}}'},
    ],
    ids=lambda value: str(value)[:40],
)
def test_any_object_is_an_action_with_a_finite_reward(url, data):
    replies = asyncio.run(
        talk(url, {"type": "reset", "data": {"seed": 1, "max_turns": 2}}, *[{"type": "step", "data": data}] * 2)
    )
    for reply in replies[1:]:
        if data.get("type") == ["unhashable"]:  # OpenEnv itself looks this key up; it says so and goes on
            assert reply["data"]["code"] == "EXECUTION_ERROR"
            continue
        assert reply["data"]["reward"] == 0.0
        assert finite(reply["data"])
        assert reply["data"]["observation"]["error"]


def test_a_step_without_an_episode_is_an_error(task, url):
    step = {"type": "step", "data": {"answer": "x"}}
    before, _, last, after = asyncio.run(
        talk(url, step, {"type": "reset", "data": {"seed": 1, "max_turns": 1}}, step, step)
    )
    assert (before["data"]["code"], after["data"]["code"]) == ("EXECUTION_ERROR", "EXECUTION_ERROR")
    assert "reset" in before["data"]["message"]
    assert "Episode over" in after["data"]["message"]
    assert last["data"]["done"]
    assert post(url + "/step", {"action": {"answer": "x"}})[0] == 409


def test_http_bodies_are_bounded_and_checked(url):
    assert post(url + "/reset", b" " * 5_000_000)[0] == 413
    assert post(url + "/reset", {"seed": -1})[0] == 422
    assert post(url + "/reset", {"seed": 1, "split": "dev"})[0] == 422
    assert post(url + "/reset", b"{")[0] == 422
    assert post(url + "/reset", {"seed": 1})[0] == 200


def test_no_frame_tells_the_truth(discover_url):
    local = LocalEnv("discover")
    for seed in range(12):
        local.reset(seed=seed, hint="anonymous")
        truth = local.problem.truth
        frames = asyncio.run(
            talk(
                discover_url,
                {"type": "reset", "data": {"seed": seed, "hint": "anonymous"}},
                *[{"type": "step", "data": {"answer": answer}} for answer in ("x", '{"equation": "a = b"}', POOR)],
            )
        )
        text = json.dumps(frames)
        assert local.state()["system_id"] not in text
        assert truth.equation not in text
        assert not any(repr(value) in text or f"{value:.6g}" in text for value in truth.params.values())


def test_no_frame_holds_the_recorded_frame(predict_url):
    local = LocalEnv("predict")
    for seed in range(6):
        local.reset(seed=seed, max_turns=3)
        truth = local.task.solve(local.problem)
        frames = asyncio.run(
            talk(
                predict_url,
                {"type": "reset", "data": {"seed": seed, "max_turns": 3}},
                *[{"type": "step", "data": {"answer": answer}} for answer in ("x", local.problem.prompt[-200:])],
                {"type": "state"},
            )
        )
        assert truth not in "\n".join(str(value) for frame in frames for value in flat(frame))


def flat(value):
    if isinstance(value, dict):
        for each in value.values():
            yield from flat(each)
    else:
        yield value


def test_the_teacher_is_rewarded_and_the_canaries_are_not(task, url):
    oracle = subprocess_json(ENVS / f"{task}_env/validation/oracle.py", {"seed": 21})
    canaries = json.loads((ENVS / f"{task}_env/validation/canaries.json").read_text())["canaries"]
    with CLIENTS[task](base_url=url).sync() as env:
        for canary in canaries:
            env.reset(seed=21)
            assert env.step(PredictAction(answer=canary["answer"])).reward <= 0.05, canary["name"]
        env.reset(seed=21)
        assert env.step(PredictAction(answer=oracle)).reward >= 0.93


def subprocess_json(script, options):
    import subprocess

    done = subprocess.run([sys.executable, script, json.dumps(options)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_task_api_and_reset_agree(task, url):
    name = f"{task}_env"
    assert [split["name"] for split in get(f"{url}/{name}/splits")] == ["train", "val", "test"]
    total = post(f"{url}/{name}/num_tasks", {"split": "train"})[1]["num_tasks"]
    told = post(f"{url}/{name}/task", {"split": "train", "index": 13})[1]["task"]
    assert (told["id"], told["index"]) == ("train-13", 13)
    assert post(f"{url}/{name}/task", {"split": "train", "index": total})[0] == 400
    with CLIENTS[task](base_url=url).sync() as env:
        env.reset(split="train", index=13)
        state = env.state()
    assert told["group"] in (getattr(state, "system_id", None), getattr(state, "scenario", None))


def test_agents_find_the_tools_over_mcp(url):
    def rpc(number, method, **params):
        return {"type": "mcp", "data": {"jsonrpc": "2.0", "id": number, "method": method, "params": params}}

    replies = asyncio.run(
        talk(
            url,
            {"type": "reset", "data": {"seed": 1}},
            rpc(1, "tools/list"),
            rpc(2, "tools/call", name="read_problem", arguments={}),
            rpc(3, "tools/call", name="submit_answer", arguments={"answer": "no idea"}),
            {"type": "state"},
        )
    )
    tools = {tool["name"] for tool in replies[1]["data"]["result"]["tools"]}
    assert tools == {"submit_answer", "read_problem"}
    assert replies[0]["data"]["observation"]["prompt"][:40] in json.loads(json.dumps(str(replies[2]))).replace(
        "\\n", "\n"
    )
    assert replies[4]["data"]["step_count"] == 1


@pytest.mark.slow
def test_full_and_idle_servers(run_server):
    """The slot beyond the limit is refused, a silent session loses its slot, and a lost client frees its own.

    The server is cold, so the first episodes, which come at once, also race for the compiled code.
    """

    async def check(url):
        address = url.replace("http", "ws") + "/ws"
        first, second = await websockets.connect(address), await websockets.connect(address)
        for socket in (first, second):
            await socket.send('{"type": "reset", "data": {"system_id": "free_fall_drag", "seed": 1}}')
        for socket in (first, second):
            assert json.loads(await socket.recv())["type"] == "observation"
        async with websockets.connect(address) as third:
            refused = json.loads(await third.recv())
            assert refused["data"]["code"] == "CAPACITY_REACHED"
        first.transport.abort()  # a client that vanishes
        await asyncio.sleep(0.5)
        async with websockets.connect(address) as fourth:
            await fourth.send('{"type": "reset", "data": {"seed": 1}}')
            assert json.loads(await fourth.recv())["type"] == "observation"
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(second.recv(), 10)  # silent for two seconds
        async with websockets.connect(address) as fifth, websockets.connect(address) as sixth:
            for socket in (fifth, sixth):
                await socket.send('{"type": "reset", "data": {"seed": 1}}')
                assert json.loads(await socket.recv())["type"] == "observation"

    environ = {"MAX_CONCURRENT_ENVS": "2", "SESSION_TIMEOUT_S": "2"}
    with run_server("-m", "discover_env.server.app", **environ) as (url, _):
        asyncio.run(check(url))


@pytest.mark.slow
def test_every_worker_poses_the_same_problems(run_server, serve_command):
    prompts = set()
    with run_server(*serve_command, "--openenv", "discover", "--workers", "2") as (url, _):
        for _ in range(8):
            with DiscoverEnv(base_url=url).sync() as env:
                prompts.add(env.reset(seed=5).observation.prompt)
    assert len(prompts) == 1


def test_only_a_brief_step_runs_on_the_event_loop(monkeypatch):
    from gedanken.serve.openenv.environment import DiscoverEnvironment, PredictEnvironment
    from gedanken.serve.warm import warm
    from gedanken.tasks.discover.task import BRIEF

    async def where(answer, **options):
        env = DiscoverEnvironment()
        env.reset(seed=1, **options)
        threads, step = [], env.local.step
        monkeypatch.setattr(env.local, "step", lambda action: threads.append(threading.get_ident()) or step(action))
        seen = await env.step_async(DiscoverAction(answer=answer))
        assert seen == DiscoverObservation(**replay(answer, **options))
        return threads == [threading.get_ident()]

    def replay(answer, **options):
        env = DiscoverEnvironment()
        env.reset(seed=1, **options)
        return env.step(DiscoverAction(answer=answer)).model_dump()

    monkeypatch.setattr("gedanken.serve.openenv.environment.warm", threading.Event())
    assert not asyncio.run(where(POOR))  # the simulator may have to be compiled yet
    monkeypatch.setattr("gedanken.serve.openenv.environment.warm", warm)
    warm.set()
    assert asyncio.run(where(POOR))
    assert asyncio.run(where("nonsense"))
    assert not asyncio.run(where(POOR + " " * BRIEF))
    assert not asyncio.run(where(POOR, trials=2))
    env = PredictEnvironment()
    env.reset(seed=1)
    threads, step = [], env.local.step
    monkeypatch.setattr(env.local, "step", lambda action: threads.append(threading.get_ident()) or step(action))
    asyncio.run(env.step_async(PredictAction(answer="")))
    assert threads != [threading.get_ident()]


def test_closing_twice_does_no_harm_and_ends_the_session(task):
    from gedanken.serve.openenv.environment import environment_of

    env = environment_of(task)()
    env.reset(seed=1)
    env.close()
    env.close()
    with pytest.raises(EpisodeError, match="closed"):
        env.step(DiscoverAction(answer="x"))


def test_the_web_page_gets_a_picture_and_examples(task):
    from gedanken.serve.openenv.environment import environment_of
    from gedanken.serve.openenv.models import messages_of

    kind, action = environment_of(task), messages_of(task).action
    env = kind()
    assert env.render_web({}) is None
    env.reset(seed=1, max_turns=8)
    before = env.render_web({})
    assert "<svg" in before or "data:image/png" in before
    actions = env.web_actions({})
    assert len(actions) >= 2
    for _, example in actions:
        assert env.step(action.model_validate(example)).error is None
    assert env.render_web({}) != before or task == "predict"
    assert env.rubric.last_score is not None
    assert {name for name, _ in env.rubric.named_rubrics() if name.startswith("terms.")}


def test_nothing_is_read_from_a_bad_setting(monkeypatch):
    from gedanken import UserError
    from gedanken.serve.openenv.app import create_app

    for name in ("MAX_CONCURRENT_ENVS", "SESSION_TIMEOUT_S"):
        for value in ("many", "-1", "0", "nan", "inf"):
            monkeypatch.setenv(name, value)
            with pytest.raises(UserError, match=name):
                create_app("discover")
        monkeypatch.delenv(name)
    monkeypatch.setenv("REWARD_MODE", "r3")
    with pytest.raises(UserError, match="reward_mode 'r3'"):
        create_app("discover")
    monkeypatch.delenv("REWARD_MODE")
    started = time.monotonic()
    assert create_app("discover").routes
    assert time.monotonic() - started < 30
