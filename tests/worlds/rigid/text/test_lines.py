"""Frames read line by line: where an answer ends, and what counts when a body comes twice."""

import numpy as np

from gedanken.worlds.rigid.text import v1
from gedanken.worlds.rigid.text._lines import read_answer, read_block

BODY = "{}: {},2 v 3,4 a 5 w 6"


def test_the_first_of_several_frames_counts():
    text = "\n".join(["Frame 7", BODY.format(0, 1), "Frame 8", BODY.format(1, 9)])
    reading = read_answer(text, v1.body_line, 2, 7)
    assert (reading.number, reading.answered.tolist()) == (7, [True, False])
    assert list(reading.complaints) == ["body 1 is missing"]


def test_a_body_that_comes_twice_ends_the_frame():
    state, complaints = read_block([BODY.format(0, 1), BODY.format(0, 8), BODY.format(1, 9)], v1.body_line, 2)
    assert state[0].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert np.isnan(state[1]).all()
    assert complaints == ["body 1 is missing"]


def test_a_wrong_frame_number_is_named():
    reading = read_answer("Frame 9\n" + BODY.format(0, 1), v1.body_line, 1, 7)
    assert list(reading.complaints) == ["this is called frame 9, but frame 7 was asked for"]


def test_a_body_that_does_not_exist_is_named_and_the_others_are_read():
    state, complaints = read_block([BODY.format(2, 1), BODY.format(0, 1)], v1.body_line, 2)
    assert complaints == ["there is no body 2: they are 0 to 1", "body 1 is missing"]
    assert np.isfinite(state[0]).all()
