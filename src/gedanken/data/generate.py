"""Generate a rigid data set: hand out the shards of a plan, and keep the manifest."""

import shutil
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from gedanken.data import manifest, provenance
from gedanken.data.manifest import Manifest
from gedanken.data.places import is_remote
from gedanken.data.shards import Plan, Receipt, generate_rows, serialise
from gedanken.errors import UserError
from gedanken.worlds.rigid import scenarios as zoo

Progress = Callable[[int, int, str], None]


class Workers(Protocol):
    """Makes shards: yields (number, receipt) of each, in any order, once its file is in the folder."""

    def __call__(self, plan: Plan, numbers: Sequence[int], folder: Path) -> Generator[tuple[int, Receipt]]:
        """Make these shards of the plan."""


def make_plan(
    split: str,
    scenes: int,
    scenarios: Sequence[str] = (),
    levels: Sequence[int] = (),
    **rest: object,
) -> Plan:
    """A plan, with scenarios also by category, `seen` (not held out), `heldout` or `all`.

    Without scenarios, a test split has all of them; train and val have those that are not held out.

    Raises:
        UserError: what is asked for does not exist or is not allowed.
    """
    every = zoo.names()
    seen = [name for name in every if not zoo.held_out(name)]
    groups = {"all": every, "seen": seen, "heldout": [name for name in every if zoo.held_out(name)]}
    chosen: list[str] = []
    for name in scenarios or (["all"] if split == "test" else ["seen"]):
        if name in groups:
            chosen += groups[name]
        elif name not in every and (members := [entry for entry in every if zoo.category(entry) == name]):
            # A category of a training split means what of it may be trained on.
            chosen += [entry for entry in members if split != "train" or entry in seen]
        else:
            chosen.append(name)
    named = {"levels": tuple(levels)} if levels else {}
    return Plan(split, scenes, tuple(dict.fromkeys(chosen)), **named, **rest)  # type: ignore[arg-type]


def generate(
    plan: Plan,
    folder: Path,
    workers: Workers,
    resume: bool = False,
    progress: Progress = lambda done, total, note: None,
) -> Manifest:
    """Make every shard of a plan that is not there yet.

    Args:
        plan: what to make.
        folder: where to; see `manifest.begin`.
        workers: `local.Processes(n)` or `ray.ClusterWorkers(cluster)`.
        resume: go on where a run of the same plan stopped.
        progress: called with scenes done, scenes in all, and a note.

    Returns:
        The complete manifest.

    Raises:
        UserError: the folder holds something else, the disk is full, or a scenario repeats itself. Shards that are
            finished stay, and a later call with `resume` goes on.
    """
    fresh = Manifest("generate", _plain(plan), provenance.versions(plan.scenarios), plan.shards)
    state = manifest.begin(folder, fresh, resume)
    state.write(folder)
    seen: dict[bytes, str] = {}
    for receipt in state.receipts():
        _refuse_repeats(seen, folder, receipt)
    missing = [number for number in range(plan.shards) if number not in state.shards]
    progress(state.scenes, plan.scenes, "")
    with closing(workers(plan, missing, folder)) as finished:
        for number, receipt in finished:
            _refuse_repeats(seen, folder, receipt)
            state = state.with_shard(number, receipt)
            state.write(folder)
            progress(state.scenes, plan.scenes, f"{state.bytes / state.scenes / 1000:.1f} KB a scene")
    return state


@dataclass(frozen=True)
class Estimate:
    """What a plan will take, from a few of its scenes.

    Attributes:
        bytes: size of all its shards.
        seconds: time of one process for all of it.
        free: bytes that are free where the shards go; None where that cannot be told.
    """

    bytes: int
    seconds: float
    free: int | None


SAMPLE = 60
"""Scenes that an estimate makes."""


def estimate(plan: Plan, folder: Any) -> Estimate:
    """Make a few scenes, spread over the plan, and tell what all of it will take.

    Raises:
        UserError: a scenario of the plan builds a scene that cannot be simulated.
    """
    chosen = sorted({round(k * (plan.scenes - 1) / (SAMPLE - 1)) for k in range(SAMPLE)})
    # The first scene compiles; it is not counted.
    generate_rows(plan, chosen[:1])
    start = time.perf_counter()
    size = len(serialise(iter([generate_rows(plan, chosen)])))
    share = plan.scenes / len(chosen)
    free = None
    if not is_remote(folder):
        there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        free = shutil.disk_usage(there).free
    return Estimate(round(size * share), (time.perf_counter() - start) * share, free)


def _plain(plan: Plan) -> dict[str, object]:
    """The plan as JSON gives it back."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(plan).items()}


def _refuse_repeats(seen: dict[bytes, str], folder: Path, receipt: Receipt) -> None:
    """Remember the scenes of a shard by their hash; no scene may be there twice."""
    from gedanken.data.dataset import read_columns

    table = read_columns(folder / receipt.file, ["hash", "scenario", "level", "index"])
    for content, *key in zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True):
        told = "{} level {} index {}".format(*key)
        if (other := seen.setdefault(bytes.fromhex(content), told)) != told:
            raise UserError(f"{told} is the same scene as {other}: the scenario has too little freedom")
