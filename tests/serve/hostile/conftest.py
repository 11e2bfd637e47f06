"""A server under attack, and a hostile endpoint. Everything stays on the loopback and stops by itself."""

import contextlib
import json
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")
pytest.importorskip("openai")

SCENE = {"subject": "billiards", "frames": 40}


def completion(**message):
    return json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}).encode()


def line(finish=None, **delta):
    data = json.dumps({"choices": [{"index": 0, "finish_reason": finish, "delta": delta}]})
    return f"data: {data}\n\n".encode()


class HostileModel(ThreadingHTTPServer):
    """An endpoint whose models are named by what they do to their caller."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), HostileHandler)
        self.closing = threading.Event()
        self.asked = 0

    def handle_error(self, request, client_address):
        """The caller hangs up, as it should."""


class HostileHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        self.server.asked += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind, _, argument = body["model"].partition(":")
        self.close_connection = True
        getattr(self, f"play_{kind}")(argument)

    def begin(self, status=200, kind="text/event-stream", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send(self, *parts):
        for part in parts:
            self.wfile.write(part)
        self.wfile.flush()

    def play_constant(self, _):
        self.begin()
        self.send(line(content='{"equation": "d2y/dt2 = -3", "params": {}}'), line("stop"), b"data: [DONE]\n\n")

    def play_silent(self, _):
        self.server.closing.wait(60)

    def play_header(self, _):
        """A byte of a header every 50 ms."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.server.closing.wait(0.05):
            self.send(b"x")

    def play_bomb(self, status):
        """600 MB of blanks inside 600 kB of gzip."""
        self.begin(int(status), "application/json" if status != "200" else "text/event-stream", Content_Encoding="gzip")
        pressed = zlib.compressobj(9, wbits=31)
        for _ in range(600):
            self.send(pressed.compress(b" " * 1_000_000))
        self.send(pressed.flush())

    def play_brackets(self, kind):
        self.begin(kind="application/json" if kind == "json" else "text/event-stream")
        self.send(b"" if kind == "json" else b"data: ", b"[" * 100_000, b"\n\n")

    def play_values(self, _):
        self.begin(kind="application/json")
        self.send(b"[", *[b"{}," * 100_000] * 50, b"{}]")

    def play_tokens(self, count):
        """So many tokens of one letter, as fast as they can be written."""
        self.begin()
        block = line(content="x") * 1000
        for _ in range(int(count) // 1000):
            self.send(block)
        self.send(line("stop"))

    def play_flood(self, _):
        """One token that never ends."""
        self.begin()
        self.send(b'data: {"choices": [{"delta": {"content": "')
        while not self.server.closing.is_set():
            self.send(b"x" * 1_000_000)

    def play_echo(self, size):
        """The caller's key, in tokens of so many letters."""
        key = self.headers["Authorization"].removeprefix("Bearer ")
        text = f"Your key is {key}, I think."
        self.begin()
        self.send(*[line(content=text[k : k + int(size)]) for k in range(0, len(text), int(size))], line("stop"))

    def play_thinks(self, _):
        self.begin()
        self.send(line(reasoning_content="It is "), line(reasoning_content="gravity."))
        self.server.closing.wait(0.3)
        self.send(line("stop"), b"data: [DONE]\n\n")

    def play_sends(self, what):
        """A whole reply in place of a stream."""
        kind, data = {
            "html": ("text/html", b"<html><body>hello</body></html>"),
            "json": ("application/json", completion(content="an answer in one piece")),
            "parts": ("application/json", completion(content=[{"type": "text", "text": "an answer in parts"}])),
            "picture": ("application/json", completion(content=[{"type": "image_url", "image_url": {}}])),
            "nochoices": ("application/json", b'{"choices": []}'),
            "error": ("application/json", b'{"error": {"message": "the model is loading"}}'),
        }[what]
        self.begin(kind=kind)
        self.send(data)

    def play_status(self, status):
        self.begin(int(status), "application/json", retry_after_ms="5")
        self.send(json.dumps({"error": {"message": "no such model"}}).encode())


@pytest.fixture(scope="session")
def hostile():
    server = HostileModel()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield lambda model, **more: {"endpoint": f"http://127.0.0.1:{server.server_port}/v1", "model": model, **more}
    server.closing.set()
    server.shutdown()
    server.server_close()


class Target:
    """The server under attack, its memory and its gauges."""

    def __init__(self, url, pid=None, folder=None):
        self.url, self.pid, self.folder = url, pid, folder
        self.address = ("127.0.0.1", int(url.rpartition(":")[2]))

    def call(self, path, body=None, raw=None, headers=(), method=None):
        """Status, JSON and headers of a reply."""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **dict(headers)}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return SimpleNamespace(status=reply.status, json=json.load(reply), headers=reply.headers)
        except urllib.error.HTTPError as error:
            with error:
                return SimpleNamespace(status=error.code, json=json.load(error), headers=error.headers)

    def start(self, player, headers=(), **problem):
        """Start an episode; the reply."""
        body = {"problem": {"subject": "free_fall", **problem}, "player": player, "max_turns": 1}
        return self.call("/api/episodes", body, headers=headers)

    def events(self, path, body=None, seconds=20):
        """The events of a stream until its end, as (name, data)."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        found, name, deadline = [], "", time.monotonic() + seconds
        with urllib.request.urlopen(request, timeout=seconds) as reply:
            for text in reply:
                assert time.monotonic() < deadline, "the stream goes on"
                if text.startswith(b"event: "):
                    name = text[7:].strip().decode()
                elif text.startswith(b"data: "):
                    found.append((name, json.loads(text[6:])))
        return found

    def play(self, player):
        """The events of an episode of one turn."""
        reply = self.start(player)
        assert reply.status == 201, reply.json
        return self.events(reply.json["events"])

    def post_raw(self, path, body, cut=None):
        """A socket on which a request was sent, or its first `cut` bytes."""
        data = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        request = head.encode() + f"Content-Length: {len(data)}\r\n\r\n".encode() + data
        client = socket.create_connection(self.address, timeout=20)
        client.sendall(request[:cut])
        return client

    def slots(self, kind):
        with urllib.request.urlopen(self.url + "/metrics", timeout=20) as reply:
            for text in reply.read().decode().splitlines():
                if text.startswith(f'gedanken_slots_taken{{kind="{kind}"}} '):
                    return float(text.split()[-1])
        raise AssertionError(f"no gauge for the slots of {kind}")

    def wait_for_slots(self, kind, count=0.0, seconds=5.0):
        deadline = time.monotonic() + seconds
        while (taken := self.slots(kind)) != count:
            assert time.monotonic() < deadline, f"{taken} slots of {kind} are taken"
            time.sleep(0.05)

    @contextlib.contextmanager
    def memory_limit(self, megabytes):
        """Fails if the server's memory peaks so many MB above where it is now."""
        folder = Path(f"/proc/{self.pid}")
        if not (folder / "clear_refs").exists():
            pytest.skip("the peak of another process's memory is read from Linux's /proc")

        def read(name):
            return next(
                int(row.split()[1]) / 1e3 for row in (folder / "status").read_text().splitlines() if name in row
            )

        (folder / "clear_refs").write_text("5")  # resets the peak
        before = read("VmRSS")
        yield
        grown = read("VmHWM") - before
        print(f"peak of memory: {grown:+.0f} MB")
        assert grown < megabytes, f"the server's memory grew by {grown:.0f} MB"


def drop(client):
    """Reset a connection."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.fixture(scope="session")
def hang_up():
    return drop


@pytest.fixture(scope="session")
def target(run_server, serve_command, tmp_path_factory):
    """A server with its default limits in a process of its own, warmed up."""
    folder = tmp_path_factory.mktemp("hostile")
    options = ("--database", f"sqlite:///{folder}/history.sqlite", "--answer-seconds", 30)
    with open(folder / "log", "wb") as log, run_server(*serve_command, *options, log=log) as (url, process):
        server = Target(url, process.pid, folder)
        begun = server.call("/api/rollouts", {**SCENE, "frames": 2, "player": {"name": "hold"}})
        server.events(begun.json["events"], seconds=200)
        yield server
        assert b"Traceback" not in (folder / "log").read_bytes(), (folder / "log").read_text()


@pytest.fixture
def hosted(tmp_path, monkeypatch):
    """A hosted server in this process that may ask the loopback, since it takes it for public."""
    import uvicorn

    from gedanken.serve.web import app, endpoints
    from gedanken.serve.web.settings import Settings

    monkeypatch.setattr(endpoints, "resolve_public", lambda host, port: "127.0.0.1")
    monkeypatch.setattr(app, "warm_up", lambda search: None)
    application = app.create_app(Settings(database=f"sqlite:///{tmp_path}/history.sqlite", hosted=True))
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Target(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", folder=tmp_path)
    server.should_exit = True
    thread.join(20)
