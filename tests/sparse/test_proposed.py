"""Laws that somebody proposes: taken apart into terms, fitted beside the search's own, never to its harm."""

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse import discover
from gedanken.sparse.library import Atom
from gedanken.sparse.proposed import PROPOSED, read_proposal
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

MECHANICS = StateSpace.second_order(x="v")
RATES = StateSpace.first_order("x", "y")


def law(equation, params, states=MECHANICS):
    return Law.of(Answer(equation, params), states)


@pytest.mark.parametrize(
    ("side", "params", "terms", "coefficients"),
    [
        ("-(k/m)*x - 2*c*v", {"k": 6.0, "m": 2.0, "c": 0.5}, ["x", "v"], [-3.0, -1.0]),
        ("-k*(x + 3*v)", {"k": 2.0}, ["(x + 3*v)"], [-2.0]),
        ("-w**2*x + x*5 - 1/k", {"w": 2.0, "k": 4.0}, ["x", "1"], [1.0, -0.25]),
        ("-a*x/(K + x) + b*sin(2*x)", {"a": 1.5, "K": 0.2, "b": 1.0}, ["proposed x/(K + x)", "sin(2*x)"], [-1.5, 1.0]),
        ("a*x*exp(-k*x)", {"a": 2.0, "k": 3.0}, ["proposed x*exp(-K*x)"], [2.0]),
        ("k*x - k*x", {"k": 1.0}, [], []),
    ],
)
def test_a_law_is_taken_apart_into_terms(side, params, terms, coefficients):
    structure, values = read_proposal(law(f"d2x/dt2 = {side}", params), [])
    assert [atom.name for atom in structure[0]] == terms
    assert values[0] == pytest.approx(coefficients)
    assert all(atom.cost == PROPOSED for atom in structure[0])

    # Put together again it is the same function.
    def written(state):
        x, v = state
        total = 0.0
        for atom, value in zip(structure[0], values[0], strict=True):
            total += value * eval(atom.text(), {"x": x, "v": v, "sin": np.sin, "exp": np.exp})
        return total

    x, v = 0.7, -0.4
    direct = eval(side, {"x": x, "v": v, "sin": np.sin, "exp": np.exp, **params})
    assert written((x, v)) == pytest.approx(direct)


def test_terms_of_the_library_keep_their_price():
    library = [Atom("x*v", "x*v", cost=2.5), Atom("x/(x + K)", "x/(x + {0})", (1.0,), 4.0)]
    structure, _ = read_proposal(law("d2x/dt2 = -k*v*x + x/(x + K)", {"k": 1.0, "K": 0.3}), library)
    assert structure[0][0] is library[0]
    assert (structure[0][1].name, structure[0][1].cost, structure[0][1].inner) == ("x/(x + K)", 4.0, (0.3,))


def test_constants_that_divide_by_zero_are_no_proposal():
    assert read_proposal(law("d2x/dt2 = x/k", {"k": 0.0}), []) is None


def herd(noise=0.03):
    """A predator and a prey that move in herds: where their rims meet is hunted, the root of the product."""
    t = np.linspace(0.0, 12.0, 120)
    equation = "dx/dt = a*x - b*x**2 - c*sqrt(x*y); dy/dt = d*sqrt(x*y) - e*y"
    params = {"a": 1.2, "b": 0.1, "c": 0.6, "d": 0.4, "e": 0.7}
    clean = simulate(equation, RATES, params, np.array([4.0, 1.0]), t).values
    rng = stream("test", "proposed", "herd")
    return equation, params, Trajectory(t, clean * (1 + noise * rng.standard_normal(clean.shape)))


def test_a_right_proposal_wins_and_a_wrong_one_does_no_harm():
    equation, params, record = herd()
    alone = discover(RATES, [record])
    wrong = law("dx/dt = -a*exp(-x)*y; dy/dt = b*y*sin(3*x)", {"a": 1.0, "b": 1.0}, RATES)
    right = law(equation, dict.fromkeys(params, 0.5), RATES)
    harmless, helped = discover(RATES, [record], proposals=[wrong]), discover(RATES, [record], proposals=[wrong, right])
    lowest = [min(each.criterion for each in found.candidates) for found in (alone, harmless, helped)]
    assert lowest[1] <= lowest[0] + 0.05
    assert lowest[2] < lowest[0] - 6.0
    assert helped.candidates[0].proposed
    assert "sqrt(x*y)" in helped.candidates[0].equation
    assert not any(each.proposed for each in alone.candidates)
