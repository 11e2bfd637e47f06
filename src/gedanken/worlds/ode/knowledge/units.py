"""Dimensional analysis of laws: whether their terms agree in dimension, and the units of their constants.

A unit is a product of powers of symbols. Derived units of the SI with factor one (N, J, Hz, ...) are written in base
units; every other symbol (cm, min, cells) is a base unit of its own, since a law that mixes it with another one needs a
constant anyway. Angles in radians are numbers; degrees are not, as their sine needs a factor.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from gedanken.errors import UserError
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.tree import TIME, Binary, Call, Expression, Minus, Name, Number, print_expression
from gedanken.worlds.ode.trajectory import StateSpace

Unit = dict[str, Fraction]
NUMBER: Unit = {}

_DERIVED = {
    "N": "kg*m/s^2",
    "J": "kg*m^2/s^2",
    "W": "kg*m^2/s^3",
    "Pa": "kg/m/s^2",
    "Hz": "1/s",
    "C": "A*s",
    "V": "kg*m^2/s^3/A",
    "F": "A^2*s^4/kg/m^2",
    "ohm": "kg*m^2/s^3/A^2",
    "Ohm": "kg*m^2/s^3/A^2",
    "T": "kg/s^2/A",
    "Wb": "kg*m^2/s^2/A",
    "H": "kg*m^2/s^2/A^2",
    "S": "A^2*s^3/kg/m^2",
}
_PLAIN = ("", "1", "-", "rad", "radian", "radians", "%", "number", "count")
_FACTOR = re.compile(r"([^\W\d]+|1|%)(?:\s*(?:\^|\*\*)?\s*(-?\d+(?:/\d+)?|\(\s*-?\d+(?:/\d+)?\s*\)))?")


def read_unit(text: str) -> Unit:
    """A unit such as `m/s^2`, `kg*m^2/s^2`, `m s-2`, `cells/ml`.

    Raises:
        UserError: not a product of powers.
    """
    total: Unit = {}
    position, sign = 0, 1
    text = text.strip().replace("·", "*").replace("Ω", "ohm").replace("²", "^2").replace("³", "^3").replace("°", "deg")
    while position < len(text):
        match = _FACTOR.match(text, position)
        if match is None:
            raise UserError(f"{text!r} is not a unit; write a product of powers, such as m/s^2")
        symbol, power = match[1], Fraction((match[2] or "1").strip("() "))
        if symbol not in _PLAIN:
            for base, exponent in (
                read_unit(_DERIVED[symbol]) if symbol in _DERIVED else {symbol: Fraction(1)}
            ).items():
                total[base] = total.get(base, Fraction(0)) + sign * power * exponent
        position = match.end()
        rest = re.match(r"\s*([*/]?)\s*", text[position:])
        assert rest is not None
        sign = -1 if rest[1] == "/" else 1
        position += rest.end()
    return {base: power for base, power in total.items() if power}


def write_unit(unit: Unit) -> str:
    """The unit as `read_unit` reads it; `1` for a number."""

    def factor(base: str, power: Fraction) -> str:
        return base if power == 1 else f"{base}^{power}" if power.denominator == 1 else f"{base}^({power})"

    above = "*".join(factor(base, power) for base, power in sorted(unit.items()) if power > 0)
    below = "".join("/" + factor(base, -power) for base, power in sorted(unit.items()) if power < 0)
    return (above or "1") + below


@dataclass(frozen=True)
class Dimensions:
    """Units of the variables.

    Attributes:
        states: the state space.
        of: unit of each column, input and of the time, where it is known.
    """

    states: StateSpace
    of: Mapping[str, Unit] = field(default_factory=dict)

    def left(self, equation: int) -> Unit | None:
        """Unit of a left side; None where it is not known."""
        name = self.states.unexplained[equation]
        if name not in self.of or TIME not in self.of:
            return None
        return _times(self.of[name], self.of[TIME], -1)


def dimensions(given: Mapping[str, str], states: StateSpace) -> Dimensions:
    """Units of a state space; a velocity has the unit of its position over that of the time unless it is given.

    Raises:
        UserError: a name that is not there, or a text that is no unit.
    """
    names = (*states.columns, *states.input_names, TIME)
    for name in given:
        if name not in names:
            raise UserError(f"units are of columns and of the time t; there is no {name!r} among {', '.join(names)}")
    of = {name: read_unit(text) for name, text in given.items()}
    for position, velocity in states.velocities.items():
        if position in of and TIME in of and velocity not in of:
            of[velocity] = _times(of[position], of[TIME], -1)
    return Dimensions(states, of)


def _times(a: Unit, b: Unit, power: Fraction | int = 1) -> Unit:
    total = dict(a)
    for base, exponent in b.items():
        total[base] = total.get(base, Fraction(0)) + power * exponent
    return {base: exponent for base, exponent in total.items() if exponent}


# The unit of an expression: a known unit times powers of the unknown units of constants.
Form = tuple[Unit, dict[str, Fraction]]


class Analysis:
    """Linear equations between exponents, solved as they come.

    Attributes:
        faults: expressions whose parts cannot agree in dimension.
    """

    def __init__(self, of: Mapping[str, Unit]):
        self.of = of
        self.faults: list[str] = []
        self._solved: dict[str, Form] = {}  # an unknown by the others
        self._numbers = 0

    def unit(self, name: str) -> Unit | None:
        """Unit of a constant; None where the equations leave it open."""
        unit, unknown = self._reduce(({}, {name: Fraction(1)}))
        return None if unknown else unit

    def equal(self, a: Form, b: Form, where: str) -> None:
        """Demand that two units are the same."""
        unit, unknown = self._reduce((_times(a[0], b[0], -1), _times(a[1], b[1], -1)))
        if not unknown:
            if unit:
                self.faults.append(where)
            return
        name, power = next(iter(unknown.items()))
        rest = {other: -exponent / power for other, exponent in unknown.items() if other != name}
        self._solved[name] = ({base: -exponent / power for base, exponent in unit.items()}, rest)

    def _reduce(self, form: Form) -> Form:
        unit, unknown = form
        while solved := next((name for name in unknown if name in self._solved), None):
            power = unknown[solved]
            own, others = self._solved[solved]
            unknown = _times({name: e for name, e in unknown.items() if name != solved}, others, power)
            unit = _times(unit, own, power)
        return unit, unknown

    def fresh(self) -> Form:
        """A unit that may be anything: that of a number, which may stand for a constant with one."""
        self._numbers += 1
        return {}, {f"#{self._numbers}": Fraction(1)}

    def of_expression(self, node: Expression) -> Form:
        """The unit of an expression."""
        match node:
            case Number():
                return self.fresh()
            case Name(name=name):
                return (self.of[name], {}) if name in self.of else ({}, {name: Fraction(1)})
            case Minus(argument=argument):
                return self.of_expression(argument)
            case Call(function=function, argument=argument):
                inside = self.of_expression(argument)
                if function == "abs":
                    return inside
                if function == "sqrt":
                    return _power(inside, Fraction(1, 2))
                self.equal(inside, ({}, {}), print_expression(node))
                return {}, {}
            case Binary(operator="+" | "-", left=left, right=right):
                a, b = self.of_expression(left), self.of_expression(right)
                self.equal(a, b, print_expression(node))
                return a
            case Binary(operator="*" | "/" as operator, left=left, right=right):
                a, b = self.of_expression(left), self.of_expression(right)
                sign = 1 if operator == "*" else -1
                return _times(a[0], b[0], sign), _times(a[1], b[1], sign)
            case Binary(left=left, right=right):
                a = self.of_expression(left)
                negative = isinstance(right, Minus)
                exponent = right.argument if isinstance(right, Minus) else right
                if isinstance(exponent, Number):
                    power = Fraction(exponent.value).limit_denominator(1000)
                    return _power(a, -power if negative else power)
                self.equal(self.of_expression(right), ({}, {}), print_expression(node))
                return ({}, {}) if a == ({}, {}) else self.fresh()
        raise TypeError(f"{node!r} is not an expression")


def _power(form: Form, power: Fraction) -> Form:
    unit, unknown = form
    return (
        {base: exponent * power for base, exponent in unit.items() if power},
        {name: exponent * power for name, exponent in unknown.items() if power},
    )


def analyse(units: Dimensions, law: Law) -> Analysis:
    """Demand that every equation of a law agrees with its left side in dimension."""
    known = {name: units.of[name] for name in units.of}
    analysis = Analysis(known)
    for equation, side in enumerate(law.equations.right_sides):
        left = units.left(equation)
        form = analysis.of_expression(side)
        if left is not None and side != Number(0.0):
            analysis.equal(form, (left, {}), f"{law.states.left_sides[equation]} = {print_expression(side)}")
    return analysis


def constant_units(units: Dimensions | None, law: Law) -> dict[str, str]:
    """Unit of each constant of a law that the units of the columns determine."""
    if units is None:
        return {}
    analysis = analyse(units, law)
    found = {name: analysis.unit(name) for name in law.params}
    return {name: write_unit(unit) for name, unit in found.items() if unit is not None}


def unit_of(units: Dimensions, node: Expression) -> Unit | None:
    """Unit of an expression without constants; None where it is not determined."""
    unit, unknown = Analysis(dict(units.of)).of_expression(node)
    return None if unknown else unit


def is_consistent(units: Dimensions, node: Expression) -> bool:
    """Whether the parts of a term agree in dimension, whatever its constants."""
    analysis = Analysis(dict(units.of))
    analysis.of_expression(node)
    return not analysis.faults
