"""What stands between a socket and an application: sizes, silence and malformed frames, as plain ASGI."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

# An answer of more than 64 KiB is refused by the verifier, so longer messages have no use.
MAX_MESSAGE = 4 << 20

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Doorkeeper:
    """Keeps from the routes what would end a session or a worker instead of being answered.

    A frame that is no JSON object (binary, a list, nested too deeply, half a surrogate) would close the socket; it is
    answered with INVALID_JSON here. A socket that is silent for `idle` seconds is closed, which frees its slot;
    OpenEnv's own reaper closes the environment but leaves the socket talking to it. Bodies beyond
    `max_body` bytes get 413. With `hosts`, requests under any other name get 400: another site's name may resolve to
    this machine (DNS rebinding).
    """

    def __init__(self, app: Any, idle: float = 900.0, max_body: int = MAX_MESSAGE, hosts: frozenset[str] | None = None):
        self.app, self.idle, self.max_body, self.hosts = app, idle, max_body, hosts

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a connection on, watched."""
        if scope["type"] == "websocket":
            await self.app(scope, self._watched(receive, send), send)
        elif scope["type"] == "http":
            await self._bounded(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _watched(self, receive: Receive, send: Send) -> Receive:
        async def next_frame() -> Message:
            while True:
                try:
                    message = await asyncio.wait_for(receive(), self.idle)
                except TimeoutError:
                    return {"type": "websocket.disconnect", "code": 1001, "reason": "idle"}
                if message["type"] != "websocket.receive":
                    return message
                complaint = complain(message.get("text"))
                if complaint is None:
                    return message
                error = {"type": "error", "data": {"message": complaint, "code": "INVALID_JSON"}}
                await send({"type": "websocket.send", "text": json.dumps(error)})

        return next_frame

    async def _bounded(self, scope: Message, receive: Receive, send: Send) -> None:
        if self.hosts is not None and _host(scope) not in self.hosts:
            await _refuse(send, 400, "this server is not asked under that name")
            return
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            if len(body) > self.max_body:
                await _refuse(send, 413, f"a body holds at most {self.max_body} bytes")
                return
            if not message.get("more_body"):
                break
        replayed = False

        async def replay() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self.app(scope, replay, send)


def warm_up() -> None:
    """Load the compiled simulator in the background, so that the first visitor does not wait for it."""
    from gedanken.worlds.ode import simulate

    threading.Thread(target=simulate.warm_up, daemon=True).start()


def _host(scope: Message) -> str:
    """The name that a request asks for, without its port."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    return host if host.endswith("]") else host.rpartition(":")[0] if ":" in host else host


async def _refuse(send: Send, status: int, detail: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": detail}).encode()})


def complain(frame: str | None) -> str | None:
    """What is wrong with a frame as a message of the protocol, or None."""
    if frame is None:
        return "Invalid JSON: frames are text, not binary"
    try:
        message = json.loads(frame)
    except ValueError as error:
        return f"Invalid JSON: {error}"
    except RecursionError:
        return "Invalid JSON: nested too deeply"
    if not isinstance(message, dict):
        return "Invalid JSON: a message is an object"
    if "\\u" in frame:
        try:
            json.dumps(message, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return "Invalid JSON: half of a surrogate pair"
    return None
