"""Expressions as functions: SymPy forms, values with error bounds, and equality decided by these values."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gedanken.seeding import stream
from gedanken.worlds.ode.law.tree import Binary, Call, Equations, Expression, Minus, Name, Number, walk
from gedanken.worlds.ode.trajectory import Array

POINTS = 256
# Points needed at which both sides have a value far above its rounding error.
NEEDED = 24
EPSILON = float(np.finfo(np.float64).eps)
# Exponents beyond this stay inexact in SymPy: 9**9**9 has 369 million digits.
LARGEST_EXPONENT = 64


def to_sympy(node: Expression) -> Any:
    """The expression over real SymPy symbols, built from the tree.

    Whole and decimal numbers stay exact; a power of numbers with a large exponent becomes a float.
    """
    import sympy

    match node:
        case Number():
            return sympy.Integer(int(node.value)) if _is_small(node.value) else sympy.Rational(repr(node.value))
        case Name():
            return sympy.Symbol(node.name, real=True)
        case Minus():
            return -to_sympy(node.argument)
        case Call():
            function = {"abs": sympy.Abs}.get(node.function) or getattr(sympy, node.function)
            return function(to_sympy(node.argument))
        case Binary():
            left, right = to_sympy(node.left), to_sympy(node.right)
            match node.operator:
                case "+":
                    return left + right
                case "-":
                    return left - right
                case "*":
                    return left * right
                case "/":
                    return left / right
                case "**":
                    if left.is_number and right.is_number and abs(right) > LARGEST_EXPONENT:
                        return sympy.Float(left) ** sympy.Float(right)
                    return left**right
    raise TypeError(f"{node!r} is not an expression")


def _is_small(value: float) -> bool:
    return value.is_integer() and value < 1e15


def evaluate(node: Expression, values: Mapping[str, Array]) -> tuple[Array, Array]:
    """Values of the expression, and a bound on their rounding errors.

    Args:
        node: the expression.
        values: an array for every name, all of one shape; taken as exact.

    Returns:
        Values (NaN or infinite where there is none), and a first-order bound on the absolute error of each (running
        error analysis: Higham, Accuracy and Stability of Numerical Algorithms, section 3.3).
    """
    shape = np.shape(next(iter(values.values()), 0.0))
    with np.errstate(all="ignore"):
        return _evaluate(node, values, shape)


def _evaluate(node: Expression, values: Mapping[str, Array], shape: tuple[int, ...]) -> tuple[Array, Array]:
    match node:
        case Number():
            return np.full(shape, node.value), np.zeros(shape)
        case Name():
            return values[node.name], np.zeros(shape)
        case Minus():
            value, error = _evaluate(node.argument, values, shape)
            return -value, error
        case Call():
            x, error = _evaluate(node.argument, values, shape)
            value = getattr(np, node.function)(x)
            match node.function:
                case "sin":
                    slope = np.abs(np.cos(x))
                case "cos":
                    slope = np.abs(np.sin(x))
                case "tan":
                    slope = 1.0 + value**2
                case "exp":
                    slope = value
                case "log":
                    slope = 1.0 / np.abs(x)
                case "sqrt":
                    slope = 0.5 / value
                case _:
                    slope = np.ones(shape)
            return value, slope * error + 2 * EPSILON * np.abs(value)
    if not isinstance(node, Binary):
        raise TypeError(f"{node!r} is not an expression")
    a, error_a = _evaluate(node.left, values, shape)
    b, error_b = _evaluate(node.right, values, shape)
    match node.operator:
        case "+":
            value, error = a + b, error_a + error_b
        case "-":
            value, error = a - b, error_a + error_b
        case "*":
            value, error = a * b, np.abs(a) * error_b + np.abs(b) * error_a
        case "/":
            value = a / b
            error = (error_a + np.abs(value) * error_b) / np.abs(b)
        case _:
            value = np.power(a, b)
            by_exponent = np.where(error_b > 0, np.abs(np.log(np.abs(a))) * error_b, 0.0)
            by_base = np.where(error_a > 0, np.abs(b / a) * error_a, 0.0)
            error = np.abs(value) * (by_base + by_exponent)
    return value, error + 2 * EPSILON * np.abs(value)


def same_function(a: Expression, b: Expression) -> bool:
    """Whether two expressions have the same value wherever they have one.

    They are compared at 256 fixed random points, half of them with positive coordinates only. They differ where their
    values differ by more than the rounding bounds, or where only one of them is defined. When fewer than 24 points are
    conclusive (both sides undefined, or rounding too large), SymPy decides, within bounds that keep it fast.
    """
    if a == b:
        return True
    names = sorted({node.name for side in (a, b) for node in walk(side) if isinstance(node, Name)})
    rng = stream("worlds.ode.algebra", "same_function")
    points = rng.uniform(0.1, 3.0, (POINTS, len(names)))
    points[::2] *= rng.choice([-1.0, 1.0], points[::2].shape)
    values = {name: points[:, k] for k, name in enumerate(names)} or {"": np.zeros(POINTS)}
    (left, error_left), (right, error_right) = evaluate(a, values), evaluate(b, values)
    defined = np.isfinite(left)
    if (np.isnan(left) != np.isnan(right)).any():
        return False
    defined &= np.isfinite(right)
    bound = 4 * (error_left + error_right)
    size = np.maximum(np.abs(left), np.abs(right))
    conclusive = defined & (bound <= 1e-6 * size)
    difference = np.abs(left - right)
    if (difference[defined] > bound[defined]).any():
        return False
    # An exact zero on both sides is conclusive too.
    conclusive |= defined & (size == 0)
    if conclusive.sum() >= NEEDED:
        return True
    return _same_symbolically(a, b)


def _same_symbolically(a: Expression, b: Expression) -> bool:
    """Whether SymPy simplifies the difference to zero; not tried on large expressions."""
    if sum(1 for side in (a, b) for _ in walk(side)) > 40:
        return False
    for side in (a, b):
        for node in walk(side):
            if isinstance(node, Binary) and node.operator == "**":
                right = node.right
                if not (isinstance(right, Number) and right.value <= 8):
                    return False
    import sympy

    return bool(sympy.expand(to_sympy(a) - to_sympy(b)) == 0)


def equivalent(a: Equations, b: Equations) -> bool:
    """Whether two systems are the same functions of their variables and parameters, however they are written.

    Parameters are the same when their names are; `Equations.bind` replaces them by values.
    """
    return a.states == b.states and all(
        same_function(left, right) for left, right in zip(a.right_sides, b.right_sides, strict=True)
    )
