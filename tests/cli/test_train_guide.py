"""Training takes too long to run in a test of the guide; but each of its commands must be one."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from gedanken.cli.main import build_app

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "train.md"
BASH = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BASH.findall(GUIDE.read_text()) for line in block.splitlines()]


def read(words):
    """The context of the command that `words` name, read to its last option."""
    command = typer.main.get_command(build_app())
    while hasattr(command, "commands"):
        assert words[0] in command.commands, words[0]
        command, words = command.commands[words[0]], words[1:]
    return command.make_context(command.name, list(words))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_can_be_read(line):
    name, *words = shlex.split(line)
    assert name == "gedanken"
    context = read(words)
    if "--" in words:
        read(["train", *context.params["arguments"]])


def test_the_guide_names_every_command():
    from gedanken.cli import train

    named = {shlex.split(line)[2] for line in COMMANDS if shlex.split(line)[1] == "train"}
    assert named == set(typer.main.get_group(train.app).commands)


def test_the_python_block_names_options_that_exist(monkeypatch):
    pytest.importorskip("torch")
    from gedanken.training import sft

    asked = []
    monkeypatch.setattr(sft, "train_sft", asked.append)
    for block in PYTHON.findall(GUIDE.read_text()):
        exec(block, {})
    assert [options.model for options in asked] == ["smollm2"]
