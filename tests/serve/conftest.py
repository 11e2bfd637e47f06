"""Real servers in processes of their own, on this machine's loopback."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*command, path="/health", cwd=ROOT, log=None, seconds=60, **environ):
    """A server started by `python *command --port N`, as (url, process), once `path` answers."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *map(str, command), "--port", str(port)],
        cwd=cwd,
        # No byte code into envs/: the graders compare the directory before and after.
        env={**os.environ, "PYTHONPATH": str(ROOT / "envs"), "PYTHONDONTWRITEBYTECODE": "1", **environ},
        stdout=log or subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(url + path, timeout=5).close()
                break
            assert process.poll() is None, "the server ended before it answered"
            assert time.monotonic() < deadline, "the server did not answer in time"
            time.sleep(0.05)
        yield url, process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def run_server():
    return running


@pytest.fixture(scope="session")
def discover_url():
    with running("-m", "discover_env.server.app", ENABLE_WEB_INTERFACE="") as (url, _):
        yield url


@pytest.fixture(scope="session")
def predict_url():
    with running("-m", "predict_env.server.app", ENABLE_WEB_INTERFACE="") as (url, _):
        yield url
