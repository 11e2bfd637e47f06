import numpy as np
import pytest

from gedanken.sparse.tying import ANY, DIMENSIONAL_UNIT, EXPONENT, MULTIPLE, Tie, simplify

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


def tied(params, errors, names, samples=200, **options):
    found = simplify(np.array(params), information(*errors), np.ones(len(params), bool), names, samples, 1.0, **options)
    return bool(found.ties)


@pytest.mark.parametrize(("deviations", "expected"), [(1.4, True), (1.8, False)])
def test_a_unit_coefficient_among_200_samples_lies_within_1_6_standard_deviations(deviations, expected):
    assert tied([1 + 0.01 * deviations], [0.01], [("x", "x")]) is expected


@pytest.mark.parametrize(("deviations", "expected"), [(0.9, True), (1.3, False)])
def test_a_unit_is_rarer_where_constants_have_units(deviations, expected):
    assert tied([1 + 0.01 * deviations], [0.01], [("x", "x")], unit=DIMENSIONAL_UNIT) is expected


@pytest.mark.parametrize(("names", "deviations", "expected"), [
    ([("x", "x"), ("x", "x")], 1.8, True),
    ([("x", "x"), ("x", "x")], 2.2, False),
    ([("x", "x"), ("y", "y")], 1.0, True),
    ([("x", "x"), ("y", "y")], 1.5, False),
])  # fmt: skip
def test_coefficients_of_the_same_atom_are_shared_more_readily_than_others(names, deviations, expected):
    # The difference of two constants with errors of 0.01 has an error of 0.01414.
    assert tied([3.0, 3.0 + 0.01414 * deviations], [0.01, 0.01], names) is expected


@pytest.mark.parametrize(("deviations", "expected"), [(2.3, True), (2.6, False)])
def test_however_long_the_record_no_constant_moves_by_more_than_2_45_standard_deviations(deviations, expected):
    assert tied([1 + 0.001 * deviations], [0.001], [("x", "x")], samples=10**8) is expected


def test_an_exponent_near_a_simple_fraction_becomes_it():
    precision = np.diag([1e4, 1e4, 1e4])
    names = [("x**K 0", "x**K 0"), ("x**K 1", "x**K 1"), ("y 0", "y 0")]
    coefficients = np.array([True, False, True])

    def tie(constant, kind):
        kinds = np.array([ANY, kind, ANY])
        return simplify(np.array([2.7, constant, 5.1]), precision, coefficients, names, 400, 1.0, kinds=kinds)

    assert tie(0.338, EXPONENT).ties == {1: Tie(1 / 3, None)}
    assert tie(0.338, EXPONENT).params[1] == pytest.approx(1 / 3)
    assert tie(1.49, EXPONENT).ties == {1: Tie(1.5, None)}
    assert tie(0.41, EXPONENT).ties == {}
    assert tie(2.015, MULTIPLE).ties == {1: Tie(2.0, None)}
    # A sine of one and a half turns of an angle, or a scale inside a function, is no such number.
    assert tie(1.49, MULTIPLE).ties == {}
    assert tie(0.338, ANY).ties == {}
