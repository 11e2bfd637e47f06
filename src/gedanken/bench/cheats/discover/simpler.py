"""Simpler laws whose constants, fitted to the record, make up for what they leave out."""

from collections.abc import Iterator

import numpy as np

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.discover._laws import fitted, least_squares, record_of, unexplained
from gedanken.loop import Problem
from gedanken.worlds.ode.law.parser import Binary, Expression, Minus, parse
from gedanken.worlds.ode.law.tree import print_expression

MOST_PARAMS = 16


def constant(problem: Problem) -> Answers:
    """Every derivative is a constant."""
    t, _ = record_of(problem)
    columns = unexplained(problem.observation.states)
    params = {f"c{k}": float(least_squares(problem, c, [np.ones_like(t)])[0]) for k, c in enumerate(columns)}
    yield fitted(problem, list(params), params)


def proportional(problem: Problem) -> Answers:
    """Every derivative is proportional to one column."""
    states = problem.observation.states
    _, values = record_of(problem)
    columns = unexplained(states)
    for number, name in enumerate(states.columns):
        params = {f"c{k}": float(least_squares(problem, c, [values[:, number]])[0]) for k, c in enumerate(columns)}
        yield fitted(problem, [f"c{k}*{name}" for k in range(len(columns))], params)


def linear(problem: Problem) -> Answers:
    """Every derivative is linear in its own coordinate and velocity, and in all columns."""
    states = problem.observation.states
    t, values = record_of(problem)
    own = [[i for i, name in enumerate(states.columns) if name in (c.name, c.velocity)] for c in states.coordinates]
    every = [list(range(states.size)) for _ in states.coordinates]
    for groups in (own, every) if own != every else (own,):
        sides: list[str] = []
        params: dict[str, float] = {}
        for number, (column, group) in enumerate(zip(unexplained(states), groups, strict=True)):
            found = least_squares(problem, column, [np.ones_like(t), *(values[:, i] for i in group)])
            names = [f"c{number}", *(f"c{number}_{states.columns[i]}" for i in group)]
            params.update(zip(names, found.tolist(), strict=True))
            terms = [f"{name}*{states.columns[i]}" for name, i in zip(names[1:], group, strict=True)]
            sides.append(" + ".join([names[0], *terms]))
        if len(params) <= MOST_PARAMS:
            yield fitted(problem, sides, params)


def term_dropped(problem: Problem) -> Answers:
    """The true law without one of its terms."""
    truth = problem.truth
    law = parse(truth.equation, problem.observation.states, tuple(truth.params))
    for number, side in enumerate(law.right_sides):
        for shorter in _shorten(side):
            sides = [print_expression(each) for each in law.right_sides]
            sides[number] = print_expression(shorter)
            names = parse(
                "; ".join(f"{a} = {b}" for a, b in zip(law.states.left_sides, sides, strict=True)),
                law.states,
                tuple(truth.params),
            ).names
            yield fitted(problem, sides, {k: v for k, v in truth.params.items() if k in names})


def _shorten(side: Expression) -> Iterator[Expression]:
    """The side without one of its top-level terms."""
    match side:
        case Binary(operator="+" | "-" as operator, left=left, right=right):
            yield left
            yield Minus(right) if operator == "-" else right
            yield from (Binary(operator, shorter, right) for shorter in _shorten(left))
            yield from (Binary(operator, left, shorter) for shorter in _shorten(right))
