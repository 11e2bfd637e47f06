from dataclasses import dataclass

import pytest

from gedanken.bench.runner import PATIENCE, collect
from gedanken.errors import PlayerError, UserError


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


def fail_on_odd(number: int) -> Square:
    if number % 2:
        raise PlayerError(f"no answer to {number}")
    return square(number)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_whose_player_failed_has_no_row_and_is_asked_again(tmp_path, workers):
    path, failures = tmp_path / "rows.jsonl", {}
    rows = run([1, 2, 3, 4], path, work=fail_on_odd, on_failure=failures.__setitem__, workers=workers)
    assert rows == [Square(2, 4), Square(4, 16)]
    assert failures == {1: "no answer to 1", 3: "no answer to 3"}
    assert run([1, 2, 3, 4], path) == [Square(1, 1), Square(2, 4), Square(3, 9), Square(4, 16)]


def test_without_anyone_to_tell_the_first_failure_ends_the_run():
    with pytest.raises(PlayerError, match="no answer to 1"):
        run([2, 1, 4], work=fail_on_odd)


def test_a_player_that_fails_again_and_again_is_given_up_and_the_others_play_on():
    odd = [2 * number + 1 for number in range(PATIENCE + 3)]
    asked, failures = [], {}

    def work(number):
        asked.append(number)
        return fail_on_odd(number)

    jobs = [*odd, 2, 4]
    rows = run(jobs, work=work, on_failure=failures.__setitem__, player=lambda number: "odd" if number % 2 else "even")
    assert [row.number for row in rows] == [2, 4]
    assert asked == [*odd[:PATIENCE], 2, 4]
    assert list(failures) == odd
    assert failures[odd[-1]] == f"not asked after {PATIENCE} failures in a row"
    asked.clear()  # a success in between begins the count anew
    mixed = [*odd[: PATIENCE - 1], 2, *odd[PATIENCE - 1 :][: PATIENCE - 1]]
    run(mixed, work=work, on_failure=failures.__setitem__)
    assert asked == mixed
