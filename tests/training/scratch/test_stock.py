"""Examples made ahead: what was written is what is learnt from, beside fresh ones."""

import pickle

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.training.scratch.contacts.lesson import FreshScenes, train_scratch
from gedanken.training.scratch.contacts.options import ScratchOptions
from gedanken.training.scratch.loader import Example
from gedanken.training.scratch.stock import DRAWN, FIRST_POOL, Mixed, Stock, write_part


class Counted:
    """Three examples a pool, which say the pool's number."""

    def __init__(self, token=None):
        self.token = token

    def make_pool(self, number):
        token = number % 60_000 + 1 if self.token is None else self.token
        return [
            Example(np.full(size, token, np.int32), np.arange(size) >= size - 1 - number % 2) for size in (3, 9, 20)
        ]


def same(one, other):
    np.testing.assert_array_equal(one.ids, other.ids)
    np.testing.assert_array_equal(one.asked, other.asked)
    assert one.ids.dtype == other.ids.dtype
    assert one.asked.dtype == other.asked.dtype


def test_a_stock_holds_what_was_made(tmp_path):
    for part in range(3):
        write_part(Counted(), tmp_path, FIRST_POOL + 4 * part, 4, "counts")
    made = [example for number in range(FIRST_POOL, FIRST_POOL + 12) for example in Counted().make_pool(number)]
    stock = Stock(tmp_path, "counts")
    assert len(stock) == len(made) == 36
    assert stock.tokens == 12 * 32
    for one, other in zip(stock, made, strict=True):
        same(one, other)
    with pytest.raises(IndexError):
        stock[36]


def test_a_part_that_is_there_is_left_as_it_is(tmp_path):
    path = write_part(Counted(), tmp_path, FIRST_POOL, 1, "counts")
    before = path.read_bytes()
    assert write_part(Counted(7), tmp_path, FIRST_POOL, 1, "counts").read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_scenes_are_told_as_they_are_made(tmp_path):
    source = FreshScenes((("head_on", 1), ("dominos", 2)), 64)
    write_part(source, tmp_path, FIRST_POOL, 1, "counts")
    for one, other in zip(Stock(tmp_path, "counts"), source.make_pool(FIRST_POOL), strict=True):
        same(one, other)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.8, 1.0])
def test_the_stock_gives_its_share(share, tmp_path):
    write_part(Counted(50_001), tmp_path, FIRST_POOL, 2, "counts")
    mixed = Mixed(Counted(), "counts", 4, tmp_path, share)
    pool = mixed.make_pool(2)
    old = [example for example in pool if example.ids[0] == 50_001]
    fresh = [example for example in pool if example.ids[0] != 50_001]
    if share == 1.0:
        assert (len(old), fresh) == (4 * DRAWN, [])
    else:
        # The third four pools of the source, all of them.
        assert sorted(int(example.ids[0]) for example in fresh) == sorted(3 * [9, 10, 11, 12])
        assert len(old) == round(12 * share / (1 - share))
    # Another process makes the same, and is not sent the stock.
    sent = pickle.dumps(mixed)
    assert len(sent) < 2000
    for one, other in zip(pickle.loads(sent).make_pool(2), pool, strict=True):
        same(one, other)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no archive"])
def test_what_is_no_stock_is_refused(content, tmp_path):
    if content is not None:
        (tmp_path / "pools-1000000.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"holds no examples made ahead|is no file of examples made ahead"):
        Stock(tmp_path, "counts")


def test_a_stock_in_other_words_is_refused(tmp_path):
    """A law's tokens would pass for contacts: the same numbers, other meanings."""
    write_part(Counted(), tmp_path / "stock", FIRST_POOL, 1, "laws (1)")
    with pytest.raises(UserError, match=r"written in the tokens of laws \(1\), this run in those of laws \(2\)"):
        Stock(tmp_path / "stock", "laws (2)")
    options = ScratchOptions(output_dir=tmp_path / "run", steps=1, size="tiny", stock=tmp_path / "stock")
    with pytest.raises(UserError, match=r"written in the tokens of laws \(1\), this run in those of contacts"):
        train_scratch(options)
    assert not (tmp_path / "run").exists()


def test_tokens_beyond_sixteen_bits_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"up to 65535; these go up to 70000"):
        write_part(Counted(70_000), tmp_path, FIRST_POOL, 1, "counts")
    assert not list(tmp_path.iterdir())
