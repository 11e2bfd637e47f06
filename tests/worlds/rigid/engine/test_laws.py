"""What each row's law asks for, and impulses that explain a change."""

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.training.scratch.contacts.examples import walk
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.laws import due, each_alone, explain_from, keep_within


def row(kind, friction=0.5, n_mass=2.0, t_mass=1.0):
    out = np.zeros(c.COLUMNS)
    out[[c.KIND, c.FRICTION, c.N_MASS, c.T_MASS]] = kind, friction, n_mass, t_mass
    return out


@pytest.mark.parametrize(
    ("kind", "asked", "kept"),
    [
        # Friction holds up to 0.5 * 10 px/s of twice the effective mass.
        (c.CONTACT, (10.0, 20.0), (10.0, 10.0)),
        (c.CONTACT, (10.0, -3.0), (10.0, -3.0)),
        (c.CONTACT, (-10.0, 3.0), (0.0, 0.0)),
        (c.ROPE, (-10.0, 3.0), (0.0, 0.0)),
        (c.ROD, (-10.0, 3.0), (-10.0, 0.0)),
        (c.HINGE, (-10.0, 3.0), (-10.0, 3.0)),
        (c.MOTOR, (-10.0, 0.0), (-0.5, 0.0)),
    ],
)
def test_impulses_are_kept_within_what_each_law_allows(kind, asked, kept):
    assert keep_within(row(kind), *asked) == kept


@pytest.mark.parametrize("name", ["billiards", "plinko", "newtons_cradle"])
def test_nothing_is_due_once_a_row_that_is_alone_has_its_own(name):
    """Of discs and rods, whose impulses along and across do not act on each other."""
    scene = scenarios.pose(name, 2)
    physics = c.Physics.of(scene)
    checked = 0
    for moment in walk(scene, stream("test"), 0.0, 120):
        for k in range(len(moment.rows)):
            only = moment.rows[k : k + 1]
            own = np.asarray(each_alone(moment.flown, only, physics.masses)) * (1.0, 1.0, 0.0)
            state = physics.settle(moment.flown, only, own, False)
            np.testing.assert_allclose(due(state, only, physics.masses, own), 0.0, atol=1e-9)
            checked += np.abs(own).max() > 1.0
    assert checked > 5


def test_impulses_near_those_of_now_explain_a_change():
    scene = scenarios.pose("pyramid", 2)
    physics = c.Physics.of(scene)
    moments = [m for m in walk(scene, stream("test"), 0.0, 100) if len(m.rows) > 5][-3:]
    for moment in moments:
        right = moment.impulses * (1.0, 1.0, 0.0)
        again = explain_from(right, moment.flown, moment.rows, physics.masses, moment.after, 100)
        np.testing.assert_allclose(again, right, atol=0.01)
