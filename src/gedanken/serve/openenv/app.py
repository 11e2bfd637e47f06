"""The ASGI application of one environment."""

import gc
import os
from typing import Any

from openenv.core.env_server.http_server import create_app as create_openenv_app

from gedanken.episode import EpisodeError
from gedanken.errors import GedankenError, UserError
from gedanken.serve.guard import Guard, Hosts
from gedanken.serve.openenv.environment import environment_of
from gedanken.serve.openenv.models import messages_of
from gedanken.serve.warm import warm_up


def create_app(task: str) -> Any:
    """The application for `task`.

    The environment variables MAX_CONCURRENT_ENVS (64), SESSION_TIMEOUT_S (900) and REWARD_MODE (r2) set how many
    sessions a worker holds, after how many seconds an idle one loses its slot, and the default reward mode. Pages of
    the web origins in ALLOWED_ORIGINS may open WebSockets besides its own, and with ALLOWED_HOSTS (the address that it
    listens at, then further names) it answers under these host names only. Both are separated by commas.

    Raises:
        UserError: no such task, a variable is not a positive number, not a reward mode or not a host name.
    """
    kind, action = environment_of(task), messages_of(task).action
    kind().close()  # raises now, and not in every session, if REWARD_MODE is invalid
    warm_up()
    app = create_openenv_app(
        kind,
        action,
        kind.observation_type,
        env_name=f"{task}_env",
        max_concurrent_envs=int(_positive("MAX_CONCURRENT_ENVS", 64)),
        state_cls=kind.state_type,
    )
    listen, *names = _listed("ALLOWED_HOSTS") or [""]
    app.add_middleware(
        Guard,
        idle=_positive("SESSION_TIMEOUT_S", 900.0),
        hosts=Hosts(listen, names) if listen else None,
        origins=_listed("ALLOWED_ORIGINS"),
    )
    app.add_exception_handler(GedankenError, _explain)
    # OpenEnv's modules make a quarter of a million objects that are never freed. Frozen, they are not traversed by the
    # garbage collector, which would stop every session for 0.15 s.
    gc.collect()
    gc.freeze()
    return app


async def _explain(request: Any, error: Exception) -> Any:
    """The HTTP response for errors that the WebSocket reports as EXECUTION_ERROR."""
    from starlette.responses import JSONResponse

    return JSONResponse({"detail": str(error)}, 409 if isinstance(error, EpisodeError) else 422)


def _listed(name: str) -> list[str]:
    return [each.strip() for each in os.environ.get(name, "").split(",") if each.strip()]


def _positive(name: str, default: float) -> float:
    given = os.environ.get(name, "").strip() or str(default)
    try:
        value = float(given)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise UserError(f"{name} must be a positive number, not {given!r}")
    return value


def __getattr__(name: str) -> Any:
    # Worker processes load an application by an import string: "gedanken.serve.openenv.app:discover".
    from gedanken import tasks

    if name in tasks.names():
        return create_app(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
