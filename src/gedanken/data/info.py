"""What is in a data set: counts, sizes, bytes, and the tokens of its text."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from gedanken.data.dataset import Dataset, read_columns
from gedanken.data.training import Writer, estimate_tokens
from gedanken.errors import UserError
from gedanken.seeding import stream

SAMPLE = 40
"""Scenes whose text is counted."""

COLUMNS = ["scenario", "level", "frames", "body_shape"]


def describe(
    folder: Any, format: str = "v1", context: int = 10, tokens: Callable[[str], int] = estimate_tokens
) -> dict[str, Any]:
    """Scenes, bodies, frames, bytes and tokens of a data set.

    Args:
        folder: the data set.
        format: of the text that is counted.
        context: frames of a prompt.
        tokens: counts the tokens of a text.

    Raises:
        UserError: it is no data set, or has no shard yet.
    """
    data = Dataset(folder)
    found = data.manifest
    tables = [read_columns(data.folder / receipt.file, COLUMNS) for receipt in found.receipts()]

    def column(name: str) -> list[Any]:
        return [value for table in tables for value in table.column(name).to_pylist()]

    frames, bodies = column("frames"), [len(shapes) for shapes in column("body_shape")]
    told = {
        "folder": str(data.folder),
        "made_by": found.made_by,
        "complete": found.complete,
        "split": found.plan.get("split", "imported"),
        "scenes": found.scenes,
        "shards": len(found.shards),
        "bytes": found.bytes,
        "bytes_a_scene": round(found.bytes / found.scenes),
        "frames": sum(frames),
        "bodies": {"least": min(bodies), "mean": float(np.mean(bodies)), "most": max(bodies)},
        "levels": _counts(column("level")),
        "scenarios": _counts(column("scenario")),
        "versions": {name: found.versions[name] for name in ("gedanken", "pymunk") if name in found.versions},
    }
    if "assumed" in found.plan:
        told["assumed"] = found.plan["assumed"]
    return {**told, "text": _measure(data, format, context, tokens)}


def _counts(values: list[Any]) -> dict[str, int]:
    return {str(value): count for value, count in sorted(Counter(values).items(), key=lambda pair: str(pair[0]))}


def _measure(data: Dataset, format: str, context: int, tokens: Callable[[str], int]) -> dict[str, Any]:
    """Characters and tokens of prompts with their answers, from a sample; why not, where the format needs more."""
    writer = Writer(format, context)
    count = min(SAMPLE, len(data))
    chosen = np.sort(stream("info", len(data)).choice(len(data), count, replace=False)).tolist()
    sizes = []
    try:
        for number in chosen:
            sizes += [(len(p + c), tokens(p) + tokens(c)) for _, p, c in writer.pairs(data[number])]
    except UserError as error:
        return {"format": format, "context": context, "reason": str(error)}
    characters, counted = np.array(sizes).T
    return {
        "format": format,
        "context": context,
        "examples": len(sizes),
        "characters": float(characters.mean()),
        "tokens": float(counted.mean()),
        "tokens_p95": float(np.percentile(counted, 95)),
        "more_than_8192": float((counted > 8192).mean()),
        "estimated": tokens is estimate_tokens,
    }
