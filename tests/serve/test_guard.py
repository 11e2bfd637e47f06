import asyncio
import json
import time

import pytest

from gedanken.errors import UserError
from gedanken.serve.guard import MAX_DEPTH, SAFE_BRACKETS, Guard, Hosts, frame_error

FINE = [
    "{}",
    '{"type": "step", "data": {"answer": "{}"}}',
    '{"type": "step", "data": {"answer": "\\ud83d\\ude00 \\u00e9 é"}}',
    '{"a": NaN, "b": Infinity, "c": 1e999}',
    '{"a": 123456789012345678901234567890}',
    '{"a": 1, "a": 2}',
    '{"a": ' + "[" * (SAFE_BRACKETS + 40) + "]" * (SAFE_BRACKETS + 40) + "}",
    " \n{}\t",
]
BAD = {
    None: "binary",
    "": "Invalid JSON",
    "x": "Invalid JSON",
    "[{}]": "an object",
    "3": "an object",
    '{"a": 1}}': "Invalid JSON",
    '{"a": ' + "1" * 5000 + "}": "Invalid JSON",
    '{"a": "\\ud800"}': "surrogate",
    '{"a": NaN, "b": "\\udfff"}': "surrogate",
    "[" * 100_000: "too deeply",
    '{"a": ' * 50_000: "too deeply",
    '{"a": "\x00"}': "Invalid JSON",
}


@pytest.mark.parametrize("frame", FINE, ids=lambda frame: frame[:40])
def test_what_python_reads_as_an_object_is_let_through(frame):
    assert isinstance(json.loads(frame), dict)
    assert frame_error(frame) is None


@pytest.mark.parametrize(("frame", "words"), BAD.items(), ids=lambda value: str(value)[:40])
def test_what_would_end_the_session_is_complained_about(frame, words):
    assert words in frame_error(frame)


def connect(app, receive, idle):
    """A connection of `app` behind the guard, and what was sent to it."""
    sent = []

    async def send(message):
        sent.append(message)

    return Guard(app, idle=idle)({"type": "websocket"}, receive, send), sent


async def talk(scope, receive, send):
    """An application that echoes until its client has gone."""
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})
    await send(message)


def test_a_silent_client_is_disconnected_and_a_talking_one_is_not():
    async def play():
        queue = asyncio.Queue()
        connection, sent = connect(talk, queue.get, idle=0.15)
        task = asyncio.create_task(connection)
        started = time.monotonic()
        for _ in range(4):
            queue.put_nowait({"type": "websocket.receive", "text": "{}"})
            await asyncio.sleep(0.08)
        assert not task.done()
        await asyncio.wait_for(task, 5)
        return sent, time.monotonic() - started

    sent, seconds = asyncio.run(play())
    assert [message["type"] for message in sent] == ["websocket.send"] * 4 + ["websocket.disconnect"]
    assert sent[-1]["reason"] == "idle"
    assert 0.35 < seconds < 2.0


def test_a_slow_answer_is_no_silence():
    async def think(scope, receive, send):
        await receive()
        await asyncio.sleep(0.3)
        await send({"type": "websocket.send", "text": "done"})
        assert (await receive())["text"] == "{}"

    async def play():
        queue = asyncio.Queue()
        for _ in range(2):
            queue.put_nowait({"type": "websocket.receive", "text": "{}"})
        connection, sent = connect(think, queue.get, idle=0.1)
        await connection
        return sent

    assert [message["text"] for message in asyncio.run(play())] == ["done"]


def test_a_shutdown_is_not_taken_for_silence():
    async def play():
        connection, sent = connect(talk, asyncio.Queue().get, idle=60)
        task = asyncio.create_task(connection)
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not sent
        # Nothing of the connection is left behind in the loop.
        assert not [timer for timer in asyncio.get_running_loop()._scheduled if not timer.cancelled()]

    asyncio.run(play())


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:1", 200),
        ("[::1]", 200),
        ("[::1]:8000", 200),
        ("::1", 400),
        ("[::1].evil.example", 400),
        ("localhost.evil.example:8000", 400),
        ("evil.example", 400),
        ("", 400),
        (None, 400),
    ],
)
def test_only_the_allowed_host_names_are_answered(host, status):
    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return {"type": "http.request"}

    sent = []

    async def send(message):
        sent.append(message)

    headers = [] if host is None else [(b"host", host.encode())]
    guard = Guard(answer, hosts=frozenset({"localhost", "127.0.0.1", "[::1]"}))
    asyncio.run(guard({"type": "http", "headers": headers}, receive, send))
    assert sent[0]["status"] == status
    assert status == 200 or set(json.loads(sent[1]["body"])) == {"detail", "code"}


@pytest.mark.parametrize(
    ("listen", "names", "host", "welcome"),
    [
        ("127.0.0.1", (), "localhost:8000", True),
        ("127.0.0.1", (), "[::1]:8000", True),
        ("127.0.0.1", (), "192.168.1.5", False),
        ("127.0.0.1", (), "box.local", False),
        ("127.0.0.1", ("box.local",), "BOX.local:8000", True),
        ("192.168.1.5", (), "192.168.1.5:8000", True),
        ("192.168.1.5", (), "192.168.1.6:8000", False),
        ("fd00::5", (), "[fd00::5]:8000", True),
        ("0.0.0.0", (), "192.168.1.5:8000", True),
        ("::", (), "[fd00::5]:8000", True),
        ("0.0.0.0", (), "box.local", False),
        ("0.0.0.0", ("box.local",), "box.local", True),
        ("0.0.0.0", ("box.local",), "evil.example", False),
        ("0.0.0.0", ("box.local",), "192.168.1.5.evil.example", False),
    ],
)
def test_host_names_are_answered_as_the_help_says(listen, names, host, welcome):
    sent = []

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return {"type": "http.request"}

    async def send(message):
        sent.append(message)

    guard = Guard(answer, hosts=Hosts(listen, names))
    asyncio.run(guard({"type": "http", "headers": [(b"host", host.encode())]}, receive, send))
    assert sent[0]["status"] == (200 if welcome else 400)
    assert welcome or b"--allow-host" in sent[1]["body"]


@pytest.mark.parametrize("name", ["http://box.local", "box.local:8000", "", "a b", "*", "x/y"])
def test_what_is_no_host_name_is_refused(name):
    with pytest.raises(UserError, match="without http:// and port"):
        Hosts("0.0.0.0", [name])


def test_a_body_must_come_in_time():
    sent = []

    async def receive():
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        sent.append(message)

    guard = Guard(None, body_seconds=0.2)
    asyncio.run(asyncio.wait_for(guard({"type": "http", "headers": []}, receive, send), 5))
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, 200),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), 422),
        (b'{"a":' * (MAX_DEPTH + 1), 422),
        (b"[]" * 10 * MAX_DEPTH, 200),
        (b'"' + b"[" * 10 * MAX_DEPTH + b'"', 200),
        (b'"\\"' + b"[" * 10 * MAX_DEPTH + b'"', 200),
        (b'"\\\\"' + b"[" * 10 * MAX_DEPTH, 422),
    ],
    ids=lambda value: str(value)[:16],
)
def test_the_depth_of_a_body_is_limited_outside_of_its_strings(body, status):
    async def answer(scope, receive, send):
        assert (await receive())["body"] == body
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return {"type": "http.request", "body": body}

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(answer)({"type": "http", "headers": []}, receive, send))
    assert sent[0]["status"] == status
