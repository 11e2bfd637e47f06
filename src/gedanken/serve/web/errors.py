"""Error responses: a sentence and a code (`models.base.Error`). The request, which may hold a key, is not repeated."""

import re
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from gedanken.errors import UserError
from gedanken.serve.web.scenes import plain
from gedanken.serve.web.slots import BusyError


def add_error_handlers(app: FastAPI) -> None:
    """Turn the exceptions of routes into responses."""

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = []
        for each in error.errors()[:5]:
            field = ".".join(str(part) for part in each["loc"] if part != "body")[:100]
            problems.append(f"{field}: {re.sub(r'[^ -~]', '?', each['msg'])[:200]}" if field else each["msg"][:200])
        return _respond(422, "; ".join(problems), "invalid")

    @app.exception_handler(UserError)
    async def unusable(_: Request, error: UserError) -> Response:
        return _respond(422, plain(str(error)), error.code or "invalid")

    @app.exception_handler(BusyError)
    async def busy(_: Request, error: BusyError) -> Response:
        return _respond(429, str(error), "busy", {"Retry-After": "30"})

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return _respond(error.status_code, str(error.detail), _CODES.get(error.status_code, "invalid"), error.headers)

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> Response:
        # Starlette raises the error again afterwards, which puts it into the log.
        return _respond(500, "the server failed at this request; its log says why", "server_fault")


_CODES = {403: "forbidden", 404: "not_found", 409: "not_yet", 429: "busy"}


def _respond(status: int, detail: str, code: str, headers: Any = None) -> Response:
    return Response(orjson.dumps({"detail": detail, "code": code}), status, headers, "application/json")
