"""Conversations and answers as tokens, and back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.errors import Unanswerable, UserError
from gedanken.loop import Turn
from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.decoder import LONGEST
from gedanken.models.laws.dialect import KEPT, ROWS, Dialect
from gedanken.models.laws.stated import KINDS
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.tasks.discover.answer import read_answer
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace

WORDS = Vocabulary([*sorted(KEPT), *KINDS, "spring", "Match", "R2", "prediction"])
OSCILLATOR = StateSpace.second_order(x="vx")
PLANE = StateSpace.second_order(x="vx", y="vy")


def dialect(states=OSCILLATOR):
    return Dialect(states, WORDS)


@pytest.mark.parametrize(
    ("states", "answer"),
    [
        (OSCILLATOR, {"equation": "d2x/dt2=-c0**2*x-0.5*vx", "params": {"c0": 1.25}}),
        (PLANE, {"equation": "d2x/dt2=-9.81*sin(x);d2y/dt2=c0*vx/(1+y)", "params": {"c0": -3e-05}}),
        (StateSpace.first_order("i", "e"), {"equation": "di/dt=-c0*i;de/dt=c0*i-c1*e*t", "params": {"c0": 1, "c1": 2}}),
        (PLANE, {"edit": [{"drop": "c0*vx", "in": "d2x/dt2"}, {"replace": "x", "with": "sin(x)"}]}),
        (OSCILLATOR, {"edit": [{"scale": "c0", "by": 0.952}, {"scale": "c1", "by": 12.0}]}),
        (OSCILLATOR, {"edit": [{"add": "-c0*vx"}], "params": {"c0": 0.3}}),
    ],
)
def test_an_answer_is_read_as_it_was_written(states, answer):
    ids = dialect(states).write_answer(json.dumps(answer))
    assert ids[-1] == v.END
    assert v.UNKNOWN not in ids
    assert json.loads(dialect(states).read_answer(ids)) == answer


def test_whatever_things_are_called_the_text_is_the_same():
    swing = {"equation": "d2theta/dt2 = -w**2*theta - 2*c*dtheta", "params": {"c": 0.1, "w": 2.0}}
    mass = {"equation": "d2x/dt2 = -d0**2*x - 2*x0*dx", "params": {"d0": 2.0, "x0": 0.1}}
    angle = dialect(StateSpace.second_order(theta="dtheta"))
    # `dx` is another spelling of the velocity.
    assert angle.write_answer(json.dumps(swing)) == dialect().write_answer(json.dumps(mass))


def test_an_edit_speaks_of_the_constants_of_the_law_before_it():
    read = dialect()
    read.write_answer('{"equation": "d2x/dt2 = -stiffness*x - drag*vx", "params": {"stiffness": 4.0, "drag": 1.0}}')
    more = read.write_answer('{"edit": [{"scale": "drag", "by": 1.5}, {"add": "-cubic*x**3"}], "params": {"cubic": 1}}')
    assert WORDS.decode(more)[:5] == ["<edit>", "scale", "c1", "by", 1.5]
    said = WORDS.encode(["<edit>", "scale", "c2", "by", "2", "scale", "c0", "by", "0.5", "add", "c3", "<params>"])
    said += WORDS.encode(["c3", "7"])
    assert json.loads(read.read_answer(said)) == {
        "edit": [{"scale": "cubic", "by": 2.0}, {"scale": "stiffness", "by": 0.5}, {"add": "c3"}],
        "params": {"c3": 7.0},
    }
    # A whole law names its constants anew.
    law = json.loads(read.read_answer(WORDS.encode(["<law>", "dd0", "=", "-", "c0", "*", "x0", "<params>", "c0", "2"])))
    assert law == {"equation": "d2x/dt2=-c0*x", "params": {"c0": 2.0}}


def test_a_new_constant_is_not_called_like_a_variable():
    read = dialect(StateSpace.first_order("c0", "c1"))
    said = WORDS.encode(["<law>", "d0", "=", "-", "c0", "*", "x0", ";", "d1", "=", "x0", "<params>", "c0", "2"])
    answer = json.loads(read.read_answer(said))
    assert answer == {"equation": "dc0/dt=-const0*c0;dc1/dt=c0", "params": {"const0": 2.0}}


@given(st.lists(st.integers(0, WORDS.count - 1), max_size=60))
def test_whatever_the_tokens_are_the_answer_is_json(ids):
    assert isinstance(json.loads(dialect().read_answer(ids)), dict)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_is_said_to_three_digits(value):
    said = v.VALUES[WORDS.write_number(value) - WORDS.number]
    if np.isfinite(value) and 1.01e-5 < abs(value) < 9.98e5:
        assert said == pytest.approx(value, rel=0.0051)
    else:
        assert np.isfinite(said)


def test_signs_of_numbers_are_told_from_differences():
    pieces = ["-1.5", "x", "-", "1", "2", "-", "3", "(", "-4", ")", "x", "**", "-2"]
    assert v.split("-1.5 x-1 2 - 3 (-4) x**-2") == pieces


def test_a_conversation_is_hint_table_statistics_answers_and_replies():
    task = DiscoverTask()
    problem = task.pose("damped_spring", split="test", index=0)
    first = '{"equation": "d2x/dt2 = -k*x", "params": {"k": 4.0}}'
    verdict = task.verify(problem, first)
    read = Dialect(problem.observation.states, WORDS)
    ids = read.write_conversation(task.ask(problem, [Turn(first, verdict), Turn("no law", verdict)]))
    pieces = WORDS.decode(ids)
    assert ids[-1] == v.ANSWER
    assert ids.count(v.ANSWER) == 3
    assert ids.count(v.REPLY) == 2
    said = pieces[pieces.index("<answer>") : pieces.index("<reply>")]
    assert said == ["<answer>", "<law>", "dd0", "=", "-", "c0", "*", "x0", "<params>", "c0", 4.0]
    assert pieces[pieces.index("<answer>", pieces.index("<reply>")) + 1] == "<unknown>"
    # The hint, the heading, `ROWS` of a hundred rows of three numbers, and the statistics.
    lines = [[]]
    for piece in pieces[: pieces.index("<answer>")]:
        lines[-1].append(piece) if piece != "\n" else lines.append([])
    assert len(lines) == 1 + 1 + ROWS + 2 + 1
    assert "spring" in lines[0]
    assert lines[1] == ["t", "x0", "x1"]
    assert lines[ROWS + 1][1:] == pytest.approx(problem.observation.trajectories[0].values[-1].tolist(), abs=2e-3)
    assert [line[:2] for line in lines[ROWS + 2 : ROWS + 4]] == [["x0", "mean"], ["x1", "mean"]]
    assert lines[-1] == []


def test_a_constant_can_be_said_as_a_multiple_of_what_the_prompt_states():
    task = DiscoverTask()
    problem = task.pose("damped_spring", split="test", index=0)
    read = Dialect(problem.observation.states, WORDS)
    read.write_conversation(task.ask(problem))
    assert read.stated["start", "x0"] == pytest.approx(problem.observation.trajectories[0].values[0, 0], abs=2e-3)
    assert read.stated["min", "x1"] < 0 < read.stated["frequency", "x0"]
    rate = read.stated["frequency", "x0"]
    law = {"equation": "d2x/dt2=-w**2*x-g*vx", "params": {"w": 1.04 * rate, "g": 0.3}}
    # What is not stated is passed over; a constant without references is said as it is.
    follows = {"w": [("slope", "x0"), ("frequency", "x0")], "g": []}
    ids = read.write_answer(json.dumps(law), follows)
    words = WORDS.decode(ids)
    assert words[words.index("<params>") :] == [
        "<params>", "c0", "frequency", "x0", "by", 1.04, "c1", 0.3, "<end>",
    ]  # fmt: skip
    told = json.loads(read.read_answer(ids))
    assert told["params"]["c0"] == pytest.approx(1.04 * rate, rel=1e-3)
    assert told["params"]["c1"] == 0.3
    # A multiple far from 1 says nothing.
    far = read.write_answer(json.dumps({**law, "params": {"w": 90 * rate, "g": 0.3}}), follows)
    assert "by" not in WORDS.decode(far)
    # Where nothing of the kind is stated the parser of answers refuses what stands there.
    other = json.loads(dialect().read_answer(ids))
    assert other["params"] == {"c0": "frequency x0 by", "c1": 0.3}


def test_a_reply_is_read_with_its_numbers_and_names():
    said = (
        "Match 0.000, wanted is more than 0.93. theta (R2 0.336): the prediction oscillates faster than the data "
        "(frequency x1.08).\nTerms: match 0.000.\n7 turns are left."
    )
    messages = [{"role": "user", "content": "HINT: spring\n\nGRAMMAR"}, {"role": "assistant", "content": "{}"}]
    read = dialect(StateSpace.second_order(theta="w"))
    pieces = WORDS.decode(read.write_conversation([*messages, {"role": "user", "content": said}]))
    heard = pieces[pieces.index("<reply>") + 1 : -1]
    assert heard == ["Match", 0.0, "x0", "R2", 0.336, "prediction", "frequency", 1.08]


def test_a_folder_without_words_is_no_model(tmp_path):
    with pytest.raises(UserError, match="holds no model of laws"):
        Vocabulary.load(tmp_path)
    WORDS.save(tmp_path)
    assert Vocabulary.load(tmp_path).words == WORDS.words


STATED = {("frequency", "x0"): 2.0, ("decay", "x0"): 0.1, ("min", "x3"): -4.0}


@pytest.mark.parametrize("law", [None, '{"equation": "d2x/dt2 = -a*x; d2y/dt2 = -b", "params": {"a": 1, "b": 2}}'])
def test_whatever_is_drawn_within_the_grammar_can_be_read(law):
    rng = np.random.default_rng(0)
    kinds, faults, multiples = set(), [], 0
    # Some that would go on for ever.
    for hurry in [0.6] * 200 + [0.0] * 20:
        read = dialect(PLANE)
        before = None
        if law is not None:
            read.write_answer(law)
            before = Law.of(read_answer(law), PLANE)
        read.stated = dict(STATED)
        allow, said = read.grammar().allow, []
        while not said or said[-1] != v.END:
            allowed = np.flatnonzero(allow(said))
            # Numbers are many, and a sum that goes on for ever is no answer.
            words = allowed[allowed < WORDS.number].tolist()
            numbers = allowed[allowed >= WORDS.number].tolist()
            closing = [token for token in words if WORDS.piece(token) in (")", ";", "<params>", "<end>")]
            choice = closing if closing and rng.random() < hurry else words if words and rng.random() < 0.8 else numbers
            said.append(int(rng.choice(choice or allowed)))
            assert len(said) < LONGEST
        answer = read.read_answer(said)
        multiples += any(kind in WORDS.decode(said) for kind, _ in STATED)
        kinds.add("edit" in json.loads(answer))
        try:
            Law.of(read_answer(answer, before), PLANE)
        except Unanswerable as fault:
            faults.append(str(fault))
    # The root of a negative number, or one divided by zero, has the right form.
    assert all("finite" in fault for fault in faults)
    assert len(faults) < 100
    assert law is not None or multiples > 10
    assert kinds == ({False} if law is None else {False, True})
