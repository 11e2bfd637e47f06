"""Work spread over processes and over a Ray cluster."""

import os

import pytest

from gedanken.errors import UserError
from gedanken.spread import AHEAD, Cluster, spread


def square(x):
    if x < 0:
        raise UserError(f"{x} is below 0")
    return x * x, os.getpid()


def values(results):
    return [value for value, _ in results]


@pytest.mark.parametrize("crew", [1, 2])
def test_results_come_in_the_order_of_the_jobs(crew):
    results = list(spread(square, iter(range(30)), crew))
    assert values(results) == [x * x for x in range(30)]
    workers = {worker for _, worker in results}
    assert (workers == {os.getpid()}) if crew == 1 else (os.getpid() not in workers)


def test_jobs_are_taken_as_workers_become_free():
    taken = []

    def jobs():
        for x in range(1000):
            taken.append(x)
            yield x

    results = spread(square, jobs(), 2)
    for _ in range(5):
        next(results)
    results.close()
    assert len(taken) <= 5 + 2 * AHEAD


@pytest.mark.parametrize("crew", [1, 2])
def test_what_the_work_raises_is_raised(crew):
    with pytest.raises(UserError, match="-1 is below 0"):
        list(spread(square, [1, -1, 2], crew))


def test_an_address_where_no_cluster_is():
    pytest.importorskip("ray")
    with pytest.raises(UserError, match="there is no Ray cluster at 127"):
        list(spread(square, [1], Cluster("127.0.0.1:1")))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_gives_the_same_and_is_left_as_it_was():
    ray = pytest.importorskip("ray")
    assert values(spread(square, range(20), Cluster())) == [x * x for x in range(20)]
    assert not ray.is_initialized()
    with pytest.raises(UserError, match="-1 is below 0"):
        list(spread(square, [-1], Cluster()))
