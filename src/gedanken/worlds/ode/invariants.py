"""Constants of motion: a system names them in the grammar, and its clean trajectory must keep them."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_FUNCTIONS = {
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "abs": np.abs
}  # fmt: skip


def evaluate(text: str, values: Mapping[str, Any]) -> Any:
    """Value of an expression of the zoo, on numbers or on arrays of samples.

    It reads what the authors of zoo entries write, never an answer: those go through the verifier's own parser.

    Raises:
        ValueError: the text uses a name or an operation that the grammar does not have.
    """

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=float() | int() as number):
                return number
            case ast.Name(id=name) if name in values:
                return values[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _BINARY[type(op)](value(left), value(right))
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                return _UNARY[type(op)](value(operand))
            case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _FUNCTIONS:
                return _FUNCTIONS[name](value(argument))
        raise ValueError(f"{ast.unparse(node)!r} in {text!r} is not an expression of known quantities")

    return value(ast.parse(text, mode="eval").body)


def drift(quantity: str, states: StateSpace, params: Mapping[str, float], trajectory: Trajectory) -> float:
    """Largest departure of a constant of motion from its first value, relative to its largest magnitude."""
    columns = dict(zip(states.columns, trajectory.values.T, strict=True))
    values: Array = np.asarray(evaluate(quantity, {**params, **columns, "t": trajectory.t}))
    return float(np.abs(values - values[0]).max() / np.abs(values).max())
