"""A state that runs one way is a clock: the record is copied in it, without naming `t`."""

import numpy as np
from numpy.polynomial import Polynomial

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.discover._laws import fitted, record_of, slopes_of, unexplained, write
from gedanken.loop import Problem

OPERATORS = 24


def horner(problem: Problem) -> Answers:
    """Polynomials in a monotone column, as many operators as 24 allow and half as many."""
    for sides, params in _laws(problem, (1, 2)):
        yield write(problem.observation.states, sides, params)


def horner_fitted(problem: Problem) -> Answers:
    """The shorter ones with their coefficients fitted through the simulator."""
    for sides, params in _laws(problem, (3,)):
        yield fitted(problem, sides, params)


def _laws(problem: Problem, shares: tuple[int, ...]) -> list[tuple[list[str], dict[str, float]]]:
    """(right-hand sides, coefficients) for each monotone column and each share of the operators."""
    states = problem.observation.states
    t, values = record_of(problem)
    slopes = slopes_of(t, values)
    laws = []
    for clock, name in enumerate(states.columns):
        rising = np.mean(slopes[:, clock] > 0)
        if not max(rising, 1 - rising) > 0.95:
            continue
        for share in shares:
            degree = max(1, OPERATORS // (2 * len(states.left_sides) * share))
            sides: list[str] = []
            params: dict[str, float] = {}
            for number, column in enumerate(unexplained(states)):
                wanted = Polynomial.fit(values[:, clock], slopes[:, column], degree).convert().coef
                wanted = np.pad(wanted, (0, degree + 1 - len(wanted)))
                names = [f"c{number}_{k}" for k in range(degree + 1)]
                params.update(zip(names, wanted.tolist(), strict=True))
                side = names[-1]
                for k in range(degree - 1, -1, -1):
                    side = f"{names[k]} + {name}*{side}" if k == degree - 1 else f"{names[k]} + {name}*({side})"
                sides.append(side)
            laws.append((sides, params))
    return laws
