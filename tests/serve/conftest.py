"""Real servers in processes of their own, on this machine's loopback."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*command, path="/health", cwd=ROOT, log=None, seconds=180, **environ):
    """A server started by `python *command --port N`, as (url, process), once `path` answers."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *map(str, command), "--port", str(port)],
        cwd=cwd,
        # The package of this tree, wherever another is installed. No byte code into envs/: the graders compare the
        # directory before and after.
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("src", "envs")),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environ,
        },
        stdout=log or subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(url + path, timeout=5).close()
                break
            assert process.poll() is None, "the server ended before it answered"
            assert time.monotonic() < deadline, "the server did not answer in time"
            time.sleep(0.05)
        yield url, process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def run_server():
    return running


@pytest.fixture(scope="session")
def discover_url():
    with running("-m", "discover_env.server.app", ENABLE_WEB_INTERFACE="") as (url, _):
        yield url


@pytest.fixture(scope="session")
def predict_url():
    with running("-m", "predict_env.server.app", ENABLE_WEB_INTERFACE="") as (url, _):
        yield url


class FakeModel(ThreadingHTTPServer):
    """An OpenAI-compatible endpoint on the loopback whose models are named by what they do wrong."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), FakeModelHandler)
        self.headers, self.bodies, self.paths = [], [], []
        self.closing = threading.Event()
        self.elsewhere = "http://127.0.0.1:9/v1/chat/completions"

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request, client_address):
        """A client that hangs up is what some tests want."""


class FakeModelHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        self.server.paths.append(self.path)
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        kind, _, argument = body["model"].partition(":")
        getattr(self, f"play_{kind}")(argument)

    def do_GET(self):
        """The list of models; for the key `refused`, none."""
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        if self.headers.get("Authorization") == "Bearer refused":
            self.reply(401, {"error": {"message": "no"}})
        else:
            names = ["constant", "slow:0.1", self.headers.get("Authorization", "").removeprefix("Bearer ")]
            self.reply(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in names]})

    def reply(self, status, data, **headers):
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, pieces, pause=0.0, finish="stop"):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for piece in [*pieces, None] if finish else pieces:
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None if piece is not None else finish}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
            self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
            self.wfile.flush()
            if self.server.closing.wait(pause):
                return
        if finish:
            self.wfile.write(b"data: [DONE]\n\n")

    def play_says(self, text):
        self.stream([text[k : k + 8] for k in range(0, len(text), 8)])

    def play_constant(self, _):
        """A law that is no law, another one each time."""
        self.play_says(json.dumps({"equation": f"d2y/dt2 = -{len(self.server.bodies) % 7}", "params": {}}))

    def play_slow(self, seconds):
        self.stream(["d"] * 1000, pause=float(seconds))

    def play_status(self, code):
        self.reply(int(code), {"error": {"message": f"no {self.headers.get('Authorization', '')}"}}, retry_after_ms=5)

    def play_garbage(self, _):
        self.reply(200, b"data: {]\n\n\xff\xfe: ][\n\n", Content_Type="text/event-stream")

    def play_cut(self, _):
        self.stream(["half an ans"], finish=None)

    def play_silent(self, _):
        self.server.closing.wait(60)

    def play_redirect(self, status):
        self.reply(int(status or 307), b"", Location=self.server.elsewhere)


@pytest.fixture(scope="session")
def fake_model():
    server = FakeModel()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def serve_command():
    """`gedanken serve`, as a shell would start it."""
    return (Path(sys.executable).with_name("gedanken"), "serve")


@contextlib.contextmanager
def serving(serve_command, folder, *options):
    """The web server with its history and its log in `folder`."""
    with (
        open(folder / "log", "wb") as log,
        running(*serve_command, "--database", f"sqlite:///{folder}/history.sqlite", *options, log=log) as (url, _),
    ):
        yield Api(url, folder)


@pytest.fixture(scope="session")
def api(serve_command, tmp_path_factory):
    """A local server with short limits."""
    options = ("--answer-seconds", 3, "--episode-seconds", 240, "--max-tokens", 500, "--total-episodes", 20)
    with serving(serve_command, tmp_path_factory.mktemp("serve"), *options) as client:
        yield client


@pytest.fixture
def patient_api(serve_command, tmp_path):
    """A local server with the limits that it has by default."""
    with serving(serve_command, tmp_path) as client:
        yield client


class Api:
    """A small client: JSON in and out, and events."""

    def __init__(self, url, folder):
        self.url, self.folder = url, folder

    def call(self, path, body=None, raw=None, method=None, **headers):
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def events(self, path, body=None, after=None, stop=None):
        """The events of a stream as (name, data), up to its end or the first one called `stop`."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | ({} if after is None else {"Last-Event-ID": str(after)})
        found, name = [], ""
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=200) as reply:
            for line in reply:
                if line.startswith(b"event: "):
                    name = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    found.append((name, json.loads(line[6:])))
                    if name == stop:
                        break
        return found

    def play(self, player, **problem):
        """An episode from start to end: its id and its events."""
        turns = problem.pop("max_turns", None)
        problem = {"subject": "free_fall_drag", "index": 3, **problem}
        status, started = self.call("/api/episodes", {"problem": problem, "player": player, "max_turns": turns})
        assert status == 201, started
        return started["id"], self.events(started["events"])
