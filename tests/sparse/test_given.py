"""The search with inputs, constants of trials, and what is known beforehand."""

import numpy as np
import pytest

from gedanken.sparse import discover
from gedanken.sparse.given import Given
from gedanken.sparse.inputs import with_inputs
from gedanken.sparse.library import Atom
from gedanken.worlds.ode.inputs import Drive, Input
from gedanken.worlds.ode.knowledge import Knowledge, why_not
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.simulate import simulate
from gedanken.worlds.ode.trajectory import Coordinate, StateSpace, Trajectory

PENDULUM = StateSpace.second_order(theta="omega")


def noisy(values: np.ndarray, share: float = 0.02) -> np.ndarray:
    return values + share * values.std(0) * np.random.default_rng(3).normal(size=values.shape)


@pytest.fixture(scope="module")
def swinging() -> list[Trajectory]:
    """A pendulum with g/L = 9.81 and a quadratic drag of 0.2."""
    t = np.linspace(0.0, 8.0, 121)
    law = "d2theta/dt2 = -9.81*sin(theta) - 0.2*omega*abs(omega)"
    return [Trajectory(t, noisy(simulate(law, PENDULUM, {}, [1.5, 0.0], t).values))]


def read(candidate, states=PENDULUM) -> Law:
    return Law.of(Answer(candidate.equation, candidate.params), states)


def test_a_torque_that_is_switched_at_random():
    """A pendulum driven by a pseudo-random binary torque that holds between readings."""
    states = StateSpace(PENDULUM.coordinates, (Input("torque", "hold"),))
    t = np.linspace(0.0, 12.0, 181)
    switched = np.repeat(np.random.default_rng(5).choice([-1.0, 1.0], 31), 6)[: len(t)]
    drive = Drive(t, switched[:, None], states.inputs)
    law = "d2theta/dt2 = -4*sin(theta) - 0.5*omega + 1.5*torque"
    values = simulate(law, states, {}, [0.3, 0.0], t, drive=drive).values
    found = discover(states, [Trajectory(t, noisy(values), drive=drive)])
    assert {"sin(theta)", "omega", "torque"} <= set(read(found.best, states).text.replace("*", " ").split())
    constants = sorted(abs(value) for value in found.best.params.values())
    assert np.allclose(constants, [0.5, 1.5, 4.0], rtol=0.1)


def test_springs_whose_masses_stand_in_a_column():
    states = StateSpace((Coordinate("x", "v"),), (Input("mass", "trial"),))
    t, trials = np.linspace(0.0, 6.0, 81), []
    for mass in (0.5, 1.0, 2.0, 4.0):
        drive = Drive(t[:1], np.array([[mass]]), states.inputs)
        values = simulate("d2x/dt2 = -6*x/mass", states, {}, [1.0, 0.0], t, drive=drive).values
        trials.append(Trajectory(t, noisy(values), drive=drive))
    found = discover(states, trials, knowledge=Knowledge.read(terms="x, x/mass, x/mass**2, v"))
    assert found.best.equation == "d2x/dt2 = -c1*x/mass"
    assert abs(found.best.params["c1"] - 6.0) < 0.1


def test_a_known_law_with_a_drag_term_missing(swinging):
    knowledge = Knowledge.read("d2theta/dt2 = -g*sin(theta) + ?", fix="g=9.81", forbid="t, 1")
    found = discover(PENDULUM, swinging, knowledge=knowledge)
    assert found.best.params["g"] == 9.81
    assert found.best.standard_errors["g"] < 1e-12
    assert found.best.equation == "d2theta/dt2 = -g*sin(theta) - c1*omega*abs(omega)"
    assert abs(found.best.params["c1"] - 0.2) < 0.02
    assert all(why_not(knowledge, read(each), swinging) == "" for each in found.candidates)


def test_a_complete_law_is_only_fitted(swinging):
    found = discover(PENDULUM, swinging, knowledge=Knowledge.read("d2theta/dt2 = -g*sin(theta) - q*omega*abs(omega)"))
    assert {each.equation for each in found.candidates} == {"d2theta/dt2 = -g*sin(theta) - q*omega*abs(omega)"}
    assert abs(found.best.params["g"] - 9.81) < 0.05
    assert abs(found.best.params["q"] - 0.2) < 0.02


def test_bounds_hold_where_the_data_would_not(swinging):
    knowledge = Knowledge.read("d2theta/dt2 = -g*sin(theta) - q*omega", bound="g=:9.0, q=0:0.1")
    found = discover(PENDULUM, swinging, knowledge=knowledge)
    assert found.best.params["g"] <= 9.0
    assert 0.0 <= found.best.params["q"] <= 0.1


def test_only_terms_that_are_allowed_and_no_work_where_energy_is_kept(swinging):
    found = discover(
        PENDULUM, swinging, knowledge=Knowledge.read(terms="theta, theta**3, sin(theta), omega", conserve="energy")
    )
    for each in found.candidates:
        assert read(each).equations.names.isdisjoint({"omega", "t"})


def test_atoms_of_inputs_and_of_constants_of_a_trial():
    states = StateSpace((Coordinate("x", "v"),), (Input("u"), Input("m", "trial")))
    drive = Drive(np.array([0.0, 1.0]), np.array([[-1.0, 2.0], [1.0, 2.0]]), states.inputs)
    library = [Atom("x", "x"), Atom("1", "1"), Atom("1/x", "1/x")]
    names = {atom.template for atom in with_inputs(states, library, [drive])}
    assert {"u", "u*x", "m*x", "x/m", "x/m**2", "1/m", "m", "m/x", "u/m"} <= names
    at_zero = Drive(drive.t, np.array([[-1.0, 0.0], [1.0, 0.0]]), states.inputs)
    assert not any("/m" in atom.template for atom in with_inputs(states, library, [drive, at_zero]))
    assert with_inputs(StateSpace((Coordinate("x", "v"),)), library, [None]) == library


def test_dimensions_price_terms_and_forbid_ones():
    given = Given.of(Knowledge.read(units="theta=m, t=s"), PENDULUM)
    sine, drag = Atom("sin(theta)", "sin(theta)", cost=1.0), Atom("omega", "omega", cost=1.0)
    priced = {atom.name: atom.cost for atom in given.restrict([sine, drag])}
    assert priced["sin(theta)"] > priced["omega"] == 1.0
    assert given.units([[drag]]) == [{"s": -1}]


@pytest.mark.parametrize("half", [0.05, 30.0])
def test_constants_inside_known_terms_are_found_from_any_size(half):
    states = StateSpace.first_order("m", "p")
    t = np.linspace(0.0, 8.0, 120)
    law = "dm/dt = a/(K + p) - 0.8*m; dp/dt = 1.5*m - 0.7*p"
    scale = 2.0 * (half + 1.0)
    clean = simulate(law, states, {"a": scale, "K": half}, [0.3, 3.0], t, rtol=1e-9).values
    known = Knowledge.read("dm/dt = a/(b + p) - c*m; dp/dt = d*m - k*p")
    best = discover(states, [Trajectory(t, clean)], knowledge=known).best
    assert best.params["b"] == pytest.approx(half, rel=0.02)
    assert best.params["a"] == pytest.approx(scale, rel=0.02)
