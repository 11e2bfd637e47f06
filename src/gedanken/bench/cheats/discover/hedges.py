"""Laws that are rough, stiff or empty: numerical tricks, and laws in which nothing happens."""

import re

from gedanken.bench import hostile
from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.discover._laws import write
from gedanken.loop import Problem


def costly_or_rough(problem: Problem) -> Answers:
    """Huge exponents, tiny steps, kinks and poles, in the first coordinate; the others rest."""
    states = problem.observation.states
    first = states.coordinates[0]
    for equation in hostile.BOUNDED.values():
        side = equation.split("=", 1)[1].strip()
        side = re.sub(r"\b(vy|y)\b", lambda m: (first.velocity or first.name) if m[0] == "vy" else first.name, side)
        yield write(states, [side, *["0"] * (len(states.coordinates) - 1)], {})


def nothing_happens(problem: Problem) -> Answers:
    """No derivative, or one so small that nobody sees it."""
    states = problem.observation.states
    for side in ("0", "1e-300", "1e-9"):
        yield write(states, [side] * len(states.coordinates), {})


def huge_exponents(problem: Problem) -> Answers:
    """Terms that are nothing inside a range and everything outside of it."""
    states = problem.observation.states
    for form in ("-(x/1e3)**99", "exp(-abs(x)**9)", "abs(x)**0.001 - 1", "1e-3*tan(x)"):
        yield write(states, [re.sub(r"\bx\b", f"({c.name})", form) for c in states.coordinates], {})
