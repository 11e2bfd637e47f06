"""Laws drawn at random, so that a decoder does not only learn which law belongs to which words.

A law is a sum of one to three common terms for each variable: linear ones, of the other variables, too, drag, powers,
products, saturation, a sine. In most laws of two coordinates both obey the same law with their places changed; what
one does to the other may have opposite signs, as where a frame turns, and a steady force may act along one of them.

A law can also be a known system's with such a term more, so that the words of its hint do not decide it. A law that has
the form of a held-out system is drawn again.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
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

TWINS = 0.7
"""Share of the laws of two coordinates in which both obey the same one."""

TURNED = 0.5
"""Share of these in which terms that are linear in the other coordinate have opposite signs in the two equations."""

STEADY = 0.3
"""Share of these in which a steady force acts along one coordinate."""

_OTHERS = ("*x2", "*x3")
"""What follows the constant of a term of the first coordinate that is linear in the second one."""

Form = tuple[tuple[str, ...], ...]
"""Terms of each equation without their constants."""


def draw_system(rng: np.random.Generator, hint: str = "") -> System:
    """A law with ranges for its start, which may have no usable instance (`system.draw` says so).

    Args:
        rng: draws the law.
        hint: what the prompt says of it.
    """
    while True:
        drawn = _draw(rng)
        if form(drawn) not in held_out_forms():
            return replace(drawn, hint=hint)


def extend_system(entry: System, rng: np.random.Generator) -> System:
    """A system of the zoo under its own hint, with one more term, which it has not yet, in one of its equations."""
    while True:
        drawn = _extend(entry, rng)
        found = form(system.anonymise(drawn))
        if found not in held_out_forms() and all(len({*shapes}) == len(shapes) for shapes in found):
            return drawn


def _extend(entry: System, rng: np.random.Generator) -> System:
    states = entry.states
    equation = int(rng.integers(len(states.left_sides)))
    text, sign = _draw_term(states, equation, rng)
    name = next(f"z{k}" for k in range(9) if f"z{k}" not in {*states.columns, *entry.params, *entry.scales})

    def extend(law: str) -> str:
        sides = law.split(";")
        sides[equation] += f" {'-' if sign < 0 else '+'} {name}{text}"
        return ";".join(sides)

    return replace(
        entry,
        equation=extend(entry.equation),
        params={**entry.params, name: SIZE},
        conserved={},
        readable=extend(entry.readable) if entry.readable else "",
        scales={**entry.scales, name: name} if entry.readable else {},
        source="drawn at random",
        category="drawn",
    )


def _draw(rng: np.random.Generator) -> System:
    kind = rng.choice(["first", "second", "plane"], p=[0.3, 0.3, 0.4])
    if kind == "first":
        states = StateSpace.first_order(*(f"x{k}" for k in range(int(rng.integers(1, 4)))))
    else:
        states = StateSpace.second_order(x0="x1", **({"x2": "x3"} if kind == "plane" else {}))
    twins = kind == "plane" and rng.random() < TWINS
    terms = [_draw_terms(states, 0, rng)]
    if twins:
        names = {text: f"c{k}" for k, text in enumerate(terms[0])}
        turned = rng.random() < TURNED
        terms.append({_swap(text): -sign if turned and text in _OTHERS else sign for text, sign in terms[0].items()})
        called = [names, {_swap(text): name for text, name in names.items()}]
        steady = int(rng.integers(2))
        if rng.random() < STEADY and "" not in names:
            terms[steady][""] = float(rng.choice((-1.0, 1.0)))
            called[steady][""] = f"c{len(names)}"
    else:
        terms += [_draw_terms(states, k, rng) for k in range(1, len(states.left_sides))]
        count = iter(range(99))
        called = [{text: f"c{next(count)}" for text in each} for each in terms]
    sides = [
        f"{left} = "
        + " ".join(f"{'-' if sign < 0 else '+'} {names[text]}{text}" for text, sign in each.items()).removeprefix("+ ")
        for left, each, names in zip(states.left_sides, terms, called, strict=True)
    ]
    used = sorted({name for names in called for name in names.values()}, key=lambda name: int(name[1:]))
    return System(
        equation="; ".join(sides).replace("= - ", "= -"),
        states=states,
        params={name: float(f"{SIZE.draw(rng):.3g}") for name in used},
        initial={name: Uniform(0.2, 2.0) if kind == "first" else Signed(Uniform(0.2, 2.0)) for name in states.columns},
        hint="",
        names_hint="",
        source="drawn at random",
        category="drawn",
        tier=1,
        limit=50.0,
    )


def _draw_terms(states: StateSpace, equation: int, rng: np.random.Generator) -> dict[str, float]:
    """Terms of an equation: what follows the constant, and the sign. Of equal terms one would do."""
    return dict(_draw_term(states, equation, rng) for _ in range(int(rng.integers(1, MOST_TERMS + 1))))


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
        f"{position}*{other}": (1.0 if other != position else 0.0, either),
        f"sin({position})": (0.7, held),
        f"{position}/(1 + {position}**2)": (0.3, either),
        "1": (1.0, either),
    }
    speeds = [each.velocity for each in states.coordinates if each.velocity]
    if len(speeds) == 2:
        terms[f"sqrt({speeds[0]}**2 + {speeds[1]}**2)*{own}"] = (0.5, -1.0)
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
