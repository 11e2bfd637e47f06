"""The terms of a right-hand side, each taken apart into what is constant and what is not."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gedanken.worlds.ode.law.algebra import evaluate
from gedanken.worlds.ode.law.tree import (
    Binary,
    Expression,
    Minus,
    Name,
    Number,
    additive,
    print_expression,
    substitute,
    walk,
)


@dataclass(frozen=True)
class Product:
    """One term of a sum.

    Attributes:
        sign: 1 or -1.
        term: the term without it.
        constants: factors without a variable, each with whether it is divided by.
        factors: the others, likewise.
        value: what the constant factors amount to.
        inner: parameters that stand inside the other factors, in the order in which they are written.
        values: of these.
    """

    sign: int
    term: Expression
    constants: tuple[tuple[Expression, bool], ...]
    factors: tuple[tuple[Expression, bool], ...]
    value: float
    inner: tuple[str, ...]
    values: tuple[float, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All parameters, those of the coefficient first."""
        return tuple(dict.fromkeys([*self.outer, *self.inner]))

    @property
    def outer(self) -> tuple[str, ...]:
        """Parameters among the constant factors."""
        nodes = [node for factor, _ in self.constants for node in walk(factor)]
        return tuple(dict.fromkeys(node.name for node in nodes if isinstance(node, Name)))

    def template(self, turned: bool = False) -> str:
        """The product of the other factors, with `{0}`, `{1}` for the constants inside; `turned` in reverse order."""
        above = [factor for factor, below in self.factors if not below]
        below = [factor for factor, under in self.factors if under]
        text = _write(above[::-1] if turned else above, below)
        for k, name in enumerate(self.inner):
            text = re.sub(rf"\b{name}\b", f"{{{k}}}", text)
        return text

    @property
    def shape(self) -> str:
        """Equal for terms that differ in their constants and in the order of their factors alone."""
        written = []
        for factor, below in self.factors:
            text = print_expression(factor)
            for name in self.inner:
                text = re.sub(rf"\b{name}\b", "K", text)
            written.append(f"{'/' if below else '*'}{text}")
        return "".join(sorted(written)).replace(" ", "") or "1"

    def power(self, name: str, params: Mapping[str, float]) -> float:
        """With which power of a parameter the coefficient grows, near its value."""
        more = _amount(self.constants, {**params, name: params[name] * 1.01})
        if more is None or more == 0.0 or self.value == 0.0 or more / self.value <= 0.0:
            return 1.0
        return round(math.log(more / self.value) / math.log(1.01)) or 1.0

    def renamed(self, name: str, new: str) -> "Product":
        """The same with another name for a parameter."""
        names = {name: Name(new)}

        def change(parts: Sequence[tuple[Expression, bool]]) -> tuple[tuple[Expression, bool], ...]:
            return tuple((substitute(part, names), below) for part, below in parts)

        return replace(
            self,
            term=substitute(self.term, names),
            constants=change(self.constants),
            factors=change(self.factors),
            inner=tuple(new if each == name else each for each in self.inner),
        )


def read_products(side: Expression, params: Mapping[str, float]) -> list[Product] | None:
    """The terms of a sum; None where a constant factor has no finite value.

    Args:
        side: of an equation.
        params: value of each parameter.
    """
    found = []
    for sign, node in additive(side, 1):
        parts = list(_factors(node, False))
        constants = tuple((part, below) for part, below in parts if _is_constant(part, params))
        factors = tuple((part, below) for part, below in parts if not _is_constant(part, params))
        value = _amount(constants, params)
        if value is None:
            return None
        names = [n.name for factor, _ in factors for n in walk(factor) if isinstance(n, Name) and n.name in params]
        inner = tuple(dict.fromkeys(names))
        found.append(Product(sign, node, constants, factors, value, inner, tuple(params[name] for name in inner)))
    return found


def same_product(one: Expression, other: Expression) -> bool:
    """Whether two terms have the same factors in whatever order."""
    return _written(one) == _written(other)


def _written(node: Expression) -> list[str]:
    return sorted(f"{'/' if below else '*'}{print_expression(part)}" for part, below in _factors(node, False))


def _is_constant(node: Expression, params: Mapping[str, float]) -> bool:
    return all(not isinstance(part, Name) or part.name in params for part in walk(node))


def _amount(constants: Sequence[tuple[Expression, bool]], params: Mapping[str, float]) -> float | None:
    value = 1.0
    for factor, below in constants:
        arrays = {name: np.array([number]) for name, number in params.items()}
        constant = float(evaluate(factor, arrays)[0].reshape(-1)[0])
        if not math.isfinite(constant) or (below and constant == 0.0):
            return None
        value = value / constant if below else value * constant
    return value if math.isfinite(value) else None


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


def _write(above: Sequence[Expression], below: Sequence[Expression]) -> str:
    text = "*".join(map(_grouped, above)) or "1"
    return text + "".join(f"/{_grouped(factor, divisor=True)}" for factor in below)


def _grouped(node: Expression, divisor: bool = False) -> str:
    text = print_expression(node)
    sums = isinstance(node, Binary) and (node.operator in "+-" or (divisor and node.operator in "*/"))
    return f"({text})" if sums or isinstance(node, Minus) else text
