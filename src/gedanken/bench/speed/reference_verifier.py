"""The usual design of an equation verifier, as a reference: SymPy whitelist parse, lambdify, scipy's odeint, R2.

Written as such verifiers usually are and without deliberate waste: symbols are made once per task, one `lambdify` makes
all right-hand sides, parameters are its arguments, and SymPy's caches stay warm between answers. It has no bounds on
size, depth or work, as usual; texts such as `9**9**9**9` never return, so the benchmark keeps them from it.
"""

import re
from typing import Any

import numpy as np
import orjson

from gedanken.worlds.ode.simulate import Track
from gedanken.worlds.ode.trajectory import Array

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXPONENT = re.compile(r"\d[\d.]*[eE][+-]?\d+")
_LEFT_SIDE = re.compile(r"\s*d(2?)([A-Za-z_]\w*)\s*/\s*dt(2?)\s*", re.ASCII)


class Unreadable(ValueError):
    """The answer is not in the grammar."""


class ReferenceVerifier:
    """Scores answers against one track."""

    def __init__(self, track: Track):
        """Make the symbols once."""
        import sympy
        from sympy.parsing.sympy_parser import parse_expr, standard_transformations

        self.track = track
        self.functions: dict[str, Any] = {
            "sin": sympy.sin,
            "cos": sympy.cos,
            "tan": sympy.tan,
            "exp": sympy.exp,
            "log": sympy.log,
            "sqrt": sympy.sqrt,
            "abs": sympy.Abs,
        }
        self.allowed = (
            *(sympy.Add, sympy.Mul, sympy.Pow, sympy.sin, sympy.cos, sympy.tan, sympy.exp, sympy.log, sympy.Abs),
            *(sympy.Symbol, sympy.Number, sympy.NumberSymbol),
        )
        states = track.states
        self.time = sympy.Symbol("t")
        self.variables = {name: sympy.Symbol(name) for name in states.columns}
        self.local = {**self.functions, **self.variables, "t": self.time}
        self.local |= {alias: self.variables[name] for alias, name in states.aliases.items()}
        self.globals = {name: getattr(sympy, name) for name in ("Integer", "Float", "Rational", "Symbol")}
        self.symbol, self.lambdify, self.traversal = sympy.Symbol, sympy.lambdify, sympy.preorder_traversal
        self.parse_expr, self.transformations = parse_expr, standard_transformations

    def parse(self, text: str, params: dict[str, float]) -> tuple[list[Any], list[Any]]:
        """Parameter symbols, and a SymPy expression for the derivative of each state."""
        states = self.track.states
        symbols = [self.symbol(name) for name in params]
        local = self.local | dict(zip(params, symbols, strict=True))
        equations: dict[str, Any] = {}
        for statement in filter(str.strip, re.split(r"[;\n]", text)):
            left, equals, right = statement.partition("=")
            match = _LEFT_SIDE.fullmatch(left)
            if not equals or match is None or match[1] != match[3]:
                raise Unreadable("left side")
            words = _WORD.findall(_EXPONENT.sub("", right))
            if "__" in right or any(word not in local for word in words):
                raise Unreadable("name")
            expression = self.parse_expr(
                right.strip(), local_dict=local, global_dict=dict(self.globals), transformations=self.transformations
            )
            if not all(isinstance(node, self.allowed) for node in self.traversal(expression)):
                raise Unreadable("node")
            equations[f"d{match[1]}{match[2]}/dt{match[3]}"] = expression
        sides: list[Any] = []
        for coordinate, left in zip(states.coordinates, states.left_sides, strict=True):
            if left not in equations:
                raise Unreadable("missing")
            sides += (
                [equations[left]]
                if coordinate.velocity is None
                else [self.variables[coordinate.velocity], equations[left]]
            )
        return symbols, sides

    def score(self, text: str) -> float:
        """Mean R2 of one JSON answer; 0 for one that cannot be read."""
        from scipy.integrate import odeint

        try:
            answer = orjson.loads(text)
            values = answer["params"]
            symbols, sides = self.parse(answer["equation"], values)
        except Exception:  # SymPy raises nearly everything
            return 0.0
        rhs = self.lambdify([*self.variables.values(), self.time, *symbols], sides, modules="numpy")
        constants = list(values.values())
        trajectory = self.track.trajectory
        try:
            predicted = odeint(lambda y, t: rhs(*y, t, *constants), self.track.y0, trajectory.t, rtol=1e-6, atol=1e-9)
        except (ArithmeticError, TypeError, ValueError):
            return 0.0
        return mean_r2(trajectory.values, predicted)


def mean_r2(observed: Array, predicted: Array) -> float:
    """Mean over the columns of R2, each clipped to [0, 1]; 0 for what is not finite."""
    error = ((predicted - observed) ** 2).sum(0)
    spread = np.maximum(((observed - observed.mean(0)) ** 2).sum(0), 1e-12 * len(observed))
    r2 = np.clip(1.0 - error / spread, 0.0, 1.0)
    return float(np.where(np.isfinite(r2), r2, 0.0).mean())
