import pytest

from gedanken import tasks
from gedanken.errors import UserError
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.pairs import Source, write_pairs, write_rows


def test_subjects_take_turns_and_held_out_ones_are_refused():
    source = Source("discover", ("free_fall", "spring_mass"), 2)
    assert source.keys() == [("free_fall", 0), ("spring_mass", 0), ("free_fall", 1), ("spring_mass", 1)]
    with pytest.raises(UserError, match="held out"):
        Source("discover", ("projectile_drag",))
    with pytest.raises(UserError, match="not known"):
        Source("discover", ("perpetuum_mobile",))
    with pytest.raises(UserError, match="nothing to train on"):
        Source("discover", ("free_fall",), 0)
    assert Source("discover").subjects == DiscoverTask.training_subjects
    assert Source("predict").subjects == tasks.load("predict").subjects("train")


@pytest.mark.parametrize("system", DiscoverTask.training_subjects)
def test_the_teachers_short_answer_solves_the_problem(system):
    judge = tasks.load("discover", mode="training")
    problem = Source("discover", (system,), 1, options={"rows": 8, "noise": 0.02}).pose(judge, system, 0)
    answer = judge.teach(problem)
    assert judge.verify(problem, answer).solved
    assert len(answer) < len(judge.solve(problem))


def test_pairs_are_conversations_that_end_with_the_teacher():
    pair = next(write_pairs(Source("discover", ("free_fall",), 1, options={"rows": 8})))
    assert [message["role"] for message in pair["prompt"]] == ["system", "user"]
    assert pair["completion"][0]["role"] == "assistant"
    assert pair["completion"][0]["content"].startswith('{"equation": ')


def test_the_teacher_of_predict_writes_the_recorded_frame():
    judge = tasks.load("predict", mode="training")
    source = Source("predict", ("billiards",), 1, options={"level": 1})
    problem = source.pose(judge, "billiards", 0)
    assert next(write_pairs(source))["completion"][0]["content"] == judge.solve(problem)
    assert judge.verify(problem, judge.teach(problem)).solved


def test_rows_name_the_problem_so_that_it_can_be_posed_again():
    source = Source("discover", ("spring_mass",), 2, options={"rows": 8})
    judge = tasks.load("discover", mode="training")
    for row in write_rows(source):
        assert row["prompt"] == judge.ask(source.pose(judge, row["subject"], row["index"]))


def test_training_leaves_out_progress_and_pays_what_the_table_says():
    assert set(tasks.load("discover", mode="training").weights) == {
        "match",
        "match_dense",
        "closeness",
        "correctness",
        "simplicity",
        "finite",
    }
