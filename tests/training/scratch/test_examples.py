"""What a scene teaches: groups whose answers give the frame, said in many ways that mean the same."""

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.models.impulses import vocabulary as v
from gedanken.seeding import stream
from gedanken.training.scratch.examples import choose, exchange_ends, teach, teach_impulses, walk
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.laws import each_alone
from gedanken.worlds.rigid.text import _quantities as q

WORDS = v.words()


def moments(name="tower", level=2, shaken=0.0, frames=60):
    scene = scenarios.pose(name, level)
    return scene, c.Physics.of(scene), list(walk(scene, stream("test"), shaken, frames))


@pytest.mark.parametrize("name", ["tower", "chain", "billiards"])
def test_the_answers_that_are_taught_give_the_recorded_velocities(name):
    _, physics, steps = moments(name)
    checked = 0
    for moment in steps:
        group = q.islands(moment.rows, len(physics.masses), physics.masses)
        whole = np.zeros((len(moment.rows), 3))
        for number in np.unique(group):
            whole += teach_impulses(moment, np.flatnonzero(group == number), physics)
        state = physics.settle(moment.flown, moment.rows, whole, False)
        np.testing.assert_allclose(state[:, 2:4], moment.after[:, 2:4], rtol=0, atol=0.5)
        checked += len(moment.rows)
    assert checked > 10


def test_what_rests_is_taught_to_stay_as_the_text_says_it_was():
    _, physics, steps = moments("pyramid", 2, frames=100)
    rest = [moment for moment in steps[80:] if moment.news.max() < 0.5]
    assert len(rest) > 10
    for moment in rest[:5]:
        taught = teach_impulses(moment, np.arange(len(moment.rows)), physics)
        np.testing.assert_allclose(taught[:, 0], moment.told[:, q.LAST], atol=2.0)
        # The solver's own are others that give the same frame.
        assert np.abs(moment.impulses[:, 0] - moment.told[:, q.LAST]).max() > 5.0


def test_exchanged_ends_are_the_same_physics():
    scene, physics, steps = moments("pyramid", 2)
    rng = np.random.default_rng(0)
    movable = np.array([not body.kinematic for body in scene.bodies])
    moment = max(steps, key=lambda m: len(m.rows))
    rows, told = exchange_ends(moment.rows, moment.told, movable, rng)
    changed = (rows[:, c.A] != moment.rows[:, c.A]).nonzero()[0]
    assert len(changed) > 2
    arms = rows.copy()
    arms[changed, c.R1X], arms[changed, c.R2X] = rows[changed, c.R2X], rows[changed, c.R1X]
    arms[changed, c.R1Y], arms[changed, c.R2Y] = rows[changed, c.R2Y], rows[changed, c.R1Y]
    again = q.describe(moment.flown, arms, physics.masses, moment.impulses, True)
    again[:, [q.LAST, q.LAST_T]] = told[:, [q.LAST, q.LAST_T]]
    np.testing.assert_allclose(again, told, atol=1e-9)
    one, other = (physics.settle(moment.flown, r, moment.impulses) for r in (moment.rows, arms))
    np.testing.assert_allclose(other, one, atol=1e-9)


def test_the_mirror_image_of_a_step_has_the_mirrored_answer():
    """By the textbook's law, which knows no left and right: what is said mirrored is what the mirrored scene says."""
    scene, physics, steps = moments("explosion", 2)
    movable = np.array([not body.kinematic for body in scene.bodies])
    flip = np.array([1.0, -1.0, 1.0, -1.0, -1.0, -1.0])
    moment = next(m for m in steps if len(m.rows) > 2)
    turned = moment.rows.copy()
    turned[:, [c.NY, c.R1Y, c.R2Y, c.BELT_Y]] *= -1.0
    members = np.arange(len(turned))
    last = np.zeros((len(turned), 3))
    spoken = []
    for state, rows, mirror in ((moment.flown, moment.rows, True), (moment.flown * flip, turned, False)):
        told = q.describe(state, rows, physics.masses, last, True)
        answer = each_alone(state, rows, physics.masses)
        text = v.encode(rows, told, members, movable, 10, 0, mirror, 0)
        spoken.append([*text, *v.encode_answer(rows, answer, members, True, mirror, 0)])
    assert spoken[0] == spoken[1]


def test_examples_are_the_same_every_time_and_other_ones_at_every_turn():
    scene = scenarios.pose("tower", 2)
    key = ("tower", 2, "train", 0)
    one, again, later = (teach(scene, key, turn, 64, 2000) for turn in (0, 0, 1))
    assert [e.ids.tobytes() for e in one] == [e.ids.tobytes() for e in again]
    assert [e.ids.tobytes() for e in one] != [e.ids.tobytes() for e in later]
    assert 2000 <= sum(len(e.ids) for e in one) < 6000


def test_groups_of_too_many_rows_are_left_out():
    scene = scenarios.pose("jenga", 3)
    assert all(
        sum(v.ROW <= token < v.NUMBER for token in example.ids[: example.begin]) <= 20
        for example in choose(scene, stream("test"), 20, 10_000)
    )


@pytest.mark.parametrize("key", [("bowling", 1, "train", 0), ("tower", 1, "test", 0)])
def test_what_is_not_for_training_is_refused(key):
    with pytest.raises(UserError, match="not for training"):
        teach(scenarios.pose(key[0], 1, split="test"), key, 0, 64)
