import numpy as np
import pytest

from gedanken.sparse.linearise import propagate
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace

STATES = StateSpace.second_order(x="v")


def test_responses_are_the_derivatives_of_the_simulation():
    # x'' = -w sin x + e * x**3: the response to the atom x**3 is the derivative by e at e = 0.
    t = np.linspace(0.0, 4.0, 1001)
    base = simulate("d2x/dt2 = -4*sin(x)", STATES, {}, np.array([1.0, 0.0]), t, rtol=1e-11).values
    step = 1e-5
    bent = simulate("d2x/dt2 = -4*sin(x) + e*x**3", STATES, {"e": step}, np.array([1.0, 0.0]), t, rtol=1e-11).values
    moved = simulate("d2x/dt2 = -4*sin(x)", STATES, {}, np.array([1.0 + step, 0.0]), t, rtol=1e-11).values
    jacobian = np.zeros((len(t), 2, 2))
    jacobian[:, 0, 1], jacobian[:, 1, 0] = 1.0, -4 * np.cos(base[:, 0])
    resets = np.arange(len(t)) == 0
    everything = np.ones(len(t), bool)
    phi, rows = base[:, :1] ** 3, np.array([1])
    response, start, fixed = propagate(t, jacobian, np.zeros((len(t), 2)), phi, rows, resets, everything)
    assert response[:, :, 0] == pytest.approx((bent - base) / step, abs=2e-3)
    assert start[:, :, 0] == pytest.approx((moved - base) / step, abs=2e-3)
    assert (fixed == 0).all()
