import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse.quasilinear import Quasilinear
from gedanken.sparse.search import Search
from gedanken.sparse.weak import WeakForm
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
    return search.fitter.fit((terms,), [[-1.0] * len(terms)])


def simple_library(search):
    atoms = [atom for atom in search.atoms if atom.stage == 0]
    return WeakForm(STATES, search.criterion.smoothed, atoms, search.criterion.targets)


def test_the_missing_term_comes_first():
    search = observe("d2x/dt2 = -k*x - b*v", {"k": 4.0, "b": 0.3})
    model = fitted(search, "x")
    library = simple_library(search)
    structure, coefficients, predicted = Quasilinear(search.criterion, model, library).neighbours()[0]
    assert {atom.name for atom in structure[0]} == {"x", "v"}
    assert sorted(coefficients[0]) == pytest.approx([-4.0, -0.3], rel=0.1)
    assert predicted < model.criterion
    better = search.fitter.fit(structure, coefficients, near=model)
    assert better.criterion < predicted
    # Along a trajectory that is right, the prediction is sharp.
    again = Quasilinear(search.criterion, better, library)
    assert again.scores([again.current])[0] == pytest.approx(better.criterion + better.parsimony.saving, abs=5)


def test_a_superfluous_term_is_dropped_and_a_wrong_one_exchanged():
    search = observe("d2x/dt2 = -w*sin(x)", {"w": 4.0}, start=(2.0, 0.0))
    library = simple_library(search)
    for names in (("sin(x)", "v"), ("x",), ("x", "x**3")):
        search.fitter.models.clear()
        search.fitter.best = None
        model = fitted(search, *names)
        best = Quasilinear(search.criterion, model, library).neighbours()[0]
        assert {atom.name for atom in best[0][0]} == {"sin(x)"}
