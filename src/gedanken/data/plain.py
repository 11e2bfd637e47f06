"""A data set as plain tables, for DuckDB, pandas, Polars, R: a row a body and frame, numbers as they are printed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gedanken.data.dataset import Dataset, Sample
from gedanken.errors import UserError
from gedanken.files import staged_folder

_number, _text, _real = pa.int32(), pa.string(), pa.float64()


def _schema(**kinds: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind) for name, kind in kinds.items()])


STATE = ("x", "y", "vx", "vy", "angle", "spin")

FRAMES = _schema(scene=_number, frame=_number, body=_number, **dict.fromkeys(STATE, _real))

KEY = {"scenario": _text, "category": _text, "level": pa.int8(), "split": _text, "index": pa.int64()}

SCENES = _schema(
    scene=_number,
    **KEY,
    description=_text,
    bodies=_number,
    frames=_number,
    gravity_x=_real,
    gravity_y=_real,
    damping=_real,
    dt=_real,
)

SIZES = ("radius", "width", "height", "mass", "friction", "elasticity")

BODIES = _schema(scene=_number, body=_number, shape=_text, **dict.fromkeys(SIZES, _real), kinematic=pa.bool_())

TABLES = {"scenes": SCENES, "bodies": BODIES, "frames": FRAMES}

MOST_ROWS = 2_000_000
"""Rows of frames that are gathered before they are written."""


def write(
    data: Dataset, folder: Path, progress: Callable[[int, int, str], None] = lambda done, total, note: None
) -> dict[str, int]:
    """Write `scenes.parquet`, `bodies.parquet` and `frames.parquet` into a folder; rows of each.

    Raises:
        UserError: the folder holds something already, or cannot be written to.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; give another --out")
    rows = dict.fromkeys(TABLES, 0)
    with staged_folder(folder) as staged:
        writers = {
            name: pq.ParquetWriter(staged / f"{name}.parquet", schema, compression="zstd")
            for name, schema in TABLES.items()
        }
        try:
            waiting: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
            held = 0
            for number, sample in enumerate(data):
                for name, table in _tables(number, sample).items():
                    waiting[name].append(table)
                    rows[name] += table.num_rows
                held += waiting["frames"][-1].num_rows
                if held > MOST_ROWS or number + 1 == len(data):
                    for name, tables in waiting.items():
                        writers[name].write_table(pa.concat_tables(tables))
                    waiting, held = {name: [] for name in TABLES}, 0
                progress(number + 1, len(data), "")
        finally:
            for writer in writers.values():
                writer.close()
    return rows


def _tables(number: int, sample: Sample) -> dict[str, pa.Table]:
    row, states = sample.row, sample.states
    frames, bodies, _ = states.shape
    grid = np.indices((frames, bodies))
    columns: list[Any] = [
        np.full(frames * bodies, number),
        grid[0].ravel() + sample.first,
        grid[1].ravel(),
        *states.reshape(-1, 6).T,
    ]
    scene = {
        "scene": number,
        **{name: row[name] for name in (*KEY, "description", "damping")},
        "bodies": bodies,
        "frames": frames,
        "gravity_x": row["gravity"][0],
        "gravity_y": row["gravity"][1],
        "dt": row["dt"] or 1 / 60,
    }
    parts = {"scene": [number] * bodies, "body": list(range(bodies))} | {
        name: row[f"body_{name}"] or [None] * bodies for name in ("shape", *SIZES, "kinematic")
    }
    return {
        "scenes": pa.Table.from_pylist([scene], SCENES),
        "bodies": pa.table([pa.array(parts[f.name], f.type) for f in BODIES], schema=BODIES),
        "frames": pa.table([pa.array(c, f.type) for c, f in zip(columns, FRAMES, strict=True)], schema=FRAMES),
    }
