"""CONTRIBUTING's picture of the house is the house."""

import re
from pathlib import Path

import gedanken

PACKAGE = Path(gedanken.__file__).parent
CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"


def rooms():
    """The paths that the table names, with their descriptions."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|$", text.partition("## Adding things")[0], re.MULTILINE)
    return {path: about for paths, about in rows for path in re.findall(r"`([^`]+)`", paths)}


def test_every_room_is_named_and_every_name_is_a_room():
    named = rooms()
    there = {
        path.name + "/" * path.is_dir()
        for path in PACKAGE.iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed")
    }
    assert {name for name in named if name.count("/") == name.endswith("/")} == there
    for name in named:
        assert (PACKAGE / name).exists(), name


def test_folders_and_files_named_within_a_room_are_there():
    for name, about in rooms().items():
        for inner in re.findall(r"`([\w/]+(?:/|\.py))`", about):
            assert (PACKAGE / name / inner).exists(), f"{name}: {inner}"


def test_every_file_to_copy_is_there():
    text = CONTRIBUTING.read_text(encoding="utf-8").partition("## Adding things")[2]
    paths = re.findall(r"`((?:src|tests)/[^`<]+)`", text)
    assert len(paths) >= 8
    for path in paths:
        assert (CONTRIBUTING.parent / path).exists(), path
