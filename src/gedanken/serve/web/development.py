"""`gedanken serve --reload`: a server that restarts when the package's source changes."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gedanken.serve.web.settings import Settings

# The reloaded process makes its application from an import string, so an environment variable holds the settings.
VARIABLE = "GEDANKEN_SERVE_SETTINGS"


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until interrupted."""
    import uvicorn

    import gedanken

    os.environ[VARIABLE] = json.dumps(asdict(settings))
    uvicorn.run(
        "gedanken.serve.web.development:create_app",
        factory=True,
        reload=True,
        reload_dirs=[str(Path(gedanken.__file__).parent)],
        host=host,
        port=port,
        # An open stream of events would delay the end of the old process.
        timeout_graceful_shutdown=1,
    )


def create_app() -> Any:
    """The application of a process that `serve` started."""
    from gedanken.serve.web import app

    chosen = json.loads(os.environ[VARIABLE])
    values: dict[str, Any] = {name: _to_tuples(value) for name, value in chosen.items()}
    return app.create_app(Settings(**values))


def _to_tuples(value: Any) -> Any:
    """Lists as tuples, at every depth: JSON has no tuples and settings have no lists."""
    return tuple(map(_to_tuples, value)) if isinstance(value, list) else value
