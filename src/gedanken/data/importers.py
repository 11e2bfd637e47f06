"""Read scenes that other programs recorded into a data set, as far as their files tell.

The JSONL of PhysicsLLMEngine (github.com/AlexWortega/PhysicsLLMEngine): one scene a file, a header and then one record
a frame. It says sizes, masses and materials, and positions before the first step. It does not say the velocities at
that moment, how thick walls are, where joints hold and how long they are, whether a body can rotate, or what the solver
does; all of that is null in the rows, and the column `unknown` names it, unless it is assumed (`foreign.Assumptions`).
Numbers keep all their decimals; a minus zero becomes a zero.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from gedanken.data import manifest, provenance, schema
from gedanken.data.archives import contents
from gedanken.data.manifest import Manifest
from gedanken.data.shards import (
    GROUP_SCENES,
    SHARD_SCENES,
    Receipt,
    make_table,
    serialise,
    shard_name,
)
from gedanken.errors import UserError
from gedanken.files import write_atomically
from gedanken.worlds.rigid import foreign

SPLIT = "imported"

ANGLE_DECIMALS = 6
"""Angles and spins are recorded with six decimals; the `lfm` text rounds them a second time."""

JOINTS = {
    "PinJoint": "pin",
    "PivotJoint": "pivot",
    "SlideJoint": "slide",
    "DampedSpring": "spring",
    "SimpleMotor": "motor",
}
"""Their names of joints, and ours. What decides one beyond its anchors is not told."""

VALUES = {"pin": 1, "pivot": 0, "slide": 2, "spring": 3, "motor": 2}
"""How many numbers decide a joint of each kind."""

SHAPES = {"circle": "circle", "rectangle": "box"}

NEVER_TOLD = (
    "damping",
    "speed_cap",
    "iterations",
    "substeps",
    "body_group",
    "body_rotates",
    "body_kinematic",
    "body_bounds",
    "body_swing",
)
"""Columns for which the files have no place."""


@dataclass(frozen=True)
class Skipped:
    """A file that was left out, and why."""

    file: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """The two as JSON-able data."""
        return {"file": self.file, "reason": self.reason}


def import_jsonl(
    files: Sequence[Path],
    folder: Path,
    resume: bool = False,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
    assumed: foreign.Assumptions | None = None,
    on_skip: Callable[[Skipped], None] | None = None,
) -> Manifest:
    """Write the scenes of JSONL files, one a file, as a data set.

    Args:
        files: recordings (.jsonl), the same packed (.jsonl.gz), archives of them (.tar, .tar.gz, .tgz, .zip), or
            folders of any of these.
        folder: where to.
        resume: go on where an import of the same files stopped.
        progress: called with scenes written, scenes in all, and a note.
        assumed: what to take for granted where the recordings are silent; the scenes can then be simulated.
        on_skip: called for every file that cannot be read; without it the first one is refused.

    Raises:
        UserError: no file can be read, one cannot be and `on_skip` is None (the message names file and line), or the
            folder holds something else.
    """
    # Twice through the sources: what is whole must be known before the first shard is numbered.
    known, good = hashlib.sha256(), []
    first: UserError | None = None
    for name, content in contents(files):
        try:
            if isinstance(content, UserError):
                raise content
            known.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
            read_scene(name, content, assumed)
            good.append(True)
        except UserError as error:
            first = first or error
            good.append(False)
            if on_skip is None:
                raise
            on_skip(Skipped(name, str(error)))
    scenes = sum(good)
    if not scenes:
        raise first or UserError("there is no file to import")
    plan: dict[str, Any] = {"source": "PhysicsLLMEngine JSONL", "files": scenes, "sha256": known.hexdigest()}
    if assumed is not None:
        plan["assumed"] = assumed.told()
    shards = -(-scenes // SHARD_SCENES)
    state = manifest.begin(folder, Manifest("import", plan, provenance.versions(), shards), resume)
    state.write(folder)
    whole = (source for source, fine in zip(contents(files), good, strict=True) if fine)
    for number in range(shards):
        members = itertools.islice(whole, SHARD_SCENES)
        if number in state.shards:
            for _ in members:
                pass
            continue
        count = min(SHARD_SCENES, scenes - number * SHARD_SCENES)
        content = serialise(_tables(members, assumed))
        receipt = Receipt.of(shard_name(number), count, content)
        write_atomically(folder / receipt.file, content)
        state = state.with_shard(number, receipt)
        state.write(folder)
        progress(state.scenes, scenes, "")
    return state


def _tables(
    members: Iterator[tuple[str, bytes | UserError]], assumed: foreign.Assumptions | None
) -> Iterator[pa.Table]:
    while group := list(itertools.islice(members, GROUP_SCENES)):
        read = []
        for name, content in group:
            if isinstance(content, UserError):
                raise content
            read.append(read_scene(name, content, assumed))
        rows, frames = zip(*read, strict=True)
        yield make_table(rows, frames)


def read_scene(
    source: str, content: bytes, assumed: foreign.Assumptions | None = None
) -> tuple[dict[str, Any], np.ndarray]:
    """One recording as a row of the schema and its packed frames, shape (6, bodies, frames).

    Raises:
        UserError: it cannot be read; the message names the line.
    """
    recording = foreign.read(content, source)
    try:
        row = _describe(dict(recording.header))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UserError(f"{source} line 1 is not a scene header: {type(error).__name__} {error}") from error
    fixed = np.rint(recording.states * ([1e4] * 4 + [10.0**ANGLE_DECIMALS] * 2))
    if not (np.abs(fixed) < 2**31).all():
        bad = int(np.argmin((np.abs(fixed) < 2**31).all((1, 2)))) + 2
        raise UserError(f"{source} line {bad} has a number that is not finite or too large")
    fixed = fixed.astype(np.int32)
    row |= {"first_frame": recording.first, "frames": len(fixed), "angle_decimals": ANGLE_DECIMALS, "labels": "raw"}
    if assumed is not None:
        scene = foreign.build(recording, assumed, recording.states, source)
        row |= schema.describe(scene) | {"open": scene.open, "conserved": (), "unknown": []}
    content = orjson.dumps([row, fixed[0].tolist()], default=list)
    row["hash"] = hashlib.blake2b(content, digest_size=16).hexdigest()
    return row, schema.pack(fixed)


def _describe(header: dict[str, Any]) -> dict[str, Any]:
    bodies, statics, joints = header["objects"], header.get("static_geometry", []), header.get("constraints", [])
    if not bodies:
        raise ValueError("it has no objects")
    materials = [body["material"] for body in bodies]
    shapes = [SHAPES[body["type"]] for body in bodies]
    unknown = list(NEVER_TOLD)
    row: dict[str, Any] = {
        "scenario": header.get("scenario_type", ""),
        "category": header.get("scenario_category", ""),
        "level": header.get("difficulty"),
        "split": SPLIT,
        "index": header["seed"],
        "description": header["description"],
        "gravity": [float(header["gravity"][axis]) for axis in "xy"],
        "body_shape": shapes,
        "body_radius": [body.get("radius") for body in bodies],
        "body_width": [body.get("width") for body in bodies],
        "body_height": [body.get("height") for body in bodies],
        "body_vertices": [None] * len(bodies),
        "body_start": [_point(body["position"]) for body in bodies],
        "static_kind": ["segment" if static["type"] == "segment" else "peg" for static in statics],
        "static_points": [
            _point(static["p1"]) + _point(static["p2"]) if static["type"] == "segment" else _point(static["center"])
            for static in statics
        ],
        "static_radius": [static.get("radius") for static in statics],
        "static_belt": [None] * len(statics),
        "joint_kind": [JOINTS[joint["type"]] for joint in joints],
        "joint_a": [_end(joint["body_a"]) for joint in joints],
        "joint_b": [_end(joint["body_b"]) for joint in joints],
        # An anchor on the static body is told relative to that body, whose place is not told.
        "joint_anchor_a": [None if joint["body_a"] == "static" else joint.get("anchor_a") for joint in joints],
        "joint_anchor_b": [None if joint["body_b"] == "static" else joint.get("anchor_b") for joint in joints],
        "joint_collide": [None] * len(joints),
        "joint_values": [[None] * VALUES[JOINTS[joint["type"]]] for joint in joints],
    }
    for name in ("mass", "friction", "elasticity"):
        row[f"body_{name}"] = [float(material[name]) for material in materials]
        if name != "mass":
            row[f"static_{name}"] = [static.get(name) for static in statics]
    sizes = {"circle": ("body_radius",), "box": ("body_width", "body_height")}
    for name in ("body_radius", "body_width", "body_height"):
        needed = [name in sizes[shape] for shape in shapes]
        if any(need and size is None for need, size in zip(needed, row[name], strict=True)):
            unknown.append(name)
    unknown += [name for name in row if name.startswith("static_") and None in row[name]]
    unknown += [name for name in ("joint_anchor_a", "joint_anchor_b", "joint_collide") if None in row[name]]
    if any(None in values for values in row["joint_values"]):
        unknown.append("joint_values")
    row["unknown"] = unknown
    return row


def _point(place: dict[str, float]) -> list[float]:
    return [float(place["x"]), float(place["y"])]


def _end(body: int | str) -> int:
    return -1 if body == "static" else int(body)
