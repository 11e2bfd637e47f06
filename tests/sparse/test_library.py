import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.sparse.discovery import INDISTINCT
from gedanken.sparse.library import HINTS, build, drive
from gedanken.sparse.structure import prior
from gedanken.sparse.weak import Columns
from gedanken.worlds.ode.trajectory import StateSpace

SPACES = [
    StateSpace.first_order("x"),
    StateSpace.first_order("x", "y"),
    StateSpace.first_order("a", "b", "c"),
    StateSpace.first_order("a", "b", "c", "d"),
    StateSpace.second_order(y="vy"),
    StateSpace.second_order(x="vx", y="vy"),
]


def samples(states):
    return stream("test", "library", states.size).uniform(0.5, 2.0, (50, states.size))


def by_name(atoms):
    return {atom.name: atom for atom in atoms}


@pytest.mark.parametrize("states", SPACES, ids=lambda s: ",".join(s.columns))
def test_every_atom_is_in_the_grammar_and_finite_on_the_samples(states):
    x = samples(states)
    atoms = build(states, x, np.full(states.size, 0.1))
    values = Columns([atom.text() for atom in atoms], states)(np.zeros(len(x)), x)
    assert values.shape == (len(x), len(atoms))
    assert np.isfinite(values).all()
    assert all(atom.cost > 0 and atom.stage in (0, 1) for atom in atoms)


def test_no_hint_changes_nothing_and_a_hint_makes_only_its_family_cheap():
    states = StateSpace.second_order(y="vy")
    x = samples(states) - 1.0
    plain = by_name(build(states, x, np.full(2, 0.1)))
    assert by_name(build(states, x, np.full(2, 0.1), "A thing was observed.")) == plain
    hinted = by_name(build(states, x, np.full(2, 0.1), "A body falls through air."))
    cheaper = {name for name in plain if hinted[name].cost < plain[name].cost}
    # The name y has made weight cheap already.
    assert cheaper == {"vy", "vy*abs(vy)", "vy*abs(vy)**K"}
    assert not any(hinted[name].cost > plain[name].cost for name in plain)


def test_a_variable_called_theta_is_an_angle():
    x = samples(StateSpace.second_order(y="vy")) - 1.0
    angle = by_name(build(StateSpace.second_order(theta="omega"), x, np.full(2, 0.1)))
    other = by_name(build(StateSpace.second_order(q="v"), x, np.full(2, 0.1)))
    assert angle["sin(theta)"].cost < other["sin(q)"].cost


def test_the_sine_of_a_variable_that_turns_too_fast_is_left_out():
    states = StateSpace.first_order("x", "y")
    x = samples(states) * 100.0
    assert "sin(x)" not in by_name(build(states, x, np.full(2, 30.0)))


def test_hints_speak_of_scenes_and_not_of_laws():
    words = " ".join(word for found in HINTS.values() for word in found)
    assert not any(law in words for law in ("lotka", "lorenz", "duffing", "logistic", "quadratic", "sine", "hooke"))


def test_drives_are_periodic_in_the_time():
    for atom in (*drive("", 2.0, 0.3, ""), *drive("x", 2.0, 0.3, "")):
        value = Columns([atom.text()], StateSpace.first_order("x"))
        t = np.array([0.4, 0.4 + np.pi])
        assert np.ptp(value(t, np.full((2, 1), 1.7))) < 1e-12


def costs(states, x, hint=""):
    return {name: atom.cost for name, atom in by_name(build(states, x, np.full(states.size, 0.1), hint)).items()}


def test_linear_restoring_forces_are_rarer_in_vertical_motion():
    x = samples(StateSpace.second_order(y="vy")) - 1.0
    vertical, level = costs(StateSpace.second_order(y="vy"), x), costs(StateSpace.second_order(q="v"), x)
    assert vertical["y"] > level["q"]
    assert vertical["vy"] == level["v"]
    assert level["q"] < level["v"]  # springs are more frequent than linear drag


def test_the_square_of_a_velocity_is_a_drag_only_while_it_keeps_its_sign():
    states = StateSpace.second_order(q="v")
    falling, swinging = samples(states), samples(states) - 1.0
    assert costs(states, falling)["v**2"] < costs(states, falling)["v*abs(v)"]
    assert costs(states, swinging)["v**2"] > costs(states, swinging)["v*abs(v)"]
    assert costs(states, swinging)["v**2"] - costs(states, falling)["v**2"] >= INDISTINCT
    # A fifth of the speed is not yet a reversal, a third is.
    barely, clearly = falling.copy(), falling.copy()
    barely[0, 1], clearly[0, 1] = -falling[:, 1].max() / 5, -falling[:, 1].max() / 3
    assert costs(states, barely)["v**2"] < costs(states, clearly)["v**2"]


def test_drag_along_one_axis_hardly_ever_depends_on_the_other():
    states = StateSpace.second_order(x="vx", y="vy")
    atoms = by_name(build(states, samples(states), np.full(4, 0.1)))
    coordinates = (("x", "vx"), ("y", "vy"))
    for name in ("vx*speed", "x/r**3", "x/r**K"):
        along, across = (prior(structure, coordinates) for structure in (((atoms[name],), ()), ((), (atoms[name],))))
        assert across - along > INDISTINCT
    along, across = (prior(structure, coordinates) for structure in (((atoms["vx"],), ()), ((), (atoms["vx"],))))
    assert 0 < across - along < INDISTINCT  # a magnetic force does


def test_a_weight_in_vertical_motion_is_almost_certain():
    x = samples(StateSpace.second_order(y="vy")) - 1.0
    assert costs(StateSpace.second_order(y="vy"), x)["1"] < 1.0 < costs(StateSpace.second_order(q="v"), x)["1"]


def test_a_hint_makes_an_inner_constant_no_cheaper_than_a_term_without():
    states = StateSpace.second_order(q="v")
    hinted = costs(states, samples(states) - 1.0, "a feather falls through air")
    assert hinted["v*abs(v)"] < hinted["v*abs(v)**K"]


def test_a_periodic_force_costs_more_than_any_other_term():
    states = StateSpace.second_order(q="v")
    dearest = max(costs(states, samples(states)).values())
    alone, on_a_variable = drive("", 2.0, 0.3, ""), drive("q", 2.0, 0.3, "")
    assert all(dearest < a.cost < b.cost for a, b in zip(alone, on_a_variable, strict=True))
    assert all(atom.cost < 10 for atom in drive("", 2.0, 0.3, "a driven pendulum"))
