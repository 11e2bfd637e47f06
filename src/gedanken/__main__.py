"""`python -m gedanken` is the command `gedanken`."""

from gedanken.cli.main import run

run()
