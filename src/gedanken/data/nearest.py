"""How near the scenes of one data set are to those of another: near-duplicates between a test and a training split.

Two scenes are compared if they are of one scenario and have bodies of the same shapes, in order. Their distance is the
root mean square, over bodies and over frames, of how far apart the bodies are (px).
"""

from collections import defaultdict
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from gedanken.data.dataset import Dataset, Sample
from gedanken.errors import UserError

FRAMES = 11
"""Frames of a recording that are compared, evenly spread from the first to the last."""

LARGEST_GROUP = 20_000
"""Scenes of one kind that are compared with all others; of more, the first so many."""

_Kind = tuple[str, tuple[str, ...]]


def measure(test: Any, train: Any) -> dict[str, Any]:
    """For each scenario, how far the scenes of `test` are from the nearest one of `train`.

    Returns:
        By scenario: how many scenes have one to compare with, and the least, fifth percentile and median distance,
        at the start and over the whole recording, in px; and the nearest pair.

    Raises:
        UserError: one of them is no data set, or no two scenes can be compared.
    """
    ours, theirs = (_groups(Dataset(folder)) for folder in (test, train))
    found: dict[str, list[tuple[float, float, str, str]]] = defaultdict(list)
    for kind, (keys, paths) in ours.items():
        if kind not in theirs:
            continue
        others, their_paths = theirs[kind]
        bodies = len(kind[1])
        whole = cdist(paths, their_paths) / np.sqrt(FRAMES * bodies)
        start = cdist(paths[:, : 2 * bodies], their_paths[:, : 2 * bodies]) / np.sqrt(bodies)
        found[kind[0]] += [
            (float(start[k].min()), float(whole[k, other]), keys[k], others[other])
            for k, other in enumerate(whole.argmin(1).tolist())
        ]
    if not found:
        raise UserError("no two scenes can be compared: the data sets have no scenario and bodies in common")
    return {name: _summary(rows) for name, rows in sorted(found.items())}


def _summary(rows: list[tuple[float, float, str, str]]) -> dict[str, Any]:
    starts, wholes = (np.array([row[k] for row in rows]) for k in (0, 1))
    _, least, ours, theirs = min(rows, key=lambda row: row[1])

    def spread(values: Any) -> dict[str, float]:
        low, middle = np.percentile(values, (5, 50))
        return {"least": float(values.min()), "p5": float(low), "median": float(middle)}

    return {
        "scenes": len(rows),
        "start": spread(starts),
        "recording": spread(wholes),
        "nearest": {"distance": least, "test": ours, "train": theirs},
    }


def _groups(data: Dataset) -> dict[_Kind, tuple[list[str], Any]]:
    """By scenario and shapes: the scenes, and their paths, shape (scenes, frames * bodies * 2)."""
    keys: dict[_Kind, list[str]] = defaultdict(list)
    paths: dict[_Kind, list[Any]] = defaultdict(list)
    for sample in data:
        kind = (str(sample.row["scenario"]), tuple(sample.row["body_shape"]))
        if len(keys[kind]) < LARGEST_GROUP:
            keys[kind].append("{} level {} {} {}".format(*sample.key))
            paths[kind].append(_path(sample))
    return {kind: (keys[kind], np.array(paths[kind])) for kind in keys}


def _path(sample: Sample) -> Any:
    chosen = np.linspace(0, len(sample.states) - 1, FRAMES).round().astype(int)
    return np.clip(sample.states[chosen, :, :2], -1e5, 1e5).ravel()
