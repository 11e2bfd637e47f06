"""ASGI middleware that limits request bodies, idle WebSockets and malformed frames."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

# Bytes. The verifier refuses answers of more than 64 KiB, so longer messages have no use.
MAX_MESSAGE = 4 << 20
# A frame with fewer opening brackets cannot nest deeply enough to exhaust any parser's stack.
SAFE_BRACKETS = 256

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Guard:
    """Answers requests that would otherwise end a session or occupy a worker.

    - A WebSocket frame that is no JSON object (binary, a list, nested too deeply, half a surrogate pair) would close
      the socket; it is answered with an INVALID_JSON error instead.
    - A WebSocket without a frame for `idle` seconds is closed, which frees its slot. OpenEnv's own timeout closes the
      environment but leaves the socket open.
    - An HTTP body of more than `max_body` bytes gets status 413.
    - With `hosts`, an HTTP request for another host name gets status 400: a foreign site's name may resolve to this
      machine (DNS rebinding). Starlette's TrustedHostMiddleware compares the same names, `[::1]:8000` included, but
      refuses in plain text, and every error of our API is JSON with a `detail`.
    """

    def __init__(self, app: Any, idle: float = 900.0, max_body: int = MAX_MESSAGE, hosts: frozenset[str] | None = None):
        self.app, self.idle, self.max_body, self.hosts = app, idle, max_body, hosts

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a connection to the application, with its input checked."""
        if scope["type"] == "websocket":
            timeout = _IdleTimeout(receive, self.idle)
            try:
                await self.app(scope, _valid_frames(timeout.receive, send), send)
            finally:
                timeout.stop()
        elif scope["type"] == "http":
            await self._call_http(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _call_http(self, scope: Message, receive: Receive, send: Send) -> None:
        if self.hosts is not None and _host(scope) not in self.hosts:
            await _refuse(send, 400, "this server does not answer requests for this host name")
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


class _IdleTimeout:
    """Ends the wait for a frame after `idle` seconds.

    It uses one timer per connection: `asyncio.wait_for` makes a task of every frame, which costs a tenth of a step.
    """

    def __init__(self, receive: Receive, idle: float):
        self._receive, self._idle = receive, idle
        self._loop = asyncio.get_running_loop()
        self._waiting_since = self._loop.time()
        self._waiting: asyncio.Task[Any] | None = None
        self._expired = False
        self._timer = self._loop.call_later(idle, self._check)

    def _check(self) -> None:
        """Cancel a wait that is too long; otherwise check again when it would be."""
        left = self._idle if self._waiting is None else self._waiting_since + self._idle - self._loop.time()
        if self._waiting is not None and left <= 0:
            self._expired = True
            self._waiting.cancel()
        else:
            self._timer = self._loop.call_later(left, self._check)

    async def receive(self) -> Message:
        """The next frame, or a disconnect message when the client is idle for too long."""
        self._waiting, self._waiting_since = asyncio.current_task(), self._loop.time()
        try:
            return await self._receive()
        except asyncio.CancelledError:
            # A cancellation from elsewhere at the same moment is passed on.
            if not self._expired or self._waiting is None or self._waiting.uncancel() > 0:
                raise
            return {"type": "websocket.disconnect", "code": 1001, "reason": "idle"}
        finally:
            self._waiting = None

    def stop(self) -> None:
        """Cancel the timer when the connection is over."""
        self._timer.cancel()


def _valid_frames(receive: Receive, send: Send) -> Receive:
    """`receive` without the malformed frames, which are answered here."""

    async def next_frame() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            problem = frame_error(message.get("text"))
            if problem is None:
                return message
            error = {"type": "error", "data": {"message": problem, "code": "INVALID_JSON"}}
            await send({"type": "websocket.send", "text": json.dumps(error)})

    return next_frame


def _host(scope: Message) -> str:
    """The host name of the Host header in lower case, without its port."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1").lower()
    return host if host.endswith("]") else host.rpartition(":")[0] if ":" in host else host


async def _refuse(send: Send, status: int, detail: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": detail}).encode()})


def frame_error(frame: str | None) -> str | None:
    """Why a text frame (None if binary) is not a JSON object that every parser accepts, or None if it is one."""
    if frame is None:
        return "Invalid JSON: frames are text, not binary"
    if frame.count("[") + frame.count("{") < SAFE_BRACKETS:
        # orjson accepts less than the other parsers: it is as strict about surrogates and stricter about numbers.
        try:
            if isinstance(orjson.loads(frame), dict):
                return None
        except ValueError:
            pass
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
