"""Command-line options out of a dataclass, so that each option is declared once.

A field gives an option its name, type and default; the class's docstring gives its help, in the section `Attributes:`.
What only the command line needs stands in the field's metadata: `flags`, the option's names where they differ from the
field's (empty keeps the field off the command line), `min` and `max` of a number, `group`, the heading under which the
help lists the option, and `show_default`, a short text for a long default.
"""

import dataclasses
import functools
import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from gedanken.cli._options import parse_conditions

ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n     .*)*)", re.MULTILINE)


def options_of(options_class: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a command whose first parameter is an instance of `options_class`: it gets an option for each field.

    Groups come in the order of the fields. Within a group, the fields of the class itself come before those that it
    inherits; the command's other parameters come last.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        shown = [each for each in dataclasses.fields(options_class) if each.metadata.get("flags") != ()]
        groups = list(dict.fromkeys(each.metadata.get("group", "") for each in shown))
        # Stable: required ones first, as in any signature, then group by group, the class's own first.
        shown.sort(
            key=lambda each: (
                not _is_required(each),
                groups.index(each.metadata.get("group", "")),
                each.name not in options_class.__annotations__,
            )
        )
        hints, helps = typing.get_type_hints(options_class), read_attributes(options_class)
        _, *rest = inspect.signature(command).parameters.values()
        parameters = [_make_parameter(each, hints[each.name], helps[each.name]) for each in shown]
        parameters += [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in rest]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            values = {each.name: _read(given.pop(each.name), hints[each.name]) for each in shown}
            command(options_class(**values), **given)

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate


def read_attributes(options_class: type) -> dict[str, str]:
    """What the docstrings of a class and its bases say about each field, as sentences without backticks."""
    helps: dict[str, str] = {}
    for each in reversed(options_class.__mro__):
        rest = (inspect.cleandoc(each.__doc__ or "") + "\n").partition("\nAttributes:\n")[2]
        section = re.split(r"^\S", rest, maxsplit=1, flags=re.MULTILINE)[0]
        helps |= {name: _make_sentence(text) for name, text in ATTRIBUTE.findall(section)}
    return helps


def _make_sentence(text: str) -> str:
    # A literal such as `auto` keeps its small letter.
    return " ".join((text[:1].upper() + text[1:]).replace("`", "").split())


def _make_parameter(option: "dataclasses.Field[Any]", hint: Any, help: str) -> inspect.Parameter:
    flags = option.metadata.get("flags") or ["--" + option.name.replace("_", "-")]
    if hint is bool and _default(option) and "/" not in flags[0]:
        flags = [f"{flags[0]}/--no-{flags[0].removeprefix('--')}"]
    more = {name: option.metadata[name] for name in ("min", "max", "show_default") if name in option.metadata}
    if "group" in option.metadata:
        more["rich_help_panel"] = option.metadata["group"]
    if _is_mapping(hint):
        more["metavar"] = "NAME=VALUE"
    elif "min" in more or "max" in more:
        # `<int range> [x>=1]` repeats itself, and at 80 columns the names would be cut for it.
        more["metavar"] = "<int>" if int in (hint, *typing.get_args(hint)) else "<float>"
    default = inspect.Parameter.empty if _is_required(option) else _default(option)
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=(list(default) or None) if isinstance(default, Mapping | tuple) else default,
        annotation=Annotated[
            list[str] | None if _is_mapping(hint) or _is_sequence(hint) else hint,
            typer.Option(*flags, help=help, **more),
        ],
    )


def _read(value: Any, hint: Any) -> Any:
    """A value as Typer gives it, as the field takes it."""
    if _is_mapping(hint):
        return parse_conditions(value)
    if _is_sequence(hint):
        names = tuple(name for part in value or () for name in part.split(",") if name)
        return names or (None if type(None) in typing.get_args(hint) else ())
    return value


def _is_mapping(hint: Any) -> bool:
    return typing.get_origin(hint) is Mapping or hint is Mapping


def _is_sequence(hint: Any) -> bool:
    """Whether a type is, or may be, a sequence or tuple of strings."""
    return any(typing.get_origin(each) in (Sequence, tuple) for each in (hint, *typing.get_args(hint)))


def _is_required(option: "dataclasses.Field[Any]") -> bool:
    return option.default is dataclasses.MISSING and option.default_factory is dataclasses.MISSING


def _default(option: "dataclasses.Field[Any]") -> Any:
    return option.default if option.default_factory is dataclasses.MISSING else option.default_factory()
