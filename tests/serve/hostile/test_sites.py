"""Pages of other sites in a browser on this machine: foreign origins and rebound names."""

import asyncio
import http.client

import pytest

from gedanken.errors import UserError
from gedanken.serve.guard import Guard, Hosts

websockets = pytest.importorskip("websockets")


@pytest.fixture(scope="module")
def openenv_url(run_server, serve_command):
    pytest.importorskip("openenv.core")
    options = ("--openenv", "discover", "--origin", "https://good.example")
    with run_server(*serve_command, *options, ENABLE_WEB_INTERFACE="") as (url, _):
        yield url


def handshake(url, origin, host=None):
    """The status of the answer to a WebSocket's handshake."""
    address = url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=20)
    headers = {
        "Host": host or address,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        **({} if origin is None else {"Origin": origin}),
    }
    connection.request("GET", "/ws", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_page_of_another_site_gets_no_websocket(openenv_url):
    for origin in (
        "https://evil.example",
        "null",
        "http://127.0.0.1:1",
        "https://good.example.evil.example",
        "http://[",
    ):
        assert handshake(openenv_url, origin) == 403
    for origin in (None, openenv_url, "https://good.example"):
        assert handshake(openenv_url, origin) == 101
    # A name of another site that resolves to this machine.
    assert handshake(openenv_url, "http://evil.example", host="evil.example") == 403


def test_dropped_sessions_of_openenv_leave_room(openenv_url):
    """Twice as many sessions as a worker holds, dropped at every stage."""
    socket_url = openenv_url.replace("http", "ws", 1) + "/ws"

    async def session(k):
        client = await websockets.connect(socket_url)
        if k % 3:
            await client.send('{"type": "reset", "data": {"system_id": "free_fall"}}')
        if k % 3 == 2:
            await client.recv()
            await client.send('{"type": "step", "data": {"answer": "x"}}')
        client.transport.abort()

    async def attack():
        for start in range(0, 128, 16):
            await asyncio.gather(*map(session, range(start, start + 16)))
        async with websockets.connect(socket_url) as client:
            await client.send('{"type": "reset", "data": {"system_id": "free_fall"}}')
            return await asyncio.wait_for(client.recv(), 20)

    assert '"prompt"' in asyncio.run(attack())


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
