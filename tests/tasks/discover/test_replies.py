"""What is said to an answer, and which trials and starts it is judged by."""

import json

import numpy as np
import pytest

from gedanken.loop import Turn
from gedanken.tasks.discover.task import EDIT, DiscoverTask
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

TASK = DiscoverTask()
T = np.linspace(0.0, 4.0, 41)
X = StateSpace.first_order("x")


def answer(equation, initial=None, **params):
    return json.dumps({"equation": equation, "params": params} | ({"initial": initial} if initial else {}))


def record(*columns):
    return Trajectory(T, np.stack(columns, 1))


def turn(problem, text, turns=()):
    return Turn(text, TASK.verify(problem, text, turns))


@pytest.fixture(scope="module")
def fall():
    return TASK.pose("free_fall", noise=0.0)


def test_the_reply_gives_feedback_terms_the_best_turn_and_the_turns_left(fall):
    g = fall.truth.params["g"]
    bad, worse, refused = f"d2y/dt2 = -{1.1 * g}", f"d2y/dt2 = -{1.2 * g}", "d2y/dt2 = 1/(y - y)"
    turns = [turn(fall, answer(refused))]
    lines = TASK.reply(fall, turns).split("\n")
    assert lines == [turns[0].verdict.feedback, "7 turns are left. Answer with one JSON object again.", EDIT]

    turns.append(turn(fall, answer(bad), turns))
    first = turns[-1].verdict
    assert first.terms["match"] > 0
    lines = TASK.reply(fall, turns).split("\n")
    terms = ", ".join(f"{name} {first.terms[name]:.3f}" for name in ("match", "progress", "simplicity", "format"))
    assert lines == [first.feedback, f"Terms: {terms}.", "6 turns are left. Answer with one JSON object again.", EDIT]

    turns.append(turn(fall, answer(worse), turns))
    lines = TASK.reply(fall, turns).split("\n")
    assert lines[0] == turns[-1].verdict.feedback
    assert lines[1].startswith("Terms: match ")
    assert lines[2] == f"Best so far: match {first.terms['match']:.3f} with {first.details['equation']}."
    assert lines[3:] == ["5 turns are left. Answer with one JSON object again.", EDIT]


def test_nothing_is_the_best_so_far_while_nothing_matched(fall):
    turns = [turn(fall, "no answer"), turn(fall, "nor is this")]
    assert "Best so far" not in TASK.reply(fall, turns)


def test_one_turn_is_left_in_the_singular(fall):
    turns = [turn(fall, "no answer")] * 7
    assert TASK.reply(fall, turns).endswith("1 turn is left. Answer with one JSON object again.")
    assert (
        DiscoverTask(max_turns=2).reply(fall, turns[:1]).endswith("1 turn is left. Answer with one JSON object again.")
    )


def test_the_conversation_repeats_each_answer_up_to_2000_characters_and_each_reply_as_it_was(fall):
    turns = [turn(fall, "x" * 3000), turn(fall, answer("d2y/dt2 = -1"))]
    messages = TASK.ask(fall, turns)
    assert messages[2]["content"] == "x" * 2000
    assert messages[3]["content"] == TASK.reply(fall, turns[:1])
    assert messages[4]["content"] == turns[1].answer
    assert messages[5]["content"] == TASK.reply(fall, turns)


def test_a_match_is_the_mean_over_the_trials_and_the_worst_is_described():
    problem = TASK.pose_record(X, [record(1 + T), record(9 - T)])
    verdict = TASK.verify(problem, answer("dx/dt = 1"))
    assert verdict.terms["match"] == pytest.approx(0.5, abs=1e-3)
    assert verdict.details["r2"] == {"x": verdict.terms["match"]}
    assert "x (R2 0.0" in verdict.feedback
    assert "too low" in verdict.feedback
    turned = TASK.pose_record(X, [record(9 - T), record(1 + T)])
    assert TASK.verify(turned, answer("dx/dt = 1")).feedback == verdict.feedback


def test_a_solved_answer_is_not_told_what_it_misses(fall):
    assert TASK.verify(fall, TASK.solve(fall)).feedback == "Match 1.000; solved."


def test_one_trial_that_cannot_be_simulated_refuses_the_answer():
    problem = TASK.pose_record(X, [record(np.exp(0.1 * T)), record(-np.exp(0.1 * T))])
    verdict = TASK.verify(problem, answer("dx/dt = 0.1*x*sqrt(x)/sqrt(x)"))
    assert verdict.error
    assert verdict.reward == 0.0
    assert verdict.feedback == f"This answer scores 0: {verdict.error}."


def test_what_could_be_read_but_not_simulated_is_reported_with_its_parameters(fall):
    verdict = TASK.verify(fall, answer("d2y/dt2 = a/(y - y)", a=2.0))
    assert verdict.error
    assert verdict.details["params"] == {"a": 2.0}
    assert TASK.verify(fall, "no answer").details == {}


def test_starts_that_an_answer_names_are_tried_beside_the_fitted_ones_and_never_harm():
    problem = TASK.pose_record(X, [record(1 + T), record(5 + T)])
    plain = TASK.verify(problem, answer("dx/dt = 1"))
    assert plain.terms["match"] == pytest.approx(1.0, abs=1e-6)
    for initial in ([{"x": 1.0}], [{"x": -900.0}, {"x": 1e300}], [{}, {}, {"x": 3.0}]):
        verdict = TASK.verify(problem, answer("dx/dt = 1", initial))
        assert verdict.terms["match"] == pytest.approx(plain.terms["match"], abs=1e-9), initial
        assert verdict.error is None


def test_a_start_that_an_answer_names_can_find_a_fit_that_the_samples_alone_do_not():
    # y is hidden and starts at -4: x' = y**2 - y, y' = -0.3*y, solved by hand.
    y = -4 * np.exp(-0.3 * T)
    x = (16 - y**2) / 0.6 + (-4 - y) / -0.3
    problem = TASK.pose_record(StateSpace.first_order("x", "y"), [record(x, np.full_like(T, np.nan))])
    law = "dx/dt = y**2 - y; dy/dt = -0.3*y"
    alone, named = (TASK.verify(problem, answer(law, start)) for start in (None, [{"y": -4.0}]))
    assert alone.terms["match"] < 0.9
    assert named.terms["match"] == pytest.approx(1.0, abs=1e-6)


def test_a_named_start_that_the_law_cannot_leave_does_not_count():
    problem = TASK.pose_record(X, [record(np.exp(0.1 * T))])
    verdict = TASK.verify(problem, answer("dx/dt = 0.1*sqrt(x)*sqrt(x)", [{"x": -900.0}]))
    assert verdict.error is None
    assert verdict.terms["match"] == pytest.approx(1.0, abs=1e-6)


def test_a_start_that_is_known_is_not_for_the_answer_to_name(fall):
    named = answer("d2y/dt2 = -1", [{"y": 0.0, "vy": 0.0}])
    assert TASK.verify(fall, named).terms == TASK.verify(fall, answer("d2y/dt2 = -1")).terms


def test_progress_is_the_gain_over_the_best_turn_so_far(fall):
    g = fall.truth.params["g"]
    turns = [turn(fall, answer("d2y/dt2 = -g", g=g * factor)) for factor in (1.1, 1.2)]
    best = turns[0].verdict.terms["match"]
    assert best > turns[1].verdict.terms["match"] > 0
    verdict = TASK.verify(fall, TASK.solve(fall), turns)
    assert verdict.terms["progress"] == pytest.approx(verdict.terms["match"] - best)


def test_as_many_answers_as_problems_make_a_batch(fall):
    with pytest.raises(ValueError, match="1 problems but 2 answers"):
        TASK.verify_batch([fall], ["a", "b"])
