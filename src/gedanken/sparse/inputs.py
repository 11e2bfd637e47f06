"""Atoms with inputs: what a measured input, or a constant that differs between trials, may do in a law.

An input that a person names is most likely a term by itself, or a factor of a simple one (a valve that opens a flow, a
motor on a pendulum). A constant of a trial (a mass, a length) multiplies or divides simple terms.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from gedanken.sparse.library import Atom
from gedanken.worlds.ode.inputs import TRIAL, Drive, constants
from gedanken.worlds.ode.trajectory import StateSpace

_FORCE = 1.0  # cost of an input as a term of its own: it was named because it acts
_FACTOR = 2.0  # more than the atom's own cost for one that an input multiplies
_CURVED = 6.0  # cost of an input's square
_SATURATES = 8.0  # cost of an input whose effect saturates
# More than the atom's own cost for one with a power of a trial's constant. Each is less likely than without, if the
# constant had no effect, but then nobody would have written it down.
_POWERS = {1: 0.5, -1: 0.5, 2: 1.5, -2: 1.5}
_RATIO = 1.5  # the same for one constant over another


def with_inputs(states: StateSpace, atoms: Sequence[Atom], drives: Sequence[Drive | None]) -> list[Atom]:
    """The library together with the atoms that name inputs.

    Args:
        states: the state variables and the inputs.
        atoms: the library without inputs.
        drives: the inputs of each trial.
    """
    given = [drive for drive in drives if drive is not None]
    if not states.inputs or not given:
        return list(atoms)
    simple = [atom for atom in atoms if atom.stage == 0 and not atom.inner]
    positions = {c.name for c in states.coordinates}
    forces: list[Atom] = []
    for k, each in enumerate(states.inputs):
        if each.between == TRIAL:
            continue
        u, readings = each.name, np.concatenate([drive.values[:, k] for drive in given])
        forces.append(Atom(u, u, cost=_FORCE, tags=frozenset({"linear"})))
        for atom in simple:
            # One factor: a variable, or the sine or cosine of a position.
            if atom.template in states.columns or atom.template in {
                f"{f}({q})" for f in ("sin", "cos") for q in positions
            }:
                forces.append(_times(atom, u, _FACTOR))
        forces.append(Atom(f"{u}**2", f"{u}**2", cost=_CURVED, stage=1))
        if readings.min() >= 0 and readings.max() > 0:
            half = float(np.median(readings[readings > 0]))
            for factor in ("", *(f"{name}*" for name in states.columns)):
                text = f"{factor}{u}/({{0}} + {u})"
                forces.append(Atom(f"{factor}{u}/(K + {u})", text, (half,), _SATURATES, 1, family="quotient"))
    settings = [each.name for each in states.inputs if each.between == TRIAL]
    divisors = {name for name in settings if np.abs(constants(given, name)).min() > 0}
    varied = [
        _scaled(atom, powers, cost) for powers, cost in _scales(settings, divisors) for atom in (*simple, *forces)
    ]
    return [*atoms, *forces, *varied]


def _times(atom: Atom, factor: str, cost: float) -> Atom:
    text = factor if atom.template == "1" else f"{factor}*{atom.template}"
    return replace(atom, name=text, template=text, cost=atom.cost + cost, tags=atom.tags - {"drag", "weight"})


def _scales(settings: Sequence[str], divisors: set[str]) -> Iterable[tuple[dict[str, int], float]]:
    """Powers of the trials' constants that a term may be multiplied by, and what each adds to its cost."""
    for name in settings:
        for power, cost in _POWERS.items():
            if power > 0 or name in divisors:
                yield {name: power}, cost
    for above in settings:
        for below in settings:
            if above != below and below in divisors:
                yield {above: 1, below: -1}, _RATIO


def _scaled(atom: Atom, powers: dict[str, int], cost: float) -> Atom:
    """The atom multiplied by powers of constants."""
    above = [name if power == 1 else f"{name}**{power}" for name, power in powers.items() if power > 0]
    below = [name if power == -1 else f"{name}**{-power}" for name, power in powers.items() if power < 0]

    def write(text: str) -> str:
        if above and text.startswith("1/"):
            return "/".join(["*".join(above) + text[1:], *below])
        front = "*".join([*above, *([] if text == "1" and above else [text])])
        return "/".join([front, *below])

    return replace(atom, name=write(atom.name), template=write(atom.template), cost=atom.cost + cost)
