import numpy as np
import pytest

from gedanken.sparse.tying import Tie, simplify

NAMES = [("x", "x"), ("x*y", "x*y"), ("x*y", "x*y")]
ALL = np.ones(3, bool)


def information(*errors):
    return np.diag(1.0 / np.square(errors))


def test_a_coefficient_within_its_error_of_one_becomes_one_and_takes_its_sign():
    found = simplify(np.array([-1.02, 0.4, 0.7]), information(0.03, 0.01, 0.01), ALL, NAMES, 200, 1.0)
    assert found.ties == {0: Tie(-1.0, None)}
    assert found.params[0] == pytest.approx(-1.0)
    assert found.saving > 0


def test_what_leaves_one_equation_enters_another():
    found = simplify(np.array([0.3, -0.41, 0.40]), information(0.01, 0.01, 0.01), ALL, NAMES, 200, 1.0)
    assert found.ties == {2: Tie(-1.0, 1)}
    assert found.params[1] == pytest.approx(-0.405)
    assert found.params[2] == pytest.approx(0.405)


def test_constants_that_differ_stay_free():
    found = simplify(np.array([0.3, -0.47, 0.40]), information(0.01, 0.01, 0.01), ALL, NAMES, 200, 1.0)
    assert found.ties == {}
    assert found.saving == 0.0


def test_a_larger_misfit_makes_every_error_larger():
    args = np.array([-1.1, 0.4, 0.7]), information(0.03, 0.001, 0.001), ALL, NAMES, 200
    assert simplify(*args, 1.0).ties == {}
    assert simplify(*args, 9.0).ties == {0: Tie(-1.0, None)}


def test_a_constant_inside_an_atom_is_shared_only_with_that_of_the_same_atom():
    mask = np.array([True, False, False])
    params, errors = np.array([0.5, 2.02, 2.0]), information(0.1, 0.1, 0.1)
    alike = simplify(params, errors, mask, [("q 0", "q 0"), ("q 1", "q 1"), ("q 1", "q 1")], 200, 1.0)
    assert alike.ties[2] == Tie(1.0, 1)
    apart = simplify(params, errors, mask, [("q 0", "q 0"), ("q 1", "q 1"), ("r 1", "r 1")], 200, 1.0)
    assert all(tie.other is None for tie in apart.ties.values())


def test_nothing_to_tie():
    assert simplify(np.empty(0), np.empty((0, 0)), np.empty(0, bool), [], 100, 1.0).saving == 0.0
