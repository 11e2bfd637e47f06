"""Every scenario, in every format: what is written is read, and the default text decides the next frame."""

import numpy as np
import pytest

from gedanken.worlds.rigid import LEVELS, scenarios
from gedanken.worlds.rigid import text as texts
from gedanken.worlds.rigid.engine.simulate import memoryless, record, resume
from gedanken.worlds.rigid.text import Prompt, v1

FRAMES = 12


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("subject", scenarios.names())
def test_text_round_trips(subject, level):
    scene = scenarios.pose(subject, level, split="test")
    states = record(scene, FRAMES).states
    for name in texts.names():
        form = texts.load(name)
        for first in (0, 3):
            prompt = Prompt(form.Header.of(scene), states[first:-1], first)
            read = form.parse_prompt(form.write_prompt(prompt))
            assert isinstance(read, Prompt), (name, read)
            assert read.header == prompt.header
            assert read.first == first
            np.testing.assert_array_equal(read.states, form.visible(prompt))
            reading = form.parse_frame(form.write_target(prompt, states[-1]), prompt)
            assert not reading.complaints
            whole = Prompt(prompt.header, states[first:], first)
            np.testing.assert_array_equal(reading.state, form.visible(whole)[-1])


@pytest.mark.parametrize("subject", scenarios.names())
def test_exact_text_decides_the_next_text(subject):
    scene = memoryless(scenarios.pose(subject, 2, split="test"))
    states = record(scene, FRAMES).states
    for n in range(0, FRAMES, 3):
        read = v1.parse_prompt(v1.write_prompt(Prompt(v1.Header.of(scene), states[n : n + 1], n)))
        assert isinstance(read, Prompt)
        np.testing.assert_array_equal(resume(read.header.scene, read.states, 1)[0], states[n + 1])
