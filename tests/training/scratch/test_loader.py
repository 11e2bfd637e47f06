"""Batches: a function of the data, the options and a place, whoever makes them."""

from itertools import islice, takewhile

import numpy as np
import pytest

from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan
from gedanken.errors import UserError
from gedanken.models.impulses import vocabulary as v
from gedanken.training.scratch.contacts import lesson as module
from gedanken.training.scratch.contacts.lesson import Scenes
from gedanken.training.scratch.loader import Loader, make_batches


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    generate(Plan("train", 6, ("dominos", "tower"), (1,), frames=40), folder, Processes(1))
    return folder


def same(one, other):
    assert one.place == other.place
    np.testing.assert_array_equal(one.ids, other.ids)
    np.testing.assert_array_equal(one.asked, other.asked)


def test_batches_are_full_and_go_on_from_any_place(folder, monkeypatch):
    monkeypatch.setattr(module, "POOL", 4)
    batches = list(islice(make_batches(Scenes(folder, 64), 3000, (0, 0)), 12))
    assert all(batch.ids.size <= 3000 for batch in batches)
    assert sum(batch.count for batch in batches) > 0.7 * sum(batch.ids.size for batch in batches)
    for batch in batches:
        for row, asked in zip(batch.ids, batch.asked, strict=True):
            assert row[0] == v.STEP
            assert (row == v.CHANGES).sum() == 1
            assert row[row != v.PAD][-1] == v.END
            # One or two numbers after each `add`, and no others.
            assert set(np.flatnonzero(row == v.ADD) + 1) <= set(np.flatnonzero(asked))
            assert (row[asked] >= v.NUMBER).all()
            assert (row == v.ADD).sum() <= asked.sum() <= 2 * (row == v.ADD).sum()
    for start in (2, 9):
        for batch, other in zip(
            batches[start + 1 :], make_batches(Scenes(folder, 64), 3000, batches[start].place), strict=False
        ):
            same(batch, other)


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_make_the_same_batches_in_the_same_order(folder, workers):
    # To the end of the third pool: processes take turns.
    expected = list(takewhile(lambda batch: batch.place < (3, 1), make_batches(Scenes(folder, 64), 3000, (0, 1))))
    assert len(expected) > 6
    with Loader(Scenes(folder, 64), 3000, (0, 1), workers) as loader:
        for batch, other in zip(islice(loader, len(expected)), expected, strict=True):
            same(batch, other)


def test_a_complaint_of_a_process_reaches_the_trainer(tmp_path):
    generate(Plan("train", 2, ("head_on",), (1,), frames=4, labels="raw"), tmp_path, Processes(1))
    with Loader(Scenes(tmp_path, 64), 2000) as loader, pytest.raises(UserError, match="raw"):
        next(loader)
