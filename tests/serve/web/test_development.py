"""`gedanken serve --reload`."""

import json
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

import gedanken

fastapi = pytest.importorskip("fastapi")


@pytest.mark.slow
def test_a_changed_source_begins_the_server_anew(run_server, serve_command, tmp_path):
    settings = ("--reload", "--max-turns", 5, "--database", f"sqlite:///{tmp_path}/history.sqlite")
    with (
        open(tmp_path / "log", "w+b") as log,
        run_server(*serve_command, *settings, log=log) as (url, _),
    ):
        (Path(gedanken.__file__).parent / "serve" / "web" / "settings.py").touch()
        deadline = time.monotonic() + 60
        while (tmp_path / "log").read_text().count("Application startup complete") < 2:
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.1)
        with urllib.request.urlopen(f"{url}/api/server", timeout=30) as reply:
            assert json.load(reply)["limits"]["max_turns"] == 5


def test_what_cannot_be_reloaded_is_refused(serve_command):
    for options in (("--openenv", "discover"), ("--workers", "2")):
        done = subprocess.run([*serve_command, "--reload", *options], capture_output=True, text=True)
        assert done.returncode == 2
        assert "--reload is for the web page's server alone" in " ".join(done.stderr.split())
