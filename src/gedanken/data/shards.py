"""A shard of the rigid data set is a pure function of its plan and its number, down to the last byte.

Local processes, Ray and the tests call the same `make_shard`. No shard knows of another, so that their order, the
number of workers and a death in the middle leave no trace in the files.
"""

import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gedanken.data import schema
from gedanken.errors import UserError
from gedanken.files import write_atomically
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import simulate
from gedanken.worlds.rigid.scene.scene import LEVELS, Scene

SPLITS = ("train", "val", "test")

SHARD_SCENES = 500
"""Scenes of a shard. A task of Ray's costs 0.5 ms on top, which is nothing beside the two seconds of 500 scenes."""

GROUP_SCENES = 50
"""Scenes of a row group: what a reader decodes to look at one scene (about 5 ms). With 25, shards grow by 1.4 %."""

MOST_SCENES = 100_000_000
MOST_FRAMES = 100_000

COMPRESSION_LEVEL = 1
"""Of zstd; level 3 takes 1.5 % more of the whole time and 1.5 % less room, level 9 15 % more and 5 % less."""

CODED = {f"{name}.list.element": "BYTE_STREAM_SPLIT" for name in schema.STATE}
"""Bytes of equal weight lie together; those of the upper three bytes of a residual are mostly equal."""


@dataclass(frozen=True)
class Plan:
    """What a generated data set is to hold.

    Scene number i is instance i // cells of cell i % cells, the cells being all pairs of a scenario and a level. Every
    shard so has nearly the whole mix, and a longer plan begins with the same scenes.

    Attributes:
        split: train, val or test; it is part of every scene's key.
        scenes: how many.
        scenarios: names from the zoo, or paths of files with a `build` function of one's own, without repeats.
        levels: from 1 to 5, without repeats.
        frames: of each scene, after frame 0.
        labels: `pushed` or `raw`; see `gedanken.worlds.rigid.engine.simulate`.
        shard_scenes: scenes of a shard; the last shard may have fewer.
    """

    split: str
    scenes: int
    scenarios: tuple[str, ...]
    levels: tuple[int, ...] = tuple(LEVELS)
    frames: int = simulate.FRAMES
    labels: Literal["pushed", "raw"] = "pushed"
    shard_scenes: int = SHARD_SCENES

    def __post_init__(self) -> None:
        object.__setattr__(self, "scenarios", tuple(self.scenarios))
        object.__setattr__(self, "levels", tuple(self.levels))
        if self.split not in SPLITS:
            raise UserError(f"splits are {', '.join(SPLITS)}, not {self.split!r}")
        for name, value, most in (
            ("scenes", self.scenes, MOST_SCENES),
            ("frames", self.frames, MOST_FRAMES),
            ("scenes of a shard", self.shard_scenes, 100_000),
        ):
            if not (type(value) is int and 1 <= value <= most):
                raise UserError(f"the number of {name} must be from 1 to {most:,}, not {value!r}")
        if self.labels not in ("pushed", "raw"):
            raise UserError(f"labels are pushed or raw, not {self.labels!r}")
        if not self.scenarios or not self.levels:
            raise UserError("a data set needs at least one scenario and one level")
        for level in self.levels:
            if level not in LEVELS:
                raise UserError(f"levels are 1 to {max(LEVELS)}, not {level}")
        called = tuple(map(scenarios.scenario_of, self.scenarios))
        for what, values in (("scenario", called), ("level", self.levels)):
            if len(set(values)) < len(values):
                raise UserError(f"a {what} is named twice in {', '.join(map(str, values))}")
        for name in self.scenarios:
            scenarios.file_of(name)  # raises for what is not in the zoo, with the nearest names
            if self.split == "train" and scenarios.held_out(name):
                raise UserError(f"{name} is held out: no training split contains it (val and test may)")

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return -(-self.scenes // self.shard_scenes)

    def key(self, number: int) -> tuple[str, int, str, int]:
        """Arguments of `scenarios.pose` for scene `number`: scenario, level, split, index."""
        index, cell = divmod(number, len(self.scenarios) * len(self.levels))
        scenario, level = divmod(cell, len(self.levels))
        return (self.scenarios[scenario], self.levels[level], self.split, index)

    def numbers(self, shard: int) -> range:
        """The scenes of a shard."""
        return range(shard * self.shard_scenes, min((shard + 1) * self.shard_scenes, self.scenes))


@dataclass(frozen=True)
class Receipt:
    """What the manifest keeps of a finished shard."""

    file: str
    scenes: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, file: str, scenes: int, content: Any) -> "Receipt":
        """The receipt of a shard's bytes."""
        return cls(file, scenes, len(content), hashlib.sha256(content).hexdigest())

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def shard_name(number: int) -> str:
    """File name of a shard."""
    return f"shard-{number:05d}.parquet"


def make_shard(plan: Plan, number: int) -> tuple[Any, Receipt]:
    """The bytes of a shard, and their receipt.

    Raises:
        UserError: a scenario of the plan repeats itself within the shard, or builds a scene that cannot be simulated.
    """
    numbers = plan.numbers(number)
    groups = [numbers[start : start + GROUP_SCENES] for start in range(0, len(numbers), GROUP_SCENES)]
    content = serialise(generate_rows(plan, group) for group in groups)
    return content, Receipt.of(shard_name(number), len(numbers), content)


def write_shard(plan: Plan, number: int, folder: Path) -> Receipt:
    """Make a shard and put it into a folder, all of it or nothing."""
    content, receipt = make_shard(plan, number)
    write_atomically(folder / receipt.file, content)
    return receipt


def generate_rows(plan: Plan, numbers: Sequence[int]) -> pa.Table:
    """The rows of these scenes, simulated."""
    rows = []
    frames = []
    with _cycles_kept():
        for number in numbers:
            scenario, level, split, index = plan.key(number)
            try:
                scene = scenarios.pose(scenario, level, split=split, index=index)
                frames.append(schema.pack(simulate.record_fixed(scene, plan.frames, plan.labels)))
            except UserError as error:
                raise UserError(f"{scenario} level {level} index {index} of {split}: {error}") from error
            rows.append(make_row(scene, split, index, plan.labels) | {"frames": plan.frames + 1})
        return make_table(rows, frames)


@contextmanager
def _cycles_kept() -> Iterator[None]:
    """Switch off the collector of reference cycles: scenes have none, and its searches take 6 % of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def make_row(scene: Scene, split: str, index: int, labels: str) -> dict[str, Any]:
    """All columns of a simulated scene but its frames."""
    row = schema.describe(scene)
    row["hash"] = schema.digest(scene, row)
    row.update(
        scenario=scene.name,
        category=scene.category,
        level=scene.level,
        split=split,
        index=index,
        description=scene.description,
        open=scene.open,
        conserved=scene.conserved,
        unknown=(),
        labels=labels,
        first_frame=0,
        angle_decimals=4,
    )
    return row


def make_table(rows: Sequence[dict[str, Any]], frames: Sequence[np.ndarray]) -> pa.Table:
    """Rows and their packed frames, each of shape (6, bodies, frames), as a table of the schema."""
    columns = [pa.array([row.get(name) for row in rows], type=schema.SCHEMA.field(name).type) for name in schema.SPEC]
    offsets = np.cumsum([0, *(packed[0].size for packed in frames)]).astype(np.int32)
    for k in range(len(schema.STATE)):
        values = np.concatenate([packed[k].ravel() for packed in frames])
        columns.append(pa.ListArray.from_arrays(pa.array(offsets), pa.array(values), type=schema.FRAMES))
    return pa.Table.from_arrays(columns, schema=schema.SCHEMA)


def serialise(groups: Iterator[pa.Table]) -> Any:
    """A Parquet file of these row groups, in memory: a buffer of bytes."""
    sink = pa.BufferOutputStream()
    plain = [
        path for name in schema.SPEC for path in (name, f"{name}.list.element", f"{name}.list.element.list.element")
    ]
    metadata = {"gedanken": f"rigid {schema.VERSION}"}
    writer = pq.ParquetWriter(
        sink,
        schema.SCHEMA.with_metadata(metadata),
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        use_dictionary=plain,
        column_encoding=CODED,
        write_statistics=False,
    )
    with writer:
        for group in groups:
            writer.write_table(group.replace_schema_metadata(metadata))
    return sink.getvalue()
