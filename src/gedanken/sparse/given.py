"""What a person knows, as the search needs it: terms that are there, terms that are not, and limits of constants.

A known part without free constants is one term whose coefficient is held at one. A known term `g*sin(theta)` with a
free constant is the atom `sin(theta)`, always present, its coefficient written as `g`. Known constants inside a term
are inner constants of one held term.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from gedanken.sparse.library import Atom
from gedanken.sparse.tying import Tie
from gedanken.worlds.ode.inputs import TRIAL
from gedanken.worlds.ode.knowledge import Knowledge, facts
from gedanken.worlds.ode.knowledge.facts import Facts, Term, probe
from gedanken.worlds.ode.knowledge.units import Unit, is_consistent, unit_of
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.law.tree import TIME, Binary, Expression, Name, Number, additive, print_expression, walk
from gedanken.worlds.ode.trajectory import Array, StateSpace

INCONSISTENT = 12.0  # cost of a term whose parts do not agree in dimension: a factor of 400 in probability
_NAMED = 2.0  # cost of a term that a person allows and the library lacks
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Structure = Sequence[Sequence[Atom]]


@dataclass(frozen=True)
class Given:
    """What is known of the system that a search is about.

    Attributes:
        facts: all of it; None where nothing is known.
        required: the terms of each equation that are known to be there.
    """

    facts: Facts | None
    required: tuple[tuple[Atom, ...], ...]

    @classmethod
    def of(cls, knowledge: Knowledge, states: StateSpace) -> "Given":
        """Knowledge about a state space.

        Raises:
            UserError: it does not fit the state space.
        """
        nothing: tuple[Atom, ...] = ()
        if not knowledge:
            return cls(None, (nothing,) * len(states.left_sides))
        found = facts(knowledge, states)
        required = []
        for equation, side in enumerate(found.sides):
            terms = nothing if side is None else tuple(_known_terms(found, equation, side))
            named = [atom.name for atom in terms]
            for term, (low, high) in found.coefficients:
                # A term whose coefficient cannot be zero is there.
                if term.concerns(equation) and (low > 0 or high < 0) and not term.names and term.text not in named:
                    terms = (*terms, Atom(term.text, term.text))
            required.append(terms)
        return cls(found, tuple(required))

    @property
    def names(self) -> tuple[str, ...]:
        """Names that a person gave to constants."""
        return () if self.facts is None else self.facts.names

    def started(self, structure: Structure) -> "Given":
        """The same, with known terms whose constants inside begin where a fit of them ended."""
        inner = [{atom.name: atom.inner for atom in terms} for terms in structure]
        required = tuple(
            tuple(replace(atom, inner=inner[e].get(atom.name, atom.inner)) for atom in terms)
            for e, terms in enumerate(self.required)
        )
        return replace(self, required=required)

    def restrict(self, atoms: Iterable[Atom]) -> list[Atom]:
        """The atoms that may occur in some equation, with those that a person named, priced by their dimensions."""
        if self.facts is None:
            return list(atoms)
        equations = range(len(self.required))
        kept = [atom for atom in atoms if any(self.allows(e, atom) for e in equations)]
        present = {key for atom in kept for key in self._keys(atom)}
        kept += [_atom(term) for term in self.facts.terms if not term.keys & present]
        names = {atom.name for atom in kept}
        kept += [atom for terms in self.required for atom in terms if not atom.held and atom.name not in names]
        units = self.facts.units
        if units is not None:
            kept = [
                atom if is_consistent(units, self._tree(atom)) else replace(atom, cost=atom.cost + INCONSISTENT)
                for atom in kept
            ]
        return kept

    def allows(self, equation: int, atom: Atom) -> bool:
        """Whether an equation may have this term."""
        if self.facts is None or atom.name in {known.name for known in self.required[equation]}:
            return True
        found = self._allowed.get((equation, atom.name))
        if found is None:
            found = self._allowed[equation, atom.name] = self._decide(equation, atom)
        return found

    @cached_property
    def _allowed(self) -> dict[tuple[int, str], bool]:
        return {}

    def _decide(self, equation: int, atom: Atom) -> bool:
        given = self.facts
        assert given is not None
        words = set(_WORD.findall(atom.template))
        if given.complete[equation] or words & given.absent:
            return False
        if given.conserves_energy:
            states = given.states
            outside = {TIME, *(each.name for each in states.inputs if each.between != TRIAL)}
            velocities = words & set(states.velocities.values())
            # A force across the velocity does no work; it is a velocity of another coordinate by itself.
            across = atom.template in velocities and atom.template != states.unexplained[equation]
            if words & outside or (velocities and not across):
                return False
        keys = self._keys(atom)
        side = given.sides[equation]
        if side is not None:
            # What is known of a term is its whole coefficient; a constant inside it may come out as one.
            ones = dict.fromkeys(given.names, 1.0)
            if keys & {*probe(side, {}, given.states)[0], *probe(side, ones, given.states)[0]}:
                return False
        return all(given.allows(equation, key) for key in keys)

    def _tree(self, atom: Atom) -> Expression:
        names = [f"K_{k}" for k in range(len(atom.inner))]
        assert self.facts is not None
        states = self.facts.states
        first, *others = states.left_sides
        text = "; ".join([f"{first} = {atom.template.format(*names)}", *(f"{left} = 0" for left in others)])
        return parse(text, states, names).right_sides[0]

    def _keys(self, atom: Atom) -> frozenset[str]:
        """Normal forms of an atom with constants inside that are not one."""
        assert self.facts is not None
        return frozenset(probe(self._tree(atom), {}, self.facts.states)[0])

    def complete(
        self, structure: Structure, coefficients: Sequence[Sequence[float]]
    ) -> tuple[Structure, list[list[float]]] | None:
        """A structure with all known terms; None where it has a term that is not allowed or lacks a known one.

        Only terms that are held, whose coefficients are known, are added.
        """
        if self.facts is None:
            return structure, [list(row) for row in coefficients]
        out, values = [], []
        for equation, (terms, row) in enumerate(zip(structure, coefficients, strict=True)):
            known = {atom.name: atom for atom in self.required[equation]}
            present = {atom.name for atom in terms}
            if any(not atom.held and atom.name not in present for atom in known.values()):
                return None
            if not all(self.allows(equation, atom) for atom in terms):
                return None
            added = [atom for atom in known.values() if atom.name not in present]
            marked = [replace(known[a.name], inner=a.inner) if a.name in known else a for a in terms]
            out.append((*added, *marked))
            values.append([*([1.0] * len(added)), *row])
        return tuple(out), values

    def keeps(self, equation: int, name: str) -> bool:
        """Whether a term of an equation is known to be there."""
        return any(atom.name == name for atom in self.required[equation])

    def limits(self, structure: Structure) -> tuple[Array, Array] | None:
        """Lowest and highest value of every constant of a structure; None where nothing is limited."""
        if self.facts is None:
            return None
        ends: list[tuple[float, float]] = []
        for equation, terms in enumerate(structure):
            for atom in terms:
                labels = atom.labels or ("",) * (1 + len(atom.inner))
                ends.append((1.0, 1.0) if atom.held else self._coefficient(equation, atom, labels[0]))
                ends += [self.facts.limits.get(label, (-math.inf, math.inf)) for label in labels[1:]]
        if all(low == -math.inf and high == math.inf for low, high in ends):
            return None
        return np.array([low for low, _ in ends]), np.array([high for _, high in ends])

    def _coefficient(self, equation: int, atom: Atom, label: str) -> tuple[float, float]:
        assert self.facts is not None
        low, high = -math.inf, math.inf
        for key in self._keys(atom) if self.facts.coefficients else ():
            below, above = self.facts.coefficient_limits(equation, key)
            low, high = max(low, below), min(high, above)
        if label:
            below, above = self.facts.limits.get(label.lstrip("-"), (-math.inf, math.inf))
            below, above = (-above, -below) if label.startswith("-") else (below, above)
            low, high = max(low, below), min(high, above)
        return low, high

    def ties(self, structure: Structure) -> dict[int, Tie]:
        """Constants that are tied by what is known: held coefficients, and a name that occurs twice."""
        found: dict[int, Tie] = {}
        first: dict[str, tuple[int, float]] = {}
        at = 0
        for terms in structure:
            for atom in terms:
                if atom.held:
                    found[at] = Tie(1.0, None)
                for k, label in enumerate(atom.labels):
                    name, sign = label.lstrip("-"), -1.0 if label.startswith("-") else 1.0
                    if name and name in first:
                        found[at + k] = Tie(sign * first[name][1], first[name][0])
                    elif name:
                        first[name] = (at + k, sign)
                at += 1 + len(atom.inner)
        return found

    def labelled(self, structure: Structure) -> np.ndarray:
        """Which constants of a structure have a name or a value of their own, shape (p,)."""
        return np.array(
            [
                atom.held if k == 0 and atom.held else bool(atom.labels and atom.labels[k])
                for terms in structure
                for atom in terms
                for k in range(1 + len(atom.inner))
            ],
            bool,
        )

    def units(self, structure: Structure) -> list[Unit | None] | None:
        """Unit of each constant of a structure where the term determines it; None where no unit is known."""
        if self.facts is None or self.facts.units is None:
            return None
        found: list[Unit | None] = []
        for equation, terms in enumerate(structure):
            left = self.facts.units.left(equation)
            for atom in terms:
                inside = None if atom.inner or left is None else unit_of(self.facts.units, self._tree(atom))
                found.append(None if inside is None or left is None else _over(left, inside))
                found += [None] * len(atom.inner)
        return found


NOTHING = Given(None, ())


def _over(a: Unit, b: Unit) -> Unit:
    total = {base: a.get(base, Fraction(0)) - b.get(base, Fraction(0)) for base in {**a, **b}}
    return {base: power for base, power in total.items() if power}


def _atom(term: Term) -> Atom:
    """A term that a person allows, as an atom whose free constants start at one."""
    text = term.text
    for k, name in enumerate(term.names):
        text = re.sub(rf"\b{name}\b", f"{{{k}}}", text)
    return Atom(term.text, text, (1.0,) * len(term.names), _NAMED)


def _known_terms(given: Facts, equation: int, side: Expression) -> Iterable[Atom]:
    """The known part of an equation as atoms."""
    names = set(given.names)
    uses = [n.name for s in given.sides if s is not None for n in walk(s) if isinstance(n, Name) and n.name in names]
    held: list[tuple[int, Expression]] = []
    for sign, node in additive(side, 1):
        free = [n.name for n in walk(node) if isinstance(n, Name) and n.name in names]
        rest = _without(node, free[0]) if len(free) == 1 and uses.count(free[0]) == 1 else None
        if rest is None:
            held.append((sign, node))
        else:
            text = print_expression(rest)
            text = f"({text})" if isinstance(rest, Binary) and rest.operator in "+-" else text
            yield Atom(text, text, labels=("-" * (sign < 0) + free[0],))
    for free_names in (False, True):
        part = [(sign, node) for sign, node in held if bool(_free(node, names)) == free_names]
        if not part:
            continue
        text = "".join(f" {'-' if sign < 0 else '+'} {print_expression(node)}" for sign, node in part)
        text = text.removeprefix(" + ")
        text = f"-{text[3:]}" if text.startswith(" - ") else text
        order = list(dict.fromkeys(name for _, node in part for name in _free(node, names)))
        for k, name in enumerate(order):
            text = re.sub(rf"\b{name}\b", f"{{{k}}}", text)
        starts = tuple(_start(*given.limits.get(name, (-math.inf, math.inf))) for name in order)
        yield Atom(f"known {equation} {text}", text, starts, held=True, labels=("", *order))


def _free(node: Expression, names: set[str]) -> list[str]:
    return [n.name for n in walk(node) if isinstance(n, Name) and n.name in names]


def _start(low: float, high: float) -> float:
    """Where a constant within these limits begins."""
    if math.isfinite(low) and math.isfinite(high):
        return 0.5 * (low + high)
    return min(max(1.0, low + 1.0 if math.isfinite(low) else 1.0), high - 1.0 if math.isfinite(high) else math.inf)


def _without(node: Expression, name: str) -> Expression | None:
    """What a constant is multiplied by; None where it is no factor."""
    match node:
        case Name() if node.name == name:
            return Number(1.0)
        case Binary(operator="*", left=left, right=right):
            if left == Name(name):
                return right
            if right == Name(name):
                return left
            inner = _without(left, name)
            if inner is not None:
                return Binary("*", inner, right)
            inner = _without(right, name)
            return None if inner is None else Binary("*", left, inner)
        case Binary(operator="/", left=left, right=right):
            inner = _without(left, name)
            return None if inner is None else Binary("/", inner, right)
    return None
