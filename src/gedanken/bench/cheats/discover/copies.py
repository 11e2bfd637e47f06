"""Copies of the record in `t`."""

import numpy as np
from numpy.polynomial import Polynomial

from gedanken.bench.cheats import Answers
from gedanken.bench.cheats.discover._laws import record_of, unexplained, write
from gedanken.loop import Problem


def polynomial_in_t(problem: Problem) -> Answers:
    """The derivative of a polynomial through the record."""
    states = problem.observation.states
    t, values = record_of(problem)
    for degree in (2, 3, 5, 7):
        sides = []
        for column in unexplained(states):
            slope = Polynomial.fit(t, values[:, column], degree).deriv().convert().coef
            side = f"({slope[-1]:.8g})"
            for coefficient in slope[-2::-1]:
                side = f"({coefficient:.8g}) + t*({side})"
            sides.append(side)
        yield write(states, sides, {})


def fourier_in_t(problem: Problem) -> Answers:
    """The derivative of a line and a few waves through the record."""
    states = problem.observation.states
    t, values = record_of(problem)
    columns = unexplained(states)
    waves = max(1, 6 // len(columns))
    for stretch in (1.0, 1.3, 2.0):
        omega = 2.0 * np.pi / (stretch * (t[-1] - t[0]))
        basis = [np.ones_like(t), t]
        for k in range(1, waves + 1):
            basis += [np.cos(k * omega * t), np.sin(k * omega * t)]
        sides = []
        for column in columns:
            c = np.linalg.lstsq(np.column_stack(basis), values[:, column], rcond=None)[0]
            side = f"({c[1]:.6g})"
            for k in range(1, waves + 1):
                w = k * omega
                side += f"+({-w * c[2 * k]:.6g})*sin({w:.6g}*t)+({w * c[2 * k + 1]:.6g})*cos({w:.6g}*t)"
            sides.append(side)
        yield write(states, sides, {})
