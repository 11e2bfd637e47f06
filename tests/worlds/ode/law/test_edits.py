"""An answer that changes the law before it."""

import orjson
import pytest

from gedanken.errors import Unanswerable
from gedanken.loop import Turn
from gedanken.tasks.discover.answer import read_answer
from gedanken.tasks.discover.task import EDIT, DiscoverTask
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.edits import apply
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace

SPRING = Law.of(Answer("d2x/dt2 = -k*x - b*v", {"k": 4.0, "b": 0.5}), StateSpace.second_order(x="v"))
HUNT = Law.of(
    Answer("dx/dt = a*x - c*x*y; dy/dt = c*x*y - e*y", {"a": 1.0, "c": 0.5, "e": 0.7}),
    StateSpace.first_order("x", "y"),
)


@pytest.mark.parametrize(
    ("edits", "params", "equation", "constants"),
    [
        ({"scale": "k", "by": 1.5}, None, "d2x/dt2 = -k*x - b*v", {"k": 6.0, "b": 0.5}),
        ({"drop": "b*v"}, None, "d2x/dt2 = -k*x", {"k": 4.0}),
        ({"drop": "-v*b"}, None, "d2x/dt2 = -k*x", {"k": 4.0}),
        ({"add": "-c*v**3"}, {"c": 0.1}, "d2x/dt2 = -k*x - b*v - c*v**3", {"k": 4.0, "b": 0.5, "c": 0.1}),
        ({"replace": "k*x", "with": "k*sin(x)"}, None, "d2x/dt2 = -k*sin(x) - b*v", {"k": 4.0, "b": 0.5}),
        ({"replace": "-b*v", "with": "c - b*v"}, {"c": 2}, "d2x/dt2 = -k*x + c - b*v", {"k": 4.0, "b": 0.5, "c": 2}),
        ([{"drop": "k*x"}, {"drop": "b*v"}], None, "d2x/dt2 = 0", {}),
        ([{"drop": "k*x"}, {"drop": "b*v"}, {"add": "-x**3"}], None, "d2x/dt2 = -x**3", {}),
        ([{"scale": "k", "by": 2}, {"scale": "k", "by": 2}], None, "d2x/dt2 = -k*x - b*v", {"k": 16.0, "b": 0.5}),
    ],
)
def test_a_law_is_changed(edits, params, equation, constants):
    answer = apply(SPRING, edits, params)
    assert (answer.equation, dict(answer.params)) == (equation, constants)
    Law.of(answer, SPRING.states)


def test_an_equation_is_said_where_a_term_stands_in_several():
    with pytest.raises(Unanswerable, match="several equations"):
        apply(HUNT, {"drop": "c*x*y"})
    answer = apply(HUNT, [{"drop": "c*y*x", "in": "dx/dt"}, {"add": "-x**2", "in": "dx/dt"}, {"drop": "e*y"}])
    assert answer.equation == "dx/dt = a*x - x**2; dy/dt = c*x*y"
    assert dict(answer.params) == {"a": 1.0, "c": 0.5}


@pytest.mark.parametrize(
    ("edits", "match"),
    [
        ([], "object or a list"),
        (["drop"], "object or a list"),
        ({"erase": "x"}, "one of the keys"),
        ({"drop": "x", "add": "v"}, "one of the keys"),
        ({"scale": "q", "by": 2}, "no constant 'q'; there are k, b"),
        ({"scale": "k"}, "no number under"),
        ({"scale": "k", "by": True}, "no number under"),
        ({"scale": "k", "by": 10**400}, "no number under"),
        ({"drop": "x**2"}, r"no term 'x\*\*2'; it reads -k\*x - b\*v"),
        ({"drop": "k*x + b*v"}, "is a sum"),
        ({"drop": 3}, "is no term"),
        ({"add": "y = x"}, "is an equation"),
        ({"add": "x; 1"}, "is an equation"),
        ({"add": "x", "in": "dq/dt"}, '"in" is one of d2x/dt2'),
        ({"add": "q*x"}, "q"),
        ({"replace": "k*x"}, "is no term"),
        ([{"scale": "k", "by": 2}] * 9, "at most 8"),
    ],
)
def test_what_cannot_be_done_is_said(edits, match):
    with pytest.raises(Unanswerable, match=match):
        apply(SPRING, edits)


@pytest.mark.parametrize("value", ["abc", True, [1], None, 10**400], ids=["text", "truth", "list", "null", "huge"])
def test_a_new_constant_that_is_no_number_is_refused(value):
    with pytest.raises(Unanswerable, match="parameter"):
        apply(SPRING, {"add": "-c*x"}, {"c": value})


def test_hostile_edits_score_nothing_and_raise_nothing():
    task = DiscoverTask()
    problem = task.pose("damped_spring", split="test", noise=0.02)
    turns = (Turn("", task.verify(problem, task.solve(problem))),)
    name = next(iter(turns[0].verdict.reading.params))
    for edit in (
        f'{{"edit": {{"scale": "{name}", "by": 1{"0" * 400}}}}}',
        f'{{"edit": {{"scale": "{name}", "by": NaN}}}}',
        f'{{"edit": {{"scale": "{name}", "by": 1e308}}}}',
        f'{{"edit": {{"add": "-c*x"}}, "params": {{"c": 1{"0" * 400}}}}}',
        '{"edit": ' + "[" * 300 + "]" * 300 + "}",
        '{"edit": {"add": "' + "x*" * 300 + 'x"}}',
        '{"edit": {"drop": "' + "sin(" * 40 + "x" + ")" * 40 + '"}}',
    ):
        verdict = task.verify(problem, edit, turns)
        assert verdict.reward == 0.0
        assert verdict.error


def test_the_one_reader_takes_both_forms():
    edit = 'I would say: ```json\n{"edit": {"scale": "k", "by": 0.5}, "rationale": "slower"}\n```'
    assert dict(read_answer(edit, SPRING).params) == {"k": 2.0, "b": 0.5}
    whole = '{"equation": "d2x/dt2 = -k*x", "params": {"k": 1.0}, "edit": {"scale": "k", "by": 3}}'
    assert read_answer(whole, SPRING).params == {"k": 1.0}
    with pytest.raises(Unanswerable, match="no law yet"):
        read_answer('{"edit": {"drop": "x"}}')
    with pytest.raises(Unanswerable, match="not an object"):
        read_answer('{"edit": {"drop": "x"}, "params": 3}', SPRING)


def test_an_edit_is_judged_as_the_law_that_it_makes():
    task = DiscoverTask()
    problem = task.pose("damped_spring", split="test", noise=0.02)
    right = orjson.loads(task.solve(problem))
    name = next(iter(right["params"]))
    wrong = {**right, "params": {**right["params"], name: right["params"][name] * 2}}
    first = task.verify(problem, orjson.dumps(wrong).decode())
    turns = (Turn(orjson.dumps(wrong).decode(), first),)
    assert EDIT in task.reply(problem, turns)
    second = task.verify(problem, orjson.dumps({"edit": {"scale": name, "by": 0.5}}).decode(), turns)
    whole = task.verify(problem, orjson.dumps(right).decode(), turns)
    assert not first.solved
    assert second.solved
    assert second.terms == pytest.approx(whole.terms)
    refused = task.verify(problem, '{"edit": {"drop": "x**7"}}', turns)
    assert refused.reward == 0
    assert "no term" in refused.feedback
    assert "edit" not in task.for_tool(problem, task.reply(problem, turns))
