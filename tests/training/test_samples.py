"""`samples.jsonl` holds all that it takes to score its answers again, and `gedanken score` does."""

import json
import sys

import pytest

pytest.importorskip("trl")

from gedanken.cli.main import run
from gedanken.tasks.discover import rewards
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.tasks.predict.task import PredictTask
from gedanken.training import prefix, samples
from gedanken.training.grpo import train_grpo
from gedanken.training.options import GRPOOptions
from gedanken.training.pairs import Source
from gedanken.training.run import RunFolder, open_run
from gedanken.training.scorer import Scorer, read_completion

LIMIT = 24


@pytest.fixture(scope="module")
def folder(tiny_model, tmp_path_factory):
    """A run of two steps, with an evaluation before and after. Every other answer is a law, which earns something."""
    options = GRPOOptions(
        model=str(tiny_model("llama")),
        output_dir=tmp_path_factory.mktemp("runs") / "rl",
        subjects=("free_fall",),
        instances=3,
        conditions={"rows": 4, "noise": 0.02},
        num_steps=2,
        num_generations=2,
        batch_size=2,
        replace_flat=0,
        lora_r=2,
        max_new_tokens=LIMIT,
        eval_problems=1,
        bench_problems=0,
        device="cpu",
        dtype="float32",
    )
    generate = prefix.generate

    def write_laws(model, tokenizer, prompts, count, **settings):
        answers = generate(model, tokenizer, prompts, count, **settings)
        law = tokenizer('{"equation": "d2y/dt2 = -9.8"}')["input_ids"]
        return [[*law, tokenizer.eos_token_id] if at % 2 else ids for at, ids in enumerate(answers)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix, "generate", write_laws)
        train_grpo(options)
    return options.output_dir


def read(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def score(capsys, *words):
    """Rows of the output, and standard error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["gedanken", "score", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            run()
    output = capsys.readouterr()
    assert not stopped.value.code, output.err
    return [json.loads(line) for line in output.out.splitlines()], output.err


def test_a_runs_samples_name_problem_step_mode_version_and_what_was_cut(folder):
    rows = read(folder / "samples.jsonl")
    assert [(row["kind"], row["step"]) for row in rows] == (
        [("eval", 0)] * 8 + [("train", 1)] * 2 + [("train", 2)] * 2 + [("eval", 2)] * 8
    )
    task = DiscoverTask()
    for row in rows:
        key = row["key"]
        problem = task.pose(
            key["subject"], split=key["split"], index=key["index"], level=key["level"], **key["options"]
        )
        assert problem.key.to_dict() == key
        assert (key["options"]["rows"], key["options"]["noise"]) == (4, 0.02)
        assert row["mode"] == ("training" if row["kind"] == "train" else "episode")
        assert row["reward_version"] == rewards.TABLE.version
        assert row["task"] == "discover"
        assert row["reward"] == pytest.approx(
            sum(weight * row["terms"][name] for name, weight in rewards.TABLE.weights(row["mode"]).items())
        )
        assert row["match"] == row["terms"]["match"]
        assert isinstance(row["cut"], bool)
    assert {row["key"]["split"] for row in rows if row["kind"] == "train"} == {"train"}
    assert {row["key"]["split"] for row in rows if row["kind"] == "eval"} == {"test"}
    # A random model knows no end.
    assert [row["cut"] for row in rows if row["kind"] == "train"] == [True, False] * 2
    assert any(row["cut"] for row in rows if row["kind"] == "eval")


def test_scoring_a_runs_samples_again_finds_the_same_rewards(folder, capsys):
    rows = read(folder / "samples.jsonl")
    assert max(row["reward"] for row in rows) > 0.1
    verdicts, said = score(capsys, "discover", folder / "samples.jsonl")
    assert len(verdicts) == len(rows)
    for row, verdict in zip(rows, verdicts, strict=True):
        assert verdict["reward"] == pytest.approx(row["reward"], abs=1e-9)
        assert verdict["mode"] == row["mode"]
        assert verdict["recorded"]["reward"] == row["reward"]
    assert f"all {len(rows)} recorded rewards are the same" in said


def write_samples(path, task, answers, **problem):
    posed = task.pose(**problem)
    rows = [samples.write_sample(task, posed, answer, task.verify(posed, answer)) for answer in answers]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return rows


@pytest.mark.parametrize("mode", ["episode", "training"])
def test_good_answers_are_scored_again_to_the_same_in_either_mode(tmp_path, capsys, mode):
    task = DiscoverTask(mode=mode)
    truth = task.solve(task.pose("spring_mass", split="val", index=3, level=4))
    answers = [truth, '{"equation": "d2x/dt2 = 0"}', "no idea", ""]
    rows = write_samples(
        tmp_path / "samples.jsonl", task, answers, subject="spring_mass", split="val", index=3, level=4
    )
    assert rows[0]["reward"] > 0.5
    verdicts, _ = score(capsys, "discover", tmp_path / "samples.jsonl")
    assert [verdict["reward"] for verdict in verdicts] == pytest.approx([row["reward"] for row in rows], abs=1e-9)
    other, said = score(capsys, "discover", tmp_path / "samples.jsonl", "--mode", "training")
    assert ("recorded rewards differ" in said) == (mode == "episode")
    assert {verdict["mode"] for verdict in other} == {"training"}


def test_predict_is_scored_again_to_the_same(tmp_path, capsys):
    task = PredictTask()
    truth = task.solve(task.pose("billiards", split="test", index=2, level=1, context=3))
    rows = write_samples(
        tmp_path / "samples.jsonl",
        task,
        [truth, "nothing"],
        subject="billiards",
        split="test",
        index=2,
        level=1,
        context=3,
    )
    verdicts, _ = score(capsys, "predict", tmp_path / "samples.jsonl")
    assert [verdict["reward"] for verdict in verdicts] == pytest.approx([row["reward"] for row in rows], abs=1e-9)
    assert rows[0]["reward"] > 0.9


def test_another_reward_version_and_other_rewards_are_named(tmp_path, capsys):
    task, path = DiscoverTask(), tmp_path / "samples.jsonl"
    (row,) = write_samples(path, task, ['{"equation": "d2x/dt2 = 0"}'], subject="spring_mass", split="test")
    path.write_text(json.dumps({**row, "reward": row["reward"] + 0.25, "reward_version": "discover-rewards-0"}))
    verdicts, said = score(capsys, "discover", path)
    assert f"1 rows were scored by discover-rewards-0, now {rewards.TABLE.version}" in said
    assert "1 of 1 recorded rewards differ, by up to 0.25" in said
    assert verdicts[0]["reward_version"] == rewards.TABLE.version
    assert verdicts[0]["recorded"]["reward_version"] == "discover-rewards-0"


def test_the_verdicts_may_go_to_a_file_but_not_onto_the_answers(tmp_path, capsys):
    path = tmp_path / "samples.jsonl"
    write_samples(path, DiscoverTask(), ["no idea"], subject="spring_mass", split="test")
    before = path.read_bytes()
    printed, _ = score(capsys, "discover", path)
    nothing, _ = score(capsys, "discover", path, "--out", tmp_path / "scored.jsonl")
    assert nothing == []
    assert read(tmp_path / "scored.jsonl") == printed
    with pytest.raises(AssertionError, match="would overwrite the answers"):
        score(capsys, "discover", path, "--out", path)
    assert path.read_bytes() == before


def test_a_row_without_an_answer_is_not_scored(tmp_path, capsys):
    task, path = DiscoverTask(), tmp_path / "samples.jsonl"
    path.write_text(json.dumps(samples.write_failure(task, task.pose("free_fall", split="test"), "no room")))
    verdicts, said = score(capsys, "discover", path)
    assert verdicts[0]["failed"] == "no room"
    assert "reward" not in verdicts[0]
    assert "1 rows hold no answer" in said


def test_a_row_of_another_task_is_refused(tmp_path, capsys):
    path = tmp_path / "samples.jsonl"
    write_samples(path, DiscoverTask(), ["no idea"], subject="spring_mass", split="test")
    with pytest.raises(AssertionError, match="line 1 answers a problem of discover, not of predict"):
        score(capsys, "predict", path)


def test_what_nobody_answered_is_not_scored():
    assert read_completion([{"role": "user", "content": "Call"}, {"role": "assistant", "content": None}]) == ""
    for completion in ([], [{"role": "tool", "content": "timed out"}]):
        with pytest.raises(ValueError, match="cannot be scored"):
            read_completion(completion)


def test_the_same_answers_at_another_step_are_recorded_again(tmp_path):
    folder = open_run(tmp_path / "run", "grpo", {})
    source = Source("discover", ("free_fall",), 1)
    scorer = Scorer(DiscoverTask(mode="training"), source, folder, lambda ids: len(ids) > 1)
    for step in (1, 1, 2):
        scorer.score(["a", "b"], ["free_fall"] * 2, [0, 0], [[5], [5, 6]], step)
    rows = read(RunFolder(tmp_path / "run").path / "samples.jsonl")
    assert [(row["step"], row["cut"]) for row in rows] == [(1, False), (1, True), (2, False), (2, True)]
