"""Rounds: begin with each row's law, see what is left, add what a model says, keep what leaves least."""

import numpy as np
import pytest

from gedanken.models.impulses import decoder, player
from gedanken.models.impulses.vocabulary import unit
from gedanken.seeding import stream
from gedanken.training.scratch.contacts.examples import walk
from gedanken.worlds.rigid import Body, Box, Circle, Scene, scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.rounds import DUE, ENOUGH, Step, left
from gedanken.worlds.rigid.text import _quantities as q
from gedanken.worlds.rigid.text._ledger import Listing


def steps(scene, frames=60):
    physics = c.Physics.of(scene)
    return physics, [moment for moment in walk(scene, stream("test"), 0.0, frames) if len(moment.rows)]


def collision():
    """Two discs of mass 1 and 3 that meet at 300 px/s; they part at 0.8 times that."""
    left_disc = Body(Circle(10), x=100, y=300, mass=1, vx=300, elasticity=0.8)
    return Scene([left_disc, Body(Circle(10), x=124, y=300, mass=3, elasticity=1.0)], gravity=(0, 0))


def test_one_contact_begins_with_the_right_impulse_and_nothing_is_left():
    physics, [moment, *_] = steps(collision(), 3)
    step = Step(moment.flown, moment.rows, physics.masses)
    begin = step.begin(np.zeros((1, 3)))
    assert begin.tolist() == [[pytest.approx(540.0), 0.0, 0.0]]
    assert left(step.look(begin)) == pytest.approx(0.0, abs=1e-9)
    told = step.look(np.zeros((1, 3)))[0]
    assert told[DUE] == told[q.NEED] == pytest.approx(540.0)
    half = step.look(np.array([[270.0, 0.0, 0.0]]))[0]
    assert half[[DUE, q.NEED, q.ALONG, q.LAST]].tolist() == pytest.approx([270.0, 270.0, -30.0, 270.0])


def test_a_part_of_a_step_knows_only_its_rows():
    physics, moments = steps(scenarios.pose("pyramid", 2))
    moment = max(moments, key=lambda m: len(m.rows))
    step = Step(moment.flown, moment.rows, physics.masses)
    members = np.arange(0, len(moment.rows), 2)
    np.testing.assert_allclose(step.part(members).alone(), step.alone()[members])


def test_what_an_answer_may_not_do_is_not_booked():
    floor_scene = Scene([Body(Box(20, 20), x=300, y=300, vy=-50), Body(Box(40, 20), x=300, y=278, mass=5)])
    physics, [moment, *_] = steps(floor_scene, 20)
    step = Step(moment.flown, moment.rows, physics.masses)
    pulled = step.add(step.alone(), np.tile([-1e4, 1e4, 0.0], (len(moment.rows), 1)))
    assert (pulled == 0.0).all()
    slid = step.add(np.zeros((len(moment.rows), 3)), np.tile([10.0, 1e4, 0.0], (len(moment.rows), 1)))
    limit = moment.rows[:, c.FRICTION] * 10.0 * moment.rows[:, c.N_MASS] / moment.rows[:, c.T_MASS]
    np.testing.assert_allclose(slid[:, 1], limit)


@pytest.fixture(scope="module")
def nonsense(tmp_path_factory):
    """A decoder that has learnt nothing."""
    pytest.importorskip("torch")
    from gedanken.training.scratch.contacts.decoder import make_decoder

    folder = tmp_path_factory.mktemp("model")
    make_decoder("tiny", 1).save_pretrained(folder)
    return decoder.load(folder)


def test_a_damper_takes_its_share_of_what_its_spring_would_have_without_it():
    scene = scenarios.pose("trampoline", 2)
    physics, moments = steps(scene, 90)
    checked = 0
    for moment in moments:
        springs = moment.rows[:, c.KIND] == c.SPRING
        recorded = moment.impulses * (1.0, 1.0, 0.0)
        remains = Step(moment.flown, moment.rows, physics.masses).look(recorded)[springs, DUE]
        assert np.abs(remains).max() < 0.01
        checked += np.abs(recorded[springs]).max() > 0.05
    assert checked > 10


def test_an_answer_that_leaves_more_is_not_taken(nonsense):
    scene = scenarios.pose("pyramid", 2)
    physics, moments = steps(scene)
    asked = 0
    for moment in moments[::10]:
        found = Listing(moment.flown, moment.rows, moment.last, moment.told, True)
        [impulses] = player.predict(nonsense, [found], [scene], [physics])
        group = q.islands(moment.rows, len(physics.masses), physics.masses)
        for number in np.unique(group):
            step = Step(moment.flown, moment.rows, physics.masses).part(group == number)
            before = left(step.look(step.begin(moment.last[group == number])))
            assert left(step.look(impulses[group == number])) <= before + 1e-9
            asked += before > ENOUGH
        whole = Step(moment.flown, moment.rows, physics.masses).book(impulses)
        heavy = physics.masses[:, 0] > 0
        mass = 1.0 / physics.masses[heavy, 0]
        if not (moment.rows[:, c.B] >= len(physics.masses)).any():
            np.testing.assert_allclose(mass @ whole[heavy, 2:4], mass @ moment.flown[heavy, 2:4])
    assert asked > 3


def test_a_right_answer_is_taken(nonsense, monkeypatch):
    scene = scenarios.pose("billiards", 2)
    physics, moments = steps(scene, 100)
    hard = [
        m
        for m in moments
        if left(Step(m.flown, m.rows, physics.masses).look(Step(m.flown, m.rows, physics.masses).begin(m.last))) > 5.0
    ]
    assert hard
    moment = hard[0]
    found = Listing(moment.flown, moment.rows, moment.last, moment.told, True, pushed=False)

    def teacher(weights, texts, cues, counts):
        """What is missing of the recorded impulses, in the units of each group that asks."""
        out = []
        group = q.islands(moment.rows, len(physics.masses), physics.masses)
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            step = Step(moment.flown, moment.rows, physics.masses).part(members)
            begin = step.begin(moment.last[members])
            told = step.look(begin)
            if left(told) > ENOUGH:
                out.append((moment.impulses[members] - begin)[:, :2] / unit(told))
        return out

    monkeypatch.setattr(player, "ROUNDS", 1)
    monkeypatch.setattr(decoder, "answer", teacher)
    [impulses] = player.predict(nonsense, [found], [scene], [physics])
    state = physics.settle(moment.flown, moment.rows, impulses, False)
    np.testing.assert_allclose(state[:, 2:4], moment.after[:, 2:4], atol=1.0)
