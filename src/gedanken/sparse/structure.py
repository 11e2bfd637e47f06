"""Structures: which atoms each equation has, what that costs before any data, and how it is written."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from gedanken.sparse.library import Atom
from gedanken.sparse.tying import Parsimony, Tie
from gedanken.worlds.ode.fit import Program, Refined
from gedanken.worlds.ode.trajectory import Array, StateSpace

Structure = Sequence[Sequence[Atom]]  # the terms of each unknown equation
Key = tuple[frozenset[str], ...]
Homes = tuple[tuple[str, ...], ...]  # the variables of each equation's coordinate

# Prior costs next to those of the atoms, in the same unit: minus twice a log probability.
FAMILY = 5.0  # the first atom of a family (angles, exponentials, quotients, sizes): a law speaks of it or it does not
REPEATED = 0.6  # share of an atom's cost where another equation has it, too: what leaves one variable enters another
NOTHING = 8.0  # a law without any term
PUSHED = 3.0  # a resistance that pushes
TWICE = 3.0  # a second term of the same purpose (two drags, two springs) in one equation


def key_of(structure: Structure) -> Key:
    """Identity of a structure: its sets of atoms, whatever their constants."""
    return tuple(frozenset(atom.name for atom in terms) for terms in structure)


def size_of(structure: Structure) -> int:
    """Number of parameters."""
    return sum(1 + len(atom.inner) for terms in structure for atom in terms)


def prior(structure: Structure, homes: Homes) -> float:
    """Minus twice the log prior probability of a structure, up to a constant."""
    families = {atom.family for terms in structure for atom in terms if atom.family}
    cost = FAMILY * len(families) + NOTHING * all(not terms for terms in structure)
    seen: set[str] = set()
    for e, terms in enumerate(structure):
        here = [(atom, role(atom.name, e, homes)) for atom in terms]
        for atom, part in here:
            cost += REPEATED * atom.cost if atom.name in seen or part in seen else atom.cost
            if atom.owners and atom.owners.isdisjoint(homes[e]):
                cost += atom.abroad
        for kind in ("drag", "restoring"):
            cost += TWICE * max(sum(kind in atom.tags for atom in terms) - 1, 0)
        cost -= 2 * math.lgamma(len(terms) + 1)
        seen.update(name for atom, part in here for name in (atom.name, part))
    return cost


def pushes(structure: Structure, params: Array) -> int:
    """Terms that should resist a motion and drive it."""
    found = at = 0
    for terms in structure:
        for atom in terms:
            odd = not atom.template.endswith("**2")  # the square of a velocity resists one way and pushes the other
            found += "drag" in atom.tags and odd and params[at] > 0
            at += 1 + len(atom.inner)
    return found


@cache
def role(name: str, equation: int, homes: Homes) -> str:
    """What an atom is to its equation: of two coordinates, `#` is the equation's own and `~` the other one.

    Mirror images, `vy` in the law of x and `vx` in the law of y, have the same role. With another number of
    coordinates an atom's role is its name.
    """
    if len(homes) != 2:
        return name
    swap = {v: f"#{k}" for k, v in enumerate(homes[equation])} | {v: f"~{k}" for k, v in enumerate(homes[1 - equation])}
    return exchange(name, swap)


def exchange(name: str, swap: Mapping[str, str]) -> str:
    """An atom's name with variables exchanged, its factors in a fixed order."""
    text = re.sub(r"[A-Za-z_]\w*", lambda match: swap.get(match[0], match[0]), name)
    return text if "(" in text or "/" in text else "*".join(sorted(text.replace("**", "^").split("*")))


@dataclass(frozen=True)
class Model:
    """A structure fitted to the record.

    Attributes:
        structure: its atoms, with the fitted values of their own constants.
        program: the compiled equation.
        refined: parameters (coefficient, own constants of each term in turn), starts and predictions.
        criterion: minus twice the log posterior, up to a constant; smaller is better.
        segments: pieces of a trajectory it was fitted on.
        parsimony: which constants need not be free.
    """

    structure: Structure
    program: Program
    refined: Refined
    criterion: float
    segments: int
    parsimony: Parsimony

    @property
    def key(self) -> Key:
        """Identity of the structure."""
        return key_of(self.structure)


def choose_prefix(states: StateSpace) -> str:
    """A letter that no variable's name begins with, for numbered parameters."""
    taken = {*states.columns, *states.aliases}
    letters = ("c", "k", "p", "q", "a", "b", "par")
    return next((p for p in letters if not any(re.fullmatch(rf"{p}\d+", name) for name in taken)), "coefficient")


def write(structure: Structure, states: StateSpace, prefix: str = "c") -> tuple[str, list[str]]:
    """The equation of a structure with every constant free, and its parameters' names in order."""
    return _assemble(structure, states, iter(f"{prefix}{k}" for k in range(1, 1000)), None)


def write_tied(
    structure: Structure, states: StateSpace, params: Sequence[float], ties: Mapping[int, Tie], prefix: str = "c"
) -> tuple[str, dict[str, float]]:
    """The equation with ones left out, shared constants named once and signs in the text, and its parameters."""
    constants: list[tuple[str, float]] = []  # the text of each constant's size, and its sign
    values: dict[str, float] = {}
    which = [k == 0 for terms in structure for atom in terms for k in range(1 + len(atom.inner))]
    for k, value in enumerate(params):
        tie = ties.get(k)
        if tie is None:
            name = f"{prefix}{len(values) + 1}"
            sign = math.copysign(1.0, value) if which[k] else 1.0
            values[name] = abs(float(value)) if which[k] else float(value)
            constants.append((name, sign))
        elif tie.other is None:
            constants.append(("1", tie.sign))
        else:
            name, sign = constants[tie.other]
            constants.append((name, tie.sign * sign))
    equation, _ = _assemble(structure, states, iter(()), constants)
    return equation, values


def _assemble(
    structure: Structure, states: StateSpace, names: Iterator[str], constants: list[tuple[str, float]] | None
) -> tuple[str, list[str]]:
    """The text of a structure: with fresh names for all constants, or with these texts and signs."""
    used: list[str] = []
    sides = []
    at = 0
    for terms in structure:
        side = ""
        for atom in terms:
            count = 1 + len(atom.inner)
            if constants is None:
                own = [(next(names), 1.0) for _ in range(count)]
                used += [name for name, _ in own]
            else:
                own = constants[at : at + count]
            at += count
            size, sign = own[0]
            text = atom.text([name if s > 0 else f"(-{name})" for name, s in own[1:]])
            if text == "1":
                text = size
            elif size != "1":
                text = size + text[1:] if text.startswith("1/") else f"{size}*{text}"
            side += (" - " if sign < 0 else " + ") + text
        side = side.removeprefix(" + ")
        sides.append("-" + side[3:] if side.startswith(" - ") else side or "0")
    return "; ".join(f"{left} = {side}" for left, side in zip(states.left_sides, sides, strict=True)), used


def coefficients_mask(structure: Structure) -> np.ndarray:
    """Which parameters are coefficients of terms, rather than constants inside them."""
    return np.array([k == 0 for terms in structure for atom in terms for k in range(1 + len(atom.inner))], bool)
