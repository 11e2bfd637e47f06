"""The players of the format of contacts that have no model: what they say, and in which formats."""

import numpy as np
import pytest

from gedanken.errors import PlayerError
from gedanken.loop import Key, Question
from gedanken.players import load_player
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid import Body, Circle, Scene, Segment, Wind, text
from gedanken.worlds.rigid.engine.simulate import record

TASK = PredictTask()
NAMES = ("free", "warm", "each_alone", "each_alone_rounds")


def ask(name, problem):
    """The player's frame."""
    answer = load_player(name, "predict").answer(Question(TASK.ask(problem), problem.observation))
    observation = problem.observation
    reading = text.load(observation.format).parse_frame(answer, observation.prompt)
    assert not reading.complaints
    return reading.state


def pose(scene, first, format="v1", context=3):
    recording = record(scene, first)
    return TASK.pose_recording(recording, Key("own"), first, context, 1, format)


def bounce():
    """Two discs that meet obliquely in frame 7, with friction and spin."""
    left = Body(Circle(10), x=300, y=300, vx=300, spin=3, elasticity=0.8)
    return Scene([left, Body(Circle(14), x=352, y=306, mass=3, elasticity=0.9)], gravity=(0, 0))


def test_one_contact_alone_is_the_recorded_frame_and_no_impulse_is_not():
    states = record(bounce(), 12).states
    hit = int(np.flatnonzero(np.abs(np.diff(states[:, 0, 2])) > 1)[0]) + 1
    problem = pose(bounce(), hit)
    np.testing.assert_allclose(ask("each_alone", problem), states[hit], atol=2e-3)
    assert np.abs(ask("free", problem) - states[hit]).max() > 50
    assert np.abs(ask("warm", problem) - states[hit]).max() > 50


def test_what_rests_is_held_by_the_last_impulses():
    disc = Body(Circle(10), x=300, y=60, elasticity=0)
    scene = Scene([disc], [Segment(0, 40, 800, 40, radius=10)])
    problem = pose(scene, 40)
    np.testing.assert_allclose(ask("warm", problem)[0, 2:4], [0, 0], atol=1e-3)
    assert ask("free", problem)[0, 3] == pytest.approx(-981 / 60, abs=1e-3)


def test_no_impulse_knows_fields_and_drag():
    scene = Scene([Body(Circle(10), x=300, y=300, vx=100)], fields=[Wind(0, 0, 800, 600, 60, 0)], damping=0.5)
    problem = pose(scene, 5)
    np.testing.assert_allclose(ask("free", problem), problem.truth.frames[0], atol=2e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_frame_is_the_same_in_every_format_that_tells_the_scene(name):
    frames = [
        ask(name, TASK.pose("pinball", split="test", level=1, format=format))
        for format in ("v1", "corrections", "contacts", "own_contacts")
    ]
    # Prior-coded frames leave out what is below their tolerance.
    np.testing.assert_allclose(frames[1], frames[0], atol=0.1)
    np.testing.assert_allclose(frames[2], frames[0], atol=2e-3)


def test_they_say_what_is_given_to_them_and_need_the_scene():
    for name in NAMES:
        given = load_player(name, "predict").given
        assert ("after each answer what is left" if name.endswith("rounds") else "geometry") in given
        with pytest.raises(PlayerError, match="does not tell the scene"):
            ask(name, TASK.pose("billiards", level=1, format="lfm"))
