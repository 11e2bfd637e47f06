"""Equations in LaTeX."""

import re
from collections.abc import Collection

from gedanken.worlds.ode.law.tree import Binary, Call, Equations, Expression, Minus, Name, Number, print_number
from gedanken.worlds.ode.trajectory import StateSpace

_LETTERS = (
    r"alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu"
    r"|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega"
)
_GREEK = re.compile(f"{_LETTERS}|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega")


def latex(equations: Equations, marked: Collection[str] = ()) -> str:
    r"""The equations in LaTeX, lines joined by `\\`; dots stand for derivatives by time and for velocities.

    Names that are `marked` are wrapped as `\htmlData{param=NAME}{...}`, by which KaTeX lets a page find them.
    """
    symbols = _symbols(equations.states)
    symbols |= {name: rf"\htmlData{{param={name}}}{{{_symbol(name)}}}" for name in marked if name not in symbols}
    lines = []
    for coordinate, side in zip(equations.states.coordinates, equations.right_sides, strict=True):
        dots = "ddot" if coordinate.velocity else "dot"
        lines.append(rf"\{dots}{{{_symbol(coordinate.name)}}} = {_write(side, symbols)}")
    return r" \\ ".join(lines)


def _symbols(states: StateSpace) -> dict[str, str]:
    """The dotted coordinate of each velocity."""
    return {c.velocity: rf"\dot{{{_symbol(c.name)}}}" for c in states.coordinates if c.velocity}


def _symbol(name: str) -> str:
    """A name; names of Greek letters become letters, and a number or word at its end becomes an index."""
    match = re.fullmatch(r"([A-Za-z]+?)_?([0-9]+)", name) or re.fullmatch(r"([A-Za-z]+)_([A-Za-z0-9]+)", name)
    if match:
        return f"{_symbol(match[1])}_{{{_symbol(match[2]) if match[2].isalpha() else match[2]}}}"
    if _GREEK.fullmatch(name):
        return f"\\{name}"
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"


def _number(value: float) -> str:
    mantissa, _, exponent = print_number(value).partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


# Precedence of the written forms; fractions, roots and functions need no parentheses around them.
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5


def _strength(node: Expression) -> int:
    match node:
        case Binary():
            return {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _ATOM, "**": _POWER}[node.operator]
        case Minus():
            return _SIGN
        case Number() if "e" in print_number(node.value):
            return _PRODUCT
        case _:
            return _ATOM


def _inside(node: Expression, symbols: dict[str, str], least: int) -> str:
    text = _write(node, symbols)
    return text if _strength(node) >= least else rf"\left({text}\right)"


def _write(node: Expression, symbols: dict[str, str]) -> str:
    match node:
        case Number():
            return _number(node.value)
        case Name():
            return symbols.get(node.name) or _symbol(node.name)
        case Minus():
            return f"-{_inside(node.argument, symbols, _PRODUCT)}"
        case Call(function="sqrt"):
            return rf"\sqrt{{{_write(node.argument, symbols)}}}"
        case Call(function="abs"):
            return rf"\left|{_write(node.argument, symbols)}\right|"
        case Call():
            return rf"\{node.function}\left({_write(node.argument, symbols)}\right)"
        case Binary(operator="/"):
            return rf"\frac{{{_write(node.left, symbols)}}}{{{_write(node.right, symbols)}}}"
        case Binary(operator="**"):
            # Only a symbol or a number is a base without parentheses.
            base = _write(node.left, symbols)
            if not isinstance(node.left, Name | Number) or _strength(node.left) < _ATOM:
                base = rf"\left({base}\right)"
            return rf"{base}^{{{_write(node.right, symbols)}}}"
        case Binary(operator="*"):
            left, right = _inside(node.left, symbols, _PRODUCT), _inside(node.right, symbols, _PRODUCT)
            if isinstance(node.right, Minus):
                right = rf"\left({right}\right)"
            # Two numbers side by side would read as one, and so would two words.
            if right[0].isdigit():
                return rf"{left} \cdot {right}"
            return rf"{left} \, {right}" if r"\mathrm" in left + right else f"{left} {right}"
        case Binary():
            least = _SUM if node.operator == "+" else _PRODUCT
            right = _inside(node.right, symbols, least)
            if isinstance(node.right, Minus):
                right = rf"\left({right}\right)"
            return f"{_inside(node.left, symbols, _SUM)} {node.operator} {right}"
    raise TypeError(f"{node!r} is not an expression")
