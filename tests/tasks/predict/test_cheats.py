"""What is not paid at `predict`: rules without physics, and copying from the feedback."""

import numpy as np
import pytest

from gedanken.bench import cheats
from gedanken.bench.cheats.judges import judge_of
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid import scenarios

TASK = PredictTask()


@pytest.fixture(scope="module")
def problems():
    """Every scenario at levels 1 to 3."""
    return [TASK.pose(name, split="test", level=level) for name in scenarios.names() for level in (1, 2, 3)]


def rewards_of(kind, cheat, problems):
    """Of each problem the reward of every answer, and of those that are wrong."""
    function = cheats.load("predict", kind)[cheat]
    every, wrong = [], []
    for problem in problems:
        judge = judge_of(problem)
        verdicts = [verdict for _, verdict in cheats.play(TASK, function, problem)]
        every.append([verdict.reward for verdict in verdicts])
        wrong.append([verdict.reward * judge.is_wrong(verdict) for verdict in verdicts])
    return every, wrong


def test_the_teacher_is_paid_in_full_at_every_problem(problems):
    assert [TASK.verify(problem, TASK.solve(problem)).reward for problem in problems] == pytest.approx(
        [1.0] * len(problems)
    )


@pytest.mark.parametrize(
    "kind, cheat",
    [
        ("extrapolations", "every_rule"),
        ("extrapolations", "own_best_in_velocity"),
        ("extrapolations", "by_contact"),
        ("extrapolations", "bounces"),
        ("scaled", "velocities"),
        ("scaled", "mixtures"),
    ],
)
def test_a_rule_is_paid_next_to_nothing_unless_it_is_right(problems, kind, cheat):
    _, wrong = rewards_of(kind, cheat, problems)
    wrong = np.array(wrong)
    assert wrong.mean(0).max() <= 0.02
    assert (wrong > 0.10).mean(0).max() <= 0.01


@pytest.mark.parametrize("cheat", cheats.load("predict", "feedback"))
def test_copying_from_the_feedback_gains_nothing_in_eight_turns(problems, cheat):
    every, _ = rewards_of("feedback", cheat, problems[::2])
    assert len(every) >= 60
    assert max(map(len, every)) == 8
    assert np.mean([max(rewards) - rewards[0] for rewards in every]) <= 0.02


def test_the_copying_players_can_copy(problems, monkeypatch):
    """With feedback that tells values, directions or errors they gain much: the test above can fail."""

    def telling(task, problem, turns):
        guess = turns[-1].verdict.reading.state
        recorded = problem.truth.frames[0]
        off = recorded - guess
        body, axis = np.unravel_index(np.argmax(np.abs(off[:, 2:4])), (len(off), 2))
        error = turns[-1].verdict.details["velocity_rmse"]
        how = "small" if off[body, 2 + axis] > 0 else "large"
        return (
            f"Velocity error {error:.6g} px/s. Body {body} is furthest off: its v{'xy'[axis]} should be "
            f"{recorded[body, 2 + axis]:.2f}. Body {body}: its v{'xy'[axis]} is much too {how}."
        )

    monkeypatch.setattr(PredictTask, "reply", telling)
    for cheat in cheats.load("predict", "feedback"):
        every, _ = rewards_of("feedback", cheat, problems[::4])
        assert np.mean([max(rewards) - rewards[0] for rewards in every]) > 0.02, cheat
