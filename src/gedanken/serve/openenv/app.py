"""The ASGI application of one environment."""

import gc
import os
from typing import Any

from openenv.core.env_server.http_server import create_app as create_openenv_app

from gedanken.episode import EpisodeError
from gedanken.errors import GedankenError, UserError
from gedanken.serve.guard import Guard
from gedanken.serve.openenv.environment import ENVIRONMENTS
from gedanken.serve.warm import warm_up


def create_app(task: str) -> Any:
    """The application for `task`.

    The environment variables MAX_CONCURRENT_ENVS (64), SESSION_TIMEOUT_S (900) and REWARD_MODE (r2) set how many
    sessions a worker holds, how long a silent one keeps its slot, and what a reset rewards unless it says so.

    Raises:
        UserError: a variable that is not a positive number, or no reward mode.
    """
    kind, action = ENVIRONMENTS[task]
    kind().close()  # a bad REWARD_MODE shows now and not in every session
    warm_up()
    app = create_openenv_app(
        kind,
        action,
        kind.observation_type,
        env_name=f"{task}_env",
        max_concurrent_envs=int(_positive("MAX_CONCURRENT_ENVS", 64)),
        state_cls=kind.state_type,
    )
    app.add_middleware(Guard, idle=_positive("SESSION_TIMEOUT_S", 900.0))
    app.add_exception_handler(GedankenError, _explain)
    # What OpenEnv imports stays. Looking through its quarter of a million objects stopped every session for 0.15 s.
    gc.collect()
    gc.freeze()
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
