"""ASGI middleware in front of both servers: hosts, origins, request bodies, idle WebSockets and malformed frames."""

import asyncio
import ipaddress
import json
import re
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from gedanken.errors import UserError

# Bytes. The verifier refuses answers of more than 64 KiB, so longer messages have no use.
MAX_MESSAGE = 4 << 20
# A frame with fewer opening brackets cannot nest deeply enough to exhaust any parser's stack.
SAFE_BRACKETS = 256
# How deeply the JSON of a request may be nested. No request of the API has more than four levels.
MAX_DEPTH = 100
# Files that are received at a time. Each is held in memory.
MAX_UPLOADS = 16
# Seconds within which a request's body must come.
BODY_SECONDS = 30.0

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Hosts(Container[str]):
    """The host names that a server answers under, as they stand in the Host header, without the port.

    A foreign site's name may resolve to this machine (DNS rebinding), so a browser's request counts only under names
    that are ours. An address in place of a name cannot be rebound.
    """

    def __init__(self, listen: str, names: Iterable[str] = ()):
        """The names of a server that listens at `listen`, and the further `names`.

        `localhost`, `127.0.0.1` and `[::1]` always count; so does `listen` itself, and if it is `0.0.0.0` or `::`,
        every IP address.

        Raises:
            UserError: one of the names is none.
        """
        for name in names:
            if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]", name):
                raise UserError(f"a host name is written like box.local, without http:// and port, not {name[:80]!r}")
        self.any_address = listen in ("0.0.0.0", "::", "")
        own = f"[{listen}]" if ":" in listen else listen
        self.names = frozenset(name.lower() for name in (*LOOPBACK, own, *names))

    def __contains__(self, host: object) -> bool:
        """Whether the server answers under this name."""
        return host in self.names or (self.any_address and _is_address(str(host)))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
    except ValueError:
        return False
    return True


class Guard:
    """Answers requests that would otherwise end a session or occupy a worker.

    - A WebSocket frame that is no JSON object (binary, a list, nested too deeply, half a surrogate pair) would close
      the socket; it is answered with an INVALID_JSON error instead.
    - A WebSocket without a frame for `idle` seconds is closed, which frees its slot. OpenEnv's own timeout closes the
      environment but leaves the socket open.
    - A WebSocket of a page of another site is refused: browsers let every site open one. Its Origin must be the host
      that is asked or be among `origins`; a client that sends none is no browser.
    - An HTTP body of more than `max_body` bytes gets status 413, one that takes longer than `body_seconds` 408, a
      compressed one 415, and JSON nested more than `MAX_DEPTH` deep 422. Requests that `uploads` names ("POST /path")
      may bring a file of so many bytes, `MAX_UPLOADS` of them at a time; more get 429.
    - An HTTP request that is not a GET, HEAD or OPTIONS and comes from a page of another site gets status 403.
    - With `hosts`, a request for another host name gets status 400. Starlette's TrustedHostMiddleware compares the same
      names, `[::1]:8000` included, but refuses in plain text, and every error of our API is JSON with a `detail`.
    """

    def __init__(
        self,
        app: Any,
        idle: float = 900.0,
        max_body: int = MAX_MESSAGE,
        hosts: Container[str] | None = None,
        origins: Collection[str] = (),
        body_seconds: float = BODY_SECONDS,
        uploads: Mapping[str, int] | None = None,
    ):
        self.app, self.idle, self.max_body, self.hosts = app, idle, max_body, hosts
        self.uploads = dict(uploads or {})
        self._uploading = 0
        self.origins, self.body_seconds = frozenset(origins), body_seconds

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a connection to the application, with its input checked."""
        if scope["type"] == "websocket":
            if not self._is_welcome(scope):
                # Before the socket is accepted, this is status 403.
                await send({"type": "websocket.close", "code": 1008, "reason": "a page of another site"})
                return
            timeout = _IdleTimeout(receive, self.idle)
            try:
                await self.app(scope, _valid_frames(timeout.receive, send), send)
            finally:
                timeout.stop()
        elif scope["type"] == "http":
            await self._call_http(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_welcome(self, scope: Message) -> bool:
        """Whether a WebSocket is opened by no browser, by a page of this server or by one of the origins."""
        if self.hosts is not None and _host(scope) not in self.hosts:
            return False
        origin = _header(scope, b"origin")
        if not origin or "*" in self.origins or origin in self.origins:
            return True
        try:
            page = urlsplit(origin)
        except ValueError:
            return False
        default = {"http": ":80", "https": ":443"}.get(page.scheme)
        asked = _header(scope, b"host").lower()
        # Proxies tell the host as the browser wrote it, with or without the scheme's own port.
        return default is not None and page.netloc.lower().removesuffix(default) == asked.removesuffix(default)

    def _is_own_page(self, scope: Message) -> bool:
        """Whether a request that changes something is sent by no browser, by a page of this server or of an origin.

        Browsers send some requests to other sites without asking first. What they say of where a request is from
        cannot be set by a page.
        """
        if _header(scope, b"sec-fetch-site") not in ("cross-site", "same-site"):
            return True
        return "*" in self.origins or _header(scope, b"origin") in self.origins

    async def _call_http(self, scope: Message, receive: Receive, send: Send) -> None:
        if self.hosts is not None and (host := _host(scope)) not in self.hosts:
            shown = re.sub(r"[^a-z0-9.:\[\]-]", "?", host)[:80]
            await _refuse(
                send,
                400,
                f"this server does not answer requests for this host name; start it with --allow-host {shown}"
                if shown and host.isascii()
                else "this server does not answer requests without a host name",
            )
            return
        method = scope.get("method", "GET")
        if method not in ("GET", "HEAD", "OPTIONS") and not self._is_own_page(scope):
            await _refuse(
                send, 403, "a page of another site may not do this here; its origin would be named by --origin"
            )
            return
        if _header(scope, b"content-encoding").strip().lower() not in ("", "identity"):
            await _refuse(send, 415, "a body is sent uncompressed here")
            return
        upload = self.uploads.get(f"{method} {scope.get('path')}")
        if upload is None:
            await self._read_and_pass(scope, receive, send, self.max_body)
            return
        if self._uploading >= MAX_UPLOADS:
            await _refuse(send, 429, "too many files are being sent here; try again in a minute")
            return
        self._uploading += 1
        try:
            await self._read_and_pass(scope, receive, send, upload, is_file=True)
        finally:
            self._uploading -= 1

    async def _read_and_pass(
        self, scope: Message, receive: Receive, send: Send, max_body: int, is_file: bool = False
    ) -> None:
        """Read a body within the limits, and hand it to the application. A file's reader has limits of its own."""
        body = bytearray()
        try:
            async with asyncio.timeout(self.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return
                    body += message.get("body", b"")
                    if len(body) > max_body:
                        await _refuse(send, 413, f"a body holds at most {max_body} bytes")
                        return
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            await _refuse(send, 408, f"the body did not come within {self.body_seconds:g} s")
            return
        if not is_file and body.count(b"[") + body.count(b"{") > MAX_DEPTH and nesting(bytes(body)) > MAX_DEPTH:
            await _refuse(send, 422, f"JSON is nested at most {MAX_DEPTH} deep here")
            return
        replayed = False

        async def replay() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self.app(scope, replay, send)


def nesting(body: bytes) -> int:
    """How deeply the brackets of a JSON text are nested; those in strings do not count."""
    depth = deepest = 0
    for bracket in re.findall(rb'"(?:[^"\\]|\\.)*"|[\[{\]}]', body, re.S):
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in b"]}":
            depth -= 1
    return deepest


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


def _header(scope: Message, name: bytes) -> str:
    """A header's value; empty where there is none."""
    return str(next((value for key, value in scope.get("headers", ()) if key == name), b"").decode("latin-1"))


def _host(scope: Message) -> str:
    """The host name of the Host header in lower case, without its port."""
    host = _header(scope, b"host").lower()
    return host if host.endswith("]") else host.rpartition(":")[0] if ":" in host else host


async def _refuse(send: Send, status: int, detail: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    refusal = {"detail": detail, "code": {403: "forbidden", 429: "busy"}.get(status, "invalid")}
    await send({"type": "http.response.body", "body": json.dumps(refusal).encode()})


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
