from itertools import islice

import numpy as np
import pytest

from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan
from gedanken.errors import UserError
from gedanken.training.scratch.loader import Loader, make_batches
from gedanken.training.scratch.tokenizer import build

pytest.importorskip("tokenizers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    generate(Plan("train", 7, ("elastic_collision", "head_on"), (1,), frames=40), folder, Processes(1))
    return folder


@pytest.fixture(scope="module")
def tokenizer():
    return build().to_str()


def same(one, other):
    assert one.position == other.position
    assert len(one.lessons) == len(other.lessons)
    for mine, yours in zip(one.lessons, other.lessons, strict=True):
        np.testing.assert_array_equal(mine.opening, yours.opening)
        np.testing.assert_array_equal(mine.branches, yours.branches)
        np.testing.assert_array_equal(mine.weights, yours.weights)


def test_batches_hold_as_many_tokens_as_asked_and_go_on_from_any_position(folder, tokenizer):
    batches = list(islice(make_batches(folder, tokenizer, 3000), 6))
    assert [batch.position for batch in batches] == list(np.cumsum([len(batch.lessons) for batch in batches]))
    assert batches[-1].position > 7  # beyond the first turn of the data
    for batch in batches:
        assert batch.count >= 3000 > batch.count - batch.lessons[-1].count
    again = make_batches(folder, tokenizer, 3000, batches[2].position)
    for batch, other in zip(batches[3:], again, strict=False):
        same(batch, other)


def test_every_turn_has_another_order_and_other_frames(folder, tokenizer):
    lessons = [batch.lessons[0] for batch in islice(make_batches(folder, tokenizer, 1), 14)]
    openings = [lesson.opening.tobytes() for lesson in lessons]
    assert len(set(openings[:7])) == 7
    assert sorted(openings[:7]) == sorted(openings[7:])
    assert openings[:7] != openings[7:]
    first = {lesson.opening.tobytes(): lesson.branches.tobytes() for lesson in lessons[:7]}
    assert any(first[lesson.opening.tobytes()] != lesson.branches.tobytes() for lesson in lessons[7:])


def test_the_process_makes_the_same_batches(folder, tokenizer):
    with Loader(folder, tokenizer, 2000, 3) as loader:
        for batch, other in zip(islice(loader, 4), make_batches(folder, tokenizer, 2000, 3), strict=False):
            same(batch, other)


def test_what_goes_wrong_in_the_process_is_told(tmp_path, tokenizer):
    with Loader(tmp_path, tokenizer, 2000) as loader, pytest.raises(UserError, match="manifest"):
        next(loader)
