"""The atoms that laws are put together from, and what each costs before any data are seen.

A law is a sum of atoms with a coefficient each; some atoms hold constants of their own, which are fitted with the
coefficients. A cost is minus twice a log prior probability, so that it adds to the information criterion. The families
are those of textbook dynamics and name no system: monomials, elementary functions and their products, saturations,
sigmoids, drag, central forces. Costs say how common a family is; a hint lowers some of them (`HINTS`).
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
        name: identity; variants that differ only in the starting values of their constants share it.
        template: text in the grammar, `{0}`, `{1}` for its own constants.
        inner: starting values of these constants.
        cost: minus twice the log prior of using it, next to the price of its coefficients.
        stage: 0 in the first library that is tried, later ones only when the simpler leave something unexplained.
        tags: what a hint may speak of.
        owners: the variables in whose equations it is at home. Empty for everywhere.
        abroad: added to the cost elsewhere.
        family: what a law has to speak of to use it (angles, exponentials, ...), at a price of its own; empty for none.
    """

    name: str
    template: str
    inner: tuple[float, ...] = ()
    cost: float = 0.0
    stage: int = 0
    tags: frozenset[str] = frozenset()
    family: str = ""
    owners: frozenset[str] = frozenset()
    abroad: float = 0.0

    def text(self, constants: Sequence[str] = ()) -> str:
        """The atom with names or numbers for its constants."""
        return self.template.format(*(constants or [f"({value!r})" for value in self.inner]))


def _family(template: str) -> str:
    for family, marks in (("exponential", ("exp(", "log(")), ("angle", ("sin(", "cos(")), ("size", ("abs(", "sqrt("))):
        if any(mark in template for mark in marks):
            return family
    return "quotient" if "/" in template else "power" if "**{" in template else ""


# A word of the hint makes a family as cheap as a linear term. The words are those of scenes and instruments, never of
# laws; matching is by prefix. What a hint says is a prior: data that disagree still win.
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
    """The atoms, with the families that the hint speaks of at the price of a linear term."""
    text = hint.lower()
    meant = {
        family
        for family, words in HINTS.items()
        if any(re.search(rf"(?<![a-z]){re.escape(word)}", text) for word in words)
    }
    return [
        replace(atom, cost=min(atom.cost, _hinted(atom, cheap)), family="") if atom.tags & meant else atom
        for atom in atoms
    ]


def _hinted(atom: Atom, cheap: float) -> float:
    """Cost of an atom that a hint speaks of.

    Weight is all but certain then, and an angle acts by its sine; the others are as likely as any term.
    """
    certain = atom.tags & {"weight", "restoring"} and not atom.inner and atom.template.startswith(("1", "sin("))
    return 0.5 if certain else cheap + 2.0 * len(atom.inner) + 0.5 * ("abs(" in atom.template)


def build(states: StateSpace, samples: Array, steps: Array, hint: str = "") -> list[Atom]:
    """All atoms for a state space.

    Args:
        states: the state variables.
        samples: smoothed samples (m, n), which decide what is defined on them.
        steps: largest change of each column between neighbouring samples, shape (n,): the sine of a variable that turns
            by more than a radian a sample is noise to the eye.
        hint: the sentence about the scene.
    """
    # A variable called theta is a hint, too, and so is a single one called y or z, which says up and down.
    words = f"{hint} {' '.join(states.columns)}" + " height" * (
        states.columns[0] in ("y", "z", "h") and states.size == 2
    )
    if any(c.velocity is not None for c in states.coordinates):
        return apply_hint(_mechanical(states, samples, steps), words, 3.0)
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
    """Periodic forces of the time, alone or on a variable, for records that no law without one explains."""
    times = f"{factor}*" if factor else ""
    # Half of the cost is for the choice among some fifty frequencies that were looked at.
    cost, tags = 15.0 + 2.0 * bool(factor), frozenset({"driven"})
    atoms = [Atom(f"{times}cos(K*t + L)", f"{times}cos({{0}}*t + {{1}})", (frequency, phase), cost, 2, tags, "driven")]
    for wave in ("cos", "sin"):
        atoms.append(Atom(f"{times}{wave}(K*t)", f"{times}{wave}({{0}}*t)", (frequency,), cost, 2, tags, "driven"))
    return apply_hint(atoms, hint, 3.0)


def _is_angle(column: Array, step: float) -> bool:
    """Whether the sine of a variable makes sense: near enough to zero once, and well sampled if it turns round."""
    return float(np.abs(column).min()) < 2 * np.pi and (float(column.std()) < 2 * np.pi or step < 0.5)


def _monomial(names: Sequence[str]) -> Atom:
    powers = {name: names.count(name) for name in names}
    text = "*".join(name if k == 1 else f"{name}**{k}" for name, k in powers.items())
    return Atom(text, text, tags=frozenset({"linear"} if len(names) == 1 else ()))


VERTICAL = ("y", "z", "h", "height", "altitude")
TRIG = frozenset({"trigonometric"})
RESTORING = frozenset({"restoring"})


def _mechanical(states: StateSpace, samples: Array, steps: Array) -> list[Atom]:
    """Atoms of forces. Costs are minus twice the log of how often a force law has such a term, judged by eye."""
    names = list(states.columns)
    column = {name: samples[:, i] for i, name in enumerate(names)}
    positions = [c.name for c in states.coordinates]
    velocities = [c.velocity for c in states.coordinates if c.velocity is not None]
    one = len(names) == 2
    vertical = one and names[0] in VERTICAL
    changes = {v: min(-column[v].min(), column[v].max()) > 0.25 * np.abs(column[v]).max() for v in velocities}
    angles = [q for i, q in enumerate(names) if q in positions and _is_angle(column[q], steps[i])]
    atoms = [Atom("1", "1", cost=3.5, tags=frozenset({"weight"} if one else ()))]
    for k in (1, 2, 3) if one else (1, 2):
        for chosen in combinations_with_replacement(names, k):
            speeds = sum(name in velocities for name in chosen)
            square = len(set(chosen)) == 1
            if k == 1:
                # What falls seldom hangs on a spring.
                cost = (3.5 if speeds else 4.5 if vertical else 3.0) + (0.0 if one else 0.5)
            elif k == 2:
                # The square of a velocity that changes sign does not resist anything.
                drags = square and speeds == 2 and not changes[chosen[0]]
                cost = (3.0 if drags else 7.0 if speeds == 0 else 9.0) + (0.0 if one else 3.0)
            else:
                cost = (6.0, 8.0, 12.0, 9.0)[speeds]
            resists = k == 1 or (k == 2 and not changes.get(chosen[0], True))
            kinds = {"drag"} if square and speeds == k and resists else {"restoring"} if k == 1 else set()
            atoms.append(
                replace(_monomial(chosen), cost=cost, tags=frozenset(kinds), owners=frozenset(chosen), abroad=2.0)
            )
    for q in angles:
        atoms.append(Atom(f"sin({q})", f"sin({q})", (), 4.5, 0, TRIG | RESTORING, "angle", frozenset({q}), 2.0))
        atoms.append(Atom(f"cos({q})", f"cos({q})", (), 7.0, 0, frozenset(), "angle", frozenset({q}), 2.0))
    drag = frozenset({"drag"})
    if one:
        v = velocities[0]
        atoms.append(Atom(f"{v}*abs({v})", f"{v}*abs({v})", cost=5.0 if changes[v] else 3.5, tags=drag))
    else:
        speed = "sqrt(" + " + ".join(f"{v}**2" for v in velocities) + ")"
        atoms += [Atom(f"{v}*speed", f"{v}*{speed}", (), 3.5, 0, drag, "", frozenset({v}), 8.0) for v in velocities]
    if one and angles:
        q, v = names
        atoms += [
            Atom(text, text, cost=10.0, family="angle")
            for text in (f"{v}*sin({q})", f"{v}*cos({q})", f"sin({q})*cos({q})")
        ]
    if len(positions) > 1:
        r2 = " + ".join(f"{q}**2" for q in positions)
        if np.sqrt(sum(column[q] ** 2 for q in positions)).min() > 1e-3 * samples.std():
            central = frozenset({"central"})
            atoms += [
                Atom(f"{q}/r**3", f"{q}/({r2})**1.5", (), 6.0, 0, central, "", frozenset({q}), 8.0) for q in positions
            ]
            for q in positions:
                text = f"{q}/({r2})**{{0}}"
                atoms.append(Atom(f"{q}/r**K", text, (1.2,), 8.0, 1, central, "", frozenset({q}), 8.0))
    # Second library: other exponents and frequencies, poles, exponentials.
    atoms += [Atom(f"{v}*abs({v})**K", f"{v}*abs({v})**{{0}}", (0.5,), 8.0, 1, drag) for v in velocities]
    for q in positions:
        x = column[q]
        atoms.append(Atom(f"{q}*abs({q})**K", f"{q}*abs({q})**{{0}}", (1.5,), 10.0, 1, RESTORING))
        if q in angles:
            for factor in (0.5, 2.0, 3.0):
                atoms.append(Atom(f"sin(K*{q})", f"sin({{0}}*{q})", (factor,), 7.0, 1, TRIG | RESTORING, "angle"))
        if np.abs(x).min() > 0.02 * np.median(np.abs(x)):
            for k in (1, 2, 3):
                text = f"1/{q}" if k == 1 else f"1/{q}**{k}"
                atoms.append(Atom(text, text, cost=10.0, stage=1, tags=frozenset({"central"})))
        if np.abs(x).max() < 50:
            atoms.append(Atom(f"exp(-{q})", f"exp(-{q})", cost=12.0, stage=1))
        if one:
            atoms += [Atom(f"{q}**{k}", f"{q}**{k}", cost=10.0, stage=1) for k in (4, 5)]
    return atoms


def _general(names: Sequence[str], samples: Array, steps: Array) -> list[Atom]:
    d = len(names)
    low = samples.min(0)
    median = np.maximum(np.median(np.abs(samples), 0), 1e-6)
    spread = samples.std(0)
    positive = low > 1e-6
    away = np.abs(samples).min(0) > 1e-2 * median
    small = [_is_angle(samples[:, i], steps[i]) for i in range(d)]
    atoms = [Atom("1", "1")]
    for k in range(1, {1: 5, 2: 3, 3: 3}.get(d, 2) + 1):
        for chosen in combinations_with_replacement(names, k):
            late = (d >= 3 and k > 2) or (d == 1 and k > 3)
            cost = 4.0 if late else {1: 0.0, 2: 0.5, 3: 1.5}[k]
            atoms.append(replace(_monomial(chosen), cost=cost, stage=int(late)))

    def trigonometric(text: str, late: bool) -> None:
        atoms.append(Atom(text, text, cost=2.0 if late else 1.0, stage=int(late), tags=TRIG))

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


SATURATION = frozenset({"saturation"})


def _saturations(factor: str, n: str, k: float, positive: bool, squares: bool) -> list[Atom]:
    """Michaelis-Menten, Hill-2 and Haldane atoms, times `factor`, with their half-saturation at `k`."""
    own = factor == f"{n}*"  # n*n/(K + n) is written n**2/(K + n)
    linear, square = (f"{n}**2", f"{n}**3") if own else (f"{factor}{n}", f"{factor}{n}**2")
    found = []
    if positive:
        found.append((f"{linear}/(K + {n})", f"{linear}/({{0}} + {n})", k))
    if squares and not factor:
        found.append((f"1/(K + {n}**2)", f"1/({{0}} + {n}**2)", k * k))  # repression
    if squares:
        found.append((f"{square}/(K + {n}**2)", f"{square}/({{0}} + {n}**2)", k * k))
        if not own:  # n*n/(K + n**2) is the Hill atom without a factor
            found.append((f"{linear}/(K + {n}**2)", f"{linear}/({{0}} + {n}**2)", k * k))
    return [Atom(name, template, (value,), 2.0, 1, SATURATION) for name, template, value in found]
