import pytest

from gedanken import UserError, tasks
from gedanken.adapters.problems import check, draw, replay


def test_replayed(case):
    for name, answer in case.answers.items():
        assert replay(case.task, case.problem, [answer]).best == pytest.approx(case.expected[name], abs=1e-9), name
    in_turn = replay(
        case.task, case.problem | {"max_turns": 3}, [case.answers["prose"], case.answers["teacher"], "late"]
    )
    assert [each.r_match for each in in_turn.observations] == [0.0, pytest.approx(case.expected["teacher"], abs=1e-9)]
    assert in_turn.solved
    assert not replay(case.task, case.problem, [case.answers["prose"]]).solved
    nothing = replay(case.task, case.problem, [])
    assert (nothing.best, nothing.solved, nothing.observations) == (0.0, False, ())


@pytest.mark.parametrize("task", ["discover", "predict"])
def test_a_sequence_goes_through_every_subject_and_has_no_end(task):
    names = tasks.load(task).subjects("train")
    drawn = [draw(task, number) for number in range(2 * len(names))]
    for lap in (drawn[: len(names)], drawn[len(names) :]):
        assert sorted(problem[tasks.load(task).subject_option] for problem in lap) == sorted(names)
    assert len({(problem[tasks.load(task).subject_option], problem["index"]) for problem in drawn}) == len(drawn)
    assert drawn[1] != draw(task, 1, seed=1)
    assert drawn[1]["index"] != draw(task, 1, split="val")["index"]
    assert draw(task, 10**9, level=2, noise=None)["level"] == 2
    assert "noise" not in draw(task, 0, noise=None)


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(UserError, match="no task"):
        draw("explain", 0)
    with pytest.raises(UserError, match="split"):
        draw("discover", 0, split="dev")
    with pytest.raises(UserError, match="no option nois"):
        check("discover", draw("discover", 0, nois=0.1))
    with pytest.raises(UserError, match="level"):
        check("discover", draw("discover", 0, level=6))
