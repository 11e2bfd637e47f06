"""The application behind the web page: routes, middleware, errors. A new route is one function in `routes/`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from gedanken import __version__
from gedanken.serve.guard import Guard, Hosts
from gedanken.serve.warm import warm_up
from gedanken.serve.web.dependencies import OWNER_HEADER, Services
from gedanken.serve.web.errors import add_error_handlers
from gedanken.serve.web.metrics import RequestMetrics
from gedanken.serve.web.openapi import describe_events
from gedanken.serve.web.page import add_page
from gedanken.serve.web.players import check_models
from gedanken.serve.web.routes import (
    answers,
    datasets,
    discoveries,
    episodes,
    history,
    laws,
    players,
    problems,
    results,
    rollouts,
    scenes,
    server,
)
from gedanken.serve.web.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application.

    Raises:
        UserError: the history cannot be opened, a name of `allow_hosts` is none, or a model or a pair cannot play.
    """
    settings = settings or Settings()
    check_models(settings)
    hosts = None if settings.hosted else Hosts(settings.listen, settings.allow_hosts)
    services = Services.open(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warm_up(search=True)
        yield
        await asyncio.to_thread(services.close)

    app = FastAPI(title="gedanken", version=__version__, lifespan=lifespan, redoc_url=None)
    app.state.services = services
    # The middleware that is added last is the first to see a request.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)  # event streams it leaves alone
    app.add_middleware(RequestMetrics, metrics=services.metrics)
    app.add_middleware(
        Guard,
        max_body=settings.max_body,
        hosts=hosts,
        origins=settings.origins,
        uploads={"POST /api/datasets": settings.max_upload},
    )
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Content-Type", "Last-Event-ID", OWNER_HEADER],
            expose_headers=[OWNER_HEADER],
        )
    add_error_handlers(app)
    for routes in (
        server,
        players,
        problems,
        scenes,
        laws,
        episodes,
        answers,
        history,
        rollouts,
        datasets,
        discoveries,
        results,
    ):
        app.include_router(routes.router)
    describe_events(app)
    add_page(app, settings.frame_ancestors)
    return app
