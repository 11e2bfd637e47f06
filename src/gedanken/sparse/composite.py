"""Terms put together by operations: a function of one variable, a function inside another, and their products.

Where the library proper lists the terms that textbooks have, this module builds terms by rule: a free real power, a
decaying exponential, a logarithm that begins at zero, a sine or a sigmoid with a free scale, a rational factor, one
function inside another; each by itself or times a variable. They are many, so each is dear: every operation in it
costs. They are tried last, where the simpler terms leave something unexplained.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gedanken.sparse.library import Atom, is_angle
from gedanken.worlds.ode.trajectory import Array, StateSpace

STAGE = 2
# Prior cost of an operation beyond the first, minus twice the log of its probability.
_OPERATION = 1.0
# Exponents that a free power starts from.
_POWERS = (1 / 3, 0.5, 1.5, 2.5)
_RARE_FORCE = 11.0  # prior cost of such a force of one operation; those of the library cost 3 to 12
_STEEPEST = 50.0  # size of a variable above which its exponential overflows or vanishes
# State variables above which there are too many terms of this kind to choose from.
_MOST_STATES = 2


def compose(states: StateSpace, samples: Array, steps: Array, library: Sequence[Atom]) -> list[Atom]:
    """The composed terms that a library lacks, for a state space of at most two variables; none for a larger one.

    Args:
        states: the state variables.
        samples: smoothed samples (m, n).
        steps: largest change of each column between neighbouring samples, shape (n,).
        library: the terms that there are already.
    """
    if states.size > _MOST_STATES:
        return []
    second = bool(states.velocities)
    parts = [
        part
        for i, name in enumerate(states.columns)
        for part in _functions(name, samples[:, i], is_angle(samples[:, i], steps[i]), second)
    ]
    known = {atom.name for atom in library}
    atoms = [_atom(part, factor) for part in parts for factor in ("", *states.columns)]
    atoms = [atom for atom in atoms if atom.name not in known]
    price = _price(states, [*library, *atoms])
    return [replace(atom, cost=atom.cost + price) for atom in atoms]


def _price(states: StateSpace, library: Sequence[Atom]) -> float:
    """Prior cost of a term of one operation: in mechanics as of a rare force, else of one choice in the library."""
    return _RARE_FORCE if states.velocities else 2 * math.log(2 * len({atom.name for atom in library}))


def in_time(states: StateSpace, span: float, begin: float, library: Sequence[Atom]) -> list[Atom]:
    """Terms that fade, grow or drift with the time itself, alone and times each variable.

    Args:
        states: the state variables.
        span: duration of the record.
        begin: its first time. A logarithm of the time needs one that is not negative.
        library: the terms that there are already.
    """
    parts = [_Part("t", "t", (), 1)]
    parts += [_Part("exp(-K*t)", "exp(-{0}*t)", (rate / span,), 2) for rate in (0.5, 2.0, 6.0)]
    if begin >= 0:
        parts += [_Part("log(1 + K*t)", "log(1 + {0}*t)", (rate / span,), 3) for rate in (2.0, 20.0)]
        parts += [_Part("1/(1 + K*t)", "1/(1 + {0}*t)", (rate / span,), 3) for rate in (2.0, 20.0)]
    price = _price(states, library)
    atoms = [_atom(part, factor) for factor in ("", *states.columns) for part in parts]
    return [replace(atom, cost=atom.cost + price, stage=STAGE + 1) for atom in atoms]


@dataclass(frozen=True, slots=True)
class _Part:
    """A factor of a term: its identity, template, starting constants, and number of operations."""

    name: str
    template: str
    inner: tuple[float, ...]
    operations: int


def _atom(part: _Part, factor: str) -> Atom:
    name, template = part.name, part.template
    if factor:
        # 1/(1 + x) times y is y/(1 + x).
        name, template = (
            (f"{factor}{text[1:]}" if text.startswith("1/") else f"{factor}*{text}") for text in (name, template)
        )
    operations = part.operations + bool(factor)
    return Atom(name, template, part.inner, _OPERATION * (operations - 1), STAGE, family=_family(part.template))


def _family(template: str) -> str:
    for family, marks in (("exponential", ("exp(", "log(")), ("angle", ("sin(", "cos("))):
        if any(mark in template for mark in marks):
            return family
    return "power" if "**{" in template or "sqrt(" in template else "quotient" if "/" in template else ""


def _functions(name: str, column: Array, resolved: bool, second: bool) -> Iterator[_Part]:
    """Functions of one variable."""
    positive = bool(column.min() > 1e-6)
    size = name if positive else f"abs({name})"
    bare = 0 if positive else 1  # operations in `size`
    typical = float(max(np.median(np.abs(column)), 1e-6))
    largest = float(np.abs(column).max())
    for power in _POWERS:
        yield _Part(f"{size}**K", f"{size}**{{0}}", (power,), 1 + bare)
    for scale in (0.3, 1.0, 3.0):
        yield _Part(f"exp(-K*{size})", f"exp(-{{0}}*{size})", (scale / typical,), 2 + bare)
        yield _Part(f"log(1 + K*{size})", f"log(1 + {{0}}*{size})", (scale / typical,), 3 + bare)
        yield _Part(f"exp(-K*{name}**2)", f"exp(-{{0}}*{name}**2)", ((scale / typical) ** 2,), 3)
    if largest < _STEEPEST:
        yield _Part(f"exp(-{size})", f"exp(-{size})", (), 1 + bare)
    yield _Part(f"log(1 + {size})", f"log(1 + {size})", (), 2 + bare)
    if resolved:
        for wave in ("sin", "cos"):
            yield _Part(f"{wave}({name})", f"{wave}({name})", (), 1)
            for scale in (0.5, 2.0):
                yield _Part(f"{wave}(K*{name})", f"{wave}({{0}}*{name})", (scale,), 2)
    for wave in ("sin", "cos"):
        yield _Part(f"{wave}(sqrt({size}))", f"{wave}(sqrt({size}))", (), 2 + bare)
        yield _Part(f"{wave}(log(1 + {size}))", f"{wave}(log(1 + {size}))", (), 3 + bare)
        if resolved:
            yield _Part(f"{wave}({name}**2)", f"{wave}({name}**2)", (), 2)
    # Sigmoids: a switch at a threshold, and one that is odd about zero (a hyperbolic tangent).
    for share in (25, 50, 75):
        middle = float(np.percentile(column, share))
        slope = 2.0 / max(float(column.std()), 1e-9)
        yield _Part(f"1/(1 + exp(a + b*{name}))", f"1/(1 + exp({{0}} + {{1}}*{name}))", (slope * middle, -slope), 4)
    if not positive:
        for scale in (1.0, 3.0):
            yield _Part(f"(1 - 2/(1 + exp(K*{name})))", f"(1 - 2/(1 + exp({{0}}*{name})))", (scale / typical,), 4)
    # Rational factors; of first-order laws, the library has those of lower powers.
    for power in (1, 2, 4) if second else (4,):
        base = size if power == 1 else f"{name}**{power}"
        for scale in (0.2, 1.0, 5.0):
            inner = (scale / typical**power,)
            for above in ("1", name, f"{name}**2"):
                operations = 3 + (power > 1) + 2 * (above != "1")
                yield _Part(f"{above}/(1 + K*{base})", f"{above}/(1 + {{0}}*{base})", inner, operations)
