import json

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


def test_own_mistakes_are_followed_by_what_the_simulator_said_and_the_next_step(tmp_path):
    source = Source("discover", ("damped_spring",), 1, options={"rows": 8})
    judge = tasks.load("discover", mode="training")
    problem = source.pose(judge, "damped_spring", 0)
    wrong = '{"equation": "d2x/dt2 = -k*x", "params": {"k": 1.0}}'
    rows = [{"task": "discover", "key": problem.key.to_dict(), "answer": answer} for answer in (wrong, "no law")]
    rows += [{**rows[0], "answer": judge.teach(problem)}, {"task": "discover", "key": rows[0]["key"], "failed": "long"}]
    file = tmp_path / "outcomes.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    first, *others = list(write_pairs(source, [str(file)]))
    assert len(first["prompt"]) == 2
    step = others[0]
    assert [message["role"] for message in step["prompt"]] == ["system", "user", "assistant", "user"]
    assert step["prompt"][2]["content"] == wrong
    assert "the prediction is" in step["prompt"][3]["content"]
    assert "edit" in json.loads(step["completion"][0]["content"])
    # What could not be read is followed by the law itself; a right answer and none by nothing.
    [again] = [pair for pair in others if pair["prompt"][2]["content"] == "no law" and len(pair["prompt"]) == 4]
    assert again["completion"][0]["content"] == judge.teach(problem)
    assert judge.teach(problem) not in [pair["prompt"][2]["content"] for pair in others]


def test_recoveries_begin_at_spoilt_laws_and_are_the_same_every_time():
    source = Source("discover", ("damped_spring", "free_fall_drag"), 4, options={"rows": 8})
    pairs, again = (list(write_pairs(source, recoveries=2.0)) for _ in range(2))
    assert pairs == again
    steps = [pair for pair in pairs if len(pair["prompt"]) > 2]
    assert len(steps) > 8
    assert {len(pair["prompt"]) for pair in steps} >= {4, 6}
    assert all('"edit"' in pair["completion"][0]["content"] for pair in steps)


def test_what_is_not_for_training_is_no_mistake_to_learn_from(tmp_path):
    source = Source("discover", ("damped_spring",), 1)
    judge = tasks.load("discover")
    file = tmp_path / "outcomes.jsonl"
    for subject, split in (("damped_spring", "test"), ("projectile_drag", "test")):
        key = judge.pose(subject, split=split).key.to_dict()
        file.write_text(json.dumps({"task": "discover", "key": key, "answer": "x"}))
        with pytest.raises(UserError, match="not for training"):
            list(write_pairs(source, [str(file)]))
    file.write_text("no row")
    with pytest.raises(UserError, match=r"line 1 of .* is no sample"):
        list(write_pairs(source, [str(file)]))
    with pytest.raises(UserError, match="cannot be read"):
        list(write_pairs(source, [str(tmp_path / "none.jsonl")]))


def test_all_is_every_subject_that_is_not_held_out():
    assert Source("discover", ("all",)).subjects == tasks.load("discover").subjects("train")


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
