import itertools

import pytest

from gedanken.errors import PlayerError, UserError
from gedanken.loop import Key, play
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.training.evaluate import evaluate, evaluation_sources
from gedanken.training.outcomes import Outcome, pass_at_k, render_table, summarise, summarise_bands
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


def test_a_player_that_answers_one_question_at_a_time_plays_as_well(source, laws):
    alone = Teacher(laws, 1)
    single = type("Single", (), {"name": "single", "answer": alone.answer})()
    assert [outcome.first for outcome in evaluate(single, [source])] == [
        outcome.first for outcome in evaluate(Teacher(laws, 1), [source])
    ]
    assert alone.asked == [1] * 4


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


def test_one_may_choose_systems_and_levels():
    sources = evaluation_sources("discover", 3, {"rows": 8}, ["free_fall", "spring_mass"], [1, 3])
    assert [source.options for source in sources] == [{"rows": 8, "level": 1}, {"rows": 8, "level": 3}]
    assert {tuple(source.subjects) for source in sources} == {("free_fall", "spring_mass")}
    with pytest.raises(UserError, match="free_fal is not known"):
        evaluation_sources("discover", 3, {}, ["free_fal"])
    with pytest.raises(UserError, match="given twice"):
        evaluation_sources("discover", 3, {"level": 2}, (), [1])


@pytest.mark.parametrize("n", [1, 2, 5, 6])
def test_pass_at_k_is_the_share_of_choices_of_k_samples_that_hold_a_solved_one(n):
    for solved in range(n + 1):
        samples = [True] * solved + [False] * (n - solved)
        for k in range(1, n + 1):
            choices = list(itertools.combinations(samples, k))
            assert pass_at_k(n, solved, k) == pytest.approx(sum(map(any, choices)) / len(choices))
    with pytest.raises(ValueError, match="needs at least"):
        pass_at_k(n, 0, n + 1)


def outcome(subject, *, match=0.0, solved=False, sample=0, tier=None, level=None, failed=None, cut=False, index=0):
    row = {"failed": failed} if failed else {"error": None, "match": match, "solved": solved, "answer": "", "cut": cut}
    key = Key(subject, "test", index, level)
    return Outcome(key, False, row, tier, sample, best=match, solved=solved, turns=1, failed=failed)


def test_samples_of_a_problem_count_as_one_problem_and_give_pass_at_k():
    solved = {("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 1)}
    outcomes = [outcome(name, sample=k, solved=(name, k) in solved) for name in "abc" for k in range(4)]
    summary = summarise(outcomes)
    assert summary["n"] == 3
    assert list(summary["pass"]) == ["1", "2", "4"]
    assert [summary["pass"][k]["rate"] for k in "124"] == pytest.approx([500 / 12, 50.0, 200 / 3])
    assert summary["pass"]["1"]["rate"] == pytest.approx(summary["solved"]["rate"], abs=0.01)
    table = render_table({"m": outcomes}, 1)
    assert "| pass@1 % | pass@2 % | pass@4 % |" in table
    assert "pass" not in summarise(outcomes[::4])


def test_a_single_problem_has_no_interval_of_its_mean():
    one = [outcome("a", match=0.943, solved=True)]
    assert summarise(one)["match"] == {"mean": 0.943, "ci": None}
    table = render_table({"m": one}, 1)
    assert "| 0.943 (n = 1) |" in table
    assert "[0.943" not in table
    # Wilson's interval of one trial says how little is known.
    assert summarise(one)["solved_first"]["ci"] == [20.65, 100.0]
    # Samples of one problem say nothing about others.
    several = [outcome("a", sample=k, match=k / 4, solved=k > 1) for k in range(4)]
    assert summarise(several)["solved"] == {"rate": 50.0, "ci": None}
    assert summarise(several)["pass"]["2"]["ci"] is None


def test_few_problems_are_said_to_be_few():
    few = [outcome("a", index=k, match=k / 9) for k in range(9)]
    assert "n below 10" in render_table({"m": few}, 1)
    assert "n below 10" not in render_table({"m": [*few, outcome("a", index=9)]}, 1)


def test_the_table_has_bands_of_difficulty_where_there_are_several():
    outcomes = [
        outcome("a", tier=1, level=2, match=0.9),
        outcome("b", tier=3, level=2, match=0.1),
        outcome("c", tier=3, level=4, match=0.3),
    ]
    bands = summarise_bands(outcomes)
    assert list(bands) == ["tier 1", "tier 3", "level 2", "level 4"]
    assert bands["tier 3"]["match"]["mean"] == pytest.approx(0.2)
    assert bands["level 2"]["n"] == 2
    rows = [line.split(" | ")[0] for line in render_table({"m": outcomes}, 1).splitlines()[2:9]]
    assert rows == ["| all", "| tier 1", "| tier 3", "| level 2", "| level 4", "| a", "| b"]
    assert summarise_bands(outcomes[1:2]) == {}


def test_played_outcomes_know_tier_level_and_the_whole_first_answer(laws):
    sources = [
        Source("discover", ("free_fall", "spring_mass"), 1, "test", 7, {"rows": 8, "level": level}) for level in (1, 2)
    ]
    outcomes = evaluate(Teacher(laws, 9), sources, sample=3)
    assert [(each.key.level, each.sample) for each in outcomes] == [(1, 3)] * 2 + [(2, 3)] * 2
    assert [each.tier for each in outcomes] == [DiscoverTask().describe(each.subject).tier for each in outcomes]
    row = outcomes[0].to_dict()
    assert row["answer"] == "no idea"
    assert row["error"]
    assert row["key"] == outcomes[0].key.to_dict()
    assert row["cut"] is None
    assert "cut" not in summarise(outcomes)


class Broken(Teacher):
    """Fails at one problem from a turn on."""

    def __init__(self, laws, prompt, turn):
        super().__init__(laws, 1)
        self.prompt, self.fails_from = prompt, turn

    def answer_batch(self, questions):
        for question in questions:
            if question.messages[1]["content"] == self.prompt and len(question.turns) + 1 >= self.fails_from:
                raise PlayerError("the endpoint is down")
        answers = super().answer_batch(questions)
        return [
            "no idea" if q.messages[1]["content"] == self.prompt else a for q, a in zip(questions, answers, strict=True)
        ]


def test_a_players_failure_is_counted_and_not_scored(source, laws):
    outcomes = evaluate(Broken(laws, min(laws), 1), [source])
    failed = [each for each in outcomes if each.failed]
    assert len(failed) == 1
    assert failed[0].to_dict()["failed"] == "the endpoint is down"
    assert "reward" not in failed[0].to_dict()
    summary = summarise(outcomes)
    assert (summary["n"], summary["failed"]) == (3, 1)
    assert summary["solved_first"]["rate"] == 100.0
    assert summarise(failed) == {"n": 0, "failed": 1}
    table = render_table({"m": outcomes}, 1)
    assert "| all | m | 3 | 1 |" in table
    assert "the endpoint is down" in table
    assert "failed" not in render_table({"m": [each for each in outcomes if not each.failed]}, 1)


def test_what_was_answered_before_a_failure_counts(source, laws):
    outcomes = evaluate(Broken(laws, min(laws), 2), [source], turns=3)
    assert [each.failed for each in outcomes] == [None] * 4
    assert sorted(each.turns for each in outcomes) == [1] * 4
    assert sum(each.solved for each in outcomes) == 3


def test_a_player_that_answers_nothing_at_all_is_an_error(source, laws):
    class Down(Teacher):
        def answer_batch(self, questions):
            raise PlayerError("the endpoint is down")

    with pytest.raises(PlayerError, match="none of 4 problems: the endpoint is down"):
        evaluate(Down(laws, 1), [source])
