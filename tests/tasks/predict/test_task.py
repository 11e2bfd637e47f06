import numpy as np
import pytest

from gedanken.errors import PlayerError, UserError
from gedanken.loop import Question, play
from gedanken.players import load_player
from gedanken.tasks.predict import extrapolation
from gedanken.tasks.predict.observation import Truth
from gedanken.tasks.predict.task import EVENT, PredictTask, contact_bodies, fill, frame_errors
from gedanken.worlds.rigid import Body, Box, Circle, Scene, scenarios, text
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.text import Reading

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


def test_feedback_says_whether_an_answer_beats_extrapolating_and_nothing_that_could_be_copied(stack):
    nearer = "nearer to the recorded frame than any"
    prompt, recorded = stack.observation.prompt, stack.truth.frames[0]
    between = recorded + 0.1 * (prompt.states[-1] - recorded)
    answers = [TASK.solve(stack), text.load("v1").write_target(prompt, between)]
    right, near = (TASK.verify(stack, answer).feedback for answer in answers)
    poor = first_verdict("linear", stack).feedback
    assert "are those of the recorded frame" in right
    assert nearer in near
    assert "no nearer" in poor
    for said in (right, near, poor):
        assert not any(character.isdigit() for character in said)


def test_the_best_velocity_bar_is_not_the_recorded_frame_itself():
    """On a smooth orbit the prior is right. It is then paid, and what is nearly right is not."""
    problem = TASK.pose("orbit", split="test", level=1)
    writer, prompt = text.load("v1"), problem.observation.prompt
    frames = extrapolation.compute_bar(prompt)
    rewards = {name: TASK.verify(problem, writer.write_target(prompt, frame)).reward for name, frame in frames.items()}
    assert rewards["prior"] == pytest.approx(1.0)
    assert all(rewards[name] == 0.0 for name in (*EXTRAPOLATIONS, "rest", "scaled_0.8"))


@pytest.mark.parametrize("subject", ["jenga", "pong", "basketball"])
def test_a_frame_is_posed_that_the_whole_bar_misses(subject):
    for level in (1, 2):
        problem = TASK.pose(subject, split="test", level=level)
        frames = extrapolation.compute_bar(problem.observation.prompt).values()
        misses = [np.sqrt(np.mean((frame - problem.truth.frames[0])[:, 2:4] ** 2)) for frame in frames]
        assert min(misses) > EVENT


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


RECORDED = np.array([[100.0, 200.0, 30.0, -40.0, 0.5, 2.0], [300.0, 400.0, 0.0, 0.0, 0.0, 0.0]])


def errors_of(column, off, arms=(10.0, 0.0)):
    """Position and velocity errors when one column is off by as much for both bodies."""
    guess = RECORDED.copy()
    guess[:, column] += off
    return [error.tolist() for error in frame_errors(guess, RECORDED, np.array(arms))]


@pytest.mark.parametrize("column", [0, 1])
def test_a_position_error_is_in_pixels(column):
    assert errors_of(column, -3.0) == [[3.0, 3.0], [0.0, 0.0]]


@pytest.mark.parametrize("column", [2, 3])
def test_a_velocity_error_is_in_pixels_per_second(column):
    assert errors_of(column, -3.0) == [[0.0, 0.0], [3.0, 3.0]]


def test_a_turn_counts_as_its_way_at_the_radius_of_gyration():
    assert errors_of(4, 0.25) == [[2.5, 0.0], [0.0, 0.0]]


def test_a_spin_counts_as_its_speed_at_the_radius_of_gyration():
    assert errors_of(5, -0.5) == [[0.0, 0.0], [5.0, 0.0]]


def test_directions_and_rotation_add_as_squares():
    guess = RECORDED + np.array([[3.0, 4.0, 6.0, 8.0, 1.2, 2.4], [0.0] * 6])
    position, velocity = frame_errors(guess, RECORDED, np.array([10.0, 0.0]))
    assert position.tolist() == pytest.approx([13.0, 0.0])
    assert velocity.tolist() == pytest.approx([26.0, 0.0])


def test_what_the_format_does_not_say_is_no_error_and_what_overflows_is_infinite():
    recorded = RECORDED.copy()
    recorded[:, 4:6] = np.nan
    guess = RECORDED.copy()
    guess[0, 4], guess[1, 0], guess[1, 2] = 99.0, 1e200, np.nan
    position, velocity = frame_errors(guess, recorded, np.array([10.0, 10.0]))
    assert position.tolist() == [0.0, np.inf]
    assert velocity.tolist() == [0.0, np.inf]


def test_rotation_is_judged_in_an_answer(stack):
    """An answer whose angles alone are wrong is not a perfect one."""
    writer, prompt = text.load("v1"), stack.observation.prompt
    turned = stack.truth.frames[0].copy()
    turned[:, 4] += 1.0
    verdict = TASK.verify(stack, writer.write_target(prompt, turned))
    wanted = float(np.sqrt(np.mean(stack.truth.arms**2)))
    assert verdict.details["position_rmse"] == pytest.approx(wanted, rel=1e-3)
    assert verdict.terms["position"] < 1.0


def test_arms_are_radii_of_gyration():
    bodies = [
        Body(Circle(10), x=100, y=100),
        Body(Box(12, 5), x=200, y=100, mass=7.0),
        Body(Circle(10), x=300, y=100, rotates=False),
    ]
    recording = record(Scene(bodies), 12)
    problem = TASK.pose_recording(recording, ("own",), 10, 10, 1, "v1")
    assert isinstance(problem.truth, Truth)
    assert problem.truth.arms.tolist() == pytest.approx([10 / 2**0.5, 13 / 12**0.5, 0.0])


def test_what_an_answer_leaves_out_is_held(stack):
    prompt = stack.observation.prompt
    state = np.full(prompt.states.shape[1:], np.nan)
    state[0, :4] = [1.0, 2.0, 3.0, 4.0]
    filled = fill(Reading(state, None, []), prompt)
    assert filled[0].tolist() == [1.0, 2.0, 3.0, 4.0, *prompt.states[-1, 0, 4:]]
    np.testing.assert_array_equal(filled[1:], prompt.states[-1, 1:])


def test_contacts_are_what_free_flight_misses():
    states = np.zeros((3, 3, 6))
    states[1, :, 3] = -10.0  # one frame of gravity
    states[2, :, 3] = -20.0
    states[2, 1, 2] = 1.5  # struck
    states[1:, 2, 3] = 0.0  # a paddle, which gravity does not move
    touched = contact_bodies(states, (0.0, -600.0), np.array([False, False, True]))
    assert touched.tolist() == [[False, False, False], [False, True, False]]


def test_the_bars_are_the_least_errors_of_the_whole_bar(stack):
    """In position and in velocity by themselves."""
    writer, prompt = text.load("v1"), stack.observation.prompt
    recorded = stack.truth.frames[0]
    errors = []
    for frame in extrapolation.compute_bar(prompt).values():
        guess = writer.parse_frame(writer.write_target(prompt, frame), prompt).state
        errors.append([np.sqrt(np.mean(error**2)) for error in frame_errors(guess, recorded, stack.truth.arms)])
    details = TASK.verify(stack, TASK.solve(stack)).details
    assert details["position_bar"] == pytest.approx(min(position for position, _ in errors))
    assert details["velocity_bar"] == pytest.approx(min(velocity for _, velocity in errors))
