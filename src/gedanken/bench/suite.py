"""Suites: frozen, versioned lists of problems that numbers are reported on, one TOML file each.

A file lists every subject by name. A subject that is added to the zoo belongs to no suite until the suite's file names
it, under a new version.
"""

import tomllib
from dataclasses import fields
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from gedanken.errors import UserError

SUFFIX = ".toml"

Form = TypeVar("Form")


def _folder(task: str) -> Traversable:
    return files("gedanken.bench.suites") / task


def names(task: str) -> tuple[str, ...]:
    """The package's suites for a task."""
    entries = (entry.name for entry in _folder(task).iterdir())
    return tuple(sorted(entry.removesuffix(SUFFIX) for entry in entries if entry.endswith(SUFFIX)))


def describe_names(task: str) -> str:
    """What may be given for a suite of a task, in words."""
    return f"{', '.join(names(task))}, or the path of a {SUFFIX} file"


def read(task: str, name: str, form: type[Form]) -> Form:
    """A suite of the package by its name, or one's own by the path of its TOML file.

    Args:
        task: the task whose problems the suite lists.
        name: name or path.
        form: a dataclass with a field for each key that the file may hold. Lists are read as tuples.

    Raises:
        UserError: there is no such suite, or its file has other keys or types than `form`.
    """
    if name.endswith(SUFFIX):
        if not Path(name).is_file():
            raise UserError(f"there is no suite file {name}")
        content = Path(name).read_text(encoding="utf-8")
    elif name in names(task):
        content = (_folder(task) / f"{name}{SUFFIX}").read_text(encoding="utf-8")
    else:
        raise UserError(f"there is no suite {name!r}; there are {describe_names(task)}")
    try:
        values = {
            key: tuple(value) if isinstance(value, list) else value for key, value in tomllib.loads(content).items()
        }
        suite = form(**values)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UserError(f"the suite {name} cannot be used: {error}") from error
    for field in fields(form):  # type: ignore[arg-type]
        if str(field.type).startswith("tuple") and not isinstance(getattr(suite, field.name), tuple):
            raise UserError(f"the suite {name} must list its {field.name} one by one")
    return suite


def choose(suite: str, listed: tuple[str, ...], wanted: Any) -> list[str]:
    """The subjects of a suite that are wanted, in the suite's order; all where none is named.

    Raises:
        UserError: a wanted subject is not in the suite.
    """
    unknown = set(wanted or ()) - set(listed)
    if unknown:
        raise UserError(f"{', '.join(sorted(unknown))} is not in the suite {suite}")
    return [subject for subject in listed if not wanted or subject in wanted]
