from dataclasses import dataclass

import pytest

from gedanken.bench.runner import collect
from gedanken.errors import UserError


@dataclass(frozen=True)
class Square:
    number: int
    square: int


def square(number: int) -> Square:
    return Square(number, number**2)


def run(numbers, path=None, settings=None, work=square, **options):
    return collect(
        {number: number for number in numbers},
        work,
        form=Square,
        key=lambda row: row.number,
        settings=settings or {"version": 1, "columns": ("a", "b")},
        path=path,
        **options,
    )


def test_rows_come_in_the_order_of_their_jobs_and_progress_counts_them():
    seen = []
    rows = run([3, 1, 2], progress=lambda *call: seen.append(call), note=lambda row: f"square {row.square}")
    assert rows == [Square(3, 9), Square(1, 1), Square(2, 4)]
    assert seen == [(1, 3, "square 9"), (2, 3, "square 1"), (3, 3, "square 4")]


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "deep" / "rows.jsonl"

    def interrupted(number):
        if number == 4:
            raise KeyboardInterrupt
        return square(number)

    with pytest.raises(KeyboardInterrupt):
        run([2, 3, 4], path, work=interrupted)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])  # the kill came in the middle of the second row
    measured, seen = [], []

    def work(number):
        measured.append(number)
        return square(number)

    assert run([5, 2, 3], path, work=work, progress=lambda *call: seen.append(call[:2])) == [
        Square(5, 25), Square(2, 4), Square(3, 9),
    ]  # fmt: skip
    assert measured == [5, 3]
    assert seen == [(2, 3), (3, 3)]
    assert run([2, 3, 5], path, work=work) == [Square(2, 4), Square(3, 9), Square(5, 25)]
    assert measured == [5, 3]
    assert len(path.read_bytes().splitlines()) == 4
    seen.clear()  # rows of other jobs stay in the file and do not count
    run([3, 6], path, progress=lambda *call: seen.append(call[:2]))
    assert seen == [(2, 2)]


def test_rows_of_other_settings_are_refused_and_kept(tmp_path):
    path = tmp_path / "rows.jsonl"
    run([2], path)
    before = path.read_bytes()
    with pytest.raises(UserError, match="another run"):
        run([2], path, settings={"version": 2})
    assert path.read_bytes() == before


def test_several_processes_give_the_same_rows():
    assert run([3, 1, 2], workers=2) == run([3, 1, 2])
