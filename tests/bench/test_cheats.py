"""The corpus of cheats: found by walking, paid nothing, and able to be caught."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gedanken import tasks
from gedanken.bench import cheats
from gedanken.bench.cheats import order, report
from gedanken.bench.cheats.judges import judge_of
from gedanken.errors import UserError
from gedanken.loop import Verdict
from gedanken.tasks.terms import MODES

SYSTEMS = ("allee", "free_fall", "damped_spring")
SCENARIOS = ("billiards", "orbit", "tower")


def test_kinds_and_cheats_are_found_by_walking():
    assert set(cheats.kinds("discover")) >= {"clocks", "copies", "echoes", "hedges", "injections", "simpler", "texts"}
    assert set(cheats.kinds("predict")) >= {"echoes", "extrapolations", "feedback", "injections", "scaled", "texts"}
    assert set(cheats.load("discover", "simpler")) == {"constant", "proportional", "linear", "term_dropped"}
    with pytest.raises(UserError, match="no cheats at the task chess"):
        cheats.kinds("chess")


@pytest.mark.parametrize("task, subjects", [("discover", SYSTEMS), ("predict", SCENARIOS)])
def test_no_cheat_is_paid_more_than_the_truth_and_no_text_raises(task, subjects):
    result = report.run(task, subjects=subjects)
    assert result["teacher_unsolved"] == 0
    for kind, tally in result["kinds"].items():
        zeros = {name: tally[name] for name in ("above_truth", "solved", "exceptions")}
        assert zeros == dict.fromkeys(zeros, 0), (kind, tally["examples"])
        assert tally["cheats"] > 0 or kind == "clocks"
        assert tally["slowest_ms"] <= 50.0
        assert tally["rise"] <= 0.02
    assert "| texts |" in report.render_markdown([result])


def test_no_fitted_simpler_law_outranks_the_teacher():
    result = order.run(subjects=SYSTEMS, problems=1)
    assert [row["problems"] for row in result["rows"]] == [len(SYSTEMS)] * 4
    assert result["outranked"] == 0, result["examples"]
    assert result["teacher_unsolved"] == []
    assert "outranked" in order.render_markdown(result)


def test_the_seeds_own_table_is_caught():
    """The benchmarks can fail: PhysiX's table pays cheats."""
    assert order.run(subjects=["allee"], problems=1, reward="physix")["outranked"] > 0
    hostile = report.run("discover", subjects=["allee"], kinds=["copies", "simpler"], reward="physix")
    assert sum(tally["above_truth"] for tally in hostile["kinds"].values()) > 0
    assert sum(tally["solved"] for tally in hostile["kinds"].values()) > 0


def test_an_exception_of_the_verifier_is_counted_and_shown(monkeypatch):
    def broken(self, problem, answer, turns=()):
        if "reward" in answer:
            raise ZeroDivisionError("broken")
        return verify(self, problem, answer, turns)

    kind = type(tasks.load("discover"))
    verify = kind.verify
    monkeypatch.setattr(kind, "verify", broken)
    tally = report.run("discover", subjects=["free_fall"], kinds=["injections"])["kinds"]["injections"]
    assert tally["exceptions"] > 0
    assert tally["examples"][0]["raised"] == "ZeroDivisionError: broken"


def test_a_cheat_is_sent_the_reply_to_its_answer():
    class Echo:
        def verify(self, problem, answer):
            return Verdict({}, {}, False, f"you said {answer}")

        def reply(self, problem, turns):
            return turns[-1].verdict.feedback

    def cheat(problem):
        reply = yield "a"
        yield reply

    assert [answer for answer, _ in cheats.play(Echo(), cheat, None)] == ["a", "you said a"]


@pytest.mark.parametrize("task, subject", [("discover", "damped_spring"), ("predict", "billiards")])
def test_the_judge_calls_the_truth_right_and_a_law_without_forces_or_a_held_frame_wrong(task, subject):
    asked = tasks.load(task)
    problem = asked.pose(subject, split="test")
    judge = judge_of(problem)
    assert not judge.is_wrong(asked.verify(problem, asked.solve(problem)))
    assert judge.is_wrong(asked.verify(problem, asked.examples(problem)[0][1]))
    assert 0.0 < asked.verify(problem, judge.honest).reward < asked.verify(problem, asked.solve(problem)).reward


DISCOVER = {mode: tasks.load("discover", mode=mode) for mode in MODES}


@settings(max_examples=12, deadline=None)
@given(
    subject=st.sampled_from(DISCOVER["episode"].subjects()),
    index=st.integers(0, 50),
    noise=st.sampled_from([0.0, 0.02, 0.05]),
    family=st.sampled_from(sorted(cheats.load("discover", "simpler"))),
)
def test_no_fitted_law_is_paid_more_than_the_teacher(subject, index, noise, family):
    problem = DISCOVER["episode"].pose(subject, split="test", index=index, noise=noise)
    cheat = cheats.load("discover", "simpler")[family]
    answers = [answer for answer, _ in cheats.play(DISCOVER["episode"], cheat, problem)]
    for task in DISCOVER.values():
        truth = task.verify(problem, task.solve(problem)).reward
        for answer in answers:
            assert task.verify(problem, answer).reward <= truth + 1e-9, answer
