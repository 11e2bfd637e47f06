"""The verifiers taskset and environment, run by verifiers. `.ci/adapters` runs this where the library is."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

vf = pytest.importorskip("verifiers.v1")
gedanken_verifiers = pytest.importorskip("gedanken_verifiers")

from gedanken import UserError  # noqa: E402
from gedanken.episode import LocalEnv  # noqa: E402

# The library's own: sockets that its clients leave to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Model(ThreadingHTTPServer):
    """An OpenAI-compatible endpoint whose n-th reply of a conversation is its n-th answer."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ModelHandler)
        self.answers, self.bodies = [], []

    @property
    def context(self):
        return vf.ModelContext(
            model="scripted", client=vf.EvalClientConfig(base_url=f"http://127.0.0.1:{self.server_port}/v1")
        )


class ModelHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        said = sum(message["role"] == "assistant" for message in body["messages"])
        common = {"id": "1", "created": 0, "model": "scripted"}
        text = self.server.answers[said]
        if body.get("stream"):
            pieces = [{"role": "assistant", "content": text}, {}]
            chunks = [
                {
                    **common,
                    "object": "chat.completion.chunk",
                    "choices": [{"index": 0, "delta": piece, "finish_reason": None if piece else "stop"}],
                }
                for piece in pieces
            ]
            data = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
        else:
            message = {"role": "assistant", "content": text}
            whole = {
                "object": "chat.completion",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            }
            data = json.dumps({**common, **whole}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if body.get("stream") else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def model():
    server = Model()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def load(**options):
    """The environment, found by its id as the command line finds it."""
    config = vf.resolve_env_config({"taskset": {"id": "gedanken-verifiers", "num_problems": 2, **options}})
    return vf.load_environment(config)


def task_of(env, case, **options):
    """The task of a case, made of one of the taskset's own."""
    first = next(iter(env.taskset))
    return first.with_data(question=case.task, problem={**case.problem, **options})


def play(env, task, model, answers):
    """The trace of the one episode in which the model gives these answers."""
    model.answers, model.bodies = answers, []

    async def run():
        async with env.serving():
            return await env.run_episode(task, model.context)

    episode = asyncio.run(run())
    assert episode.ok, [*episode.errors, *(error for trace in episode.traces for error in trace.errors)]
    (trace,) = episode.traces
    return trace


def judge(task, answers):
    """What the task says to a trace with these replies: no model, no program."""
    from verifiers.v1.graph import MessageNode
    from verifiers.v1.trace import TraceTask

    nodes = [
        MessageNode(message=vf.AssistantMessage(content=answer), sampled=True, parent=number - 1 if number else None)
        for number, answer in enumerate(answers)
    ]
    trace = vf.Trace(
        task=TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash),
        agent=vf.AgentInfo(config=vf.AgentConfig()),
        nodes=nodes,
    )
    asyncio.run(task.score(trace))
    return trace


def test_the_same_answers_earn_the_same(case):
    env = load(question=case.task)
    for name, answer in case.answers.items():
        trace = judge(task_of(env, case), [answer])
        assert trace.reward == pytest.approx(case.expected[name], abs=1e-9), name
        assert trace.metrics["first"] == trace.reward


def test_an_episode_through_the_librarys_own_program(case, model):
    """Its chat program in a process of its own, asking an endpoint over HTTP."""
    env = load(question=case.task)
    answers = [case.answers["prose"], case.answers["near"], case.answers["teacher"], "late"]
    task = task_of(env, case, max_turns=4)
    trace = play(env, task, model, answers)
    assert trace.reward == pytest.approx(case.expected["teacher"], abs=1e-9)
    assert trace.metrics == {"first": 0.0, "best": trace.reward, "turns": 3.0, "solved": 1.0}
    assert len(model.bodies) == 3
    told = [message["content"] for message in model.bodies[-1]["messages"] if message["role"] == "user"]
    local = LocalEnv(case.task)
    local.reset(**case.problem, max_turns=4)
    assert told[1:] == [local.step(answer).observation.prompt for answer in answers[:2]]


def test_the_taskset(case):
    tasks = list(load(question=case.task, num_problems=3, seed=4, level=2, split="test").taskset)
    assert [task.data.id for task in tasks] == [f"{case.task}-test-4-{number}" for number in range(3)]
    assert len({task.key for task in tasks}) == 3
    local = LocalEnv(case.task)
    for task in tasks:
        prompt = local.reset(**task.data.problem).observation.prompt
        assert "\n\n".join(filter(None, (task.data.system_prompt, task.data.prompt))) == prompt
        assert local.task.solve(local.problem) not in task.data.model_dump_json()
        assert task.data.problem["level"] == 2
    with pytest.raises(UserError, match="no option nois"):
        list(load(question=case.task, options={"nois": 1}).taskset)


@pytest.mark.parametrize("question", ["discover", "predict"])
def test_the_librarys_validation_passes(question, tmp_path):
    """The teacher's answers are solved, and an untouched task is not."""
    command = [Path(sys.executable).with_name("vf-validate"), "gedanken-verifiers", "--runtime.type", "subprocess"]
    options = ["--taskset.question", question, "--taskset.num-problems", "5", "-o", tmp_path]
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=tmp_path, env={**os.environ})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (summary,) = tmp_path.rglob("summary.json")
    told = json.loads(summary.read_text())
    assert told["valid_rate"] == 1.0, told
