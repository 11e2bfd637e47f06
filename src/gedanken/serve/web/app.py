"""The server behind the web page: subjects, problems, episodes turn by turn, comparisons, rollouts, history."""

import asyncio
import contextlib
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from gedanken import __version__, zoo
from gedanken.errors import GedankenError, UserError
from gedanken.serve.guard import Guard
from gedanken.serve.warm import warm_up
from gedanken.serve.web.endpoints import ENDPOINTS, has_server_key
from gedanken.serve.web.episodes import BusyError, Episodes
from gedanken.serve.web.history import RUNNING, History
from gedanken.serve.web.metrics import Counts, Requests
from gedanken.serve.web.scenes import plain, pose, show_problem, show_scene
from gedanken.serve.web.settings import Settings
from gedanken.serve.web.wire import ComparisonRequest, EpisodeRequest, ProblemRequest, RolloutRequest

Identifier = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Json(Response):
    """JSON of plain data and arrays; what is not finite is null."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The content as bytes."""
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application.

    Raises:
        UserError: the history cannot be opened.
    """
    chosen = settings or Settings()
    history = History(chosen.database)
    episodes = Episodes(chosen, history)
    counts = Counts()
    # Rollouts are streamed and not kept; each holds a thread, so they are counted, too.
    rollouts = threading.BoundedSemaphore(max(1, chosen.total_episodes // 4))

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warm_up()
        yield
        await asyncio.to_thread(episodes.close)
        history.close()

    app = FastAPI(title="gedanken", version=__version__, lifespan=lifespan, redoc_url=None)
    app.add_middleware(Requests, counts=counts)
    app.add_middleware(Guard, max_body=chosen.max_body, hosts=None if chosen.hosted else LOCAL_HOSTS)
    if chosen.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(chosen.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", "Last-Event-ID"],
        )
    _add_errors(app)

    failures: dict[int | str, dict[str, Any]] = {
        400: {"description": "Not JSON, or not for this host"},
        404: {"description": "There is no such thing"},
        413: {"description": "The body is too large"},
        422: {"description": "One sentence on what cannot be used"},
        429: {"description": "Too many episodes are running"},
    }

    @app.get("/health", tags=["server"])
    def health() -> dict[str, str]:
        """Whether the server and its history answer."""
        history.ping()
        return {"status": "healthy", "version": __version__}

    @app.get("/metrics", tags=["server"], response_class=Response)
    def metrics() -> Response:
        """Counters in Prometheus's text format."""
        return Response(counts.write(episodes), media_type="text/plain; version=0.0.4")

    @app.get("/api/subjects/{task}", tags=["problems"], responses=failures)
    def subjects(task: str) -> Any:
        """What there is to ask about: systems of `discover`, scenarios of `predict`."""
        return list_subjects(task)

    @app.get("/api/players/{task}", tags=["players"], responses=failures)
    def players(task: str) -> list[str]:
        """The built-in players of a task."""
        _known_task(task)
        return list(zoo.names(f"gedanken.tasks.{task}.players"))

    @app.get("/api/endpoints", tags=["players"])
    def endpoints() -> list[dict[str, Any]]:
        """Where models may be asked, and whether a key has to be brought along."""
        local = {"ollama", "vllm"} if chosen.hosted else set()
        return [
            {
                "name": name,
                "title": preset.title,
                "base_url": preset.base_url,
                "model": preset.model,
                "needs_key": preset.needs_key and not has_server_key(preset.base_url),
            }
            for name, preset in ENDPOINTS.items()
            if name not in local
        ]

    @app.get("/api/limits", tags=["server"])
    def limits() -> dict[str, Any]:
        """What this server allows."""
        names = ("hosted", "max_body", "max_tokens", "max_turns", "answer_seconds", "episode_seconds")
        return {name: getattr(chosen, name) for name in (*names, "client_episodes")}

    @app.post("/api/problems", tags=["problems"], responses=failures)
    def create_problem(request: ProblemRequest) -> Response:
        """Pose a problem and look at it."""
        task, problem, named = pose(request)
        shown = {"problem": named, **show_problem(task, problem)}
        if task.name == "predict":
            shown["scene"] = show_scene(problem.truth.scene)
        return Json(shown)

    @app.post("/api/episodes", status_code=201, tags=["episodes"], responses=failures)
    async def start_episode(request: EpisodeRequest, http: Request) -> dict[str, Any]:
        """Let a player play; follow it at `events`, find it again at `url`."""
        _, ids = await start(request.problem, [request.player], request.max_turns, http)
        return {"id": ids[0], "url": f"/api/episodes/{ids[0]}", "events": f"/api/episodes/{ids[0]}/events"}

    @app.post("/api/comparisons", status_code=201, tags=["episodes"], responses=failures)
    async def start_comparison(request: ComparisonRequest, http: Request) -> dict[str, Any]:
        """Let two players play the same problem: same data, hint, seed and verifier."""
        comparison, ids = await start(request.problem, request.players, request.max_turns, http)
        url = f"/api/comparisons/{comparison}"
        return {"id": comparison, "episodes": ids, "url": url, "events": f"{url}/events"}

    async def start(
        problem: ProblemRequest, players: list[Any], turns: int | None, http: Request
    ) -> tuple[str | None, list[str]]:
        if turns is not None and turns > chosen.max_turns:
            raise UserError(f"max_turns is at most {chosen.max_turns} here")
        loop = asyncio.get_running_loop()
        client = http.client.host if http.client else "unknown"

        def begin() -> tuple[str | None, list[str]]:
            task, posed, named = pose(problem, turns)
            return episodes.start(loop, client, task, posed, named, players)

        return await asyncio.to_thread(begin)

    @app.get("/api/episodes", tags=["history"], responses=failures)
    def list_episodes(
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    ) -> Response:
        """The latest episodes, without their turns."""
        return Json(history.recent(limit, before))

    @app.get("/api/episodes/{episode}", tags=["history"], responses=failures)
    def find_episode(episode: Identifier) -> Response:
        """An episode with every finished turn: the permalink."""
        return Json(_found(history.find(episode), "episode"))

    @app.get("/api/comparisons/{comparison}", tags=["history"], responses=failures)
    def find_comparison(comparison: Identifier) -> Response:
        """Both episodes of a comparison."""
        return Json({"id": comparison, "episodes": _found(history.compare(comparison), "comparison")})

    @app.post("/api/episodes/{episode}/cancel", tags=["episodes"], responses=failures)
    def cancel_episode(episode: Identifier) -> dict[str, Any]:
        """Stop an episode; its finished turns stay."""
        stopped = episodes.cancel(episode)
        if not stopped:
            _found(history.find(episode), "episode")
        return {"id": episode, "cancelled": stopped}

    @app.get("/api/episodes/{episode}/events", tags=["episodes"], responses=failures, response_class=StreamingResponse)
    async def episode_events(
        episode: Identifier,
        last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,9}$")] = None,
    ) -> StreamingResponse:
        """Server-sent events: `turn_started`, `token`, `turn`, then `end`. `Last-Event-ID` resumes."""
        feed = episodes.feed(episode)
        if feed is not None:
            return _stream(_told(feed.listen(int(last_event_id or 0))))
        shown = await asyncio.to_thread(history.find, episode)
        return _stream(_replay([_found(shown, "episode")]))

    @app.get(
        "/api/comparisons/{comparison}/events", tags=["episodes"], responses=failures, response_class=StreamingResponse
    )
    async def comparison_events(comparison: Identifier) -> StreamingResponse:
        """The events of both episodes as they happen, each with its `side`."""
        shown = _found(await asyncio.to_thread(history.compare, comparison), "comparison")
        feeds = [episodes.feed(each["id"]) for each in shown]
        if any(feed is None for feed in feeds):
            return _stream(_replay(shown))
        return _stream(_merged([feed for feed in feeds if feed is not None]))

    @app.post("/api/rollouts", tags=["episodes"], responses=failures, response_class=StreamingResponse)
    def roll_out(request: RolloutRequest) -> StreamingResponse:
        """Let a player continue a scene on its own frames: events `scene`, `frame` (beside the truth), `end`."""
        if not rollouts.acquire(blocking=False):
            raise BusyError("the server is busy; try again in a minute")
        try:
            deadline = time.monotonic() + chosen.episode_seconds

            def on_token(_: str) -> None:
                if time.monotonic() > deadline:
                    raise UserError("the rollout has used up its time")

            player = episodes.open_player(request.player, "predict", on_token)
            frames = _rollout_frames(request, player, on_token)
            first = next(frames)  # poses the scene, so that a bad request is an answer and not a broken stream
        except BaseException:
            rollouts.release()
            raise

        def body() -> Iterator[bytes]:
            try:
                yield _event("scene", first)
                try:
                    for number, frame in enumerate(frames, 1):
                        yield _event("frame", frame, number)
                    yield _event("end", {"status": "finished", "error": None})
                except GedankenError as error:
                    yield _event("end", {"status": "failed", "error": str(error)})
            finally:
                rollouts.release()
                with contextlib.suppress(AttributeError):
                    player.close()  # type: ignore[attr-defined]

        return _stream(body())

    return app


def list_subjects(task: str) -> list[dict[str, Any]]:
    """One row a subject.

    Raises:
        HTTPException: there is no such task.
    """
    _known_task(task)
    if task == "discover":
        from gedanken.worlds.ode import system

        entries = ((name, system.load(name)) for name in system.names())
        return [
            {"name": name, "category": entry.category, "tier": entry.tier, "held_out": entry.held_out}
            for name, entry in entries
        ]
    from gedanken.worlds.rigid import scenarios

    return [
        {"name": name, "category": scenarios.category(name), "tier": None, "held_out": name in scenarios.HELD_OUT}
        for name in scenarios.names()
    ]


def _known_task(task: str) -> None:
    from gedanken import tasks

    if task not in tasks.names():
        raise HTTPException(404, f"there is no task {task[:40]!r}; there are {', '.join(tasks.names())}")


def _rollout_frames(request: RolloutRequest, player: Any, check: Any) -> Iterator[dict[str, Any]]:
    """First the scene, then each frame as it is predicted."""
    from gedanken.episode import subjects
    from gedanken.tasks.predict import rollout
    from gedanken.tasks.predict.task import PredictTask

    if request.scenario not in subjects("predict"):
        raise UserError(f"there is no scenario {request.scenario!r}")
    title, problem = rollout.read_problem(
        request.scenario,
        frames=request.frames,
        level=request.level,
        index=request.seed,
        split=request.split,
        context=request.context,
        format=request.format,
        exact=request.exact,
    )
    prompt = problem.observation.prompt
    yield plain(
        {"title": title, "scene": show_scene(problem.truth.scene), "first": prompt.first, "frames": prompt.states}
    )
    for number, (state, reading) in enumerate(PredictTask().roll_out(problem, player, request.frames)):
        check("")
        yield plain(
            {
                "number": prompt.next + number,
                "predicted": state,
                "truth": problem.truth.frames[number],
                "coverage": float(reading.answered.mean()),
                "complaints": reading.complaints[:3],
            }
        )


def _found(what: Any, kind: str) -> Any:
    if not what:
        raise HTTPException(404, f"there is no {kind} of this id")
    return what


def _event(name: str, data: dict[str, Any], number: int | None = None) -> bytes:
    identity = b"" if number is None else f"id: {number}\n".encode()
    return identity + b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


async def _told(events: AsyncIterator[tuple[int, str, dict[str, Any]] | None]) -> AsyncIterator[bytes]:
    async for event in events:
        yield b": still here\n\n" if event is None else _event(event[1], event[2], event[0])


async def _merged(feeds: list[Any]) -> AsyncIterator[bytes]:
    """Events of several feeds in the order they happen."""
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def forward(side: int, feed: Any) -> None:
        try:
            async for event in feed.listen():
                await queue.put(b": still here\n\n" if event is None else _event(event[1], {**event[2], "side": side}))
        finally:
            await queue.put(None)

    forwarding = [asyncio.create_task(forward(side, feed)) for side, feed in enumerate(feeds)]
    try:
        open_feeds = len(feeds)
        while open_feeds:
            event = await queue.get()
            if event is None:
                open_feeds -= 1
            else:
                yield event
    finally:
        for task in forwarding:
            task.cancel()


async def _replay(shown: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Episodes of the history as the events they once were."""
    for episode in shown:
        side = {"side": episode["side"]} if len(shown) > 1 else {}
        for turn in episode["turns"]:
            yield _event("turn", {**turn, **side})
        status = episode["status"]
        yield _event(
            "end", {"status": status if status != RUNNING else "interrupted", "error": episode["error"], **side}
        )


def _stream(body: Any) -> StreamingResponse:
    # Proxies must not collect events before they pass them on.
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(body, media_type="text/event-stream", headers=headers)


def _add_errors(app: FastAPI) -> None:
    """Every error is `{"detail": one sentence}`; what was sent (keys!) is never sent back."""

    def answer(status: int, detail: str, headers: Any = None) -> Response:
        return Response(orjson.dumps({"detail": detail}), status, headers, "application/json")

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = []
        for each in error.errors()[:5]:
            where = ".".join(str(part) for part in each["loc"] if part != "body")[:100]
            problems.append(f"{where}: {re.sub(r'[^ -~]', '?', each['msg'])[:200]}" if where else each["msg"][:200])
        return answer(422, "; ".join(problems))

    @app.exception_handler(UserError)
    async def unusable(_: Request, error: UserError) -> Response:
        return answer(422, plain(str(error)))

    @app.exception_handler(BusyError)
    async def busy(_: Request, error: BusyError) -> Response:
        return answer(429, str(error), {"Retry-After": "30"})

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return answer(error.status_code, str(error.detail), error.headers)
