"""Check a data set: files against the manifest, a sample of scenes against a new simulation, no scene twice."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.data import manifest, provenance
from gedanken.data.dataset import Dataset, Sample, read_columns
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record_fixed


def verify(
    folders: Sequence[Path],
    sample: int = 100,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> dict[str, Any]:
    """Check data sets, each by itself and that no scene is in two of them.

    Args:
        folders: data sets, say a train, a val and a test split.
        sample: how many scenes of each are posed and simulated again and compared to the last digit.
        progress: called with scenes compared, scenes to compare, and a note.

    Returns:
        `ok`, and for every folder its counts and the list of `faults`, a sentence each.

    Raises:
        UserError: a folder is not a data set of this version, or its simulator is another one.
    """
    if sample < 0:
        raise UserError(f"the sample must not be negative, not {sample}")
    seen: dict[bytes, str] = {}
    reports = []
    for folder in folders:
        found = manifest.read(folder)
        faults = [] if found.complete else [f"{len(found.shards)} of {found.total} shards are there"]
        damaged = [fault for receipt in found.receipts() if (fault := manifest.damage(folder, receipt))]
        faults += damaged
        checked = 0
        if not damaged and found.shards:
            faults += _repeats(seen, folder, found)
            if found.made_by == "generate":
                _same_simulator(folder, found)
                checked, wrong = _compare(Dataset(folder), found, sample, progress)
                faults += wrong
        reports.append(
            {
                "folder": str(folder),
                "scenes": found.scenes,
                "shards": len(found.shards),
                "bytes": found.bytes,
                "made_by": found.made_by,
                "simulated_again": checked,
                "faults": faults,
            }
        )
    return {"ok": not any(report["faults"] for report in reports), "data_sets": reports}


def _repeats(seen: dict[bytes, str], folder: Path, found: manifest.Manifest) -> list[str]:
    faults = []
    for receipt in found.receipts():
        table = read_columns(folder / receipt.file, ["hash", "scenario", "level", "split", "index"])
        for content, *key in zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True):
            told = "{} level {} {} {}".format(*key) + f" of {folder}"
            if content is not None and (other := seen.setdefault(bytes.fromhex(content), told)) is not told:
                faults.append(f"{told} is the same scene as {other}")
    return faults


def _same_simulator(folder: Path, found: manifest.Manifest) -> None:
    here = provenance.versions()
    if found.versions.get("pymunk") != here["pymunk"]:
        made = found.versions.get("pymunk")
        raise UserError(f"{folder} was simulated by pymunk {made}, and here is {here['pymunk']}; use --sample 0")


def _compare(
    data: Dataset, found: manifest.Manifest, sample: int, progress: Callable[[int, int, str], None]
) -> tuple[int, list[str]]:
    """Pose and simulate a sample again: how many, and what differs."""
    plan = manifest.plan_of(found)
    count = min(sample, len(data))
    chosen = np.sort(stream("verify", len(data), sample).choice(len(data), count, replace=False)).tolist()
    # Scene numbers, which name the keys, also where shards are missing.
    numbers = [number for shard in sorted(found.shards) for number in plan.numbers(shard)]
    faults: list[str] = []
    for done, index in enumerate(chosen, 1):
        fault = _fault(data[index], plan.key(numbers[index]), plan.frames, asdict(plan)["labels"])
        if fault:
            faults.append(f"scene {numbers[index]}: {fault}")
        progress(done, count, f"{len(faults)} differ" if faults else "")
    return count, faults


def _fault(sample: Sample, key: tuple[str, int, str, int], frames: int, labels: Any) -> str | None:
    scenario, level, split, index = key
    if sample.key != (scenarios.scenario_of(scenario), level, split, index):
        return f"its key is {sample.key}, not {key}"
    scene = scenarios.pose(scenario, level, split=split, index=index)
    if sample.scene != scene:
        return f"posing {key} gives another scene"
    from gedanken.data.schema import digest

    if digest(scene) != sample.hash:
        return f"its hash is {sample.hash}, not {digest(scene)}"
    again = record_fixed(scene, frames, labels)
    if not np.array_equal(again, sample.fixed):
        bad = np.flatnonzero((again != sample.fixed).any((1, 2))) if again.shape == sample.fixed.shape else [0]
        return f"simulating {key} again differs from frame {int(bad[0])} on"
    return None
