"""The library: the terms ("atoms") that a right-hand side may be a sum of, each with its prior cost.

A law is a sum of atoms with one coefficient each; some atoms have constants inside (an exponent, a half-saturation),
which are fitted together with the coefficients. A cost is minus twice a log prior probability, so it adds to the
information criterion. The atoms are those of textbook dynamics and name no system: monomials, elementary functions and
their products, saturations, sigmoids, drag, central forces. Frequent terms are cheap; a hint makes some of them cheaper
(`HINTS`).
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import numpy as np

from gedanken.worlds.ode.trajectory import Array, StateSpace


@dataclass(frozen=True, slots=True)
class Atom:
    """One term of a right-hand side, up to its coefficient.

    Attributes:
        name: identity; variants that differ only in the starting values of their inner constants share it.
        template: text in the grammar, with `{0}`, `{1}` for the inner constants.
        inner: starting values of the inner constants; in a fitted law, their fitted values.
        cost: minus twice the log prior probability of the term, without the price of its free constants.
        stage: 0 for the simple library, 1 for the full library, 2 for periodic forces of the time. A later stage is
            tried only when the earlier ones leave something unexplained.
        tags: what the term does physically (drag, restoring, ...); hints and the prior of a structure refer to them.
        family: class of functions (angle, exponential, ...) whose first use in a law costs `structure.FAMILY`; empty
            for none.
        variables: the variables that the term acts on. In the equation of a coordinate that none of them belongs to,
            the term is a coupling and costs `coupling_cost` more. Empty: the same cost in every equation.
        coupling_cost: that addition to the cost.
        held: its coefficient is known to be one.
        labels: names that a person gave to the coefficient and the inner constants, empty for one without; with a minus
            sign where the constant is the coefficient's negative.
    """

    name: str
    template: str
    inner: tuple[float, ...] = ()
    cost: float = 0.0
    stage: int = 0
    tags: frozenset[str] = frozenset()
    family: str = ""
    variables: frozenset[str] = frozenset()
    coupling_cost: float = 0.0
    held: bool = False
    labels: tuple[str, ...] = ()

    def text(self, constants: Sequence[str] = ()) -> str:
        """The atom with names or numbers for its constants."""
        return self.template.format(*(constants or [f"({value!r})" for value in self.inner]))


def _family(template: str) -> str:
    for family, marks in (("exponential", ("exp(", "log(")), ("angle", ("sin(", "cos("))):
        if any(mark in template for mark in marks):
            return family
    if "abs(" in template or ("sqrt(" in template and "**2" in template):  # the root of a sum of squares
        return "size"
    return "quotient" if "/" in template else "power" if "**{" in template else ""


# Tag -> beginnings of words. A hint that contains one of the words makes all atoms with that tag as cheap as a linear
# term. The words name scenes and instruments, never laws. A hint changes the prior only: data can still outweigh it.
HINTS: dict[str, tuple[str, ...]] = {
    "trigonometric": ("theta", "phi", "pendulum", "swing", "angle", "rotat", "hoop", "phase", "torque", "bob", "rod"),
    "weight": ("height", "altitude", "fall", "drop", "thrown", "descend", "sink"),
    "drag": ("air", "drag", "wind", "fluid", "viscous", "water", "falling through", "parachut", "feather", "resist"),
    "saturation": ("enzyme", "predat", "graz", "uptake", "receptor", "gene", "saturat", "harvest"),
    "central": ("planet", "orbit", "gravit", "satellite", "comet", "star", "moon"),
    "driven": ("driven", "forced", "periodic", "shak", "alternating", "season", "motor"),
    "linear": ("spring", "elastic", "capacitor", "inductor", "circuit", "cooling", "decay"),
}


def apply_hint(atoms: Iterable[Atom], hint: str, cheap: float) -> list[Atom]:
    """The atoms, with those whose tags the hint names at the cost `cheap` of a linear term and without a family."""
    text = hint.lower()
    hinted = {
        tag for tag, words in HINTS.items() if any(re.search(rf"(?<![a-z]){re.escape(word)}", text) for word in words)
    }
    return [
        replace(atom, cost=min(atom.cost, _hinted_cost(atom, cheap)), family="") if atom.tags & hinted else atom
        for atom in atoms
    ]


def _hinted_cost(atom: Atom, cheap: float) -> float:
    """Cost of an atom that a hint names.

    A constant weight in a vertical motion and the sine of an angle are almost certain: 0.5. Other atoms cost as much as
    a linear term, plus 2 for each inner constant and 0.5 for an absolute value.
    """
    certain = atom.tags & {"weight", "restoring"} and not atom.inner and atom.template.startswith(("1", "sin("))
    return 0.5 if certain else cheap + 2.0 * len(atom.inner) + 0.5 * ("abs(" in atom.template)


def build(states: StateSpace, samples: Array, steps: Array, hint: str = "") -> list[Atom]:
    """All atoms for a state space.

    Args:
        states: the state variables.
        samples: smoothed samples (m, n). Atoms that are undefined or overflow on them (log of a negative value, a pole)
            are left out.
        steps: largest change of each column between neighbouring samples, shape (n,). The sine of a variable that
            changes by a radian or more between samples cannot be resolved and is left out.
        hint: the sentence about the scene.
    """
    # Names of variables are hints, too: theta is an angle, and a single coordinate y, z or h is a height.
    words = f"{hint} {' '.join(states.columns)}" + " height" * (
        states.columns[0] in ("y", "z", "h") and states.size == 2
    )
    if any(c.velocity is not None for c in states.coordinates):
        return apply_hint(_mechanical(states, samples, steps), words, _LINEAR_FORCE)
    atoms = _general(states.columns, samples, steps)
    # A library of T atoms gives each one a prior of about 1/T (the extended BIC of Chen & Chen, Biometrika 95, 2008).
    simple = 2 * math.log(len({atom.name for atom in atoms if atom.stage == 0}))
    rich = 2 * math.log(2 * len({atom.name for atom in atoms if atom.stage <= 1}))
    priced = [
        replace(atom, cost=atom.cost + (simple if atom.stage == 0 else rich), family=_family(atom.template))
        for atom in atoms
    ]
    return apply_hint(priced, words, simple)


def drive(factor: str, frequency: float, phase: float, hint: str) -> list[Atom]:
    """Periodic forces of the time, for records that no law without one explains.

    Args:
        factor: the variable that the force is multiplied by; empty for none.
        frequency: angular frequency to start from.
        phase: phase to start from.
        hint: the sentence about the scene.
    """
    times = f"{factor}*" if factor else ""
    # About half of the cost, 2 log 50 = 7.8, is for the choice among some fifty frequencies of the spectrum.
    cost = 15.0 + 2.0 * bool(factor)
    waves: list[tuple[str, str, tuple[float, ...]]] = [("cos({0}*t + {1})", "cos(K*t + L)", (frequency, phase))]
    waves += [(f"{wave}({{0}}*t)", f"{wave}(K*t)", (frequency,)) for wave in ("cos", "sin")]
    atoms = [
        Atom(times + name, times + template, inner, cost, stage=2, tags=frozenset({"driven"}), family="driven")
        for template, name, inner in waves
    ]
    return apply_hint(atoms, hint, _LINEAR_FORCE)


def is_angle(column: Array, step: float) -> bool:
    """Whether the sine of a variable is useful.

    The variable must come within one turn of zero, and if it varies by more than a turn, change by less than half a
    radian between samples.
    """
    return float(np.abs(column).min()) < 2 * np.pi and (float(column.std()) < 2 * np.pi or step < 0.5)


def _monomial(names: Sequence[str]) -> Atom:
    powers = {name: names.count(name) for name in names}
    text = "*".join(name if k == 1 else f"{name}**{k}" for name, k in powers.items())
    return Atom(text, text, tags=frozenset({"linear"} if len(names) == 1 else ()))


VERTICAL = ("y", "z", "h", "height", "altitude")
TRIG = frozenset({"trigonometric"})
RESTORING = frozenset({"restoring"})
DRAG = frozenset({"drag"})
CENTRAL = frozenset({"central"})
SATURATION = frozenset({"saturation"})

_LINEAR_FORCE = 3.0  # cost of a linear restoring force, the most frequent force law
_COUPLING = 2.0  # more for a monomial or a sine of one coordinate in the equation of another
# More for drag or a central force along one axis that depends on the other axis alone: no isotropic law has it.
_CROSS_AXIS = 8.0
_RARE_WAVE = 4.0  # more for the sine of one of many variables


def _mechanical(states: StateSpace, samples: Array, steps: Array) -> list[Atom]:
    """Atoms of forces.

    Costs are minus twice the log of how often a force law contains the term, estimated by hand from textbooks and
    tuned on development episodes (docs/decisions/0003-sparse-search.md). A cost of 3 is a probability of 0.22.
    """
    names = list(states.columns)
    column = {name: samples[:, i] for i, name in enumerate(names)}
    positions = [c.name for c in states.coordinates]
    velocities = [c.velocity for c in states.coordinates if c.velocity is not None]
    one = len(names) == 2
    vertical = one and names[0] in VERTICAL
    reverses = {v: min(-column[v].min(), column[v].max()) > 0.25 * np.abs(column[v]).max() for v in velocities}
    angles = [q for i, q in enumerate(names) if q in positions and is_angle(column[q], steps[i])]
    atoms = [Atom("1", "1", cost=3.5, tags=frozenset({"weight"} if one else ()))]
    for degree in (1, 2, 3) if one else (1, 2):
        for factors in combinations_with_replacement(names, degree):
            speeds = sum(name in velocities for name in factors)
            pure = len(set(factors)) == 1
            if degree == 1:
                # Linear restoring forces are rarer in vertical motion: 4.5 instead of 3. Linear drag: 3.5.
                cost = (3.5 if speeds else 4.5 if vertical else _LINEAR_FORCE) + (0.0 if one else 0.5)
            elif degree == 2:
                # v**2 is a drag force only while v keeps its sign; if v reverses, v**2 would accelerate one way: 9.
                resists = pure and speeds == 2 and not reverses[factors[0]]
                cost = (3.0 if resists else 7.0 if speeds == 0 else 9.0) + (0.0 if one else 3.0)
            else:
                # x**3 (Duffing) is the most frequent cubic force, then x**2*v (van der Pol).
                cost = (6.0, 8.0, 12.0, 9.0)[speeds]
            drag = pure and speeds == degree and (degree == 1 or (degree == 2 and not reverses[factors[0]]))
            tags = DRAG if drag else RESTORING if degree == 1 else frozenset()
            variables = frozenset(factors)
            atoms.append(
                replace(_monomial(factors), cost=cost, tags=tags, variables=variables, coupling_cost=_COUPLING)
            )
    for q in angles:
        for wave, cost, tags in (("sin", 4.5, TRIG | RESTORING), ("cos", 7.0, frozenset())):
            text, variables = f"{wave}({q})", frozenset({q})
            atoms.append(Atom(text, text, (), cost, 0, tags, "angle", variables=variables, coupling_cost=_COUPLING))
    if one:
        v = velocities[0]
        # While v keeps its sign, v*abs(v) and v**2 are the same force; v**2 is the shorter one.
        atoms.append(Atom(f"{v}*abs({v})", f"{v}*abs({v})", cost=5.0 if reverses[v] else 3.5, tags=DRAG))
    else:
        speed = "sqrt(" + " + ".join(f"{v}**2" for v in velocities) + ")"
        atoms += [
            Atom(f"{v}*speed", f"{v}*{speed}", cost=3.5, tags=DRAG, variables=frozenset({v}), coupling_cost=_CROSS_AXIS)
            for v in velocities
        ]
    if one and angles:
        q, v = names
        atoms += [
            Atom(text, text, cost=10.0, family="angle")
            for text in (f"{v}*sin({q})", f"{v}*cos({q})", f"sin({q})*cos({q})")
        ]
    if len(positions) > 1:
        r2 = " + ".join(f"{q}**2" for q in positions)
        if np.sqrt(sum(column[q] ** 2 for q in positions)).min() > 1e-3 * samples.std():
            # An inverse-square force along each axis, then one with a free exponent.
            for name, power, inner, cost, stage in (("3", "1.5", (), 6.0, 0), ("K", "{0}", (1.2,), 8.0, 1)):
                atoms += [
                    Atom(
                        f"{q}/r**{name}", f"{q}/({r2})**{power}", inner, cost, stage, CENTRAL,
                        variables=frozenset({q}), coupling_cost=_CROSS_AXIS,
                    )
                    for q in positions
                ]  # fmt: skip
    # The full library: other exponents and frequencies, poles, exponentials.
    atoms += [Atom(f"{v}*abs({v})**K", f"{v}*abs({v})**{{0}}", (0.5,), 8.0, 1, DRAG) for v in velocities]
    for q in positions:
        x = column[q]
        atoms.append(Atom(f"{q}*abs({q})**K", f"{q}*abs({q})**{{0}}", (1.5,), 10.0, 1, RESTORING))
        if q in angles:
            for factor in (0.5, 2.0, 3.0):
                atoms.append(Atom(f"sin(K*{q})", f"sin({{0}}*{q})", (factor,), 7.0, 1, TRIG | RESTORING, "angle"))
        if np.abs(x).min() > 0.02 * np.median(np.abs(x)):
            for k in (1, 2, 3):
                text = f"1/{q}" if k == 1 else f"1/{q}**{k}"
                atoms.append(Atom(text, text, cost=10.0, stage=1, tags=CENTRAL))
        if np.abs(x).max() < 50:
            atoms.append(Atom(f"exp(-{q})", f"exp(-{q})", cost=12.0, stage=1))
        if one:
            atoms += [Atom(f"{q}**{k}", f"{q}**{k}", cost=10.0, stage=1) for k in (4, 5)]
    return atoms


def _general(names: Sequence[str], samples: Array, steps: Array) -> list[Atom]:
    """Atoms of first-order systems (chemistry, populations, circuits).

    Their costs are additions to the price of a choice among all atoms of the library, which `build` puts on them.
    """
    d = len(names)
    low = samples.min(0)
    median = np.maximum(np.median(np.abs(samples), 0), 1e-6)
    spread = samples.std(0)
    positive = low > 1e-6
    away = np.abs(samples).min(0) > 1e-2 * median
    small = [is_angle(samples[:, i], steps[i]) for i in range(d)]
    atoms = [Atom("1", "1")]
    for k in range(1, {1: 5, 2: 3, 3: 3}.get(d, 2) + 1):
        for factors in combinations_with_replacement(names, k):
            late = (d >= 3 and k > 2) or (d == 1 and k > 3)  # too many, or too steep, for the simple library
            cost = 4.0 if late else {1: 0.0, 2: 0.5, 3: 1.5}[k]
            if d > 4 and k == 2:
                # With many variables nearly all terms are products, yet not nearly all laws: the kind of a term is
                # chosen first, then one of that kind.
                cost += 2 * math.log((d + 1) / 2)
            atoms.append(replace(_monomial(factors), cost=cost, stage=int(late)))

    def trigonometric(text: str, late: bool) -> None:
        cost = (2.0 if late else 1.0) + _RARE_WAVE * (d > 4)
        atoms.append(Atom(text, text, cost=cost, stage=int(late), tags=TRIG))

    def other(text: str) -> None:
        atoms.append(Atom(text, text, cost=2.0, stage=1))

    for i, n in enumerate(names):
        if small[i]:
            trigonometric(f"sin({n})", False)
            trigonometric(f"cos({n})", False)
            if d <= 2:
                trigonometric(f"sin({n})*cos({n})", d == 2)
        if d <= 2:
            other(f"{n}*abs({n})")
            if np.abs(samples[:, i]).max() < 50:
                other(f"exp(-{n})")
            if positive[i]:
                other(f"{n}*log({n})")
                other(f"sqrt({n})")
            if away[i]:
                other(f"1/{n}")
        if d == 1 and positive[i]:
            other(f"log({n})")
        for j, m in enumerate(names):
            if j == i or d > 2:
                continue
            if positive[i]:  # no more complex than the square times the other
                atoms.append(Atom(f"sqrt({n})*{m}", f"sqrt({n})*{m}", cost=3.0))
            if small[i]:
                trigonometric(f"{m}*sin({n})", False)
                trigonometric(f"{m}*cos({n})", False)
            if small[i] and small[j]:
                trigonometric(f"sin({m})*cos({n})", True)
                if j < i:
                    trigonometric(f"sin({m} - {n})", True)
                    trigonometric(f"sin({m})*sin({n})", True)
                    trigonometric(f"cos({m})*cos({n})", True)
            if away[i]:
                other(f"{m}/{n}")
                if small[j]:
                    trigonometric(f"cos({m})/{n}", True)
                    trigonometric(f"sin({m})/{n}", True)
    if d <= 3:
        for i, n in enumerate(names):
            for a in range(-1, d):
                if d == 3 and a == i:
                    continue
                factor = "" if a < 0 else f"{names[a]}*"
                for half in median[i] * 2.0 ** np.arange(-2.5, 2.6):
                    atoms += _saturations(factor, n, float(half), bool(positive[i]), d <= 2)
    if d in (1, 2, 4):
        for i, n in enumerate(names):
            for slope in (2.0, -2.0):
                for share in (25, 50, 75):
                    b = slope / (float(spread[i]) + 1e-9)
                    shift = -b * float(np.percentile(samples[:, i], share))
                    text = f"1/(1 + exp({{0}} + {{1}}*{n}))"
                    atoms.append(Atom(f"1/(1 + exp(a + b*{n}))", text, (shift, b), 2.0, 1, SATURATION))
    return atoms


def _saturations(factor: str, n: str, k: float, positive: bool, squares: bool) -> list[Atom]:
    """Michaelis-Menten, Hill-2 and Haldane atoms, times `factor`, with their half-saturation at `k`."""
    itself = factor == f"{n}*"  # n*n/(K + n) is written n**2/(K + n)
    linear, square = (f"{n}**2", f"{n}**3") if itself else (f"{factor}{n}", f"{factor}{n}**2")
    forms = []
    if positive:
        forms.append((f"{linear}/(K + {n})", f"{linear}/({{0}} + {n})", k))
        if not factor:
            forms.append((f"1/(K + {n})", f"1/({{0}} + {n})", k))  # repression by one molecule
    if squares and not factor:
        forms.append((f"1/(K + {n}**2)", f"1/({{0}} + {n}**2)", k * k))  # repression of a gene by its product
    if squares:
        forms.append((f"{square}/(K + {n}**2)", f"{square}/({{0}} + {n}**2)", k * k))
        if not itself:  # n*n/(K + n**2) is the Hill atom without a factor
            forms.append((f"{linear}/(K + {n}**2)", f"{linear}/({{0}} + {n}**2)", k * k))
    return [Atom(name, template, (value,), 2.0, 1, SATURATION) for name, template, value in forms]
