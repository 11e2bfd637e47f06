"""The OpenAPI description of the application with the models of its events."""

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from gedanken.serve.web.models.events import STREAMS


def describe_events(app: FastAPI) -> None:
    """Let the application's OpenAPI description contain the models of its events, which no route answers as JSON."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        described = plain()
        schemas = described.setdefault("components", {}).setdefault("schemas", {})
        _, events = models_json_schema(
            [(model, "serialization") for model in STREAMS], ref_template="#/components/schemas/{model}"
        )
        for name, schema in events["$defs"].items():
            schemas.setdefault(name, schema)
        return described

    app.openapi = openapi  # type: ignore[method-assign]
