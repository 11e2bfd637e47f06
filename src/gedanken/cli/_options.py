"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

import gedanken
from gedanken import models, tasks
from gedanken.errors import UserError

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
