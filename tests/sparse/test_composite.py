import numpy as np
import pytest

from gedanken.sparse import discover
from gedanken.sparse.composite import compose, in_time
from gedanken.sparse.library import build
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.ode.system import solve
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

ONE = StateSpace.first_order("n")
FORCE = StateSpace.second_order(q="u")


def terms(states, samples):
    steps = np.full(states.size, 0.1)
    library = build(states, samples, steps)
    return library, compose(states, samples, steps, library)


@pytest.mark.parametrize("states", [ONE, FORCE, StateSpace.first_order("a", "b")])
def test_every_term_is_in_the_grammar_and_new(states):
    samples = np.random.default_rng(0).uniform(-2.0, 2.0, (100, states.size))
    library, composed = terms(states, samples)
    assert not {atom.name for atom in library} & {atom.name for atom in composed}
    every = [*composed, *in_time(states, 10.0, 0.0, library)]
    assert len(every) > 50
    for atom in every:
        text = f"{states.left_sides[0]} = {atom.text()}"
        parse("; ".join([text, *(f"{left} = 0" for left in states.left_sides[1:])]), states)


def test_powers_of_a_variable_that_changes_sign_are_those_of_its_size():
    _, composed = terms(ONE, np.linspace(-1.0, 1.0, 50)[:, None])
    assert {atom.template for atom in composed if atom.name == "abs(n)**K"} == {"abs(n)**{0}"}
    _, composed = terms(ONE, np.linspace(0.5, 1.0, 50)[:, None])
    assert any(atom.name == "n**K" for atom in composed)


def test_each_operation_costs():
    _, composed = terms(FORCE, np.random.default_rng(0).uniform(-2.0, 2.0, (100, 2)))
    cost = {atom.name: atom.cost for atom in composed}
    assert cost["abs(u)**K"] < cost["q*abs(u)**K"]
    assert cost["exp(-abs(q))"] < cost["exp(-K*abs(q))"] < cost["u*exp(-K*abs(q))"]


def test_large_systems_get_none():
    states = StateSpace.first_order("a", "b", "c")
    assert terms(states, np.random.default_rng(0).uniform(1.0, 2.0, (50, 3)))[1] == []


def test_no_logarithm_of_a_negative_time():
    library, _ = terms(ONE, np.linspace(0.5, 1.0, 50)[:, None])
    assert any("log" in atom.name for atom in in_time(ONE, 10.0, 0.0, library))
    assert not any("log" in atom.name for atom in in_time(ONE, 10.0, -1.0, library))


# Laws that are in no book and in no suite, each with an operation of its own.
@pytest.mark.parametrize(
    ("states", "law", "start", "unseen", "duration"),
    [
        (ONE, "dn/dt = 1.3*n**0.4 - 0.35*n", [0.4], [6.0], 10.0),
        (ONE, "dn/dt = 0.9*sin(sqrt(n)) - 0.25*n", [0.2], [2.0], 12.0),
        (ONE, "dn/dt = 0.8 - 0.6*n*exp(-0.3*t)", [0.2], [2.0], 10.0),
        (FORCE, "d2q/dt2 = -1.7*q - 0.6*log(1 + abs(u))*u", [1.5, 0.0], [-1.0, 0.5], 15.0),
        (FORCE, "d2q/dt2 = -2.1*q*exp(-abs(q)) - 0.15*u", [1.4, 0.0], [-1.0, 0.2], 15.0),
    ],
)
def test_laws_of_composed_terms_are_found_and_hold_from_another_start(states, law, start, unseen, duration):
    t = np.linspace(0.0, duration, 150)
    clean = solve(law, states, {}, np.array(start), t)
    best = discover(states, [Trajectory(t, clean)]).candidates[0]
    true = solve(law, states, {}, np.array(unseen), t)
    found = solve(best.equation, states, best.params, np.array(unseen), t)
    assert 1 - ((found - true) ** 2).sum() / ((true - true.mean(0)) ** 2).sum() > 0.999, best.equation
