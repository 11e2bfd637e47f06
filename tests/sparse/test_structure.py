from dataclasses import replace

import numpy as np
import pytest

from gedanken.sparse.discovery import INDISTINCT
from gedanken.sparse.ladder import BARE_MENTION
from gedanken.sparse.library import Atom
from gedanken.sparse.structure import (
    choose_prefix,
    count_driving_drags,
    key_of,
    prior,
    role,
    size_of,
    with_fitted_constants,
    write,
    write_tied,
)
from gedanken.sparse.tying import Tie
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import StateSpace

PLANE = StateSpace.second_order(x="vx", y="vy")
COORDINATES = (("x", "vx"), ("y", "vy"))
ONE, X, VX, VY = (
    Atom("1", "1", cost=4.0),
    Atom("x", "x", cost=4.0),
    Atom("vx", "vx", cost=4.0),
    Atom("vy", "vy", cost=4.0),
)
DECAY = Atom("1/(K + x**2)", "1/({0} + x**2)", (2.0,), 6.0)
SINE = Atom("sin(x)", "sin(x)", cost=4.0, family="angle")
SWELL = Atom("cos(x)", "cos(x)", cost=4.0, family="angle")


def test_every_structure_is_written_in_the_grammar():
    structure = ((ONE, X, DECAY), ())
    equation, names = write(structure, PLANE)
    assert equation == "d2x/dt2 = c1 + c2*x + c3/(c4 + x**2); d2y/dt2 = 0"
    assert len(names) == size_of(structure) == 4
    parse(equation, PLANE, names)


def test_ties_leave_ones_out_and_name_shared_constants_once():
    structure = ((VY, DECAY), (VX, ONE))
    params = np.array([0.7, -1.0, 3.0, -0.7, -9.8])
    equation, values = write_tied(structure, PLANE, params, {1: Tie(-1.0, None), 3: Tie(-1.0, 0)})
    assert equation == "d2x/dt2 = c1*vy - 1/(c2 + x**2); d2y/dt2 = -c1*vx - c3"
    assert values == {"c1": 0.7, "c2": 3.0, "c3": 9.8}
    parse(equation, PLANE, values)


def test_a_tie_to_a_negative_constant_keeps_its_sign():
    equation, values = write_tied(((X,), (VX,)), PLANE, np.array([-2.0, -2.0]), {1: Tie(1.0, 0)})
    assert equation == "d2x/dt2 = -c1*x; d2y/dt2 = -c1*vx"
    assert values == {"c1": 2.0}


def test_parameters_never_take_the_name_of_a_variable():
    assert choose_prefix(StateSpace.first_order("x")) == "c"
    assert choose_prefix(StateSpace.first_order("c1", "k2")) == "p"


def test_mirror_images_have_one_role():
    assert role("vy", 0, COORDINATES) == role("vx", 1, COORDINATES)
    assert role("vx", 0, COORDINATES) == role("vy", 1, COORDINATES) != role("vx", 1, COORDINATES)
    assert role("x*vy", 0, COORDINATES) == role("y*vx", 1, COORDINATES)
    assert role("x", 0, (("x", "vx"),)) == "x"


def test_the_prior_knows_repetition_and_families():
    assert prior(((VY,), (VX,)), COORDINATES) < prior(((VY,), (X,)), COORDINATES)
    alone, again = prior(((SINE,), (ONE,)), COORDINATES), prior(((SINE, SWELL), (ONE,)), COORDINATES)
    assert prior(((X,), (ONE,)), COORDINATES) < alone
    assert again - alone < SWELL.cost  # the family is paid once
    assert prior(((), ()), COORDINATES) > prior(((ONE,), ()), COORDINATES)


@pytest.mark.parametrize("structure", [((), ()), ((ONE,), ()), ((X, VX, DECAY), (ONE, VY))])
def test_sizes(structure):
    assert size_of(structure) == len(write(structure, PLANE)[1])


def test_fitted_constants_change_nothing_else_about_an_atom():
    bend = Atom("sin(K*x)", "sin({0}*x)", (2.0,), 7.0, 1, frozenset({"restoring"}), "angle", frozenset({"x"}), 2.0)
    structure = ((ONE,), (VY, bend))
    fitted = with_fitted_constants(structure, np.array([0.1, 0.2, 0.3, 2.4]))
    assert fitted[1][1].inner == (2.4,)
    assert key_of(fitted) == key_of(structure)
    assert prior(fitted, COORDINATES) == prior(structure, COORDINATES)
    assert fitted[1][1] == replace(bend, inner=(2.4,))


@pytest.mark.parametrize("purpose", ["drag", "restoring"])
def test_a_second_term_of_one_purpose_costs_more_than_a_bare_mention_and_decides_nothing_alone(purpose):
    tagged = [replace(atom, tags=frozenset({purpose})) for atom in (X, VX)]
    extra = prior((tagged, ()), COORDINATES) - prior(((X, VX), ()), COORDINATES)
    assert BARE_MENTION < extra < INDISTINCT
    assert prior(((tagged[0],), (tagged[1],)), COORDINATES) == prior(((X,), (VX,)), COORDINATES)


def test_a_term_of_the_other_coordinate_costs_its_coupling():
    coupled = replace(X, variables=frozenset({"x"}), coupling_cost=2.5)
    assert prior(((coupled,), (ONE,)), COORDINATES) == prior(((X,), (ONE,)), COORDINATES)
    assert prior(((ONE,), (coupled,)), COORDINATES) == pytest.approx(prior(((ONE,), (X,)), COORDINATES) + 2.5)


def test_the_order_of_terms_is_not_paid_for():
    several = prior(((ONE, X, VX), (ONE,)), COORDINATES)
    apart = ONE.cost + X.cost + VX.cost + prior(((), (ONE,)), COORDINATES)
    assert several < apart - ONE.cost * 0.4 + 1e-9 - BARE_MENTION  # 3! orders, besides the repeated constant


def test_an_empty_law_is_less_likely_than_any_single_term():
    assert prior(((), ()), COORDINATES) > prior(((replace(X, cost=INDISTINCT),), ()), COORDINATES)


def test_a_drag_that_accelerates_is_counted_unless_it_is_even():
    odd, even = replace(VX, tags=frozenset({"drag"})), Atom("vx**2", "vx**2", tags=frozenset({"drag"}))
    assert count_driving_drags(((DECAY, odd), ()), np.array([1.0, 1.0, 0.3])) == 1
    assert count_driving_drags(((DECAY, odd), ()), np.array([1.0, 1.0, -0.3])) == 0
    assert count_driving_drags(((even,), (VY,)), np.array([0.3, 0.3])) == 0


def test_tied_exponents_are_written_as_numbers():
    power = Atom("n**K", "n**{0}", (0.33,))
    states = StateSpace.first_order("n")
    for value, text in ((1 / 3, "n**(1/3)"), (1.5, "n**1.5"), (2.0, "n**2")):
        equation, values = write_tied([[power]], states, [2.0, value], {1: Tie(value, None)})
        assert equation == f"dn/dt = c1*{text}"
        assert values == {"c1": 2.0}
