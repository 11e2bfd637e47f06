"""The Inspect tasks, run by Inspect with scripted models. `.ci/adapters` runs this where the library is."""

import pytest

inspect_ai = pytest.importorskip("inspect_ai")

from inspect_ai.dataset import MemoryDataset  # noqa: E402
from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402
from inspect_ai.solver import generate  # noqa: E402

from gedanken import UserError  # noqa: E402
from gedanken.adapters import inspect as adapter  # noqa: E402
from gedanken.episode import LocalEnv  # noqa: E402

# The library's own: deprecated options of its retries, streams that it leaves to the garbage collector (which is why
# `.ci/adapters` also runs this with `-p no:unraisableexception`).
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

TASKS = {"discover": adapter.discover, "predict": adapter.predict}


def scripted(answers):
    """Inspect's scripted model. Without a usage it would download a tokenizer to count with."""
    outputs = [ModelOutput.from_content("mockllm/model", answer) for answer in answers]
    for output in outputs:
        output.usage = ModelUsage()
    return get_model("mockllm/model", custom_outputs=outputs)


@pytest.fixture
def evaluate(tmp_path):
    """The only log of a task run with given answers, one sample after another."""

    def run(task, answers, **options):
        (log,) = inspect_ai.eval(
            task,
            model=scripted(answers),
            log_dir=str(tmp_path),
            display="none",
            max_samples=1,
            log_level="error",
            **options,
        )
        assert log.status == "success", log.error
        return log

    return run


def posed(case, **options):
    """The task of a case with its one problem."""
    task = TASKS[case.task](n=1)
    task.dataset = MemoryDataset([adapter._sample(case.task, 0, {**case.problem, **options})])
    return task


def test_the_same_answers_earn_the_same(case, evaluate):
    for name, answer in case.answers.items():
        log = evaluate(posed(case, max_turns=1), [answer])
        value = log.samples[0].scores["match"].value
        assert value["match"] == pytest.approx(case.expected[name], abs=1e-9), name
        assert value["first"] == value["match"]


def test_an_episode_of_several_turns(case, evaluate):
    answers = [case.answers["prose"], case.answers["near"], case.answers["teacher"]]
    log = evaluate(posed(case, max_turns=3), answers)
    sample = log.samples[0]
    assert sample.scores["match"].value == {
        "match": pytest.approx(case.expected["teacher"], abs=1e-9),
        "first": 0.0,
        "solved": 1.0,
        "turns": 3.0,
    }
    assert sample.scores["match"].answer == answers[2]
    told = [message.text for message in sample.messages if message.role == "user"]
    local = LocalEnv(case.task)
    local.reset(**case.problem, max_turns=3)
    assert told[1:] == [local.step(answer).observation.prompt for answer in answers[:2]]
    # A log is scored again from its conversation alone.
    again = inspect_ai.score(log, adapter.match(case.task), action="overwrite", display="none")
    assert again.samples[0].scores["match"].value == sample.scores["match"].value


def test_any_other_solver_is_judged_too(case, evaluate):
    log = evaluate(posed(case), [case.answers["teacher"]], solver=generate())
    assert log.samples[0].scores["match"].value["solved"] == 1.0


@pytest.mark.parametrize("name", TASKS)
def test_the_samples_are_the_drawn_problems(name):
    samples = list(TASKS[name](n=4, seed=3, level=2).dataset)
    assert [sample.metadata for sample in samples[:2]] == [
        sample.metadata for sample in TASKS[name](n=2, seed=3, level=2).dataset
    ]
    assert all(sample.metadata["problem"]["split"] == "test" for sample in samples)
    assert samples[0].input[-1].role == "user"
    assert not any(sample.target for sample in samples)
    with pytest.raises(UserError, match="level"):
        TASKS[name](n=1, level=9)


@pytest.mark.parametrize("name", TASKS)
def test_the_command_line_finds_the_tasks(name, evaluate):
    """By the entry point: what `inspect eval gedanken/discover` looks up."""
    log = evaluate(f"gedanken/{name}", ["no idea"] * 16, task_args={"n": 2})
    metrics = {score.name: score.metrics["mean"].value for score in log.results.scores}
    assert metrics == {"match": 0.0, "first": 0.0, "solved": 0.0, "turns": metrics["turns"]}
