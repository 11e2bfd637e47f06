from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from gedanken.cli._dataclass_options import options_of, read_attributes


@dataclass(frozen=True, kw_only=True)
class Base:
    """What all have.

    Attributes:
        folder: Where, over
            two lines.
        size: `small` or `large`.
        hidden: Not on the command line.
    """

    folder: Path
    size: str = "small"
    hidden: int = field(default=3, metadata={"flags": ()})


@dataclass(frozen=True, kw_only=True)
class Options(Base):
    """What one has.

    Attributes:
        names: Names.
        tags: Tags.
        conditions: Conditions.
        count: how many.
        rate: A rate.
        quick: Be quick.
        half: Half precision.
        size: Another text.

    Note:
        rate: not an attribute's text.
    """

    names: Sequence[str] | None = field(default=None, metadata={"flags": ("--names", "--words")})
    tags: tuple[str, ...] = ("a",)
    conditions: Mapping[str, Any] = field(default_factory=dict, metadata={"flags": ("--with",)})
    count: int = field(default=2, metadata={"min": 1, "max": 5})
    rate: float | None = field(default=None, metadata={"group": "Pace"})
    quick: bool = False
    half: bool = field(default=True, metadata={"flags": ("--half/--full",)})


def call(*words):
    """Exit code, output, and what the command was called with."""
    calls = []
    app = typer.Typer()

    @app.command()
    @options_of(Options)
    def command(options: Options, dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say.")] = False):
        """Do it."""
        calls.append((options, dry_run))

    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.output, calls


def test_defaults_are_those_of_the_class():
    code, _, calls = call("--folder", "x")
    assert code == 0
    assert calls == [(Options(folder=Path("x")), False)]


def test_every_option_is_read_into_its_field():
    words = "--folder x --size large --names a,b --words c --tags t --with rows=10 --with hint=none --count 5"
    _, _, calls = call(*words.split(), *["--rate", "0.5", "--quick", "--full", "--dry-run"])
    wanted = Options(
        folder=Path("x"),
        size="large",
        names=("a", "b", "c"),
        tags=("t",),
        conditions={"rows": 10, "hint": None},
        count=5,
        rate=0.5,
        quick=True,
        half=False,
    )
    assert calls == [(wanted, True)]


@pytest.mark.parametrize(
    "words",
    [(), ("--folder", "x", "--count", "0"), ("--folder", "x", "--count", "6"), ("--folder", "x", "--hidden", "1")],
)
def test_what_the_class_does_not_allow_is_refused(words):
    code, _, calls = call(*words)
    assert code == 2
    assert calls == []


def test_help_is_read_from_the_docstrings_of_class_and_bases():
    helps = read_attributes(Options)
    assert helps["folder"] == "Where, over two lines."
    assert helps["count"] == "How many."
    assert helps["size"] == "Another text."
    assert helps["rate"] == "A rate."
    assert read_attributes(Base)["size"] == "small or large."
    assert "How many." in call("--help")[1]


def test_an_option_with_a_group_stands_under_its_heading_and_the_others_before():
    output = call("--help")[1]
    before, heading, after = output.partition("Pace ─")
    assert heading
    assert "--rate" in after
    assert "--count" in before
    assert "--dry-run" in before
    assert "--rate" not in before
