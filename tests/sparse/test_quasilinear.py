import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse.quasilinear import Quasilinear, propagate
from gedanken.sparse.search import Library, Search
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

STATES = StateSpace.second_order(x="v")
T = np.linspace(0.0, 8.0, 120)


def observe(law, params, start=(1.5, 0.0), noise=0.02):
    clean = simulate(law, STATES, params, np.array(start), T).values
    values = clean + noise * clean.std(0) * stream("test", "quasilinear", law).standard_normal(clean.shape)
    return Search(STATES, [Trajectory(T, values)])


def fitted(search, *names):
    atoms = {atom.name: atom for atom in search.atoms}
    terms = tuple(atoms[name] for name in names)
    return search.fit((terms,), [[-1.0] * len(terms)])


def test_responses_are_the_derivatives_of_the_simulation():
    # x'' = -w sin x + e * x**3: the response to the atom x**3 is the derivative by e at e = 0.
    t = np.linspace(0.0, 4.0, 1001)
    base = simulate("d2x/dt2 = -4*sin(x)", STATES, {}, np.array([1.0, 0.0]), t, rtol=1e-11).values
    step = 1e-5
    bent = simulate("d2x/dt2 = -4*sin(x) + e*x**3", STATES, {"e": step}, np.array([1.0, 0.0]), t, rtol=1e-11).values
    moved = simulate("d2x/dt2 = -4*sin(x)", STATES, {}, np.array([1.0 + step, 0.0]), t, rtol=1e-11).values
    jacobian = np.zeros((len(t), 2, 2))
    jacobian[:, 0, 1], jacobian[:, 1, 0] = 1.0, -4 * np.cos(base[:, 0])
    response, start, fixed = np.empty((len(t), 2, 1)), np.empty((len(t), 2, 2)), np.empty((len(t), 2))
    resets = np.arange(len(t)) == 0
    everything = np.ones(len(t), bool)
    phi, rows = base[:, :1] ** 3, np.array([1])
    propagate(t, jacobian, np.zeros((len(t), 2)), phi, rows, resets, everything, response, start, fixed)
    assert response[:, :, 0] == pytest.approx((bent - base) / step, abs=2e-3)
    assert start[:, :, 0] == pytest.approx((moved - base) / step, abs=2e-3)
    assert (fixed == 0).all()


def test_the_missing_term_comes_first():
    search = observe("d2x/dt2 = -k*x - b*v", {"k": 4.0, "b": 0.3})
    model = fitted(search, "x")
    library = Library(search, [atom for atom in search.atoms if atom.stage == 0])
    structure, coefficients, predicted = Quasilinear(search, model, library).neighbours()[0]
    assert {atom.name for atom in structure[0]} == {"x", "v"}
    assert sorted(coefficients[0]) == pytest.approx([-4.0, -0.3], rel=0.1)
    assert predicted < model.criterion
    better = search.fit(structure, coefficients, near=model)
    assert better.criterion < predicted
    # Along a trajectory that is right, the prediction is sharp.
    again = Quasilinear(search, better, library)
    assert again.scores([again.current])[0] == pytest.approx(better.criterion + better.parsimony.saving, abs=5)


def test_a_superfluous_term_is_dropped_and_a_wrong_one_exchanged():
    search = observe("d2x/dt2 = -w*sin(x)", {"w": 4.0}, start=(2.0, 0.0))
    library = Library(search, [atom for atom in search.atoms if atom.stage == 0])
    for names in (("sin(x)", "v"), ("x",), ("x", "x**3")):
        search.models.clear()
        search.best = None
        model = fitted(search, *names)
        best = Quasilinear(search, model, library).neighbours()[0]
        assert {atom.name for atom in best[0][0]} == {"sin(x)"}
