"""Work spread over processes of this machine or over a Ray cluster; results come in the order of the jobs."""

import multiprocessing
import socket
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from gedanken.errors import UserError

Job = TypeVar("Job")
Result = TypeVar("Result")

AHEAD = 2
"""Jobs in flight a processor: enough to keep it busy, few enough that results do not pile up."""


@dataclass(frozen=True)
class Cluster:
    """The Ray cluster at `address` (`auto`, `host:port`, `ray://...`), or one started on this machine when None."""

    address: str | None = None


Crew = int | Cluster
"""Who works: so many processes of this machine, or a cluster."""


def spread(work: Callable[[Job], Result], jobs: Iterable[Job], crew: Crew) -> Generator[Result, None, None]:
    """The result of every job, in order. Jobs are taken as workers become free, so they may be many.

    Args:
        work: a function of a module, since workers are other processes; it raises for the whole run.
        jobs: what can be pickled.
        crew: with one process, the work is done in this one.

    Raises:
        UserError: there is no cluster at the address, or Ray is not installed.
    """
    if crew == 1:
        yield from map(work, jobs)
    elif isinstance(crew, Cluster):
        yield from _spread_ray(work, jobs, crew)
    else:
        yield from _spread_processes(work, jobs, crew)


def _spread_processes(work: Callable[[Job], Result], jobs: Iterable[Job], count: int) -> Generator[Result, None, None]:
    # Spawned, not forked: the compiled code's threads do not survive a fork.
    pool = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield from _in_order(lambda job: pool.submit(work, job), lambda future: future.result(), jobs, AHEAD * count)
    finally:
        # Also where the caller stops before the end: then what waits is dropped.
        pool.shutdown(cancel_futures=True)


def _spread_ray(work: Callable[[Job], Result], jobs: Iterable[Job], cluster: Cluster) -> Generator[Result, None, None]:
    with connect(cluster) as ray:

        def do(job: Job) -> Result:
            return work(job)

        # A lost node is no fault of the task's: it may be tried as often as nodes are lost.
        task = ray.remote(num_cpus=1, max_retries=-1)(do)

        def fetch(reference: Any) -> Any:
            try:
                return ray.get(reference)
            except ray.exceptions.RayTaskError as error:
                # What the work itself raised.
                raise error.cause from None

        yield from _in_order(task.remote, fetch, jobs, AHEAD * processors(ray))


def _in_order(
    begin: Callable[[Job], Any], fetch: Callable[[Any], Result], jobs: Iterable[Job], ahead: int
) -> Iterator[Result]:
    waiting, running = iter(jobs), deque[Any]()
    while True:
        running.extend(begin(job) for job in islice(waiting, ahead - len(running)))
        if not running:
            return
        yield fetch(running.popleft())


def processors(ray: Any) -> int:
    """How many the cluster has now."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


@contextmanager
def connect(cluster: Cluster) -> Iterator[Any]:
    """Ray, connected to a cluster; afterwards it is as it was before.

    Raises:
        UserError: Ray is not installed, or nobody answers at the address.
    """
    try:
        import ray
    except ImportError:
        raise UserError("Ray is not installed; pip install 'gedanken[ray]'") from None
    ours = not ray.is_initialized()
    if ours:
        try:
            _knock(cluster.address)
            ray.init(cluster.address, log_to_driver=False, logging_level="error", include_dashboard=False)
        except (OSError, ValueError, RuntimeError) as error:
            where = cluster.address or "this machine"
            raise UserError(f"there is no Ray cluster at {where}: {str(error).splitlines()[0]}") from error
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def _knock(address: str | None) -> None:
    """Raise `OSError` at once where nobody listens; Ray itself would try for five minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()
