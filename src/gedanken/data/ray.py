"""Shards made by the workers of a Ray cluster, which need no common file system.

A task makes a shard in memory (`shards.make_shard`) and hands back its bytes; this process writes them. A node that
dies takes its unfinished tasks and unfetched results along, and Ray makes them again elsewhere: the same bytes.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gedanken import spread
from gedanken.data.provenance import versions
from gedanken.data.shards import Plan, Receipt, make_shard
from gedanken.errors import UserError
from gedanken.files import write_atomically


@dataclass(frozen=True)
class ClusterWorkers:
    """The workers of a cluster."""

    cluster: spread.Cluster

    def __call__(self, plan: Plan, numbers: Sequence[int], folder: Path) -> Generator[tuple[int, Receipt]]:
        """Make the shards; see `generate.Workers`."""
        with spread.connect(self.cluster) as ray:
            yield from _run(ray, plan, numbers, folder)


def _run(ray: Any, plan: Plan, numbers: Sequence[int], folder: Path) -> Generator[tuple[int, Receipt]]:
    here = versions(plan.scenarios)
    # A lost node is no fault of the task's: it may be tried as often as nodes are lost.
    task = ray.remote(num_cpus=1, max_retries=-1)(_task)
    waiting = list(reversed(numbers))
    running: dict[Any, int] = {}
    while waiting or running:
        while waiting and len(running) < spread.AHEAD * spread.processors(ray):
            number = waiting.pop()
            running[task.remote(plan, number, here)] = number
        done, _ = ray.wait(list(running))
        for reference in done:
            number = running.pop(reference)
            try:
                content, receipt = ray.get(reference)
            except ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, UserError):
                    raise error.cause from None
                raise
            write_atomically(folder / receipt.file, content)
            yield number, receipt


def _task(plan: Plan, number: int, wanted: dict[str, str]) -> tuple[bytes, Receipt]:
    if (here := versions(plan.scenarios)) != wanted:
        other = ", ".join(
            f"{name} {here[name]} instead of {wanted[name]}" for name in here if here[name] != wanted[name]
        )
        raise UserError(f"a node of the cluster has other versions than this machine: {other}")
    content, receipt = make_shard(plan, number)
    return bytes(content), receipt
