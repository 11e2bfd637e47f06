"""An answer to `what is the law?`: one JSON object with an equation and the values of its parameters."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import orjson

from gedanken.errors import Unanswerable
from gedanken.worlds.ode.kernel.limits import MAX_PARAMS, MAX_TEXT
from gedanken.worlds.ode.law.parser import foreign_character

MAX_JSON = 4096
# A JSON reader spends 0.05 us on each nested object, and a text of 4,096 characters has room for 2,000 of them.
MAX_BRACKETS = 256


class Answer(NamedTuple):
    """A proposed law: equations in the grammar, the values of its parameters, and the reasons given for it.

    `initial` may name the state that each trial starts from. Where the start of a record is unknown, fitting it begins
    there; it is not used otherwise, and ignored where it is malformed.
    """

    equation: str
    params: Mapping[str, float]
    rationale: str = ""
    initial: tuple[Mapping[str, float], ...] = ()


def decode(text: str) -> Answer:
    """Read one JSON object `{"equation": ..., "params": {...}, "rationale": ..., "initial": {...}}`.

    Everything but the equation may be missing, and other keys are ignored.

    Raises:
        Unanswerable: not such an object, or larger than an answer may be. Names and grammar are not checked here.
    """
    return _to_answer(_load(text))


def _load(text: str) -> Any:
    """The JSON value in a text; one that could take long to read is refused before."""
    if len(text) > MAX_JSON:
        raise Unanswerable(f"the answer has {len(text):,} characters; a JSON answer has at most {MAX_JSON:,}")
    if text.count("{") + text.count("[") > MAX_BRACKETS:
        raise Unanswerable(f"the answer has more than {MAX_BRACKETS} opening brackets")
    try:
        return orjson.loads(text)
    except ValueError as error:  # JSONDecodeError, lone surrogates
        raise Unanswerable(f"the answer is not JSON: {error}") from None


def _to_answer(data: Any) -> Answer:
    if type(data) is not dict:
        raise Unanswerable("the answer is JSON but not an object with an equation and params")
    equation, params = data.get("equation"), data.get("params", {})
    if type(equation) is not str:
        raise Unanswerable('the answer has no text under "equation"')
    if type(params) is not dict:
        raise Unanswerable('"params" is not an object of names and numbers')
    if len(params) > MAX_PARAMS:
        raise Unanswerable(f"{len(params)} parameters are declared; at most {MAX_PARAMS} are allowed")
    encode(equation, params)
    rationale = data.get("rationale", "")
    return Answer(equation, params, rationale if type(rationale) is str else "", _initial(data.get("initial")))


def _initial(data: Any) -> tuple[Mapping[str, float], ...]:
    """Guesses of starts: one object for one trial, or a list of them."""
    if data is None:
        return ()
    trials = data if type(data) is list else [data]
    if not all(type(trial) is dict and all(type(x) in (int, float) for x in trial.values()) for trial in trials):
        return ()
    return tuple(trials)


# What the kernels read: the text, the NUL-joined names, the values.
Encoded = tuple[bytes, bytes, list[float]]


def encode(equation: str, params: Mapping[str, float]) -> Encoded:
    """Pack an answer for the kernels.

    Raises:
        Unanswerable: a text that is too long or not ASCII, or values that are no numbers. The kernels check the names.
    """
    if not isinstance(equation, str):
        raise Unanswerable("the equation is not a text")
    if len(equation) > MAX_TEXT:
        raise Unanswerable(f"the equation has {len(equation):,} characters; at most {MAX_TEXT} are allowed", MAX_TEXT)
    if not equation.isascii():
        raise foreign_character(equation)
    try:
        values = list(params.values())
        for value in values:
            if type(value) is not float and not _is_number(value):
                raise TypeError
        return equation.encode(), "\0".join(params).encode(), list(map(float, values))
    except (TypeError, ValueError, OverflowError, AttributeError):
        raise _bad_params(params) from None


def _is_number(value: Any) -> bool:
    """Whether a value counts as a number: a truth value does not, nor does a text that looks like one."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _bad_params(params: Any) -> Unanswerable:
    """The refusal of something that is not a mapping from names to numbers."""
    if not isinstance(params, Mapping):
        return Unanswerable("the parameters are not an object of names and numbers")
    for name, value in params.items():
        if not isinstance(name, str):
            return Unanswerable(f"the name of the parameter {str(name)[:40]!a} is not a text")
        if not _is_number(value):
            return Unanswerable(f"the value of the parameter {name[:40]!a} is not a number")
    return Unanswerable("a parameter has a name that is no text or a value that is too large")


def read_json(text: str) -> tuple[Encoded, tuple[str, Mapping[str, float]]]:
    """An encoded JSON answer, and its equation and parameters.

    A well-formed answer whose values are all floats takes a short path; `decode` and `encode` read any other.
    """
    data = _load(text)
    try:
        equation, params = data["equation"], data["params"]
        if len(equation) <= MAX_TEXT and equation.isascii():
            values = list(params.values())
            if set(map(type, values)) <= _FLOAT:
                return (equation.encode(), "\0".join(params).encode(), values), (equation, params)
    except (TypeError, KeyError, AttributeError, ValueError):
        pass
    answer = _to_answer(data)
    return encode(answer.equation, answer.params), (answer.equation, answer.params)


_FLOAT = frozenset([float])
