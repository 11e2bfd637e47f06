"""The `gedanken` command: one file a command, found by walking this folder."""

import importlib
import sys
from typing import Annotated

import typer

from gedanken import __version__, zoo
from gedanken.errors import GedankenError


def build_app() -> typer.Typer:
    """The command tree: a module of this folder holds a function of its own name, or a Typer group `app`."""
    app = typer.Typer(
        name="gedanken",
        help="Language models learn physics, with a simulator as teacher and judge.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root(
        version: Annotated[
            bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
        ] = False,
    ) -> None:
        pass

    for name, path in zoo.names("gedanken.cli").items():
        module = importlib.import_module(path)
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        elif hasattr(module, name):
            form, epilog = getattr(module, "COMMAND", None), "\n\n".join(getattr(module, "EXAMPLES", ()))
            app.command(name, cls=form, epilog=epilog)(getattr(module, name))
    return app


def _print_version(asked: bool) -> None:
    if asked:
        print(__version__)
        raise typer.Exit


def run() -> None:
    """Entry point. The user's fault is one sentence on standard error and exit code 2; ours is a traceback."""
    try:
        build_app()()
    except GedankenError as error:
        print(f"gedanken: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # The reader of our output (head, less) went away; that is no fault.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
