from contextlib import contextmanager

import numpy as np
import pytest

from gedanken.errors import Unanswerable, UserError
from gedanken.loop import Question
from gedanken.tasks.discover import answer_grammar
from gedanken.tasks.discover.answer import read_answer
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.ode import system
from gedanken.worlds.ode.law.parser import parse
from gedanken.worlds.rigid import text

for library in ("torch", "transformers", "llguidance"):
    pytest.importorskip(library)

from gedanken.models import constrained, loading  # noqa: E402
from gedanken.models.backends import hf  # noqa: E402


@pytest.fixture(scope="module")
def loaded(tiny_model):
    return hf.open_model(loading.find(str(tiny_model("llama"))), device="cpu", dtype="float32")


def ask(subject):
    task = DiscoverTask()
    problem = task.pose(subject, rows=8, split="test")
    return problem, Question(task.ask(problem), problem.observation)


@contextmanager
def suppress(kind, match):
    """Pass over errors of a kind whose message holds `match`, and over no others."""
    try:
        yield
    except kind as error:
        if match not in str(error):
            raise


def accepts(loaded, observation, text):
    """Whether the grammar lets a model write `text` and stop there."""
    tokenizer = loaded[1]
    ends = (tokenizer.eos_token_id,)
    answer = constrained.PartialAnswer(
        constrained._vocabulary(tokenizer, len(tokenizer), ends), observation, tokenizer, ends
    )
    for token in [*tokenizer.encode(text), *ends]:
        bits = np.zeros(-(-len(tokenizer) // 32), np.int32)
        answer.allow(bits)
        if not bits[token // 32] >> (token % 32) & 1:
            return False
        answer.append(token)
    return answer.ended


def test_a_random_model_can_only_write_well_formed_answers(loaded):
    model, tokenizer = loaded
    asked = [ask(name) for name in ("free_fall", "projectile_drag", "lotka_volterra", "damped_pendulum")]
    player = hf.HFPlayer(model, tokenizer, max_tokens=900, temperature=1.3, grammar=True)
    free = hf.HFPlayer(model, tokenizer, max_tokens=50, temperature=1.3)
    questions = [question for _, question in asked]
    for (problem, _), answer in zip(asked, player.answer_batch(questions), strict=True):
        law = read_answer(answer)
        # Dividing by a constant of zero is well-formed; names, operators and left sides are never the fault.
        with suppress(Unanswerable, match="finite"):
            parse(law.equation, problem.observation.states, law.params)
        assert answer.endswith("}")
        assert answer.startswith(answer_grammar.OPENING + problem.observation.states.left_sides[0])
    assert not any("equation" in answer for answer in free.answer_batch(questions))


def test_the_teachers_answers_are_in_the_grammar(loaded):

    task = DiscoverTask()
    for subject in system.names()[::6]:
        problem = task.pose(subject, split="test")
        assert accepts(loaded, problem.observation, task.teach(problem)), subject


@pytest.mark.parametrize(
    "answer, wanted",
    [
        ('{"equation": "d2y/dt2 = -g", "params": {"g": 9.81}}', True),
        ('{"equation": "d2y/dt2 = -(g + 2.5*sin(y))**2", "params": {"g": -1e-3}, "rationale": "It falls."}', True),
        ('{"equation": "d2y/dt2 = -3*vy + t", "params": {}}', True),
        ('{"equation": "d2y/dt2 = -g", "params": {"g": 9.81}', False),  # unfinished
        ('{"equation": "d2y/dt2 = -g", "params": {}}', False),  # g has no value
        ('{"equation": "d2y/dt2 = -g", "params": {"k": 1.0}}', False),  # the wrong name
        ('{"equation": "d2y/dt2 = -g*", "params": {"g": 9.81}}', False),
        ('{"equation": "d2y/dt2 = sin*2", "params": {}}', False),
        ('{"equation": "dy/dt = -g", "params": {"g": 9.81}}', False),
        ('{"equation": "d2y/dt2 = -g", "params": {"g": 09.81}}', False),
        ('{"equation": "d2y/dt2 = \\\\frac{g}{2}", "params": {"g": 9.81}}', False),
        ("The equation is", False),
    ],
)
def test_what_the_grammar_admits(loaded, answer, wanted):
    problem, _ = ask("free_fall")
    assert accepts(loaded, problem.observation, answer) is wanted


def test_a_right_side_ends(loaded):
    problem, _ = ask("free_fall")
    longest = "+".join(["y"] * ((answer_grammar.LONGEST_SIDE + 1) // 2))[: answer_grammar.LONGEST_SIDE]
    closing = '", "params": {}}'
    assert accepts(loaded, problem.observation, '{"equation": "d2y/dt2 = ' + longest.rstrip("+") + closing)
    assert not accepts(loaded, problem.observation, '{"equation": "d2y/dt2 = ' + longest.rstrip("+") + "+y+y" + closing)


@pytest.mark.parametrize("format", text.names())
def test_the_recorded_frame_is_in_the_grammar_and_a_random_model_leaves_out_no_body(loaded, format):
    task = PredictTask()
    problem = task.pose("billiards", level=1, context=3, format=format, split="test")
    assert accepts(loaded, problem.observation, task.solve(problem))
    if format == "corrections":
        return  # a frame without any correction is one, too
    model, tokenizer = loaded
    player = hf.HFPlayer(model, tokenizer, max_tokens=600, temperature=1.3, grammar=True)
    verdict = task.verify(problem, player.answer(Question(task.ask(problem), problem.observation)))
    assert verdict.details["coverage"] == 1.0
    assert verdict.details["complaints"] == []


def test_a_task_without_a_grammar_says_so(loaded):
    model, tokenizer = loaded
    with pytest.raises(UserError, match="no grammar"):
        constrained.constrain(tokenizer, model, [Question([], object())], 10)
