"""Laws as sums of products: expansion, and the terms of a law with the values of their constants forgotten.

A small normal form of our own rather than SymPy's: it works on trees that the parser has passed, in bounded time
(`MAX_TERMS`), and knows which constants a fit may move.
"""

from collections import Counter
from typing import Any

import numpy as np

from gedanken.errors import GedankenError
from gedanken.worlds.ode.law.tree import Binary, Call, Expression, Minus, Name, Number

MAX_TERMS = 400
MAX_POWER = 12

# A factor is ("x", name), (function, sum) or ("sum", sum), where a sum inside is frozen; a product maps factors to
# exponents and is frozen, too; a sum maps products to coefficients.
Factor = tuple[str, Any]
Product = tuple[tuple[Factor, float], ...]
Sum = dict[Product, float]
ONE: Product = ()


class TooLarge(GedankenError):
    """An expression has more terms than are worth comparing."""


def expand(node: Expression) -> Sum:
    """The expression as a sum of products. Parameters must be bound to values; a name left is a variable.

    Raises:
        TooLarge: more than `MAX_TERMS` terms.
    """
    match node:
        case Number(value=value):
            return {ONE: value} if value else {}
        case Name(name=name):
            return {((("x", name), 1.0),): 1.0}
        case Minus(argument=argument):
            return _scale(expand(argument), -1.0)
        case Call(function=function, argument=argument):
            return _call(function, expand(argument))
        case Binary(operator=operator, left=left, right=right):
            a, b = expand(left), expand(right)
            match operator:
                case "+":
                    return _add(a, b)
                case "-":
                    return _add(a, _scale(b, -1.0))
                case "*":
                    return _multiply(a, b)
                case "/":
                    return _multiply(a, _power(b, -1.0))
                case "**" if set(b) <= {ONE}:
                    return _power(a, b.get(ONE, 0.0))
            return {((("power", (_freeze(a), _freeze(b))), 1.0),): 1.0}
    raise TypeError(f"{node!r} is not an expression")


def _scale(a: Sum, by: float) -> Sum:
    return {product: by * value for product, value in a.items()}


def _add(a: Sum, b: Sum) -> Sum:
    total = dict(a)
    for product, value in b.items():
        total[product] = total.get(product, 0.0) + value
    largest = max((abs(value) for value in (*a.values(), *b.values())), default=0.0)
    # What cancels leaves rounding behind.
    return _bounded({product: value for product, value in total.items() if abs(value) > 1e-13 * largest})


def _bounded(a: Sum) -> Sum:
    if len(a) > MAX_TERMS:
        raise TooLarge(f"more than {MAX_TERMS} terms")
    return a


def _multiply(a: Sum, b: Sum) -> Sum:
    if len(a) * len(b) > MAX_TERMS**2:
        raise TooLarge(f"more than {MAX_TERMS} terms")
    total: Sum = {}
    for left, u in a.items():
        for right, v in b.items():
            exponents = dict(left)
            for factor, exponent in right:
                exponents[factor] = exponents.get(factor, 0.0) + exponent
            for product, w in _tidy(exponents).items():
                total[product] = total.get(product, 0.0) + u * v * w
    return _bounded(_add(total, {}))


def _tidy(exponents: dict[Factor, float]) -> Sum:
    """A product in normal form: no zeroth powers, even powers of abs plain, whole powers of sums expanded."""
    plain: dict[Factor, float] = {}
    sums: list[tuple[Factor, float]] = []
    for factor, exponent in exponents.items():
        if abs(exponent) < 1e-12:
            continue
        inner = factor[1] if factor[0] == "abs" else None
        if factor[0] == "sum" and exponent > 0 and _whole(exponent):
            sums.append((factor, exponent))
        elif inner is not None and _whole(exponent / 2) and len(inner) == 1 and len(inner[0][0]) == 1:
            ((base, power),) = inner[0][0]
            plain[base] = plain.get(base, 0.0) + power * exponent
        else:
            plain[factor] = plain.get(factor, 0.0) + exponent
    result: Sum = {tuple(sorted((f, e) for f, e in plain.items() if abs(e) > 1e-12)): 1.0}
    for factor, exponent in sums:
        result = _multiply(result, _power(dict(factor[1]), exponent))
    return result


def _power(a: Sum, exponent: float) -> Sum:
    if not a:
        if exponent > 0:
            return {}
        raise ZeroDivisionError
    if _whole(exponent) and 0 <= exponent <= MAX_POWER:
        result: Sum = {ONE: 1.0}
        for _ in range(round(exponent)):
            result = _multiply(result, a)
        return result
    if len(a) == 1:
        ((product, value),) = a.items()
        if value > 0 or _whole(exponent):
            exponents: dict[Factor, float] = {}
            for factor, power in product:
                even = _whole(power / 2) and not _whole(power * exponent / 2) and factor[0] == "x"
                base: Factor = ("abs", (((((factor, 1.0),)), 1.0),)) if even else factor
                exponents[base] = exponents.get(base, 0.0) + power * exponent
            return _scale(_tidy(exponents), value**exponent)
    # The scale of a sum is a coefficient of the term, its sign as well where a whole power allows.
    lead = _lead(a)
    lead = lead if _whole(exponent) else abs(lead)
    return {((("sum", _freeze(_scale(a, 1.0 / lead))), exponent),): lead**exponent}


def _call(function: str, a: Sum) -> Sum:
    if function == "sqrt":
        return _power(a, 0.5)
    if set(a) <= {ONE}:
        value = a.get(ONE, 0.0)
        with np.errstate(all="ignore"):
            result = float(getattr(np, function)(value))
        if not np.isfinite(result):
            raise ZeroDivisionError
        return {ONE: result} if result else {}
    if function == "exp":
        constant = float(np.exp(min(a.get(ONE, 0.0), 700.0)))
        return _scale(_tidy({("exp", product): value for product, value in a.items() if product != ONE}), constant)
    lead = _lead(a)
    if function == "abs":
        if len(a) == 1:
            ((product, value),) = a.items()
            exponents = {("abs", ((((factor, 1.0),), 1.0),)): power for factor, power in product}
            return _scale(_tidy(exponents), abs(value))
        return {((("abs", _freeze(_scale(a, 1.0 / lead))), 1.0),): abs(lead)}
    if function == "log":
        if len(a) == 1 and lead > 0:
            ((product, value),) = a.items()
            logs: Sum = {((("log", (((((factor, 1.0),)), 1.0),)), 1.0),): power for factor, power in product}
            return _add(logs, {ONE: float(np.log(value))})
        inside = _freeze(_scale(a, 1.0 / abs(lead)))
        return _add({((("log", inside), 1.0),): 1.0}, {ONE: float(np.log(abs(lead)))})
    # sin and tan are odd, cos is even.
    sign = -1.0 if lead < 0 else 1.0
    return {(((function, _freeze(_scale(a, sign))), 1.0),): 1.0 if function == "cos" else sign}


def _lead(a: Sum) -> float:
    """Coefficient of the first product that is not a constant, in a fixed order."""
    return a[min((product for product in a if product != ONE), default=ONE, key=repr)]


def _freeze(a: Sum) -> tuple[tuple[Product, float], ...]:
    return tuple(sorted(a.items(), key=repr))


def _whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-9


def keys(a: Sum, tolerance: float) -> Counter[str]:
    """The terms with their constants forgotten. Constants within `tolerance` of 1 are read as 1."""
    return Counter(product_key(product, tolerance) for product in a)


def product_key(product: Product, tolerance: float) -> str:
    """The name of one term, as `keys` lists it."""
    return "*".join(sorted(_factor_key(factor, exponent, tolerance) for factor, exponent in product)) or "1"


def _factor_key(factor: Factor, exponent: float, tolerance: float) -> str:
    kind, inner = factor
    if kind == "x":
        base = inner
    elif kind == "exp":
        return f"exp({_constant(exponent, tolerance)}*{product_key(inner, tolerance)})"
    elif kind == "power":
        base = f"({_sum_key(inner[0], tolerance)})**({_sum_key(inner[1], tolerance)})"
    else:
        base = f"{kind}({_sum_key(inner, tolerance)})"
    return f"{base}^{round(exponent)}" if _whole(exponent) else f"{base}^C"


def _sum_key(a: tuple[tuple[Product, float], ...], tolerance: float) -> str:
    return "+".join(
        sorted(
            "C" if product == ONE else f"{_constant(value, tolerance)}*{product_key(product, tolerance)}"
            for product, value in a
        )
    )


def _constant(value: float, tolerance: float) -> str:
    if abs(abs(value) - 1.0) <= max(tolerance, 1e-9):
        return "1" if value > 0 else "-1"
    return "C"
