"""Structures: which atoms each equation has, the prior cost of that choice, and its text in the grammar."""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gedanken.sparse.library import Atom
from gedanken.sparse.tying import ANY, EXPONENT, MULTIPLE, Parsimony, Tie
from gedanken.worlds.ode.fit import Program, Refined
from gedanken.worlds.ode.kernel.limits import MAX_PARAMS
from gedanken.worlds.ode.trajectory import Array, StateSpace

Structure = Sequence[Sequence[Atom]]  # the terms of each unknown equation
Key = tuple[frozenset[str], ...]
Coordinates = tuple[tuple[str, ...], ...]  # for each equation: its coordinate's position and, if it has one, velocity

# Prior costs in addition to those of the atoms, in the same unit: minus twice a log probability.
FAMILY = 5.0  # first use of a family of functions (angle, exponential, quotient, ...) in a law; further uses are free
REPEATED = 0.6  # share of its cost that an atom keeps if an earlier equation has it: flows and axes share their terms
EMPTY_LAW = 8.0  # no term in any equation
DRIVING_DRAG = 3.0  # a drag term whose fitted sign accelerates the motion instead of damping it
SAME_PURPOSE = 3.0  # each further drag, or further restoring force, in one equation


def key_of(structure: Structure) -> Key:
    """Identity of a structure: its sets of atoms, whatever their constants."""
    return tuple(frozenset(atom.name for atom in terms) for terms in structure)


def size_of(structure: Structure) -> int:
    """Number of parameters."""
    return sum(1 + len(atom.inner) for terms in structure for atom in terms)


def acts_on(atom: Atom, variables: Collection[str]) -> bool:
    """Whether one of the variables occurs in the atom."""
    return any(word in variables for word in re.findall(r"[A-Za-z_]\w*", atom.template))


def couplings(structure: Structure, coordinates: Coordinates) -> int:
    """Number of pairs of coordinates of which one occurs in the other's equation."""
    return sum(
        any(acts_on(atom, other) for atom in terms)
        for e, terms in enumerate(structure)
        for k, other in enumerate(coordinates)
        if k != e
    )


def most_parameters(equations: int) -> int:
    """Parameters that a law of so many equations may have."""
    return min(max(16, 5 * equations), MAX_PARAMS)


def with_fitted_constants(structure: Structure, params: Array) -> Structure:
    """The structure with the fitted values of its inner constants; all else about its atoms stays.

    params: coefficient and inner constants of each term in turn, shape (p,).
    """
    at = 0
    fitted = []
    for terms in structure:
        row = []
        for atom in terms:
            count = len(atom.inner)
            inner = tuple(float(value) for value in params[at + 1 : at + 1 + count])
            row.append(replace(atom, inner=inner) if inner else atom)
            at += 1 + count
        fitted.append(tuple(row))
    return tuple(fitted)


def prior(structure: Structure, coordinates: Coordinates) -> float:
    """Minus twice the log prior probability of a structure, up to a constant."""
    families = {atom.family for terms in structure for atom in terms if atom.family}
    cost = FAMILY * len(families) + EMPTY_LAW * all(not terms for terms in structure)
    earlier: set[str] = set()  # names and roles of the terms of the equations before
    for equation, terms in enumerate(structure):
        roles = [role(atom.name, equation, coordinates) for atom in terms]
        for atom, its_role in zip(terms, roles, strict=True):
            cost += REPEATED * atom.cost if atom.name in earlier or its_role in earlier else atom.cost
            if atom.variables and atom.variables.isdisjoint(coordinates[equation]):
                cost += atom.coupling_cost
        for purpose in ("drag", "restoring"):
            cost += SAME_PURPOSE * max(sum(purpose in atom.tags for atom in terms) - 1, 0)
        cost -= 2 * math.lgamma(len(terms) + 1)  # k terms can be named in k! orders, which are one structure
        earlier.update(atom.name for atom in terms)
        earlier.update(roles)
    return cost


def count_driving_drags(structure: Structure, params: Array) -> int:
    """Number of drag terms whose coefficient is positive, so that they accelerate the motion.

    Even powers of a velocity do not count: they damp in one direction and accelerate in the other.
    """
    count = at = 0
    for terms in structure:
        for atom in terms:
            count += "drag" in atom.tags and not atom.template.endswith("**2") and params[at] > 0
            at += 1 + len(atom.inner)
    return int(count)


@cache
def role(name: str, equation: int, coordinates: Coordinates) -> str:
    """An atom's name relative to its equation: `#` stands for the equation's own coordinate, `~` for the other one.

    `vy` in the law of x and `vx` in the law of y have the same role. Without exactly two coordinates, the role is the
    name.
    """
    if len(coordinates) != 2:
        return name
    same, other = coordinates[equation], coordinates[1 - equation]
    return exchange(name, {v: f"#{k}" for k, v in enumerate(same)} | {v: f"~{k}" for k, v in enumerate(other)})


def exchange(name: str, swap: Mapping[str, str]) -> str:
    """An atom's name with variables replaced by others, the factors of a monomial in alphabetic order."""
    text = re.sub(r"[A-Za-z_]\w*", lambda match: swap.get(match[0], match[0]), name)
    return text if "(" in text or "/" in text else "*".join(sorted(text.replace("**", "^").split("*")))


@dataclass(frozen=True)
class Model:
    """A structure fitted to the record.

    Attributes:
        structure: its atoms, with the fitted values of their inner constants.
        program: the compiled equation.
        refined: parameters (coefficient and inner constants of each term in turn), starts and predictions.
        criterion: minus twice the log posterior, up to a constant; smaller is better.
        segments: number of pieces that each trajectory was cut into for the fit.
        parsimony: which constants are one or shared.
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


def choose_prefix(states: StateSpace, names: Sequence[str] = ()) -> str:
    """A letter for numbered parameters, with which no variable and none of these names is numbered."""
    taken = {*names, *states.columns, *states.aliases, *states.input_names}
    letters = ("c", "k", "p", "q", "a", "b", "par")
    return next((p for p in letters if not any(re.fullmatch(rf"{p}\d+", name) for name in taken)), "coefficient")


def write(structure: Structure, states: StateSpace, prefix: str = "c") -> tuple[str, list[str]]:
    """The equation of a structure with every constant free, and its parameters' names in order."""
    return _assemble(structure, states, iter(f"{prefix}{k}" for k in range(1, 1000)), None)


def write_tied(
    structure: Structure, states: StateSpace, params: Sequence[float], ties: Mapping[int, Tie], prefix: str = "c"
) -> tuple[str, dict[str, float]]:
    """The equation with its unit and shared constants, and its parameters.

    Ones are left out, a shared constant is one parameter, and coefficients are positive, their signs in the text.
    """
    constants: list[tuple[str, float]] = []  # text of each constant's magnitude, and its sign
    values: dict[str, float] = {}
    coefficient = coefficients_mask(structure)
    labels = labels_of(structure)
    labelled = {label.lstrip("-") for label in labels}
    for k, value in enumerate(params):
        tie = ties.get(k)
        if tie is None and labels[k]:
            name, sign = labels[k].lstrip("-"), -1.0 if labels[k].startswith("-") else 1.0
            values[name] = sign * float(value)
            constants.append((name, sign))
        elif tie is None:
            name = f"{prefix}{sum(1 for other in values if other not in labelled) + 1}"
            sign = math.copysign(1.0, value) if coefficient[k] else 1.0
            values[name] = abs(float(value)) if coefficient[k] else float(value)
            constants.append((name, sign))
        elif tie.other is None:
            constants.append((_write_number(abs(tie.sign)), math.copysign(1.0, tie.sign)))
        else:
            name, sign = constants[tie.other]
            constants.append((name, tie.sign * sign))
    equation, _ = _assemble(structure, states, iter(()), constants)
    return equation, values


def _assemble(
    structure: Structure, states: StateSpace, names: Iterator[str], constants: list[tuple[str, float]] | None
) -> tuple[str, list[str]]:
    """The equation of a structure, and the names taken from `names`.

    `constants` gives each constant's text and sign; where it is None, each constant takes the next of `names`.
    """
    used: list[str] = []
    sides = []
    at = 0
    for terms in structure:
        side = ""
        for atom in terms:
            count = 1 + len(atom.inner)
            if constants is None:
                written = [(next(names), 1.0) for _ in range(count)]
                used += [name for name, _ in written]
            else:
                written = constants[at : at + count]
            at += count
            magnitude, sign = written[0]
            text = atom.text([name if s > 0 else f"(-{name})" for name, s in written[1:]])
            if atom.held:
                if magnitude == "1":  # the known part as it was said
                    side += f" - {text[1:]}" if text.startswith("-") else f" + {text}"
                    continue
                text = f"{magnitude}*({text})"
            elif text == "1":
                text = magnitude
            elif magnitude != "1":
                text = magnitude + text[1:] if text.startswith("1/") else f"{magnitude}*{text}"
            side += (" - " if sign < 0 else " + ") + text
        side = side.removeprefix(" + ")
        sides.append("-" + side[3:] if side.startswith(" - ") else side or "0")
    return "; ".join(f"{left} = {side}" for left, side in zip(states.left_sides, sides, strict=True)), used


def labels_of(structure: Structure) -> list[str]:
    """The name that a person gave to each constant, empty for those without."""
    return [label for terms in structure for atom in terms for label in (atom.labels or ("",) * (1 + len(atom.inner)))]


def limits_by_name(
    structure: Structure,
    params: Sequence[float],
    ties: Mapping[int, Tie],
    limits: tuple[Array, Array],
    prefix: str = "c",
) -> list[tuple[float, float]]:
    """Limits of the parameters of `write_tied`, in its order, from those of all constants of a structure."""
    found: list[tuple[float, float]] = []
    coefficient, labels = coefficients_mask(structure), labels_of(structure)
    for k, value in enumerate(params):
        if k not in ties:
            negative = labels[k].startswith("-") if labels[k] else bool(coefficient[k] and value < 0)
            low, high = float(limits[0][k]), float(limits[1][k])
            found.append((-high, -low) if negative else (low, high))
    return found


def coefficients_mask(structure: Structure) -> np.ndarray:
    """Which parameters are coefficients of terms, rather than constants inside them."""
    return np.array([k == 0 for terms in structure for atom in terms for k in range(1 + len(atom.inner))], bool)


def kinds_of(structure: Structure) -> np.ndarray:
    """Which parameters are exponents, `x**K`, or multiples of a variable in a sine, `sin(K*x)`; see `tying.LIKELY`."""
    kinds = []
    for terms in structure:
        for atom in terms:
            kinds.append(ANY)
            for k in range(len(atom.inner)):
                here = f"{{{k}}}"
                waves = (f"sin({here}*", f"cos({here}*")
                multiple = any(wave in atom.template for wave in waves) and "driven" not in atom.tags
                kinds.append(EXPONENT if f"**{here}" in atom.template else MULTIPLE if multiple else ANY)
    return np.array(kinds, int)


def _write_number(value: float) -> str:
    """A tied constant: whole numbers and halves as decimals, thirds as fractions."""
    thirds = round(3 * value)
    return f"({thirds}/3)" if abs(3 * value - thirds) < 1e-12 and thirds % 3 else f"{value:g}"
