import pytest

from gedanken.loop import play
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.evaluate import evaluate, evaluation_sources
from gedanken.training.outcomes import render_table, summarise
from gedanken.training.pairs import Source


class Teacher:
    """Gives the law at the turn it is told to, and something unreadable before."""

    name = "teacher"

    def __init__(self, laws, turn):
        self.laws, self.turn, self.asked = laws, turn, []

    def answer(self, question):
        return self.answer_batch([question])[0]

    def answer_batch(self, questions):
        self.asked.append(len(questions))
        return [
            self.laws[question.messages[1]["content"]] if len(question.turns) + 1 == self.turn else "no idea"
            for question in questions
        ]


@pytest.fixture
def source():
    return Source("discover", ("free_fall", "spring_mass"), 2, "test", 7, {"rows": 8})


@pytest.fixture
def laws(source):
    judge = DiscoverTask()
    return {problem.prompt: judge.solve(problem) for problem in source.problems(judge)}


def test_episodes_side_by_side_are_those_played_alone(source, laws):
    outcomes = evaluate(Teacher(laws, 2), [source], turns=3)
    judge = DiscoverTask()
    for outcome in outcomes:
        alone = list(play(judge, Teacher(laws, 2), source.pose(judge, outcome.subject, outcome.index), turns=3))
        assert outcome.turns == len(alone) == 2
        assert outcome.best == alone[-1].verdict.terms["match"]
        assert (outcome.valid, outcome.first, outcome.solved_first, outcome.solved) == (False, 0.0, False, True)


def test_who_has_solved_is_asked_no_more(source, laws):
    teacher = Teacher(laws, 1)
    evaluate(teacher, [source], turns=8)
    assert teacher.asked == [4]


def test_the_summary_counts_and_the_table_shows_every_model_with_intervals(source, laws):
    good, bad = evaluate(Teacher(laws, 1), [source]), evaluate(Teacher(laws, 9), [source])
    assert summarise(good)["solved_first"]["rate"] == 100.0
    assert summarise(good)["match"]["mean"] > 0.93
    assert summarise(bad)["valid"]["rate"] == 0.0
    table = render_table({"good": good, "bad": bad}, 1)
    assert table.count("\n| all |") == 2
    assert "| free_fall | good | 2 | 100.0 [34.2, 100.0] |" in table


def test_evaluation_poses_training_and_held_out_systems_from_the_test_split():
    (source,) = evaluation_sources("discover", 2, {})
    assert source.subjects == DiscoverTask.evaluation_subjects
    assert source.split == "test"
    from gedanken.worlds.rigid import scenarios

    assert set(evaluation_sources("predict", 1, {})[0].subjects) == set(scenarios.HELD_OUT)
