import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse.discovery import INDISTINCT
from gedanken.sparse.ladder import BARE_MENTION
from gedanken.sparse.search import Search
from gedanken.sparse.structure import prior
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

STATES = StateSpace.second_order(x="v")


def search(law, start, noise=0.02, samples=80):
    t = np.linspace(0.0, 5.0, samples)
    clean = simulate(law, STATES, {}, np.array(start), t).values
    values = clean + noise * clean.std(0) * stream("test", "criterion", law).standard_normal(clean.shape)
    return Search(STATES, [Trajectory(t, values)])


def fit(found, name, coefficient):
    atom = next(atom for atom in found.atoms if atom.name == name)
    return atom, found.fitter.fit(((atom,),), [[coefficient]])


def test_the_prior_of_a_fitted_law_is_that_of_the_law_before_the_fit():
    found = search("d2x/dt2 = -4*sin(0.8*x)", (1.5, 0.0))
    atom, model = fit(found, "sin(K*x)", -3.0)
    (fitted,) = model.structure[0]
    assert fitted.inner != atom.inner
    assert fitted.inner[0] == pytest.approx(model.refined.params[1])
    assert prior(model.structure, found.criterion.coordinates) == prior(((atom,),), found.criterion.coordinates)
    # Without an angle in the hint, the first sine of a law is paid for.
    assert fitted.family == "angle"


def test_a_drag_that_accelerates_costs_more_than_a_bare_mention_and_decides_nothing_alone():
    extra = {}
    for sign in (-1, 1):
        found = search(f"d2x/dt2 = {sign}*0.6*v", (1.0, 1.0))
        _, model = fit(found, "v", sign * 0.5)
        assert np.sign(model.refined.params[0]) == sign
        extra[sign] = model.criterion + model.parsimony.saving - found.criterion.of(model.structure, model.refined)
    assert extra[-1] == pytest.approx(0.0, abs=1e-9)
    assert BARE_MENTION < extra[1] < INDISTINCT


def test_the_true_law_is_adequate_and_a_constant_force_is_lost():
    found = search("d2x/dt2 = -4*x", (1.0, 0.0), noise=0.05, samples=300)
    criterion = found.criterion
    _, model = fit(found, "x", -3.0)
    assert criterion.adequate(model)
    assert not criterion.lost(model)
    found.fitter.best = None  # a fit this much worse than the best one would be given up
    _, flat = fit(found, "1", 0.1)
    assert criterion.lost(flat)
    assert not criterion.adequate(flat)
    assert criterion.explained(model) > 0.95 > criterion.explained(flat)


def test_a_record_shorter_than_its_parameters_can_have_no_law():
    t = np.linspace(0.0, 1.0, 4)
    found = Search(STATES, [Trajectory(t, np.stack([t**2, np.full(4, np.nan)], 1))])
    assert found.criterion.penalty(((found.atoms[0],) * 3,)) == np.inf
