"""The ASGI application of one environment, and the command that serves it."""

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from openenv.core.env_server.http_server import create_app as create_openenv_app

from gedanken.environment import EpisodeError
from gedanken.errors import GedankenError, UserError
from gedanken.serve.openenv.environment import ENVIRONMENTS

# An answer of more than 64 KiB is refused by the verifier, so longer messages have no use.
MAX_MESSAGE = 4 << 20

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def create_app(task: str) -> Any:
    """The application for `task`.

    The environment variables MAX_CONCURRENT_ENVS (64), SESSION_TIMEOUT_S (900) and REWARD_MODE (r2) set how many
    sessions a worker holds, how long a silent one keeps its slot, and what a reset rewards unless it says so.

    Raises:
        UserError: a variable that is not a positive number.
    """
    kind, action = ENVIRONMENTS[task]
    app = create_openenv_app(
        kind,
        action,
        kind.observation_type,
        env_name=f"{task}_env",
        max_concurrent_envs=int(_positive("MAX_CONCURRENT_ENVS", 64)),
        state_cls=kind.state_type,
    )
    app.add_middleware(Doorkeeper, idle=_positive("SESSION_TIMEOUT_S", 900.0))
    app.add_exception_handler(GedankenError, _explain)
    return app


async def _explain(request: Any, error: Exception) -> Any:
    """A plain HTTP answer where the WebSocket says EXECUTION_ERROR."""
    from starlette.responses import JSONResponse

    return JSONResponse({"detail": str(error)}, 409 if isinstance(error, EpisodeError) else 422)


def _positive(name: str, default: float) -> float:
    given = os.environ.get(name, "").strip() or str(default)
    try:
        value = float(given)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise UserError(f"{name} must be a positive number, not {given!r}")
    return value


class Doorkeeper:
    """Keeps from OpenEnv's routes what would end a session or a worker instead of being answered.

    A frame that is no JSON object (binary, a list, nested too deeply, half a surrogate) would close the socket; it is
    answered with INVALID_JSON here. A socket that is silent for `idle` seconds is closed, which frees its slot;
    OpenEnv's own reaper closes the environment but leaves the socket talking to it. Bodies beyond
    `MAX_MESSAGE` get 413.
    """

    def __init__(self, app: Any, idle: float):
        self.app, self.idle = app, idle

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
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            if len(body) > MAX_MESSAGE:
                content = json.dumps({"detail": f"a body holds at most {MAX_MESSAGE} bytes"}).encode()
                headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
                await send({"type": "http.response.start", "status": 413, "headers": headers})
                await send({"type": "http.response.body", "body": content})
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


def main(task: str, target: str, arguments: list[str] | None = None) -> None:
    """Serve `target` (an import string for `create_app(task)`'s result) until interrupted."""
    import uvicorn

    parser = argparse.ArgumentParser(description=ENVIRONMENTS[task][0].description)
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WORKERS", "1")))
    chosen = parser.parse_args(arguments)
    uvicorn.run(
        target,
        host=chosen.host,
        port=chosen.port,
        workers=chosen.workers,
        ws_max_size=MAX_MESSAGE,
        # A worker that is still importing OpenEnv does not answer the parent's pings, which by default kills it at 5 s.
        timeout_worker_healthcheck=120,
    )
