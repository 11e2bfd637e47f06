"""Pages of other sites in a browser on this machine: foreign origins and rebound names."""

import asyncio
import http.client

import pytest

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
