"""Read a rigid data set: any scene at once, without reading the rest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gedanken.data import manifest, schema
from gedanken.data.places import is_remote, place
from gedanken.errors import UserError
from gedanken.worlds.rigid.engine.simulate import Recording
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene

GROUPS_KEPT = 4
"""Decoded row groups that stay in memory (each about 25 MB): a walk in order decodes each once."""


@dataclass(frozen=True)
class Sample:
    """One scene of a data set with its frames.

    Attributes:
        row: the columns of `gedanken.data.schema` but the frames, as Python values.
        fixed: the frames in units of the last printed digit, shape (frames, bodies, 6), int32.
    """

    row: dict[str, Any] = field(repr=False)
    fixed: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Sample":
        """A row with all its columns, as `datasets` or `pyarrow` hand it out."""
        columns = [np.asarray(row[name], np.int32).reshape(-1, row["frames"]) for name in schema.STATE]
        return cls({name: row.get(name) for name in schema.SPEC}, schema.unpack(np.stack(columns)))

    @property
    def key(self) -> tuple[str, int | None, str, int]:
        """Scenario, level, split and index; `scenarios.pose` of these is the same scene."""
        return (self.row["scenario"], self.row["level"], self.row["split"], self.row["index"])

    @property
    def hash(self) -> str:
        """Hash of all that decides what happens in the scene."""
        return str(self.row["hash"])

    @property
    def first(self) -> int:
        """Number of the first frame: 0, or 1 where a foreign source does not tell the start."""
        return int(self.row["first_frame"])

    @property
    def unknown(self) -> tuple[str, ...]:
        """Columns that the source of the scene does not tell; empty for all that gedanken generates."""
        return tuple(self.row["unknown"])

    @cached_property
    def states(self) -> Array:
        """x, y, vx, vy, angle, spin of every frame, shape (frames, bodies, 6), exactly as printed."""
        digits = self.row["angle_decimals"]
        states: Array = self.fixed / np.array([1e4] * 4 + [10.0**digits] * 2)
        return states

    @cached_property
    def scene(self) -> Scene:
        """The scene, ready to be simulated.

        Raises:
            UserError: the source does not tell all of it.
        """
        return schema.compose(self.row, self.states[0])

    @property
    def recording(self) -> Recording:
        """Scene and frames together.

        Raises:
            UserError: the source does not tell all of the scene.
        """
        return Recording(self.scene, self.states, self.row["labels"])


class Dataset(Sequence[Sample]):
    """The scenes of a data set's folder, in the order of their numbers.

    Args:
        folder: a folder with a manifest and shards; also `s3://...` and the like, see `gedanken.data.places`.

    Raises:
        UserError: it is not a data set, a shard is missing, or it was written by an incompatible version.
    """

    def __init__(self, folder: str | Path):
        self.folder = place(folder)
        self.manifest = manifest.read(self.folder)
        if not self.manifest.shards:
            raise UserError(f"{folder} has no finished shard yet")
        self._groups: list[tuple[str, int]] = []
        counts = []
        for receipt in self.manifest.receipts():
            rows = _row_groups(self.folder / receipt.file)
            if sum(rows) != receipt.scenes:
                raise UserError(f"{self.folder / receipt.file} has {sum(rows)} scenes, the manifest {receipt.scenes}")
            self._groups += [(receipt.file, number) for number in range(len(rows))]
            counts += rows
        self._ends = np.cumsum(counts)
        self._group = lru_cache(GROUPS_KEPT)(self._read_group)

    def __len__(self) -> int:
        return int(self._ends[-1])

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(f"scene {index} of {len(self)}")
        group = int(np.searchsorted(self._ends, number, side="right"))
        table = self._group(group)
        return _sample(table, number - int(self._ends[group]) + table.num_rows)

    def __iter__(self) -> Iterator[Sample]:
        for group in range(len(self._groups)):
            table = self._group(group)
            for row in range(table.num_rows):
                yield _sample(table, row)

    def _read_group(self, number: int) -> pa.Table:
        file, group = self._groups[number]
        return _guarded(self.folder / file, lambda parquet: parquet.read_row_group(group).combine_chunks())


def read_columns(path: Path, names: Sequence[str]) -> pa.Table:
    """Some columns of a shard.

    Raises:
        UserError: the file cannot be read.
    """
    return _guarded(path, lambda parquet: parquet.read(columns=list(names)))


def _row_groups(path: Path) -> list[int]:
    """Rows of each group, once the file proves to have the columns of this version."""

    def count(parquet: pq.ParquetFile) -> list[int]:
        written = (parquet.schema_arrow.metadata or {}).get(b"gedanken", b"nothing").decode()
        version = next((version for version in schema.READABLE if written == f"rigid {version}"), None)
        if version is None:
            raise UserError(f"{path} was written as {written!r}; this gedanken reads 'rigid {schema.VERSION}'")
        if not parquet.schema_arrow.equals(schema.SCHEMAS[version]):
            raise UserError(f"{path} does not have the columns of schema version {version}")
        return [parquet.metadata.row_group(number).num_rows for number in range(parquet.num_row_groups)]

    rows: list[int] = _guarded(path, count)
    return rows


def _guarded(path: Path, read: Any) -> Any:
    try:
        if not is_remote(path):
            with pq.ParquetFile(path) as parquet:
                return read(parquet)
        with path.open("rb") as file, pq.ParquetFile(file) as parquet:
            return read(parquet)
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} is not a readable shard (truncated?): {str(error).splitlines()[0]}") from error


def _sample(table: pa.Table, number: int) -> Sample:
    row = {name: table.column(name)[number].as_py() for name in schema.SPEC if name in table.column_names}
    return Sample.of(row | {name: table.column(name)[number].values.to_numpy() for name in schema.STATE})
