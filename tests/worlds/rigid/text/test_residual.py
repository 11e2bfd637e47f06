from dataclasses import replace

import numpy as np
import pytest

from gedanken.worlds.rigid import Body, Circle, Scene, walls
from gedanken.worlds.rigid.simulate import record
from gedanken.worlds.rigid.text import Prompt, residual, v1

SCENE = Scene([Body(Circle(10), x=100 + 60 * k, y=200 + 40 * k, vx=20 * k - 40, spin=k / 7) for k in range(5)], walls())
STATES = record(SCENE, 60).states


@pytest.mark.parametrize("prior", residual.PRIORS)
@pytest.mark.parametrize("tolerance", [0.0, 0.001, 0.5])
def test_the_reader_is_never_off_by_more_than_the_tolerance(prior, tolerance):
    header = residual.Header(SCENE, prior=prior, tolerance=tolerance)
    prompt = Prompt(header, STATES, 0)
    read = residual.parse_prompt(residual.write_prompt(prompt))
    assert read.header == header
    assert np.abs(read.states - STATES).max() <= tolerance + 1e-9
    np.testing.assert_array_equal(residual.visible(read), read.states)


def test_bodies_in_free_fall_take_no_characters():
    header = residual.Header.of(replace(SCENE, statics=()))
    states = record(header.scene, 10).states
    prompt = Prompt(header, states[:-1], 0)
    assert residual.write_target(prompt, states[-1]) == "Frame 10 corrections\nend\n"
    assert residual.parse_frame("Frame 10 corrections\nend\n", prompt).answered.all()


def test_a_collision_is_told():
    prompt = Prompt(residual.Header.of(SCENE), STATES[:2], 0)
    struck = residual.extrapolate(prompt.header, STATES[:2])
    struck[3, 2:4] += (12.5, -3.0)
    assert residual.write_target(prompt, struck) == "Frame 2 corrections\n3: v 12.5000,-3.0000\nend\n"


def test_it_is_shorter_than_writing_frames_out():
    prompt = Prompt(residual.Header.of(SCENE), STATES, 0)
    written = len(v1.write_prompt(Prompt(v1.Header.of(SCENE), STATES, 0)))
    assert len(residual.write_prompt(prompt)) < 0.4 * written


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
    reading = residual.parse_frame(text, Prompt(residual.Header.of(SCENE), STATES[:2], 0))
    assert sentence in reading.complaints[0]
    assert reading.answered.all() == ("Frame" in text)


def test_a_prompt_without_a_known_prior_is_complained_about():
    text = residual.write_prompt(Prompt(residual.Header.of(SCENE), STATES[:4], 0))
    for damaged in (text.replace("Prior: accelerate", "Prior: guess"), text.replace("Prior:", "Posterior:")):
        assert "a header line must say `Prior:" in residual.parse_prompt(damaged)[0]
