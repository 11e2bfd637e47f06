"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import gedanken
from gedanken import models, tasks
from gedanken.errors import UserError

if TYPE_CHECKING:
    from gedanken.spread import Crew

TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help=f"{' or '.join(tasks.names())}.")]
SubjectArgument = Annotated[str, typer.Argument(help="A subject; `gedanken zoo list TASK` names them.")]

FORMATS = ", ".join(
    sorted(path.stem for path in Path(gedanken.__file__).parent.glob("worlds/rigid/text/*.py") if path.stem[0] != "_")
)
"""Names of the text formats for help texts: `text.names()` without importing the simulator, which takes a second."""

RewardOption = Annotated[
    str | None, typer.Option(help="Reward table by name (discover: generalisation, physix); the task's own by default.")
]
IndexArgument = Annotated[int, typer.Option(help="Which instance of the subject.")]
ConditionOption = Annotated[
    list[str] | None,
    typer.Option(
        "--with", metavar="NAME=VALUE", help="A condition of the problem (noise=0.1, level=4, ...); repeatable."
    ),
]
PlayerOption = Annotated[
    str,
    typer.Option(
        "--player",
        help=f"A built-in player, or a language model as {', '.join(f'{b}:...' for b in models.names())}; of discover "
        "also guided:PLAYER, a search that a model proposes forms to.",
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(help="Endpoint of an openai: player, a URL or openai, huggingface, openrouter, ollama, vllm."),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--api-key", help="Key for the endpoint; better left to the environment (OPENAI_API_KEY, HF_TOKEN, ...)."
    ),
]


WorkersOption = Annotated[
    int | None, typer.Option(help="Processes; as many as processors by default.", show_default=False)
]
RayOption = Annotated[
    str | None,
    typer.Option(metavar="[ADDRESS]", help="Use a Ray cluster; without an address the one of this machine."),
]


class OptionalAddress(typer.core.TyperCommand):
    """`--ray` may stand without an address, which Typer has no word for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the word `local` behind a bare `--ray`."""
        told = []
        for word, following in zip(args, [*args[1:], "-"], strict=True):
            told += [word, "local"] if word == "--ray" and following.startswith("-") else [word]
        return list(super().parse_args(ctx, told))


def choose_crew(workers: int | None, ray: str | None, default: int | None = None) -> "Crew":
    """Who works, by the options `--workers` and `--ray`.

    Args:
        workers: processes.
        ray: a cluster's address, or `local`.
        default: processes where neither is given; as many as this process may use when None.

    Raises:
        UserError: both are given, or there are too few or too many processes.
    """
    import os

    from gedanken.spread import Cluster

    if ray is not None:
        if workers is not None:
            raise UserError("--workers and --ray exclude each other: a cluster has the workers that it has")
        return Cluster(None if ray == "local" else ray)
    if workers is None:
        # Not every system tells how many processors this process may use.
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return default or usable
    if not 1 <= workers <= 1024:
        raise UserError(f"the number of workers must be from 1 to 1024, not {workers}")
    return workers


def parse_conditions(pairs: list[str] | None) -> dict[str, Any]:
    """`["noise=0.1", "uneven=true"]` as keyword arguments: numbers, true, false and none are read as such.

    Raises:
        UserError: a pair without `=`.
    """
    found: dict[str, Any] = {}
    for pair in pairs or []:
        name, separator, value = pair.partition("=")
        if not separator or not name.isidentifier():
            raise UserError(f"--with wants NAME=VALUE, not {pair!r}")
        found[name] = parse_value(value)
    return found


def parse_value(value: str) -> Any:
    """A whole number, a number, true, false, none or else the text itself."""
    words = {"true": True, "false": False, "none": None}
    if value.lower() in words:
        return words[value.lower()]
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def parse_names(names: str | None) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())


def parse_codes(text: str | None) -> list[float] | None:
    """`-999,9999` as numbers; `none` as no number at all.

    Raises:
        UserError: a word that is no number.
    """
    if text is None:
        return None
    words = [] if text.strip().lower() == "none" else [word.strip() for word in text.split(",")]
    try:
        return [float(word) for word in words]
    except ValueError:
        raise UserError(f"--missing wants numbers like -999, or none, not {text!r}") from None
