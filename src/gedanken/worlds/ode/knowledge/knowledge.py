"""What a person knows about a law, as said on a command line, in Python or on a socket."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from gedanken.errors import UserError

ENERGY = "energy"
# What may be said of a law, in the order of the attributes below.
STATEMENTS = ("known", "fix", "bound", "terms", "forbid", "conserve", "units")
Limits = tuple[float, float]
_FIRST = re.compile(r"\bd[A-Za-z_]\w*\s*/\s*dt\s*[=:]")
_SECOND = re.compile(r"\bd2[A-Za-z_]\w*\s*/\s*dt2\s*[=:]")


@dataclass(frozen=True)
class Knowledge:
    """Statements about a law that is to be found; each is empty where nothing is known.

    A *term* is a product of the grammar without its coefficient (`theta`, `vy*abs(vy)`, `sin(k*x)` for any `k`). It is
    meant in every equation, or in one, named by its left side: `dx/dt: x*y`.

    Attributes:
        known: equations in the grammar. A `?` stands for what is missing (`dx/dt = -k*x + ?`); an equation without one
            is complete, and one that is not given is missing altogether. Names that are no variables are constants.
        fix: value of a constant of `known` (`g`), or of the coefficient of a term (`sin(theta)`).
        bound: lowest and highest value of such, infinite where open.
        terms: the only terms there are besides those of `known`; empty for no restriction.
        forbid: terms that do not occur; also functions, inputs and `t`, which then occur nowhere.
        conserve: a quantity that the motion keeps: an expression in the variables, or `energy` for laws of second
            order.
        units: unit of each column and of the time, by name.
    """

    known: str = ""
    fix: tuple[tuple[str, float], ...] = ()
    bound: tuple[tuple[str, Limits], ...] = ()
    terms: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    conserve: str = ""
    units: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    @property
    def order(self) -> int | None:
        """The order of the law that the equations speak of which are named here; None where none is."""
        said = (self.known, *self.terms, *self.forbid, *(name for name, _ in (*self.fix, *self.bound)))
        if any(_SECOND.search(text) for text in said) or self.conserve.lower() == ENERGY:
            return 2
        return 1 if any(_FIRST.search(text) for text in said) else None

    @classmethod
    def read(
        cls,
        known: str | Iterable[str] | None = None,
        fix: str | Iterable[str] | Mapping[str, float] | None = None,
        bound: str | Iterable[str] | Mapping[str, Any] | None = None,
        terms: str | Iterable[str] | None = None,
        forbid: str | Iterable[str] | None = None,
        conserve: str | None = None,
        units: str | Iterable[str] | Mapping[str, str] | None = None,
    ) -> "Knowledge":
        """From texts as they are typed (`"g=9.81"`, `"k=0:, c=:5"`, `"y=m, t=s"`), or from Python's own values.

        Lists may be given as one text with commas, as several texts, or, where names have values, as a mapping.

        Raises:
            UserError: a statement that cannot be read; the sentence says how it is written.
        """
        equations = known if isinstance(known, str) or known is None else "; ".join(known)
        return cls(
            (equations or "").strip(),
            tuple((name, _number(name, value)) for name, value in _pairs("fix", fix)),
            tuple((name, _limits(name, value)) for name, value in _pairs("bound", bound)),
            tuple(_items(terms)),
            tuple(_items(forbid)),
            (conserve or "").strip(),
            tuple((name, str(value).strip()) for name, value in _pairs("units", units)),
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data that `read` reads again; what is empty is left out."""
        found: dict[str, Any] = {
            "known": self.known,
            "fix": dict(self.fix),
            "bound": {name: [_or_none(low), _or_none(high)] for name, (low, high) in self.bound},
            "terms": list(self.terms),
            "forbid": list(self.forbid),
            "conserve": self.conserve,
            "units": dict(self.units),
        }
        return {name: value for name, value in found.items() if value}

    def to_texts(self) -> dict[str, str]:
        """As texts that `read` reads again, as they are typed; what is empty is left out."""
        found = {
            "known": self.known,
            "fix": ", ".join(f"{name}={value!r}" for name, value in self.fix),
            "bound": ", ".join(f"{name}={_end(low)}:{_end(high)}" for name, (low, high) in self.bound),
            "terms": ", ".join(self.terms),
            "forbid": ", ".join(self.forbid),
            "conserve": self.conserve,
            "units": ", ".join(f"{name}={unit}" for name, unit in self.units),
        }
        return {name: text for name, text in found.items() if text}


def _end(value: float) -> str:
    return repr(value) if math.isfinite(value) else ""


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _items(given: str | Iterable[str] | None) -> list[str]:
    """The parts of a list; commas within parentheses do not separate."""
    texts = [given] if isinstance(given, str) else list(given or ())
    parts = [part for text in texts for part in re.split(r",(?![^(]*\))", text)]
    return [part.strip() for part in parts if part.strip()]


_EXAMPLES = {"fix": "g=9.81", "bound": "k=0:", "units": "y=m, t=s"}


def _pairs(option: str, given: str | Iterable[str] | Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    if isinstance(given, Mapping):
        return [(str(name).strip(), value) for name, value in given.items()]
    found = []
    for item in _items(given):
        name, separator, value = item.rpartition("=")
        if not separator or not name.strip():
            raise UserError(f"{option} wants NAME=VALUE, such as {_EXAMPLES[option]}, not {item!r}")
        found.append((name.strip(), value.strip()))
    return found


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise UserError(f"the value of {name} is a number, not {value!r}") from None
    if not math.isfinite(number):
        raise UserError(f"the value of {name} is a finite number, not {value!r}")
    return number


def _limits(name: str, value: Any) -> Limits:
    """`0:`, `:5`, `-1:1`, or a pair in Python in which None is open."""
    if isinstance(value, str):
        low, separator, high = value.partition(":")
        if not separator:
            raise UserError(f"the bounds of {name} are written LOWER:UPPER, either left out, not {value!r}")
        value = (low.strip() or None, high.strip() or None)
    try:
        low_end, high_end = value
    except (TypeError, ValueError):
        raise UserError(f"the bounds of {name} are a pair (lower, upper), not {value!r}") from None
    limits = (
        -math.inf if low_end in (None, -math.inf) else _number(name, low_end),
        math.inf if high_end in (None, math.inf) else _number(name, high_end),
    )
    if limits[0] > limits[1]:
        raise UserError(f"the lower bound of {name} is above the upper one: {limits[0]:g} > {limits[1]:g}")
    return limits
