"""What a person's knowledge means for one state space: known parts of equations, limits of constants, sets of terms."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from gedanken.errors import Unanswerable, UserError
from gedanken.worlds.ode.knowledge.knowledge import ENERGY, Knowledge, Limits
from gedanken.worlds.ode.knowledge.units import Dimensions, dimensions
from gedanken.worlds.ode.law.normal_form import TooLarge, expand, keys
from gedanken.worlds.ode.law.parser import is_name, parse
from gedanken.worlds.ode.law.tree import FUNCTIONS, TIME, Equations, Expression, Name, walk
from gedanken.worlds.ode.trajectory import StateSpace

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Values that free constants get where only the form of a term matters: none is 1, and no two make one.
_PROBES = (0.7390851, 1.3247179, 0.5671433, 1.6180340, 0.9159656, 1.2020569)
_EVERYWHERE = (-math.inf, math.inf)


@dataclass(frozen=True)
class Term:
    """A term that a person named.

    Attributes:
        text: as written, without the left side.
        equation: number of the equation it is meant in, None for all.
        keys: its normal forms (`normal_form.keys`); two, where a constant inside it may be one.
        scale: the number it was written with.
        names: its free constants.
    """

    text: str
    equation: int | None
    keys: frozenset[str]
    scale: float
    names: tuple[str, ...]

    def concerns(self, equation: int) -> bool:
        """Whether it is meant in that equation."""
        return self.equation in (None, equation)


@dataclass(frozen=True)
class Facts:
    """Knowledge about one state space.

    Attributes:
        states: the state space.
        knowledge: what was said.
        sides: the known part of each right-hand side, None where nothing is known of it.
        complete: whether that part is all there is, for each equation.
        names: the constants of these parts, in the order of their first use.
        limits: lowest and highest value of constants; equal where the value is fixed.
        coefficients: the same of the coefficients of terms.
        terms: the only terms allowed besides the known ones; empty for no restriction.
        forbidden: terms that do not occur.
        absent: functions, inputs and `t`, which occur nowhere.
        units: dimensions of the columns; None where no unit was given.
    """

    states: StateSpace
    knowledge: Knowledge
    sides: tuple[Expression | None, ...]
    complete: tuple[bool, ...]
    names: tuple[str, ...]
    limits: dict[str, Limits]
    coefficients: tuple[tuple[Term, Limits], ...]
    terms: tuple[Term, ...]
    forbidden: tuple[Term, ...]
    absent: frozenset[str]
    units: Dimensions | None

    @property
    def conserves_energy(self) -> bool:
        """Whether the energy was said to be kept."""
        return self.knowledge.conserve.lower() == ENERGY

    def allows(self, equation: int, key: str) -> bool:
        """Whether a term may occur in an equation as one that is not known yet."""
        if any(key in term.keys for term in self.forbidden if term.concerns(equation)):
            return False
        return not self.terms or any(key in term.keys for term in self.terms if term.concerns(equation))

    def coefficient_limits(self, equation: int, key: str) -> Limits:
        """Lowest and highest coefficient of a term in an equation."""
        low, high = _EVERYWHERE
        for term, (below, above) in self.coefficients:
            if term.concerns(equation) and key in term.keys:
                ends = sorted((below * term.scale, above * term.scale))
                low, high = max(low, ends[0]), min(high, ends[1])
        return low, high


@lru_cache(maxsize=256)
def facts(knowledge: Knowledge, states: StateSpace) -> Facts:
    """Read knowledge about a system with these variables.

    Raises:
        UserError: something that is not in the grammar, contradicts itself, or names what is not there.
    """
    sides, complete, names = _known(knowledge.known, states)
    limits: dict[str, Limits] = {}
    coefficients: list[tuple[Term, Limits]] = []
    fixed = [(name, (value, value)) for name, value in knowledge.fix]
    for name, (low, high) in (*fixed, *knowledge.bound):
        if name in names:
            before = limits.get(name, _EVERYWHERE)
            limits[name] = (max(low, before[0]), min(high, before[1]))
            if limits[name][0] > limits[name][1]:
                raise UserError(f"the value of {name} is fixed outside of its bounds")
        elif is_name(name) and name not in (*states.columns, *states.aliases, *states.input_names, TIME):
            said = f"constants of the known part are {', '.join(names)}" if names else "there is no known part"
            raise UserError(
                f"{name} is neither a constant of the known part nor a term of the law ({said}); a constant is named "
                f"by --known, such as --known '{states.left_sides[0]} = {name}*{states.columns[0]} + ?'"
            )
        else:
            coefficients.append((read_term(name, states), (low, high)))
    absent, forbidden = set(), []
    for each in knowledge.forbid:
        if each in FUNCTIONS or each == TIME or each in states.input_names:
            absent.add(each)
        else:
            forbidden.append(read_term(each, states))
    if knowledge.conserve.lower() == ENERGY:
        if any(c.velocity is None for c in states.coordinates):
            raise UserError(
                "the energy is defined here for laws of second order only (--order 2); name the quantity instead, "
                "such as --conserve 'x + y'"
            )
    elif knowledge.conserve:
        _check_expression(knowledge.conserve, states)
    return Facts(
        states,
        knowledge,
        sides,
        complete,
        names,
        limits,
        tuple(coefficients),
        tuple(read_term(each, states) for each in knowledge.terms),
        tuple(forbidden),
        frozenset(absent),
        dimensions(dict(knowledge.units), states) if knowledge.units else None,
    )


def _known(text: str, states: StateSpace) -> tuple[tuple[Expression | None, ...], tuple[bool, ...], tuple[str, ...]]:
    sides: list[Expression | None] = [None] * len(states.left_sides)
    complete = [False] * len(states.left_sides)
    names: dict[str, None] = {}
    for statement in filter(None, (part.strip() for part in re.split(r"[;\n]", text))):
        left, separator, right = statement.partition("=")
        equation = _equation(left, states) if separator else None
        if equation is None:
            raise UserError(f"the known part {statement!r} is not an equation; write {states.left_sides[0]} = ... + ?")
        rest, missing = re.subn(r"(^|[+-])\s*\?\s*$", "", right.strip())
        if "?" in rest:
            raise UserError(f"in {statement!r}, the ? for what is missing stands at the end: ... + ?")
        complete[equation] = not missing
        if rest.strip():
            sides[equation], found = _expression(rest, states, f"the known part {statement!r}")
            names.update(dict.fromkeys(found))
        elif not missing:
            raise UserError(f"the known part {statement!r} has no right-hand side")
    return tuple(sides), tuple(complete), tuple(names)


def _equation(left: str, states: StateSpace) -> int | None:
    """The number of an equation by its left side, `dvy/dt` as well as `d2y/dt2`."""
    bare = re.sub(r"\s", "", left)
    for number, (name, derivative) in enumerate(zip(states.left_sides, states.unexplained, strict=True)):
        if bare in (name, f"d{derivative}/dt"):
            return number
    return None


def _expression(text: str, states: StateSpace, what: str) -> tuple[Expression, tuple[str, ...]]:
    """An expression with free constants, and their names."""
    taken = {*states.columns, *states.aliases, *states.input_names, TIME, *FUNCTIONS}
    names = tuple(
        dict.fromkeys(word for word in _WORD.findall(re.sub(r"[0-9.]+[eE][+-]?[0-9]+", "", text)) if word not in taken)
    )
    first, *others = states.left_sides
    try:
        equations = parse("; ".join([f"{first} = {text}", *(f"{left} = 0" for left in others)]), states, names)
    except Unanswerable as fault:
        raise UserError(f"{what} is not in the grammar of laws: {fault}") from None
    return equations.right_sides[0], names


def _check_expression(text: str, states: StateSpace) -> None:
    _, names = _expression(text, states, f"the conserved quantity {text!r}")
    if names:
        raise UserError(f"the conserved quantity {text!r} names {', '.join(names)}, which is no variable")


def conserved_expression(text: str, states: StateSpace) -> Expression:
    """The conserved quantity as a tree."""
    return _expression(text, states, "the conserved quantity")[0]


def read_term(text: str, states: StateSpace) -> Term:
    """A term as a person wrote it, with or without the equation it is meant in.

    Raises:
        UserError: not a term, or a sum of several.
    """
    left, separator, right = text.rpartition(":")
    equation = _equation(left, states) if separator else None
    if separator and equation is None:
        raise UserError(
            f"{text!r} names no equation; write {' or '.join(f'{each}: ...' for each in states.left_sides)}"
        )
    node, names = _expression(right, states, f"the term {right.strip()!r}")
    found: set[str] = set()
    scale = 1.0
    for values in (_PROBES, *([(1.0,) * len(_PROBES)] if names else [])):
        try:
            terms = expand(_bind(node, dict(zip(names, values * 3, strict=False)), states))
        except (TooLarge, OverflowError, ZeroDivisionError):
            raise UserError(f"the term {right.strip()!r} is too large or has no value") from None
        if len(terms) != 1:
            raise UserError(f"{right.strip()!r} is not one term but {len(terms) or 'zero'}; name each by itself")
        found |= set(keys(terms, 0.0))
        scale = next(iter(terms.values())) if not names else 1.0
    return Term(right.strip(), equation, frozenset(found), scale, names)


def _bind(node: Expression, values: dict[str, float], states: StateSpace) -> Expression:
    plain = StateSpace.first_order("value_")
    return Equations(plain, (node,)).bind(values).right_sides[0]


def probe(node: Expression, values: dict[str, float], states: StateSpace) -> tuple[dict[str, float], set[str]]:
    """Terms of an expression with free constants: their coefficients, and which of these depend on a free constant.

    Args:
        node: the expression.
        values: of the constants that have one; the others are free.
        states: the variables.
    """
    taken = {*states.columns, *states.input_names, TIME}
    free = sorted({n.name for n in walk(node) if isinstance(n, Name)} - taken - set(values))
    found = []
    for probes in (_PROBES, _PROBES[::-1]):
        terms = expand(_bind(node, values | dict(zip(free, probes * 3, strict=False)), states))
        named: dict[str, float] = {}
        for product, value in terms.items():
            (key,) = keys({product: value}, 0.0)
            named[key] = named.get(key, 0.0) + value
        found.append(named)
    first, second = found
    loose = {key for key, value in first.items() if not math.isclose(value, second.get(key, math.nan), rel_tol=1e-9)}
    return first, loose
