"""What a scene teaches: groups whose answers give the frame, said in many ways that mean the same."""

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.models.impulses import vocabulary as v
from gedanken.seeding import stream
from gedanken.training.scratch.contacts.examples import choose, exchange_ends, pick_round, teach, teach_changes, walk
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.rounds import Step
from gedanken.worlds.rigid.text import _quantities as q

WORDS = v.words()


def moments(name="tower", level=2, shaken=0.0, frames=60):
    scene = scenarios.pose(name, level)
    return scene, c.Physics.of(scene), list(walk(scene, stream("test"), shaken, frames))


def groups(scene, physics, steps):
    """Every group of every step: the step, its rows, and what acts there."""
    for moment in steps:
        group = q.islands(moment.rows, len(physics.masses), physics.masses)
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            yield moment, members, Step(moment.flown, moment.rows, physics.masses).part(members)


@pytest.mark.parametrize("name", ["tower", "chain", "billiards"])
def test_the_changes_that_are_taught_give_the_recorded_velocities_from_any_round(name):
    scene, physics, steps = moments(name)
    rng = stream("test", "rounds")
    checked, begun = 0, 0
    for moment, members, step in groups(scene, physics, steps):
        begin = step.begin(moment.last[members])
        now = pick_round(step, moment.after, moment.impulses[members], begin, rng)
        begun += bool((now == begin).all())
        state = step.book(teach_changes(step, moment.after, moment.impulses[members], now))
        bodies = np.unique(step.rows[:, c.A].astype(int))
        np.testing.assert_allclose(state[bodies, 2:4], moment.after[bodies, 2:4], rtol=0, atol=0.5)
        checked += len(members)
    assert checked > 10
    assert begun > 5


def test_the_taught_pushes_give_the_recorded_positions():
    _, physics, steps = moments("tower", 2, frames=40)
    checked = 0
    for moment in steps:
        step = Step.of_pushes(moment.flown, moment.rows, physics.masses)
        right = np.column_stack([moment.impulses[:, c.APART], np.zeros((len(moment.rows), 2))])
        if not right.any():
            continue
        shift = physics.settle(moment.flown, moment.rows, moment.impulses) - moment.flown
        np.testing.assert_allclose(step.book(right)[:, 2:4] * physics.dt, shift[:, :2], atol=1e-9)
        checked += 1
    assert checked > 5


def test_what_rests_is_taught_to_stay():
    scene, physics, steps = moments("pyramid", 2, frames=100)
    rest = [moment for moment in steps[80:] if moment.news.max() < 0.5]
    assert len(rest) > 10
    for moment, members, step in groups(scene, physics, rest[:5]):
        begin = step.begin(moment.last[members])
        changes = teach_changes(step, moment.after, moment.impulses[members], begin) - begin
        assert np.abs(changes).max() < 2.0
        # The solver's own are others that give the same frame.
        assert len(members) < 5 or np.abs(moment.impulses[members] - begin)[:, 0].max() > 5.0


def test_exchanged_ends_are_the_same_physics():
    scene, physics, steps = moments("pyramid", 2)
    rng = np.random.default_rng(0)
    movable = np.array([not body.kinematic for body in scene.bodies])
    moment = max(steps, key=lambda m: len(m.rows))
    now = 0.5 * moment.impulses
    rows, told = exchange_ends(moment.rows, Step(moment.flown, moment.rows, physics.masses).look(now), movable, rng)
    changed = (rows[:, c.A] != moment.rows[:, c.A]).nonzero()[0]
    assert len(changed) > 2
    arms = rows.copy()
    arms[changed, c.R1X], arms[changed, c.R2X] = rows[changed, c.R2X], rows[changed, c.R1X]
    arms[changed, c.R1Y], arms[changed, c.R2Y] = rows[changed, c.R2Y], rows[changed, c.R1Y]
    again = Step(moment.flown, arms, physics.masses).look(now)
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
        step = Step(state, rows, physics.masses)
        told = step.look(last)
        text, cues = v.encode(rows, told, members, movable, 10, 0, mirror, 0)
        answer, asked = v.encode_answer(rows, step.alone() / v.unit(told), members, cues, mirror)
        assert asked.sum() == 2 * len(members)
        spoken.append([*text, *answer])
    assert spoken[0] == spoken[1]


def test_a_scene_in_another_unit_of_velocity_is_said_alike():
    scene, physics, steps = moments("pyramid", 2)
    movable = np.array([not body.kinematic for body in scene.bodies])
    moment = max(steps, key=lambda m: len(m.rows))
    members, now = np.arange(len(moment.rows)), 0.5 * moment.impulses
    spoken = []
    for factor in (1.0, 8.0):
        flown, rows = moment.flown.copy(), moment.rows.copy()
        flown[:, [2, 3, 5]] *= factor
        rows[:, [c.WANT, c.WANT_T, c.BELT_X, c.BELT_Y]] *= factor
        told = Step(flown, rows, physics.masses).look(factor * now)
        spoken.append(v.encode(rows, told, members, movable, 10, 0, False, 0)[0])
    assert len(members) > 5
    assert spoken[0].tolist() == spoken[1].tolist()


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
        sum(v.ROW <= token < v.NUMBER for token in example.ids) <= 2 * 20
        for example in choose(scene, stream("test"), 20, 10_000)
    )


@pytest.mark.parametrize("key", [("bowling", 1, "train", 0), ("tower", 1, "test", 0)])
def test_what_is_not_for_training_is_refused(key):
    with pytest.raises(UserError, match="not for training"):
        teach(scenarios.pose(key[0], 1, split="test"), key, 0, 64)
