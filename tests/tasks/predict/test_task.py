import numpy as np
import pytest

from gedanken.errors import PlayerError, UserError
from gedanken.loop import Question, play
from gedanken.players import load_player
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid import scenarios, text

TASK = PredictTask()
EXTRAPOLATIONS = ("hold", "linear", "accelerate")


@pytest.fixture(scope="module")
def stack():
    return TASK.pose("tower", split="test", index=3, level=2)


def first_verdict(player, problem):
    return next(play(TASK, load_player(player, "predict"), problem)).verdict


@pytest.mark.parametrize("subject", scenarios.names())
def test_the_recorded_frame_earns_everything_and_an_extrapolation_nothing(subject):
    problem = TASK.pose(subject, split="test", level=2)
    assert TASK.verify(problem, TASK.solve(problem)).reward == pytest.approx(1.0)
    assert [first_verdict(player, problem).reward for player in EXTRAPOLATIONS] == pytest.approx([0, 0, 0], abs=1e-9)


@pytest.mark.parametrize("format", text.names())
def test_the_teacher_is_right_in_every_format(format):
    problem = TASK.pose("billiards", split="test", format=format)
    verdict = TASK.verify(problem, TASK.solve(problem))
    assert verdict.reward == pytest.approx(1.0)
    assert verdict.solved


def test_a_restart_from_the_text_is_nearly_the_teacher():
    """Ten frames rebuild the solver's memory of the contacts better than one, in stacks above all."""
    problems = [TASK.pose("tower", split="test", index=index, level=2) for index in range(6)]
    one, ten = (
        np.mean([first_verdict(player, problem).reward for problem in problems]) for player in ("restart1", "restart10")
    )
    assert ten > 0.9
    assert ten > one


def test_in_exact_mode_the_text_decides_the_next_frame():
    problem = TASK.pose("tower", split="test", exact=True)
    verdict = first_verdict("restart1", problem)
    assert verdict.details["position_rmse"] == 0.0
    assert verdict.details["velocity_rmse"] == 0.0


@pytest.mark.parametrize(
    "answer", ["", "The tower falls.", "Frame 1\n0: nan,nan v inf,0 a 0 w 0", "Frame\n" * 5000, "\0\ud800"]
)
def test_nonsense_earns_nothing_and_is_told_why(stack, answer):
    verdict = TASK.verify(stack, answer)
    assert verdict.reward == 0.0
    assert verdict.error
    assert verdict.feedback


def test_half_an_answer_is_covered_by_half_and_pays_less(stack):
    answer = TASK.solve(stack)
    half = "\n".join(answer.splitlines()[: 1 + len(answer.splitlines()) // 2])
    verdict = TASK.verify(stack, half)
    assert 0.3 < verdict.details["coverage"] < 0.7
    assert verdict.terms["format"] == 0.0
    assert verdict.reward < 0.9


def test_a_wild_answer_stays_finite(stack):
    wild = TASK.solve(stack).replace(" v ", " v 99999999999.0,1.0 x ")
    assert np.isfinite(TASK.verify(stack, wild).reward)


def test_feedback_names_the_worst_body(stack):
    assert "Body" in first_verdict("linear", stack).feedback
    assert "px/s" in first_verdict("linear", stack).feedback


def test_a_rollout_feeds_back_its_own_frames():
    problem = TASK.pose("elastic_collision", split="test", horizon=30, at=20)
    frames = np.array([frame for frame, _ in TASK.roll_out(problem, load_player("restart10", "predict"), 30)])
    assert np.abs(frames[:, :, :2] - problem.truth.frames[:, :, :2]).max() < 0.01


def test_an_unread_answer_is_held_in_a_rollout(stack):
    class Mute:
        name = "mute"

        def answer(self, question: Question) -> str:
            return "no"

    frames = [frame for frame, reading in TASK.roll_out(stack, Mute(), 3)]
    last = stack.observation.prompt.states[-1]
    assert all(np.array_equal(frame, last) for frame in frames)


def test_a_format_without_sizes_cannot_be_simulated():
    problem = TASK.pose("billiards", split="test", format="lfm")
    with pytest.raises(PlayerError, match="sizes and masses"):
        first_verdict("restart1", problem)


@pytest.mark.parametrize(
    "call, sentence",
    [
        ({"subject": "pong"}, "held out"),
        ({"subject": "billard"}, "did you mean billiards"),
        ({"subject": "billiards", "level": 9}, "levels are 1 to 5"),
        ({"subject": "billiards", "context": 0}, "context must be"),
        ({"subject": "billiards", "horizon": 500}, "horizon must be"),
        ({"subject": "billiards", "context": 150, "horizon": 100}, "together"),
        ({"subject": "billiards", "at": 3}, "at must lie"),
        ({"subject": "billiards", "format": "v9"}, "v9"),
        ({"subject": "billiards", "split": "x"}, "split is"),
    ],
)
def test_a_problem_that_cannot_be_posed_is_the_users_fault(call, sentence):
    with pytest.raises(UserError, match=sentence):
        TASK.pose(**call)


def test_the_key_tells_problems_apart_and_is_enough_to_pose_again(stack):
    key = stack.key
    again = TASK.pose(key.subject, split=key.split, index=key.index, level=key.level, **key.options)
    assert again.prompt == stack.prompt
