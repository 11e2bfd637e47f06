"""Constants inside terms, refined before a law is simulated."""

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse import discover, inner
from gedanken.sparse.library import Atom
from gedanken.worlds.ode.corrupt import add_noise
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

X = np.linspace(0.2, 6.0, 120)


def evaluate(atoms):
    return np.stack([eval(atom.text(), {"x": X, "exp": np.exp}) * np.ones(len(X)) for atom in atoms], axis=1)


def saturation(k):
    return Atom("x/(K + x)", "x/({0} + x)", (k,))


def test_a_constant_moves_to_where_the_term_fits():
    target = 3.0 * X / (1.7 + X) - 0.4 * X
    found = inner.refine_constants([saturation(4.0), Atom("x", "x")], evaluate, np.empty((len(X), 0)), target)
    (term, _), coefficients, left = found
    assert term.inner[0] == pytest.approx(1.7, rel=0.02)
    assert coefficients == pytest.approx([3.0, -0.4], rel=0.02)
    assert left < 1e-4 * float(target @ target)


def test_columns_that_every_side_has_come_first():
    target = 0.5 + 2.0 * X / (1.0 + X)
    found = inner.refine_constants([saturation(1.5)], evaluate, np.ones((len(X), 1)), target)
    assert found[1] == pytest.approx([0.5, 2.0], rel=0.03)


def test_a_column_that_is_not_finite_is_refined_no_further():
    assert inner.refine_constants([Atom("bad", "x/({0} - {0})", (1.0,))], bad, np.empty((len(X), 0)), X) is None


def bad(atoms):
    return np.full((len(X), len(atoms)), np.nan)


def test_of_all_pairs_the_one_that_is_right_at_its_best_constant_comes_first():
    """At the values of the library the right pair is worse than a pair of powers."""
    plain = [Atom(name, name) for name in ("1", "x", "x**2", "x**3", "x**0.5")]
    terms = [*plain, saturation(0.15), saturation(9.0)]
    identity = np.array([0, 1, 2, 3, 4, 5, 5])
    target = 3.0 * X / (1.4 + X) - 0.4 * X
    columns = evaluate(terms)

    def left(chosen):
        return np.linalg.lstsq(columns[:, chosen], target, rcond=None)[1].sum()

    assert min(left([1, 5]), left([1, 6])) > min(left([a, b]) for a in range(5) for b in range(a))
    slopes = [inner.slopes(terms[k], columns[:, k], evaluate(inner.shifted(terms[k]))) for k in (5, 6)]
    known = target[:, None]
    found = inner.best_subsets(known, columns, [5, 6], slopes, identity)
    pairs = [each for each in found if len(each) == 2]
    refined = {
        tuple(sorted(identity[pair].tolist())): inner.refine_constants(
            [terms[k] for k in pair], evaluate, np.empty((len(X), 0)), target
        )[2]
        for pair in pairs
    }
    assert min(refined, key=refined.get) == (1, 5)
    assert all(len(set(identity[each].tolist())) == len(each) for each in found)
    assert {len(each) for each in found} == {1, 2, 3}


@pytest.mark.parametrize("half", [0.8, 1.3])
def test_repression_by_one_molecule_is_found(half):
    states = StateSpace.first_order("m", "p")
    t = np.linspace(0.0, 8.0, 160)
    law = "dm/dt = a/(K + p) - 0.8*m; dp/dt = 1.5*m - 0.7*p"
    clean = simulate(law, states, {"a": 2.0, "K": half}, [0.1, 3.0], t, rtol=1e-9).values
    record = add_noise(Trajectory(t, clean), 0.002, stream("test", "repression", str(half)))
    best = discover(states, [record]).best
    assert best.equation == "dm/dt = c1/(c2 + p) - c3*m; dp/dt = c4*m - c5*p"
    assert best.params["c2"] == pytest.approx(half, rel=0.15)
