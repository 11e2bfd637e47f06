"""The data sets that reasoning-gym makes of both tasks. `.ci/adapters` runs this where the library is."""

import pytest

reasoning_gym = pytest.importorskip("reasoning_gym")

from reasoning_gym.factory import create_curriculum  # noqa: E402

from gedanken import UserError  # noqa: E402
from gedanken.adapters.reasoning_gym import DiscoverDataset, PredictDataset, ProblemConfig  # noqa: E402

NAMES = {"discover": "gedanken_discover", "predict": "gedanken_predict"}


@pytest.fixture(params=NAMES)
def task(request):
    return request.param


def test_the_same_answers_earn_the_same(case):
    dataset = reasoning_gym.create_dataset(NAMES[case.task], size=1)
    entry = {"question": "", "answer": "", "metadata": {"problem": case.problem}}
    for name, answer in case.answers.items():
        assert dataset.score_answer(answer, entry) == pytest.approx(case.expected[name], abs=1e-9), name
    assert dataset.score_answer(None, entry) == 0.0
    tagged = f"I think so. <answer>{case.answers['teacher']}</answer>"
    assert dataset.score_answer(tagged, entry) == pytest.approx(case.expected["teacher"], abs=1e-9)


def test_items(task):
    dataset = reasoning_gym.create_dataset(NAMES[task], seed=4, size=12, level=2, split="test")
    items = list(dataset)
    assert len(items) == len(dataset) == 12
    assert items == list(reasoning_gym.create_dataset(NAMES[task], seed=4, size=12, level=2, split="test"))
    assert items[3] == reasoning_gym.create_dataset(NAMES[task], seed=4, size=40, level=2, split="test")[3]
    assert items[3]["question"] != reasoning_gym.create_dataset(NAMES[task], seed=5, size=12)[3]["question"]
    for number, item in enumerate(items):
        assert item["metadata"]["source_dataset"] == NAMES[task]
        assert item["metadata"]["source_index"] == number
        assert item["metadata"]["difficulty"] == {"level": 2}
        assert item["answer"] not in item["question"]
        assert dataset.score_answer(item["answer"], item) > 0.93
        assert dataset.score_answer(items[number - 1]["answer"], item) < 0.93
    with pytest.raises(IndexError):
        dataset[12]


def test_what_cannot_be_posed_is_said(task):
    with pytest.raises(AssertionError, match="size"):
        reasoning_gym.create_dataset(NAMES[task], size=0)
    with pytest.raises(UserError, match="no option nois"):
        reasoning_gym.create_dataset(NAMES[task], options={"nois": 1})
    with pytest.raises(UserError, match="level"):
        reasoning_gym.create_dataset(NAMES[task], level=9)


def test_the_curriculum_raises_the_level(task):
    curriculum = create_curriculum(NAMES[task])
    levels = []
    for _ in range(5):
        levels.append(curriculum.generate_configuration({"seed": 1, "size": 1}).level)
        curriculum.increment_attr_level("level")
    assert levels == [1, 2, 3, 4, 5]


def test_a_composite_data_set_scores_each_by_its_own(task):
    from reasoning_gym.composite import DatasetSpec

    mixed = reasoning_gym.create_dataset(
        "composite", seed=2, size=6, datasets=[DatasetSpec(name, 1, {}) for name in NAMES.values()]
    )
    assert {item["metadata"]["source_dataset"] for item in mixed} <= set(NAMES.values())
    assert all(mixed.score_answer(item["answer"], item) > 0.93 for item in mixed)


def test_the_classes_need_no_registry():
    for kind in (DiscoverDataset, PredictDataset):
        assert kind(ProblemConfig(seed=0, size=1))[0]["question"]
