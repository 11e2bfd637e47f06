"""Writes the OpenAPI description of the API to a file: `python -m gedanken.serve.web.schema FILE`.

The page's types are generated from that file, `web/openapi.json`; a test compares it with the application.
"""

import sys
import tempfile
from pathlib import Path

import orjson

from gedanken.files import write_atomically
from gedanken.serve.web.app import create_app
from gedanken.serve.web.settings import Settings


def write_schema(path: Path) -> None:
    """Write the description of an application with its default settings."""
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
