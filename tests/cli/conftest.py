import sys

import pytest

from gedanken.cli.main import run


@pytest.fixture
def gedanken(monkeypatch, capsys):
    """Run a command as a user types it; returns exit code, standard output and standard error."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["gedanken", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            run()
        told = capsys.readouterr()
        return stopped.value.code or 0, told.out, told.err

    return call
