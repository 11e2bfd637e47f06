import math

import numpy as np
import pytest

from gedanken.worlds.ode.kernel.dopri5 import (
    ACCEPTED,
    DENSE_ORDER,
    ERROR,
    NODES,
    ORDER,
    STAGES,
    _exp2_fast,
    _log2_fast,
)
from gedanken.worlds.ode.kernel.score import FULL, pack
from gedanken.worlds.ode.kernel.tokens import pack_symbols
from gedanken.worlds.ode.kernel.workspace import run_one
from gedanken.worlds.ode.trajectory import StateSpace


@pytest.mark.parametrize("x", [1e-12, 1e-3, 0.5, 1.0, 3.7, 1e9])
def test_fast_powers_and_logarithms_of_two(x):
    assert abs(_log2_fast(x) - math.log2(x)) < 0.05
    assert _exp2_fast(math.log2(x) / 2) == pytest.approx(math.sqrt(x), rel=2e-4)


def test_the_coefficients_meet_the_conditions_of_quadrature():
    A = np.zeros((7, 7))
    for s, row in enumerate(STAGES):
        A[s + 1, : len(row)] = row
    np.testing.assert_allclose(A.sum(1), NODES, atol=1e-14)
    for power in range(ORDER):
        assert A[6] @ np.power(NODES, power) == pytest.approx(1 / (power + 1), abs=1e-14)
    for power in range(ORDER - 1):
        assert np.dot(ERROR, np.power(NODES, power)) == pytest.approx(0, abs=1e-14)


# n = 2 and n = 4 have integrators of their own.
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_order_is_the_one_stated(n):
    """Errors of a single step of length h, at its end and within it, go down as h**(order + 1)."""
    states = StateSpace.first_order(*(f"x{k}" for k in range(n)))
    equation = "; ".join(f"dx{k}/dt = x{k}*cos(t)" for k in range(n))  # x = exp(sin(t))
    lengths = np.array([0.4, 0.2, 0.1, 0.05])
    errors = []
    for h in lengths:
        t = np.array([0.0, 0.6 * h, h])
        # A tolerance so loose that the first step is the whole record.
        packed = pack(t, np.full((3, n), np.nan), np.ones(n), np.full(n, -1.0), np.zeros(n), 1e-3, 30.0, 10**6, 0)
        space, _, _ = run_one(pack_symbols(states), packed, (equation.encode(), b"", []), FULL)
        assert space.info[ACCEPTED] == 1
        errors.append(np.abs(space.trajectory(n)[1:3, n - 1] - np.exp(np.sin(t[1:]))))
    within, end = np.polyfit(np.log(lengths), np.log(errors), 1)[0]
    assert end == pytest.approx(ORDER + 1, abs=0.3)
    assert within == pytest.approx(DENSE_ORDER + 1, abs=0.3)
