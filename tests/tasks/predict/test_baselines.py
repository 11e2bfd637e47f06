import numpy as np
import pytest

from gedanken.errors import PlayerError
from gedanken.loop import Question
from gedanken.players import load_player
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid.text import corrections

TASK = PredictTask()


def ask(problem):
    return load_player("prior", "predict").answer(Question(TASK.ask(problem), problem.observation))


@pytest.mark.parametrize("subject", ["billiards", "tower", "orbit"])
def test_the_prior_corrects_nothing_where_text_is_relative_to_it(subject):
    problem = TASK.pose(subject, level=1, format="corrections")
    assert ask(problem) == f"Frame {problem.observation.prompt.next} corrections\nend\n"


def test_in_another_format_it_is_the_frame_that_no_correction_stands_for():
    problem = TASK.pose("billiards", level=1, format="v1")
    prompt = problem.observation.prompt
    same = corrections.Prompt(corrections.Header.of(prompt.header.scene), prompt.states, prompt.first)
    nothing = f"Frame {prompt.next} corrections\nend\n"
    verdict = TASK.verify(problem, ask(problem))
    assert verdict.error is None
    from gedanken.worlds.rigid.text import v1

    answered = v1.parse_frame(ask(problem), prompt).state
    np.testing.assert_allclose(answered, corrections.parse_frame(nothing, same).state, atol=2e-3)


def test_without_a_scene_it_cannot_answer():
    with pytest.raises(PlayerError, match="does not tell the scene"):
        ask(TASK.pose("billiards", level=1, format="lfm"))
