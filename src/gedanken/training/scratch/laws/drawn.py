"""Laws drawn at random, so that a decoder does not only learn which law belongs to which words.

A law is a sum of one to three common terms for each variable: linear ones, of the other variables, too, drag, powers,
products, saturation, a sine. In half of the laws of two coordinates both obey the same law with their places changed. A
law that has the form of a held-out system is drawn again.
"""

import re
from collections.abc import Iterator
from functools import cache

import numpy as np

from gedanken.worlds.ode import system
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.products import read_products
from gedanken.worlds.ode.system import LogUniform, Signed, System, Uniform
from gedanken.worlds.ode.trajectory import StateSpace

SIZE = LogUniform(0.1, 3.0)
"""Of a constant."""

MOST_TERMS = 3
DAMPED = 0.8
"""Share of the terms of a variable itself that hold it back."""

TWINS = 0.5
"""Share of the laws of two coordinates in which both obey the same one."""

Form = tuple[tuple[str, ...], ...]
"""Terms of each equation without their constants."""


def draw_system(rng: np.random.Generator) -> System:
    """A law with ranges for its start, which may have no usable instance (`system.draw` says so)."""
    while True:
        drawn = _draw(rng)
        if form(drawn) not in held_out_forms():
            return drawn


def _draw(rng: np.random.Generator) -> System:
    kind = rng.choice(["first", "second", "plane"], p=[0.4, 0.35, 0.25])
    if kind == "first":
        states = StateSpace.first_order(*(f"x{k}" for k in range(int(rng.integers(1, 4)))))
    else:
        states = StateSpace.second_order(x0="x1", **({"x2": "x3"} if kind == "plane" else {}))
    twins = kind == "plane" and rng.random() < TWINS
    constants: list[float] = []
    sides = []
    templates: list[tuple[str, float]] = []
    for k, left in enumerate(states.left_sides):
        if not (twins and k):
            templates = [_draw_term(states, k, rng) for _ in range(int(rng.integers(1, MOST_TERMS + 1)))]
            # Of equal terms one would do.
            templates = list(dict(templates).items())
            names = [f"c{len(constants) + j}" for j in range(len(templates))]
            constants += [SIZE.draw(rng) for _ in templates]
        terms = [
            f"{'-' if sign < 0 else '+'} {name}{_swap(text) if twins and k else text}"
            for (text, sign), name in zip(templates, names, strict=True)
        ]
        sides.append(f"{left} = {' '.join(terms).removeprefix('+ ')}".replace("= - ", "= -"))
    return System(
        equation="; ".join(sides),
        states=states,
        params={f"c{k}": float(f"{value:.3g}") for k, value in enumerate(constants)},
        initial={name: Uniform(0.2, 2.0) if kind == "first" else Signed(Uniform(0.2, 2.0)) for name in states.columns},
        hint="",
        names_hint="",
        source="drawn at random",
        category="drawn",
        tier=1,
        limit=50.0,
    )


def _draw_term(states: StateSpace, equation: int, rng: np.random.Generator) -> tuple[str, float]:
    """What follows the constant of a term of an equation, and the term's sign."""
    own = states.unexplained[equation]
    position = states.coordinates[equation].name
    other = str(rng.choice([name for name in states.columns if name not in (own, position)] or [position]))
    held = -1.0 if rng.random() < DAMPED else 1.0
    either = float(rng.choice((-1.0, 1.0)))
    terms = {
        position: (4.0, held),
        own: (2.0, held),
        other: (2.0, either),
        f"{position}**3": (1.0, held),
        f"{position}**2": (0.5, either),
        f"{own}*abs({own})": (1.0, held),
        f"{position}*{other}": (1.0, either),
        f"sin({position})": (0.7, held),
        f"{position}/(1 + {position}**2)": (0.3, either),
        "1": (1.0, either),
    }
    if len(states.coordinates) == 2 and states.coordinates[0].velocity:
        terms[f"sqrt(x1**2 + x3**2)*{own}"] = (0.5, -1.0)
    weights = np.array([weight for weight, _ in terms.values()])
    text = str(rng.choice(list(terms), p=weights / weights.sum()))
    return "" if text == "1" else f"*{text}", terms[text][1]


def _swap(text: str) -> str:
    """A term of the first coordinate in the second one's variables."""
    return re.sub(r"x(\d)", lambda found: f"x{(int(found[1]) + 2) % 4}", text)


@cache
def held_out_forms() -> frozenset[Form]:
    """The forms of the systems that are held out."""
    entries = [system.load(name) for name in system.names()]
    return frozenset(form(system.anonymise(entry)) for entry in entries if entry.held_out)


def form(entry: System) -> Form:
    """Terms of each equation without their constants, in order."""
    params = {name: 1.5 + 0.1 * k for k, name in enumerate(entry.params)}
    law = Law.of(Answer(entry.equation, params), entry.states)
    return tuple(tuple(sorted(_shapes(law, k))) for k in range(len(entry.states.left_sides)))


def _shapes(law: Law, equation: int) -> Iterator[str]:
    for product in read_products(law.equations.right_sides[equation], law.params) or ():
        yield product.shape
