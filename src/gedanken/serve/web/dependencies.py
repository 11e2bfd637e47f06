"""What the routes share: services, the caller, path parameters, JSON responses, documented errors."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel

from gedanken import tasks
from gedanken.loop import Task
from gedanken.serve.web.datasets import Datasets
from gedanken.serve.web.discoveries import Discoveries
from gedanken.serve.web.episodes import Episodes
from gedanken.serve.web.history import History
from gedanken.serve.web.metrics import Metrics
from gedanken.serve.web.models.base import Error
from gedanken.serve.web.rollouts import Rollouts
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.slots import Rate, Slots
from gedanken.serve.web.wire import ID_PATTERN

# The name of the header and of the cookie with an owner's token.
OWNER_HEADER, OWNER_COOKIE = "Gedanken-Owner", "gedanken_owner"
OWNER_PATTERN = r"^[A-Za-z0-9_-]{43}$"


@dataclass(frozen=True)
class Services:
    """What one application holds.

    Attributes:
        settings: its limits.
        history: the database.
        episodes: the episodes in progress.
        rollouts: the rollouts in progress.
        discoveries: the discoveries in progress.
        datasets: tables that were uploaded.
        streams: one slot for each open stream of events.
        checks: one slot for each endpoint that is being checked.
        simulations: how often laws are tried.
        metrics: its counters.
    """

    settings: Settings
    history: History
    episodes: Episodes
    rollouts: Rollouts
    discoveries: Discoveries
    datasets: Datasets
    streams: Slots
    checks: Slots
    simulations: Rate
    metrics: Metrics

    @classmethod
    def open(cls, settings: Settings) -> "Services":
        """Open the history and prepare the rest.

        Raises:
            UserError: the history cannot be opened.
        """
        history, metrics = History(settings.database), Metrics()
        datasets = Datasets(settings, history)
        streams = Slots("event streams open", settings.client_streams, settings.total_streams)
        checks = Slots("endpoints being checked", 4, 16)
        for kind, slots in (("streams", streams), ("checks", checks)):
            metrics.watch_slots(kind, slots)
        return cls(
            settings,
            history,
            Episodes(settings, history, metrics),
            Rollouts(settings, metrics),
            Discoveries(settings, history, datasets, metrics),
            datasets,
            streams,
            checks,
            Rate("laws tried", settings.simulations_per_minute, 60.0),
            metrics,
        )

    def close(self) -> None:
        """Cancel the episodes and close the history."""
        self.rollouts.close()
        self.discoveries.close()
        self.episodes.close()
        self.history.close()


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


CurrentServices = Annotated[Services, Depends(_services)]


async def _client(request: Request) -> str:
    return request.client.host if request.client else "unknown"


# The address that limits are counted by.
Client = Annotated[str, Depends(_client)]


class Owner:
    """Who may list and cancel an episode on a hosted server: the one who holds the token it was started with.

    Attributes:
        token: what the caller presented, None if nothing.
    """

    def __init__(self, token: str | None, services: Services):
        self.token, self._services = token, services

    @property
    def is_required(self) -> bool:
        """Whether only owners may list and cancel. Whoever reaches one's own machine may do all."""
        return self._services.settings.hosted

    @property
    def digest(self) -> str | None:
        """What the history keeps of the token; no dictionary holds 256 random bits, so the hash needs no salt."""
        return None if self.token is None else hashlib.sha256(self.token.encode()).hexdigest()

    def identify(self, request: Request, response: Response) -> str | None:
        """The digest of the caller's token, for a new episode; a caller without one gets one in header and cookie."""
        if not self.is_required:
            return None
        if self.token is None:
            self.token = secrets.token_urlsafe(32)
        secure = request.url.scheme == "https"
        response.headers[OWNER_HEADER] = self.token
        response.set_cookie(
            OWNER_COOKIE, self.token, max_age=365 * 86400, httponly=True, samesite="strict", secure=secure
        )
        return self.digest

    def require(self, episode: str) -> None:
        """Refuse a caller who is not the episode's owner.

        Raises:
            HTTPException: 403, it is another's.
        """
        if not self.is_required:
            return
        self.require_digest(self._services.history.owner(episode), "episode")

    def require_digest(self, owner: str | None, kind: str) -> None:
        """Refuse a caller whose token has not this digest.

        Raises:
            HTTPException: 403, it is another's.
        """
        if not self.is_required:
            return
        if owner is None or self.digest is None or not secrets.compare_digest(owner, self.digest):
            raise HTTPException(403, f"only the owner of this {kind} may do this: send the token as {OWNER_HEADER}")


async def _owner(
    request: Request,
    services: CurrentServices,
    gedanken_owner: Annotated[
        str | None, Header(pattern=OWNER_PATTERN, description="On a hosted server: the token of an earlier start.")
    ] = None,
) -> Owner:
    cookie = request.cookies.get(OWNER_COOKIE, "")
    return Owner(gedanken_owner or (cookie if re.match(OWNER_PATTERN, cookie) else None), services)


CurrentOwner = Annotated[Owner, Depends(_owner)]
Identifier = Annotated[str, Path(pattern=ID_PATTERN)]

_AFTER = "The same as Last-Event-ID, for clients that cannot set headers."
_ONE, _TWO = r"^[0-9]{1,9}$", r"^[0-9]{1,9}\.[0-9]{1,9}$"


async def _last_seen(
    last_event_id: Annotated[str | None, Header(pattern=_ONE)] = None,
    after: Annotated[str | None, Query(pattern=_ONE, description=_AFTER)] = None,
) -> int:
    return int(last_event_id or after or 0)


async def _both_seen(
    last_event_id: Annotated[str | None, Header(pattern=_TWO)] = None,
    after: Annotated[str | None, Query(pattern=_TWO, description=_AFTER)] = None,
) -> list[int]:
    return [int(each) for each in (last_event_id or after or "0.0").split(".")]


# The number of the last event that a listener has seen: of one episode, or of both sides of a comparison.
LastSeen = Annotated[int, Depends(_last_seen)]
BothSeen = Annotated[list[int], Depends(_both_seen)]

# The OpenAPI description of the errors that a route with input may answer.
_REFUSALS = {
    400: "Not JSON, or not for this host",
    403: "Another's, or sent by a page of another site",
    404: "There is no such thing",
    408: "The body did not come in time",
    409: "Not in this state",
    413: "The body is too large",
    415: "The body is compressed",
    422: "One sentence on what cannot be used",
    429: "Too much is running",
}
FAILURES: dict[int | str, dict[str, Any]] = {
    status: {"description": description, "model": Error} for status, description in _REFUSALS.items()
}


def answers(model: Any, description: str = "The answer", status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with this model."""
    return {status: {"description": description, "model": model}}


def streams(events: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers with server-sent events; `events` has a field for each name."""
    description = f"Server-sent events: each one's `data` is the field of `{events.__name__}` that `event` names."
    return {200: {"description": description, "content": {"text/event-stream": {"schema": {"type": "string"}}}}}


def to_json(content: Any) -> bytes:
    """Plain data and NumPy arrays as JSON; numbers that are not finite become null."""
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


class Json(Response):
    """A response that is JSON, as `to_json` writes it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content as bytes."""
        return to_json(content)


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
