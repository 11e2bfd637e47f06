"""The OpenAPI description with the models of events, and `python -m gedanken.serve.web.schema FILE`, which writes it.

The page's types are generated from that file, `web/openapi.json`; a test compares it with the application.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
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


def write_schema(path: Path) -> None:
    """Write the description of an application with its default settings."""
    from gedanken.files import write_atomically
    from gedanken.serve.web.app import create_app
    from gedanken.serve.web.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database=f"sqlite:///{folder}/history.sqlite"))
        try:
            described = app.openapi()
        finally:
            app.state.services.close()
    # The version of the package is no part of the contract.
    described["info"]["version"] = "0"
    write_atomically(path, orjson.dumps(described, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


if __name__ == "__main__":
    write_schema(Path(sys.argv[1] if len(sys.argv) > 1 else "web/openapi.json"))
