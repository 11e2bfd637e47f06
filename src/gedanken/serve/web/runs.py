"""Folders of training runs, as `gedanken train` writes them: `config.json`, and `metrics.jsonl` with a line a step."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

CONFIG, METRICS = "config.json", "metrics.jsonl"
# Lines of one answer; a page asks again for more.
MOST_LINES = 5000
# A run without an end whose metrics have not grown for so long was stopped.
QUIET_SECONDS = 900.0
# How the names of nested folders (the stages of a curriculum) are joined: a name is one segment of a path.
JOIN = "~"


def find_runs(folder: Path) -> dict[str, Path]:
    """The runs in a folder and one level below, by name. Names are looked up here and never joined to a path."""
    root = folder.resolve()
    found = sorted([*root.glob(f"*/{CONFIG}"), *root.glob(f"*/*/{CONFIG}")])
    return {
        JOIN.join(path.parent.relative_to(root).parts): path.parent
        for path in found
        if path.resolve().is_relative_to(root)
    }


def list_runs(folder: Path) -> list[dict[str, Any]]:
    """The runs of a folder, the latest first (`models.results.Run`); a folder that cannot be read is left out."""
    runs = [run for name, path in find_runs(folder).items() if (run := _describe(name, path)) is not None]
    return sorted(runs, key=lambda run: -run["updated"])


def _describe(name: str, path: Path) -> dict[str, Any] | None:
    try:
        config = orjson.loads((path / CONFIG).read_bytes())
        options = dict(config["options"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    step, reward, lines = None, None, 0
    for line in _lines(path):
        step, reward, lines = line.get("step", step), line.get("reward", reward), lines + 1
    return {
        "name": name,
        "kind": str(config.get("kind", "")),
        "model": str(options.get("model") or options.get("size") or ""),
        "step": step if isinstance(step, int) else None,
        "reward": reward if isinstance(reward, int | float) else None,
        "state": _state(path),
        "updated": _updated(path),
        "lines": lines,
        "options": options,
    }


def read_metrics(name: str, path: Path, after: int) -> dict[str, Any]:
    """Lines of a run's metrics from number `after` on (`models.results.RunMetrics`)."""
    lines = list(itertools.islice(_lines(path), after, after + MOST_LINES))
    return {"name": name, "lines": lines, "next": after + len(lines), "state": _state(path)}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines; one that is broken (of a run that was killed) counts, as an empty object."""
    try:
        with (path / METRICS).open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):  # it is being written
                    return
                try:
                    value = orjson.loads(line)
                except ValueError:
                    value = {}
                yield value if isinstance(value, dict) else {}
    except OSError:
        return


def _state(path: Path) -> str:
    ended = any(line.get("kind") == "end" for line in _tail(path))
    return "ended" if ended or time.time() - _updated(path) > QUIET_SECONDS else "running"


def _tail(path: Path) -> list[dict[str, Any]]:
    """The last lines, where a run notes its end."""
    try:
        with (path / METRICS).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 65_536))
            last = file.read().splitlines()[-20:]
    except OSError:
        return []
    found = []
    for line in last:
        try:
            value = orjson.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _updated(path: Path) -> float:
    file = path / METRICS if (path / METRICS).is_file() else path / CONFIG
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
