import numpy as np
import pytest

from gedanken.sparse.library import Atom
from gedanken.sparse.structure import choose_prefix, prior, role, size_of, write, write_tied
from gedanken.sparse.tying import Tie
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.trajectory import StateSpace

PLANE = StateSpace.second_order(x="vx", y="vy")
HOMES = (("x", "vx"), ("y", "vy"))
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
    assert role("vy", 0, HOMES) == role("vx", 1, HOMES)
    assert role("vx", 0, HOMES) == role("vy", 1, HOMES) != role("vx", 1, HOMES)
    assert role("x*vy", 0, HOMES) == role("y*vx", 1, HOMES)
    assert role("x", 0, (("x", "vx"),)) == "x"


def test_the_prior_knows_repetition_and_families():
    assert prior(((VY,), (VX,)), HOMES) < prior(((VY,), (X,)), HOMES)
    alone, again = prior(((SINE,), (ONE,)), HOMES), prior(((SINE, SWELL), (ONE,)), HOMES)
    assert prior(((X,), (ONE,)), HOMES) < alone
    assert again - alone < SWELL.cost  # the family is paid once
    assert prior(((), ()), HOMES) > prior(((ONE,), ()), HOMES)


@pytest.mark.parametrize("structure", [((), ()), ((ONE,), ()), ((X, VX, DECAY), (ONE, VY))])
def test_sizes(structure):
    assert size_of(structure) == len(write(structure, PLANE)[1])
