"""Equations as trees: their nodes, size, names, and how they are written in the grammar."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from gedanken.worlds.ode.kernel.limits import MAX_TEXT
from gedanken.worlds.ode.trajectory import StateSpace

TIME = "t"

FUNCTIONS: Mapping[str, Callable[[float], float]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
}


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number, finite and not negative (a minus sign is a `Minus`)."""

    value: float


@dataclass(frozen=True, slots=True)
class Name:
    """A state variable, `t` or a parameter; an alias has been replaced by the variable's own name."""

    name: str


@dataclass(frozen=True, slots=True)
class Minus:
    """The argument with its sign changed."""

    argument: "Expression"


@dataclass(frozen=True, slots=True)
class Call:
    """One of `FUNCTIONS` of one argument."""

    function: str
    argument: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands joined by `+`, `-`, `*`, `/` or `**`."""

    operator: Literal["+", "-", "*", "/", "**"]
    left: "Expression"
    right: "Expression"


Expression = Number | Name | Minus | Call | Binary


def walk(expression: Expression) -> Iterator[Expression]:
    """Every node of the tree, in prefix order, without recursion."""
    pending = [expression]
    while pending:
        node = pending.pop()
        yield node
        match node:
            case Binary():
                pending += (node.right, node.left)
            case Minus() | Call():
                pending.append(node.argument)


def additive(node: Expression, sign: int) -> Iterator[tuple[int, Expression]]:
    """The terms of a sum with their signs."""
    match node:
        case Binary(operator="+" | "-" as operator, left=left, right=right):
            yield from additive(left, sign)
            yield from additive(right, sign if operator == "+" else -sign)
        case Minus(argument=argument):
            yield from additive(argument, -sign)
        case Binary(operator="*" | "/" as operator, left=Minus(argument=argument), right=right):
            yield from additive(Binary(operator, argument, right), -sign)
        case _:
            yield sign, node


@dataclass(frozen=True)
class Equations:
    """The right-hand side of a system, one expression for each of `states.left_sides`, in that order."""

    states: StateSpace
    right_sides: tuple[Expression, ...]

    @property
    def operators(self) -> int:
        """Binary operators, minus signs before an operand, and function calls, over all right-hand sides.

        `-g + k*vy**2` has 4. A redundant `dy/dt = vy` has none.
        """
        return self._content[0]

    @cached_property
    def complexity(self) -> int:
        """Operators, variables and constants, over all right-hand sides: the size of the prefix form (ODEBench).

        A minus sign before a number belongs to the constant, as it does in that benchmark's prefix form.
        """
        nodes = [node for side in self.right_sides for node in walk(side)]
        return len(nodes) - sum(isinstance(node, Minus) and isinstance(node.argument, Number) for node in nodes)

    @property
    def uses_time(self) -> bool:
        """Whether the time itself occurs in a right-hand side."""
        return TIME in self.names

    @property
    def names(self) -> frozenset[str]:
        """Every name that occurs in a right-hand side."""
        return self._content[1]

    @cached_property
    def _content(self) -> tuple[int, frozenset[str]]:
        """Operators and names, in one walk and without `match`, because this takes a tenth of the time of a verdict."""
        operators, names = 0, set()
        for side in self.right_sides:
            for node in walk(side):
                kind = type(node)
                if kind is Name:
                    names.add(node.name)  # type: ignore[union-attr]
                elif kind is not Number:
                    operators += 1
        return operators, frozenset(names)

    def text(self) -> str:
        """The equations in the grammar, with no more parentheses than needed: parsing it gives the same trees.

        Spaces are left out where the text would otherwise be longer than the grammar allows.
        """
        sides = [print_expression(side) for side in self.right_sides]
        text = "; ".join(f"{left} = {right}" for left, right in zip(self.states.left_sides, sides, strict=True))
        return text if len(text) <= MAX_TEXT else text.replace(" ", "")

    def bind(self, params: Mapping[str, float]) -> "Equations":
        """The equations with values in place of these names.

        Raises:
            ValueError: a value is not finite.
        """
        values: dict[str, Expression] = {}
        for name, value in params.items():
            if not math.isfinite(value):
                raise ValueError(f"{name} is {value}")
            number = Number(abs(float(value)))
            values[name] = Minus(number) if value < 0 else number
        return Equations(self.states, tuple(substitute(side, values) for side in self.right_sides))


# Precedence of the operators, as in Python; `minus` is the sign before one operand.
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "minus": 3, "**": 4}


def _strength(node: Expression) -> int:
    match node:
        case Binary():
            return PRECEDENCE[node.operator]
        case Minus():
            return PRECEDENCE["minus"]
        case _:
            return 5


def print_number(value: float) -> str:
    """The shortest text that reads as this value."""
    return str(int(value)) if value.is_integer() and value < 1e15 else repr(value)


def print_expression(node: Expression) -> str:
    """The expression in the grammar. Depth is bounded by the limits on what was parsed."""
    match node:
        case Number():
            return print_number(node.value)
        case Name():
            return node.name
        case Call():
            return f"{node.function}({print_expression(node.argument)})"
        case Minus():
            inner = print_expression(node.argument)
            return f"-({inner})" if _strength(node.argument) < PRECEDENCE["minus"] else f"-{inner}"
        case Binary():
            own = PRECEDENCE[node.operator]
            left, right = print_expression(node.left), print_expression(node.right)
            if _strength(node.left) < own + (node.operator == "**"):
                left = f"({left})"
            # A minus sign may follow any operator, so it needs no parentheses on the right.
            if not isinstance(node.right, Minus) and _strength(node.right) < own + (node.operator != "**"):
                right = f"({right})"
            return f"{left} {node.operator} {right}" if own == 1 else f"{left}{node.operator}{right}"


def substitute(node: Expression, values: Mapping[str, Expression]) -> Expression:
    """The expression with others in place of some names."""
    match node:
        case Name():
            return values.get(node.name, node)
        case Minus():
            return Minus(substitute(node.argument, values))
        case Call():
            return Call(node.function, substitute(node.argument, values))
        case Binary():
            return Binary(node.operator, substitute(node.left, values), substitute(node.right, values))
        case _:
            return node
