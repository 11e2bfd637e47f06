import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken.errors import Unanswerable
from gedanken.tasks.discover.answer import MAX_TEXT, read_answer

OBJECT = '{"equation": "d2y/dt2 = -g", "params": {"g": 9.81}, "rationale": "It falls."}'


@pytest.mark.parametrize(
    "text",
    [
        OBJECT,
        f"  {OBJECT}\n",
        f"The acceleration is constant, so I propose:\n{OBJECT}\nThat should do.",
        f"```json\n{OBJECT}\n```",
        f"Reasoning.\n```\n{OBJECT}\n```\nDone.",
        f"<think>maybe {{x}} or {{}}</think><answer>{OBJECT}</answer>",
        '{"rationale": "first", "equation": "d2y/dt2 = -g", "params": {"g": 9.81}}',
        json.dumps(json.loads(OBJECT), indent=4),
        '{"equation": "d2y/dt2 = -1"} was my first idea, but now: ' + OBJECT,
    ],
)
def test_the_object_is_found_wherever_it_stands(text):
    answer = read_answer(text)
    assert answer.equation == "d2y/dt2 = -g"
    assert dict(answer.params) == {"g": 9.81}


def test_the_last_object_wins():
    text = OBJECT + " No, with drag: " + '{"equation": "d2y/dt2 = -g + k*vy**2", "params": {"g": 9.8, "k": 0.1}}'
    assert "k*vy**2" in read_answer(text).equation


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "no JSON object"),
        ("It falls with g.", "no JSON object"),
        ('{"equation": 3}', "equation"),
        ('{"equation": "d2y/dt2 = -g", "params": {"g": "9.81"}}', "g"),
        ('{"equation": "d2y/dt2 = -g", "params": {"g": true}}', "g"),
        ('{"equation": "d2y/dt2 = -g", "params": {"g": NaN}}', None),
        ('{"equation": "d2y/dt2 = -g", "params": {"g": 1e999}}', None),
        ('{"equation": "d2y/dt2 = -g", "params": [9.81]}', "params"),
        ("[" * 3000, None),
        ('{"equation":' * 3000, None),
        ('{"a":' * 700 + '"equation"', None),
        ("x" * (MAX_TEXT + 1), "characters"),
        ('{"equation": "d2y/dt2 = -g", "params": {"g": ' + "9" * 4000 + "}}", None),
    ],
)
def test_what_is_no_answer_is_refused_with_a_reason(text, reason):
    with pytest.raises(Unanswerable, match=reason):
        read_answer(text)


@pytest.mark.parametrize(
    "piece", ['"equation"', "{", "<answer>", "</answer>", "```", "<answer>```", '{"equation"', '{"equation":"', "[{"]
)
def test_hostile_repetition_costs_little(piece):
    text = (piece * MAX_TEXT)[:MAX_TEXT]
    start = time.process_time()
    with pytest.raises(Unanswerable):
        read_answer(text)
    # Plain searches take about a millisecond here; the bound only tells linear from quadratic.
    assert time.process_time() - start < 0.5


@given(st.text(max_size=400) | st.text(alphabet='{}[]":,` <>answerquation\\', max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_answer_or_is_refused(text):
    try:
        answer = read_answer(text)
    except Unanswerable:
        return
    assert isinstance(answer.equation, str)
