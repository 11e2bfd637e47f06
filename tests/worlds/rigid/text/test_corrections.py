from dataclasses import replace

import numpy as np
import pytest

from gedanken.worlds.rigid import Body, Circle, Gravitation, Scene, Wind, walls
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.text import Prompt, corrections, v1

SCENE = Scene([Body(Circle(10), x=100 + 60 * k, y=200 + 40 * k, vx=20 * k - 40, spin=k / 7) for k in range(5)], walls())
STATES = record(SCENE, 60).states


@pytest.mark.parametrize("prior", corrections.PRIORS)
@pytest.mark.parametrize("tolerance", [0.0, 0.001, 0.5])
def test_the_reader_is_never_off_by_more_than_the_tolerance(prior, tolerance):
    header = corrections.Header(SCENE, prior=prior, tolerance=tolerance)
    prompt = Prompt(header, STATES, 0)
    read = corrections.parse_prompt(corrections.write_prompt(prompt))
    assert read.header == header
    assert np.abs(read.states - STATES).max() <= tolerance + 1e-9
    np.testing.assert_array_equal(corrections.visible(read), read.states)


def test_bodies_in_free_fall_take_no_characters():
    header = corrections.Header.of(replace(SCENE, statics=()))
    states = record(header.scene, 10).states
    prompt = Prompt(header, states[:-1], 0)
    assert corrections.write_target(prompt, states[-1]) == "Frame 10 corrections\nend\n"
    assert corrections.parse_frame("Frame 10 corrections\nend\n", prompt).answered.all()


def test_planets_and_paddles_take_no_characters_either():
    bodies = (
        Body(Circle(5), x=350, y=300, vy=-50),
        Body(Circle(5), x=450, y=300, vy=50),
        Body(Circle(5), x=100, y=300, vy=90, kinematic=True, bounds=(100, 280, 100, 320)),
    )
    scene = Scene(bodies, gravity=(0, -20), fields=(Gravitation(1e5, 10), Wind(0, 0, 400, 600, 50, 0)), damping=0.9)
    states = record(scene, 60).states
    told = corrections.write_prompt(Prompt(corrections.Header.of(scene), states, 0)).count(": p")
    # Sixty frames of rounding may have to be put right once in a while.
    assert told <= 2


def test_a_resting_body_takes_no_characters():
    scene = Scene([Body(Circle(10), x=100, y=20), Body(Circle(10), x=300, y=20)], walls(sides=("bottom",)))
    states = record(scene, 60).states
    prompt = Prompt(corrections.Header.of(scene), states[40:-1], 40)
    assert corrections.write_target(prompt, states[-1]) == "Frame 60 corrections\nend\n"


def test_a_bounce_is_over_when_it_has_happened():
    scene = Scene([Body(Circle(10), x=400, y=20, vy=-300, elasticity=1.0)], walls(sides=("bottom",)))
    states = record(scene, 20).states
    bounced = 1 + int(np.flatnonzero(np.diff(np.sign(states[:, 0, 3])))[0])
    prompt = Prompt(corrections.Header.of(scene), states[: bounced + 1], 0)
    assert states[bounced, 0, 3] > corrections.STRUCK
    # The solver may still push it out of the wall, but its velocity is right.
    assert " v " not in corrections.write_target(prompt, states[bounced + 1])


def test_a_prompt_that_would_take_too_long_is_refused():
    scene = Scene(
        [Body(Circle(1), x=x, y=y) for x in range(0, 800, 4) for y in (5, 10)], fields=[Gravitation(1.0)] * 60
    )
    text = corrections.write_prompt(Prompt(corrections.Header.of(scene), record(scene, 1).states, 0))
    text = text.replace("Predict frame 2:\n", "".join(f"Frame {n} corrections\nend\n" for n in range(2, 900)))
    assert "too much to read" in corrections.parse_prompt(text)[0]


def test_a_collision_is_told():
    prompt = Prompt(corrections.Header.of(SCENE), STATES[:2], 0)
    with corrections.Extrapolation(prompt.header) as extrapolate:
        struck = extrapolate(STATES[:2])
    struck[3, 2:4] += (12.5, -3.0)
    assert corrections.write_target(prompt, struck) == "Frame 2 corrections\n3: v 12.5000,-3.0000\nend\n"


def test_it_is_shorter_than_writing_frames_out():
    prompt = Prompt(corrections.Header.of(SCENE), STATES, 0)
    written = len(v1.write_prompt(Prompt(v1.Header.of(SCENE), STATES, 0)))
    assert len(corrections.write_prompt(prompt)) < 0.4 * written


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("", "there is no line `Frame 2 corrections`"),
        ("end", "there is no line `Frame 2 corrections`"),
        ("Frame 2 corrections\n", "the line `end` is missing"),
        ("Frame 3 corrections\nend", "this is called frame 3"),
        ("Frame 2 corrections\n9: v 1,1\nend", "there is no body 9"),
        ("Frame 2 corrections\n1: v 1,1\n1: v 2,2\nend", "corrected twice"),
        ("Frame 2 corrections\n1: faster\nend", "cannot read the line"),
    ],
)
def test_a_fault_in_an_answer_is_named(text, sentence):
    reading = corrections.parse_frame(text, Prompt(corrections.Header.of(SCENE), STATES[:2], 0))
    assert sentence in reading.complaints[0]
    assert reading.answered.all() == ("Frame" in text)


def test_a_prompt_without_a_known_prior_is_complained_about():
    text = corrections.write_prompt(Prompt(corrections.Header.of(SCENE), STATES[:4], 0))
    for damaged in (text.replace("Prior: adaptive", "Prior: guess"), text.replace("Prior:", "Posterior:")):
        assert "a header line must say `Prior:" in corrections.parse_prompt(damaged)[0]


@pytest.mark.parametrize("change, wanted", [(0.0004, 0.0004), (0.002, 0.004), (39.0, 78.0), (41.0, 41.0)])
def test_the_adaptive_prior_repeats_a_pull_but_neither_rounding_nor_an_impact(change, wanted):
    """In weightlessness a velocity that changed by `change` goes on changing, or stays, by the two thresholds."""
    header = corrections.Header.of(Scene([Body(Circle(5), x=100, y=300)], gravity=(0.0, 0.0)))
    states = np.zeros((2, 1, 6))
    states[:, 0, :2] = 100.0, 300.0
    states[1, 0, 3] = change
    with corrections.Extrapolation(header) as extrapolate:
        assert extrapolate(states)[0, 3] == pytest.approx(wanted)
    assert corrections.TOUCHED == 0.0005
    assert corrections.STRUCK == 40.0
