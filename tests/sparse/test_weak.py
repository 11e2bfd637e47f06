import itertools

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse.library import build
from gedanken.sparse.smooth import smooth
from gedanken.sparse.weak import Columns, WeakForm, beam_search
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
    return WeakForm(STATES, smoothed, atoms, Columns([atom.text() for atom in atoms], STATES), [0, 1])


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


def test_a_wide_enough_beam_finds_the_best_subset_of_all():
    rng = stream("test", "weak", "beam")
    design = rng.standard_normal((40, 9))
    design[:, 8] = design[:, 0] + 0.1 * rng.standard_normal(40)
    design /= np.linalg.norm(design, axis=0)
    target = design[:, [1, 4, 8]] @ np.array([1.0, -2.0, 1.5]) + 0.05 * rng.standard_normal(40)
    subsets, gain = beam_search(design.T @ design, design.T @ target, np.arange(9), 3, 60)
    for size in (1, 2, 3):
        explained = {}
        for chosen in itertools.combinations(range(9), size):
            solution, *_ = np.linalg.lstsq(design[:, chosen], target, rcond=None)
            explained[chosen] = float(target @ design[:, chosen] @ solution)
        best = max(explained, key=lambda c: explained[c])
        assert tuple(subsets[size - 1, 0, :size]) == best
        assert gain[size - 1, 0] == pytest.approx(explained[best])


def test_columns_of_one_identity_exclude_each_other():
    design = np.eye(4)
    subsets, gain = beam_search(design, np.array([4.0, 3.0, 2.0, 1.0]), np.array([0, 0, 1, 1]), 2, 10)
    assert tuple(subsets[1, 0]) == (0, 2)
    assert not any({0, 1} == set(s) or {2, 3} == set(s) for s, g in zip(subsets[1], gain[1], strict=True) if g > 0)


def test_frequencies_of_a_hidden_periodic_force():
    states = StateSpace.second_order(x="v")
    t = np.linspace(0.0, 20.0, 400)
    law = "d2x/dt2 = -k*x + f*cos(w*t)"
    clean = simulate(law, states, {"k": 4.0, "f": 1.0, "w": 1.3}, np.array([1.0, 0.0]), t).values
    smoothed = smooth(states, [Trajectory(t, clean)])
    atoms = [atom for atom in build(states, clean, np.full(2, 0.1)) if atom.stage == 0]
    weak = WeakForm(states, smoothed, atoms, Columns([atom.text() for atom in atoms], states), [1])
    spring = next(atom for atom in atoms if atom.name == "x")
    # The free oscillation explains as much, with a spring tuned to the force: both have to be offered.
    found = sorted(weak.frequencies(0, [spring])[:2])
    assert [frequency for frequency, _ in found] == pytest.approx([1.3, 2.0], abs=0.05)
    assert abs(np.angle(np.exp(1j * found[0][1]))) < 0.5
