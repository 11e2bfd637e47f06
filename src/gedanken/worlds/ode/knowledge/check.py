"""Whether a law agrees with what is known, and if not, why."""

import math
from collections.abc import Sequence

from gedanken.worlds.ode.knowledge.conserved import not_conserved
from gedanken.worlds.ode.knowledge.facts import Facts, facts, probe
from gedanken.worlds.ode.knowledge.knowledge import Knowledge
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.normal_form import TooLarge
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.law.tree import Call, walk
from gedanken.worlds.ode.trajectory import Trajectory

# Relative difference within which a constant has the value that was fixed, and the coefficient of a known term that of
# the term: answers print a few digits.
SAME = 1e-3


def why_not(knowledge: Knowledge, law: Law, trajectories: Sequence[Trajectory] = ()) -> str:
    """Why a law disagrees with what is known, in English; empty where it agrees.

    Args:
        knowledge: what is known.
        law: the law, its parameters with their values.
        trajectories: the record, at whose states conservation is checked; without one it is not.
    """
    if not knowledge:
        return ""
    given = facts(knowledge, law.states)
    for name in sorted(given.absent):
        calls = {node.function for side in law.equations.right_sides for node in walk(side) if isinstance(node, Call)}
        if name in law.equations.names or name in calls:
            return f"{name} is known not to occur"
    for name, (low, high) in given.limits.items():
        value = law.params.get(name)
        if value is not None and (reason := _outside(f"{name} =", value, low, high)):
            return reason
    reason = _terms(given, law)
    if not reason and knowledge.conserve and trajectories:
        reason = not_conserved(given, law, trajectories)
    return reason


def _outside(what: str, value: float, low: float, high: float) -> str:
    slack = SAME * max(abs(low) if math.isfinite(low) else 0.0, abs(high) if math.isfinite(high) else 0.0)
    if low == high and abs(value - low) > slack:
        return f"{what} {value:.6g}, which is known to be {low:g}"
    if value < low - slack:
        return f"{what} {value:.6g}, which is known to be at least {low:g}"
    if value > high + slack:
        return f"{what} {value:.6g}, which is known to be at most {high:g}"
    return ""


def _terms(given: Facts, law: Law) -> str:
    """What is wrong with the terms of a law."""
    parts = any(side is not None for side in given.sides) or any(given.complete)
    if not (parts or given.terms or given.forbidden or given.coefficients):
        return ""
    values = {name: low for name, (low, high) in given.limits.items() if low == high}
    # The form of a law is that of its simplest reading: what it multiplies out to.
    sides = parse(law.source, law.states, law.params).right_sides
    for equation, side in enumerate(sides):
        left = given.states.left_sides[equation]
        try:
            found, _ = probe(side, dict(law.params), given.states)
            part = given.sides[equation]
            wanted, loose = ({}, set()) if part is None else probe(part, values, given.states)
            open_part = wanted if part is None else probe(part, {}, given.states)[0]
        except (TooLarge, OverflowError, ZeroDivisionError):
            return f"the right-hand side of {left} cannot be compared with what is known: too large, or no value"
        for key, value in wanted.items():
            name = _read(key)
            if key not in found:
                return f"{left} lacks the known term {name}"
            if key not in loose and abs(found[key] - value) > SAME * abs(value):
                return f"in {left} the coefficient of {name} is {found[key]:.6g}, which is known to be {value:.6g}"
        for key, value in found.items():
            known = key in wanted or key in open_part
            if not known and given.complete[equation]:
                return f"{left} is known completely, and {_read(key)} is no term of it"
            if not known and not given.allows(equation, key):
                return f"the term {_read(key)} is known not to occur in {left}"
            low, high = given.coefficient_limits(equation, key)
            if reason := _outside(f"in {left} the coefficient of {_read(key)} is", value, low, high):
                return reason
    return ""


def _read(key: str) -> str:
    """A normal form as one would write it."""
    return key.replace("^1", "").replace("^", "**").replace("1*", "")
