"""Conversations and answers as tokens, and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.errors import UserError
from gedanken.loop import Turn
from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.dialect import ROWS, read_answer, write_answer, write_conversation
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.tasks.discover.task import DiscoverTask

WORDS = Vocabulary(["d2x", "dt2", "x", "vx", "w", "k", "scale", "by", "drop", "in", "add", "replace", "with", "sin"])


@pytest.mark.parametrize(
    "answer",
    [
        {"equation": "d2x/dt2=-w**2*x-0.5*vx", "params": {"w": 1.25}},
        {"equation": "d2x/dt2=-9.81*sin(x);d2y/dt2=0", "params": {}},
        {"edit": [{"scale": "w", "by": 0.952}, {"scale": "k", "by": 12.0}]},
        {"edit": [{"drop": "k*vx", "in": "d2x/dt2"}, {"replace": "x", "with": "sin(x)"}]},
        {"edit": [{"add": "-z0*vx"}], "params": {"z0": 0.3}},
        {"equation": "dunheard_of/dt=-unheard_of", "params": {"a_1": -3e-05}},
    ],
)
def test_an_answer_is_read_as_it_was_written(answer):
    ids = write_answer(json.dumps(answer), WORDS)
    assert ids[-1] == v.END
    assert max(ids) < WORDS.count
    assert json.loads(read_answer(ids, WORDS)) == answer
    # Also where every word of it is spelled.
    spelled = write_answer(json.dumps(answer), WORDS, {"d2x", "x", "w", "sin"})
    assert json.loads(read_answer(spelled, WORDS)) == answer


@given(st.lists(st.integers(0, WORDS.count - 1), max_size=60))
def test_whatever_the_tokens_are_the_answer_is_json(ids):
    assert isinstance(json.loads(read_answer(ids, WORDS)), dict)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_said_to_three_digits(value):
    said = v.VALUES[WORDS.write_number(value) - WORDS.number]
    if np.isfinite(value) and 1.01e-5 < abs(value) < 9.98e5:
        assert said == pytest.approx(value, rel=0.0051)
    else:
        assert np.isfinite(said)


def test_signs_of_numbers_are_told_from_differences():
    assert v.split("-1.5 x-1 2 - 3 (-4) x**-2") == [
        "-1.5",
        "x",
        "-",
        "1",
        "2",
        "-",
        "3",
        "(",
        "-4",
        ")",
        "x",
        "**",
        "-2",
    ]


def test_a_conversation_is_hint_table_statistics_answers_and_replies():
    task = DiscoverTask()
    problem = task.pose("damped_spring", split="test", index=0)
    first = '{"equation": "d2x/dt2 = -k*x", "params": {"k": 4.0}}'
    verdict = task.verify(problem, first)
    ids = write_conversation(task.ask(problem, [Turn(first, verdict), Turn("no law", verdict)]), WORDS)
    pieces = WORDS.decode(ids)
    assert ids[-1] == v.ANSWER
    assert ids.count(v.ANSWER) == 3
    assert ids.count(v.REPLY) == 2
    said = pieces[pieces.index("<answer>") : pieces.index("<reply>")]
    assert said == ["<answer>", "<law>", "d2x", "/", "dt2", "=", "-", "k", "*", "x", "<params>", "k", 4.0]
    assert "HINT" in pieces
    assert "STATISTICS" in pieces
    assert "GRAMMAR" not in pieces
    assert "TRAJECTORY" not in pieces
    # The heading, `ROWS` of a hundred rows of three numbers, and the statistics.
    lines = "".join(str(piece) if piece == "\n" else "." for piece in pieces[: pieces.index("<answer>")]).count("\n")
    assert lines == ROWS + 4
    last = pieces[pieces.index("STATISTICS") - 3 : pieces.index("STATISTICS") - 1]
    assert last == pytest.approx(problem.observation.trajectories[0].values[-1].tolist(), abs=1e-3)


def test_a_folder_without_words_is_no_model(tmp_path):
    with pytest.raises(UserError, match="holds no model of laws"):
        Vocabulary.load(tmp_path)
    WORDS.save(tmp_path)
    assert Vocabulary.load(tmp_path).words == WORDS.words
