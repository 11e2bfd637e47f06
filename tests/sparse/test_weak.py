import numpy as np
import pytest

from gedanken.sparse.library import build
from gedanken.sparse.smooth import smooth
from gedanken.sparse.weak import WeakForm
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

STATES = StateSpace.first_order("x", "y")


@pytest.fixture(scope="module")
def regression():
    t = np.linspace(0.0, 10.0, 400)
    params = {"a": 1.1, "b": 0.4, "c": 0.8, "d": 0.2}
    law = "dx/dt = a*x - b*x*y; dy/dt = -c*y + d*x*y"
    smoothed = smooth(STATES, [Trajectory(t, simulate(law, STATES, params, np.array([4.0, 2.0]), t).values)])
    atoms = [atom for atom in build(STATES, smoothed[0].values, np.full(2, 0.1)) if atom.stage == 0]
    return WeakForm(STATES, smoothed, atoms, [0, 1])


def test_exact_data_give_the_exact_law(regression):
    for equation, terms, truth in ((0, {"x", "x*y"}, [1.1, -0.4]), (1, {"y", "x*y"}, [-0.8, 0.2])):
        best = next(p for p in regression.best_subsets(equation, 3, 4) if len(p.atoms) == 2)
        assert best.key == terms
        assert sorted(best.coefficients) == pytest.approx(sorted(truth), rel=1e-3)
        assert best.misfit < 1e-6


def test_coefficients_of_a_given_right_hand_side(regression):
    atoms = {atom.name: atom for atom in regression.atoms}
    found = regression.coefficients(0, [atoms["x"], atoms["x*y"]])
    assert found.coefficients == pytest.approx([1.1, -0.4], rel=1e-3)
    assert regression.coefficients(0, []).misfit == 1.0


def test_frequencies_of_a_hidden_periodic_force():
    states = StateSpace.second_order(x="v")
    t = np.linspace(0.0, 20.0, 400)
    law = "d2x/dt2 = -k*x + f*cos(w*t)"
    clean = simulate(law, states, {"k": 4.0, "f": 1.0, "w": 1.3}, np.array([1.0, 0.0]), t).values
    smoothed = smooth(states, [Trajectory(t, clean)])
    atoms = [atom for atom in build(states, clean, np.full(2, 0.1)) if atom.stage == 0]
    weak = WeakForm(states, smoothed, atoms, [1])
    spring = next(atom for atom in atoms if atom.name == "x")
    # The free oscillation explains as much, with a spring tuned to the force: both have to be offered.
    found = sorted(weak.frequencies(0, [spring])[:2])
    assert [frequency for frequency, _ in found] == pytest.approx([1.3, 2.0], abs=0.05)
    assert abs(np.angle(np.exp(1j * found[0][1]))) < 0.5
