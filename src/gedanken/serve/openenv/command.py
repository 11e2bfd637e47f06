"""Serving an environment's application. It does not import OpenEnv, which only the workers need."""

import argparse
import os

from gedanken.serve.guard import MAX_MESSAGE


def main(target: str, arguments: list[str] | None = None) -> None:
    """Serve the application at the import string `target` until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WORKERS", "1")))
    chosen = parser.parse_args(arguments)
    serve(target, chosen.host, chosen.port, chosen.workers)


def serve(target: str, host: str, port: int, workers: int) -> None:
    """Serve the application at the import string `target` until interrupted."""
    import uvicorn

    uvicorn.run(
        target,
        host=host,
        port=port,
        workers=workers,
        ws_max_size=MAX_MESSAGE,
        # A worker that is still importing OpenEnv does not answer the parent's pings, which by default kills it at 5 s.
        timeout_worker_healthcheck=120,
    )
