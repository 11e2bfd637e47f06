"""Serving an environment's application. It does not import OpenEnv, which only the workers need."""

import argparse
import ipaddress
import os
from collections.abc import Sequence

from gedanken.serve.guard import LOOPBACK, MAX_MESSAGE


def main(target: str, arguments: list[str] | None = None) -> None:
    """Serve the application at the import string `target` until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WORKERS", "1")))
    chosen = parser.parse_args(arguments)
    serve(target, chosen.host, chosen.port, chosen.workers)


def serve(
    target: str, host: str, port: int, workers: int, origins: Sequence[str] = (), allow_hosts: Sequence[str] = ()
) -> None:
    """Serve the application at the import string `target` until interrupted.

    At the loopback, or with `allow_hosts`, it answers under its own names only; elsewhere under any, since containers
    do not know what they are called outside.
    """
    import uvicorn

    # Workers make the application from the import string, so the environment holds what they must know.
    if origins:
        os.environ["ALLOWED_ORIGINS"] = ",".join(origins)
    if allow_hosts:
        os.environ["ALLOWED_HOSTS"] = ",".join([host, *allow_hosts])
    elif _is_loopback(host):
        os.environ.setdefault("ALLOWED_HOSTS", host)
    uvicorn.run(
        target,
        host=host,
        port=port,
        workers=workers,
        ws_max_size=MAX_MESSAGE,
        # A worker that is still importing OpenEnv does not answer the parent's pings, which by default kills it at 5 s.
        timeout_worker_healthcheck=120,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in LOOPBACK
