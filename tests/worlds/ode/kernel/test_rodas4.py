import numpy as np
import pytest

from gedanken.worlds.ode.kernel.dopri5 import ACCEPTED
from gedanken.worlds.ode.kernel.rodas4 import COUPLINGS, DENSE_ORDER, GAMMA, NODES, ORDER, STAGES, TIME
from gedanken.worlds.ode.kernel.score import FULL, STIFF, pack
from gedanken.worlds.ode.kernel.tokens import pack_symbols
from gedanken.worlds.ode.kernel.workspace import run_one
from gedanken.worlds.ode.trajectory import StateSpace

LINE = StateSpace.first_order("x")


def test_the_order_is_the_one_stated():
    """Errors at the end of a record of length h and within it go down as h**(order + 1).

    Rodas4 begins with a ten-thousandth of the record and takes steps of up to six times the last one. Under a loose
    tolerance they are the same fractions of every record, and the longest has 78 % of it.
    """
    lengths = np.array([0.4, 0.2, 0.1, 0.05])
    errors, steps = [], []
    for h in lengths:
        t = np.array([0.0, 0.6 * h, h])
        packed = pack(t, np.full((3, 1), np.nan), np.array([0.3]), np.array([-1.0]), np.zeros(1), 1e-3, 1e4, 10**6, 0)
        answer = (b"dx/dt = x*(1 - x)", b"", [])  # x = 1 / (1 + 7/3 exp(-t))
        space, _, _ = run_one(pack_symbols(LINE), packed, answer, FULL + STIFF)
        steps.append(int(space.info[ACCEPTED]))
        errors.append(np.abs(space.trajectory(1)[1:3, 0] - 1 / (1 + 7 / 3 * np.exp(-t[1:]))))
    assert set(steps) == {7}
    within, end = np.polyfit(np.log(lengths), np.log(errors), 1)[0]
    assert end == pytest.approx(ORDER + 1, abs=0.3)
    assert within == pytest.approx(DENSE_ORDER + 1, abs=0.3)


def test_the_nodes_are_those_of_the_coefficients():
    """For dx/dt = 1 every stage's argument is x at its node, and stage s is u = gamma (1 + couplings @ u)."""
    u = np.zeros(6)
    for s in range(6):
        coupling = np.dot(COUPLINGS[s - 1], u[:s]) if s else 0.0
        argument = np.dot(STAGES[s - 1], u[:s]) if 0 < s < 5 else (np.dot(STAGES[3], u[:4]) + u[4] if s else 0.0)
        assert argument == pytest.approx(NODES[s], abs=1e-13)
        u[s] = GAMMA * (1.0 + coupling)
    assert TIME[0] == GAMMA
    assert NODES[5] + u[5] == pytest.approx(1.0, abs=1e-13)
