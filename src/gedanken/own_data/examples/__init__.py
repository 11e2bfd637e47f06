"""Measured data sets that come with gedanken: `<name>.csv`, and `<name>.toml` for its source and what it can show."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gedanken.errors import UserError

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Example:
    """One measured data set.

    Attributes:
        name: its file's name.
        path: the table.
        title: what was measured, by whom, when.
        source: where the numbers were published.
        hint: a sentence for the player, free of the law.
        options: arguments of `read_trajectories`: time, state, trial, order.
        columns: what each column holds.
        about: what law fits, and how well.
        caveats: what the data cannot tell.
    """

    name: str
    path: Path
    title: str
    source: str
    hint: str
    options: Mapping[str, Any]
    columns: Mapping[str, str]
    about: str
    caveats: tuple[str, ...]


def list_examples() -> list[str]:
    """Names of the data sets that come with gedanken."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_example(name: str) -> Example:
    """A data set and what is known of it.

    Raises:
        UserError: there is none of that name.
    """
    if name not in list_examples():
        raise UserError(f"there is no example data set called {name!r}; there are {', '.join(list_examples())}")
    fields = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    fields["about"] = fields["about"].strip()
    return Example(name=name, path=FOLDER / f"{name}.csv", **{**fields, "caveats": tuple(fields["caveats"])})


def example_path(name: str) -> Path:
    """The table of a data set.

    Raises:
        UserError: there is none of that name.
    """
    return load_example(name).path
