"""What the routes share: the services of the application, path parameters, JSON responses, documented errors."""

import threading
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, HTTPException, Path, Request, Response

from gedanken import tasks
from gedanken.loop import Task
from gedanken.serve.web.episodes import Episodes
from gedanken.serve.web.history import History
from gedanken.serve.web.metrics import Metrics
from gedanken.serve.web.settings import Settings


@dataclass(frozen=True)
class Services:
    """What one application holds.

    Attributes:
        settings: its limits.
        history: the database.
        episodes: the episodes in progress.
        metrics: its counters.
        rollout_slots: one for each rollout that may run at a time; a rollout occupies a thread.
    """

    settings: Settings
    history: History
    episodes: Episodes
    metrics: Metrics
    rollout_slots: threading.BoundedSemaphore

    @classmethod
    def open(cls, settings: Settings) -> "Services":
        """Open the history and prepare the rest.

        Raises:
            UserError: the history cannot be opened.
        """
        history, metrics = History(settings.database), Metrics()
        slots = threading.BoundedSemaphore(max(1, settings.total_episodes // 4))
        return cls(settings, history, Episodes(settings, history, metrics), metrics, slots)

    def close(self) -> None:
        """Cancel the episodes and close the history."""
        self.episodes.close()
        self.history.close()


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(_services)]
Identifier = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$")]

# The OpenAPI description of the errors that a route with input may answer.
FAILURES: dict[int | str, dict[str, Any]] = {
    400: {"description": "Not JSON, or not for this host"},
    404: {"description": "There is no such thing"},
    413: {"description": "The body is too large"},
    422: {"description": "One sentence on what cannot be used"},
    429: {"description": "Too many episodes are running"},
}


class Json(Response):
    """JSON of plain data and NumPy arrays; numbers that are not finite become null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content as bytes."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def require_task(name: str) -> Task:
    """The task of that name.

    Raises:
        HTTPException: 404, there is no such task.
    """
    if name not in tasks.names():
        raise HTTPException(404, f"there is no task {name[:40]!r}; there are {', '.join(tasks.names())}")
    return tasks.load(name)


def require(rows: Any, kind: str) -> Any:
    """What the history returned for an id.

    Raises:
        HTTPException: 404, it returned nothing.
    """
    if not rows:
        raise HTTPException(404, f"there is no {kind} of this id")
    return rows
