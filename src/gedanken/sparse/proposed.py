"""Laws that somebody else proposes, a language model for instance, as structures that the search can fit.

A proposal is taken for its *terms*: its constants are only where a fit begins. Each term of a sum becomes an atom with
a coefficient, from what its constant factors amount to; constants that stand inside it (`K` in `x/(K + x)`) stay there.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gedanken.sparse.library import Atom
from gedanken.worlds.ode.law.algebra import evaluate
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.tree import (
    Binary,
    Expression,
    Minus,
    Name,
    Number,
    additive,
    print_expression,
    walk,
)

PROPOSED = 6.0
"""Prior cost of a term that is proposed and that the library lacks: a factor of 20 in probability."""

Sides = tuple[list[list[Atom]], list[list[float]]]
"""Terms of each equation, and their coefficients."""


def read_proposal(law: Law, library: Sequence[Atom]) -> Sides | None:
    """The terms of a law with the coefficients and constants to begin from; None where one cannot be taken apart.

    Args:
        law: the proposal.
        library: atoms that there are: a term that is one of them is taken from here, with its prior cost.
    """
    known = {_bare(atom.template): atom for atom in library}
    structure: list[list[Atom]] = []
    coefficients: list[list[float]] = []
    for side in law.equations.right_sides:
        terms: dict[str, tuple[Atom, float]] = {}
        for sign, node in additive(side, 1):
            found = _split(node, law.params)
            if found is None:
                return None
            value, factors = found
            atom = _atom(factors, law.params, known)
            before = terms[atom.name][1] if atom.name in terms else 0.0
            terms[atom.name] = atom, before + sign * value
        structure.append([atom for atom, value in terms.values() if value != 0.0])
        coefficients.append([value for _, value in terms.values() if value != 0.0])
    return structure, coefficients


def _split(node: Expression, params: Mapping[str, float]) -> tuple[float, list[tuple[Expression, bool]]] | None:
    """The value of a term's constant factors, and its other factors, each with whether it is divided by."""
    value, rest = 1.0, []
    for factor, below in _factors(node, False):
        if all(not isinstance(part, Name) or part.name in params for part in walk(factor)):
            constant = _value(factor, params)
            if constant is None or (below and constant == 0.0):
                return None
            value = value / constant if below else value * constant
        else:
            rest.append((factor, below))
    return (value, rest) if math.isfinite(value) else None


def _factors(node: Expression, below: bool) -> Iterator[tuple[Expression, bool]]:
    match node:
        case Binary(operator="*", left=left, right=right):
            yield from _factors(left, below)
            yield from _factors(right, below)
        case Binary(operator="/", left=left, right=right):
            yield from _factors(left, below)
            yield from _factors(right, not below)
        case Minus(argument=argument):
            yield Minus(Number(1.0)), below
            yield from _factors(argument, below)
        case _:
            yield node, below


def _value(node: Expression, params: Mapping[str, float]) -> float | None:
    found = float(evaluate(node, {name: np.array([value]) for name, value in params.items()})[0].reshape(-1)[0])
    return found if math.isfinite(found) else None


def _atom(factors: Sequence[tuple[Expression, bool]], params: Mapping[str, float], known: Mapping[str, Atom]) -> Atom:
    """The product of these factors: the library's atom of that name, or one of its own."""
    above = [factor for factor, below in factors if not below]
    below = [factor for factor, under in factors if under]
    for order in (above, above[::-1]):
        template, values = _take_out(_product(order, below), params)
        atom = known.get(_bare(template))
        if atom is not None:
            return replace(atom, inner=values) if values else atom
    template, values = _take_out(_product(above, below), params)
    identity = re.sub(r"\{\d+\}", "K", template)
    return Atom(f"proposed {identity}" if values else template, template, values, PROPOSED)


def _take_out(text: str, params: Mapping[str, float]) -> tuple[str, tuple[float, ...]]:
    """A template with numbered places for the constants, and their values."""
    names = [name for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", text)) if name in params]
    for k, name in enumerate(names):
        text = re.sub(rf"\b{name}\b", f"{{{k}}}", text)
    return text, tuple(params[name] for name in names)


def _bare(template: str) -> str:
    return template.replace(" ", "")


def _product(above: Sequence[Expression], below: Sequence[Expression]) -> str:
    if not above and not below:
        return "1"
    text = "*".join(map(_grouped, above)) or "1"
    return text + "".join(f"/{_grouped(factor, divisor=True)}" for factor in below)


def _grouped(node: Expression, divisor: bool = False) -> str:
    text = print_expression(node)
    sums = isinstance(node, Binary) and (node.operator in "+-" or (divisor and node.operator in "*/"))
    return f"({text})" if sums or isinstance(node, Minus) else text
