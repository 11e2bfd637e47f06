"""Every command's help at 80 columns, as on a terminal of the usual width."""

import re

import pytest
import typer.main
from typer.testing import CliRunner

from gedanken.cli.main import build_app

APP = build_app()


def walk(command, words=()):
    """(words, command) of every command and group."""
    yield words, command
    for name, each in sorted(getattr(command, "commands", {}).items()):
        yield from walk(each, (*words, name))


COMMANDS = dict(walk(typer.main.get_command(APP)))


def read_help(words):
    result = CliRunner().invoke(APP, [*words, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_at_80_columns_no_line_is_longer_and_no_option_is_cut(words):
    output = read_help(words)
    assert max(map(len, output.splitlines())) <= 80
    shown = output.replace("|", " ").replace("│", " ").replace(",", " ").replace("/", " ").split()
    names = [
        name
        for parameter in COMMANDS[words].params
        if parameter.param_type_name == "option"
        for name in (*parameter.opts, *parameter.secondary_opts)
    ]
    assert [name for name in names if name not in shown] == []
    assert "…" not in output, "a cut default or name"


def test_a_runs_help_is_in_groups_of_at_most_a_dozen():
    for command in ("sft", "grpo", "curriculum"):
        parts = re.split(r"^╭─ (.+?) ─+╮$", read_help(("train", command)), flags=re.MULTILINE)
        groups = dict(zip(parts[1::2], parts[2::2], strict=True))
        assert list(groups)[:2] == ["Options", "Problems"]
        assert {"Steps and optimizer", "Adapter", "Machine", "Checkpoints and reports", "Upload"} <= set(groups)
        assert max(part.count("│ --") + part.count("│ *  --") + part.count("│    --") for part in groups.values()) <= 12
