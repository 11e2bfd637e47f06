"""What stands between a socket and an application: sizes, silence and malformed frames, as plain ASGI."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from gedanken import tasks
from gedanken.episode import LocalEnv

# An answer of more than 64 KiB is refused by the verifier, so longer messages have no use.
MAX_MESSAGE = 4 << 20
# A frame with fewer brackets cannot nest too deeply for any reader.
SHALLOW = 256

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
            silence = _Silence(receive, self.idle)
            try:
                await self.app(scope, _checked(silence.receive, send), send)
            finally:
                silence.end()
        elif scope["type"] == "http":
            await self._bounded(scope, receive, send)
        else:
            await self.app(scope, receive, send)

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


class _Silence:
    """Ends the wait for a frame after `idle` seconds.

    With one timer a connection: `asyncio.wait_for` makes a task of every frame, which costs a tenth of a step.
    """

    def __init__(self, receive: Receive, idle: float):
        self._receive, self._idle = receive, idle
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._waiting: asyncio.Task[Any] | None = None
        self._over = False
        self._timer = self._loop.call_later(idle, self._look)

    def _look(self) -> None:
        """Cancel a wait that is too long; else look again when it would be."""
        left = self._idle if self._waiting is None else self._since + self._idle - self._loop.time()
        if self._waiting is not None and left <= 0:
            self._over = True
            self._waiting.cancel()
        else:
            self._timer = self._loop.call_later(left, self._look)

    async def receive(self) -> Message:
        """The next frame, or the disconnection of a client that sends none."""
        self._waiting, self._since = asyncio.current_task(), self._loop.time()
        try:
            return await self._receive()
        except asyncio.CancelledError:
            # Whoever else cancels the task at the same moment is obeyed.
            if not self._over or self._waiting is None or self._waiting.uncancel() > 0:
                raise
            return {"type": "websocket.disconnect", "code": 1001, "reason": "idle"}
        finally:
            self._waiting = None

    def end(self) -> None:
        """Forget the timer of a connection that is over."""
        self._timer.cancel()


def _checked(receive: Receive, send: Send) -> Receive:
    """`receive`, less the frames that are answered here."""

    async def next_frame() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            complaint = complain(message.get("text"))
            if complaint is None:
                return message
            error = {"type": "error", "data": {"message": complaint, "code": "INVALID_JSON"}}
            await send({"type": "websocket.send", "text": json.dumps(error)})

    return next_frame


# Set once the simulator is loaded: until then a first answer may wait half a minute for its compilation.
warm = threading.Event()


def warm_up() -> None:
    """Load the compiled simulator in the background, so that the first visitor does not wait for it."""
    threading.Thread(target=_play_once, daemon=True).start()


def _play_once() -> None:
    """Run through everything that is compiled: posing, scoring, and saying where an answer misses."""
    for name in tasks.names():
        env = LocalEnv(name)
        env.reset(seed=0)
        assert env.problem is not None
        for _, answer in env.task.examples(env.problem)[:1]:
            env.step(answer)
    warm.set()


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
    if frame.count("[") + frame.count("{") < SHALLOW:
        # What orjson reads, every reader reads: it is as strict about surrogates, and stricter about numbers.
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
