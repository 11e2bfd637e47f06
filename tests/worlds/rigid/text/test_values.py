"""What every format has in common: prompts, readings, complaints."""

import dataclasses

import numpy as np
import pytest

from gedanken.worlds.rigid.text import MOST_COMPLAINTS, Prompt, Reading, shorten, write_grammar

STATE = np.arange(12.0).reshape(2, 6)


def test_frames_are_counted_from_zero_unless_the_first_one_has_a_number():
    states = np.stack([STATE, STATE])
    assert Prompt(None, states).next == 2
    assert Prompt(None, states, 5).next == 7


def test_a_body_is_answered_by_its_place_and_both_its_velocities():
    state = STATE.copy()
    state[0, 3] = np.nan
    state[1, 4:] = np.nan  # angle and spin may be missing
    reading = Reading(state, 7, [])
    assert reading.answered.tolist() == [False, True]
    assert reading.answered_as(7).tolist() == [False, True]
    assert reading.answered_as(6).tolist() == [False, False]
    assert reading.lines() == ["1 of 2 bodies answered"]


def test_prompts_and_readings_are_values_that_stay_and_are_told_apart_by_identity():
    prompt, reading = Prompt(None, STATE[None]), Reading(STATE, None, [])
    for value, name in ((prompt, "first"), (reading, "number")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 3)
        assert value != dataclasses.replace(value)


def test_complaints_beyond_the_twentieth_are_counted():
    many = [str(number) for number in range(25)]
    assert MOST_COMPLAINTS == 20
    assert shorten(many[:20]) == many[:20]
    assert shorten(many) == [*many[:20], "and 5 more"]


def test_the_usual_grammar_is_that_of_the_last_frame_shown():
    class Told:
        asked: np.ndarray

        def write_target(self, prompt, state):
            self.asked = state
            return "Frame 3\n0: 1.0000,2.0000 v 3.0000,4.0000 a 5.0000 w 6.0000"

    told = Told()
    write_grammar(told, Prompt(None, np.stack([STATE, STATE + 1, STATE + 2])))
    np.testing.assert_array_equal(told.asked, STATE + 2)
