"""What prompts and reports say about what is known."""

import math
import re

from gedanken.worlds.ode.knowledge.knowledge import ENERGY, Knowledge


def write_knowledge(knowledge: Knowledge) -> str:
    """One paragraph for a prompt; empty where nothing is known."""
    said = sentences(knowledge)
    return f"KNOWN: {' '.join(said)} A law that breaks this scores 0." if said else ""


def sentences(knowledge: Knowledge) -> list[str]:
    """What is known, a sentence each."""
    found = []
    if knowledge.known:
        found.append(f"The law has the form {knowledge.known}{', where ? is to be found' * ('?' in knowledge.known)}.")
    constants = set(re.findall(r"\w+", knowledge.known))
    for name, value in knowledge.fix:
        found.append(f"{_subject(name, constants)} is {value:g}.")
    for name, (low, high) in knowledge.bound:
        parts = [f"at least {low:g}"] * math.isfinite(low) + [f"at most {high:g}"] * math.isfinite(high)
        found.append(f"{_subject(name, constants)} is {' and '.join(parts)}.")
    if knowledge.terms:
        found.append(f"The only terms are {', '.join(knowledge.terms)}.")
    if knowledge.forbid:
        found.append(f"These do not occur: {', '.join(knowledge.forbid)}.")
    if knowledge.conserve:
        what = "The energy" if knowledge.conserve.lower() == ENERGY else f"The quantity {knowledge.conserve}"
        found.append(f"{what} is conserved.")
    if knowledge.units:
        found.append(f"Units: {', '.join(f'{name} in {unit}' for name, unit in knowledge.units)}.")
    return found


def _subject(name: str, constants: set[str]) -> str:
    """A constant by its name, a coefficient by its term."""
    return name if name in constants else f"The coefficient of {name}"
