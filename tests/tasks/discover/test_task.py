import json
import subprocess
import sys

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.loop import Turn, play
from gedanken.tasks.discover.task import LEVELS, DiscoverTask
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

TASK = DiscoverTask()


def answer(equation, **params):
    return json.dumps({"equation": equation, "params": params})


@pytest.fixture(scope="module")
def fall():
    return TASK.pose("free_fall_drag", index=1, noise=0.02)


def test_the_same_key_poses_the_same_problem_in_another_process(fall):
    code = (
        "from gedanken.tasks.discover.task import DiscoverTask;"
        "print(DiscoverTask().pose('free_fall_drag', index=1, noise=0.02).prompt)"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert there == fall.prompt + "\n"


def test_neither_a_split_nor_an_index_shares_its_instance_with_another():
    keys = [("train", 0), ("train", 1), ("val", 0), ("test", 0)]
    prompts = {TASK.pose("spring_mass", split=split, index=index).prompt for split, index in keys}
    assert len(prompts) == len(keys)


def test_noise_hides_nothing_but_the_noise_of_the_same_instance():
    clean, noisy = (TASK.pose("spring_mass", noise=noise) for noise in (0.0, 0.1))
    assert clean.truth.params == noisy.truth.params
    residual = noisy.truth.scored[0].values - clean.truth.scored[0].values
    assert np.allclose(residual.std(0) / clean.truth.scored[0].values.std(0), 0.1, rtol=0.3)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("subject", ["simple_pendulum", "lotka_volterra"])
def test_the_teacher_solves_every_level(subject, level):
    problem = TASK.pose(subject, split="test", level=level)
    verdict = TASK.verify(problem, TASK.solve(problem))
    assert verdict.solved, verdict.feedback
    assert verdict.error is None


def test_outliers_are_shown_but_not_scored():
    problem = TASK.pose("spring_mass", noise=0.0, outliers=0.1)
    shown, scored = problem.observation.trajectories[0].values, problem.truth.scored[0].values
    wrong = np.isnan(scored)
    assert 0.02 < wrong.mean() < 0.25
    assert np.isfinite(shown).all()
    assert np.array_equal(shown[~wrong], scored[~wrong])


def test_several_trials_share_the_law_and_are_all_scored():
    problem = TASK.pose("spring_mass", noise=0.0, trials=3)
    assert len({tuple(start) for start in problem.truth.initials}) == 3
    assert TASK.verify(problem, TASK.solve(problem)).terms["match"] == pytest.approx(1.0, abs=1e-6)
    assert problem.prompt.count("TRAJECTORY trial") == 3


def test_positions_only_hides_the_velocities_and_scores_the_positions():
    problem = TASK.pose("spring_mass", positions_only=True)
    assert np.isnan(problem.observation.trajectories[0].values[:, 1]).all()
    verdict = TASK.verify(problem, TASK.solve(problem))
    assert set(verdict.details["r2"]) == {"x"}


def test_an_anonymous_problem_renames_states_and_keeps_the_numbers():
    named, anonymous = (TASK.pose("simple_pendulum", hint=hint) for hint in ("full", "anonymous"))
    assert anonymous.observation.states.columns == ("x0", "x1")
    assert "theta" not in anonymous.prompt
    assert "pendulum" not in anonymous.prompt.lower()
    assert np.array_equal(named.truth.scored[0].values, anonymous.truth.scored[0].values)


@pytest.mark.parametrize(
    "call, sentence",
    [
        ({"subject": "free_fal"}, "did you mean free_fall"),
        ({"subject": "projectile_drag", "split": "train"}, "held out from training"),
        ({"subject": "free_fall", "split": "dev"}, "split is train, val or test"),
        ({"subject": "free_fall", "index": -1}, "index"),
        ({"subject": "free_fall", "index": True}, "index"),
        ({"subject": "free_fall", "level": 6}, "level is 1 to 5"),
        ({"subject": "free_fall", "noise": -0.1}, "noise must lie between"),
        ({"subject": "free_fall", "samples": 3}, "samples must lie between"),
        ({"subject": "free_fall", "hint": "none"}, "hint is full"),
        ({"subject": "free_fall", "colour": 1}, "unknown condition colour"),
        ({"subject": "free_fall", "noise": "loud"}, "noise must be a number"),
        ({"subject": "free_fall", "trials": 1.5}, "trials must be a whole number"),
        ({"subject": "free_fall", "uneven": 3}, "uneven must be true or false"),
    ],
)
def test_a_problem_that_cannot_be_posed_is_the_users_fault(call, sentence):
    with pytest.raises(UserError, match=sentence):
        TASK.pose(**call)


def test_rewards_of_the_teacher(fall):
    verdict = TASK.verify(fall, TASK.solve(fall))
    # Nothing is simpler or matches better than the law itself; all of the match is progress on the first turn.
    assert verdict.reward == pytest.approx(1.0)
    published = DiscoverTask(reward="physix").verify(fall, TASK.solve(fall))
    match = published.terms["match"]
    assert match == pytest.approx(np.mean(list(published.details["r2"].values())))
    assert published.reward == pytest.approx(0.5 * match + 0.2 * match + 0.2 * (1 - 4 / 12) + 0.1)


def test_progress_counts_from_the_best_turn_so_that_it_cannot_be_farmed(fall):
    good = TASK.verify(fall, TASK.solve(fall))
    played = [Turn("", good), Turn("", TASK.verify(fall, "no answer", [Turn("", good)]))]
    again = TASK.verify(fall, TASK.solve(fall), played)
    assert again.terms["progress"] == 0.0


@pytest.mark.parametrize(
    "equation, params",
    [
        ("d2y/dt2 = exp(vy**10)", {}),
        ("d2y/dt2 = 1/(y - y)", {}),
        ("d2y/dt2 = sqrt(-1 - vy**2)", {}),
        ("d2y/dt2 = 9**9**9**9", {}),
        ("d2y/dt2 = g", {"g": 1e308}),
        ("d2y/dt2 = -1e12*y", {}),
        ("d2y/dt2 = __import__('os').getpid()", {}),
        ("dy/dt = vy", {}),
        ("d2y/dt2 = -g", {}),
        ("d2y/dt2 = -sin", {}),
        ("d2y/dt2 = " + "(" * 200 + "y" + ")" * 200, {}),
        ("", {}),
    ],
)
def test_what_cannot_be_simulated_earns_nothing(fall, equation, params):
    verdict = TASK.verify(fall, answer(equation, **params))
    assert verdict.reward == 0.0
    assert verdict.error
    assert not verdict.solved
    assert "0" in verdict.feedback


def test_a_trivial_equation_earns_nothing(fall):
    assert TASK.verify(fall, answer("d2y/dt2 = 0")).reward == 0.0


def test_a_polynomial_in_time_that_copies_the_record_does_not_solve_it():
    problem = TASK.pose("free_fall_drag", index=1, noise=0.0)
    record = problem.truth.scored[0]
    acceleration = np.gradient(record.values[:, 1], record.t)
    coefficients = np.polyfit(record.t, acceleration, 7)[::-1]
    names = "abcdefgh"
    text = " + ".join(f"{name}*t**{power}" for power, name in enumerate(names))
    copied = answer(f"d2y/dt2 = {text}", **dict(zip(names, coefficients, strict=True)))
    verdict = TASK.verify(problem, copied)
    assert min(verdict.details["r2"].values()) > 0.99, "the copy follows the record itself"
    assert not verdict.solved
    assert "and that counts" in verdict.feedback


def test_a_driven_law_may_name_the_time():
    problem = TASK.pose("driven_duffing", split="test")
    assert TASK.verify(problem, TASK.solve(problem)).solved


def test_the_conversation_carries_answers_feedback_and_the_best_turn(fall):
    class Worse:
        name = "worse"

        def answer(self, question):
            return [TASK_ANSWERS[0], TASK_ANSWERS[1], "..."][len(question.turns)]

    near = {**fall.truth.params, "g": 1.2 * fall.truth.params["g"]}
    TASK_ANSWERS = [answer(fall.truth.equation, **near), answer("d2y/dt2 = -5 + 1/(y - y)")]
    turns = list(play(TASK, Worse(), fall, turns=3))
    messages = TASK.ask(fall, turns)
    assert [message["role"] for message in messages] == ["system", "user", *["assistant", "user"] * 3]
    assert messages[1]["content"] == fall.prompt
    assert "Best so far: match" in messages[-1]["content"]
    assert "5 turns are left" in messages[-1]["content"]
    assert turns[1].verdict.error


def test_a_batch_gives_the_verdicts_of_single_calls(fall):
    answers = [TASK.solve(fall), answer("d2y/dt2 = -8"), "nothing", answer("d2y/dt2 = exp(vy**10)")] * 20
    batch = TASK.verify_batch([fall] * len(answers), answers)
    assert [verdict.reward for verdict in batch] == [TASK.verify(fall, text).reward for text in answers]


def test_training_mode_weighs_other_terms(fall):
    task = DiscoverTask(mode="training")
    verdict = task.verify(fall, task.solve(fall))
    assert "progress" not in verdict.weights
    assert verdict.reward == pytest.approx(sum(verdict.terms[name] for name in verdict.weights))


def test_a_users_own_record_is_scored_from_a_fitted_start():
    t = np.linspace(0.0, 3.0, 40)
    height = 20.0 + 2.0 * t - 0.5 * 9.81 * t**2
    record = Trajectory(t, np.stack([height, np.full_like(t, np.nan)], axis=1))
    problem = TASK.pose_record(StateSpace.second_order(y="vy"), [record], "A stone is thrown.")
    verdict = TASK.verify(problem, answer("d2y/dt2 = -g", g=9.81))
    assert verdict.terms["match"] == pytest.approx(1.0, abs=1e-6)
    assert TASK.verify(problem, answer("d2y/dt2 = -g", g=5.0)).terms["match"] < 0.99
    with pytest.raises(UserError, match="nobody knows"):
        TASK.solve(problem)


def test_verdicts_do_not_leak_the_truth(fall):
    verdict = TASK.verify(fall, answer("d2y/dt2 = -4"))
    text = json.dumps(verdict.to_dict())
    assert not any(f"{value:.4f}"[:6] in text for value in fall.truth.params.values())
