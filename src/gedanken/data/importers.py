"""Read scenes that other programs recorded, as far as their files tell.

The JSONL of PhysicsLLMEngine (github.com/AlexWortega/PhysicsLLMEngine): one scene a file, a header and then one record
a frame. It says sizes, masses and materials, and positions before the first step. It does not say the velocities at
that moment, how thick walls are, where joints hold and how long they are, whether a body can rotate, or what the solver
does; all of that is null in the rows, and the column `unknown` names it. Numbers keep all their decimals; a minus zero
becomes a zero.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from gedanken.data import manifest, provenance, schema
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

SPLIT = "imported"

ANGLE_DECIMALS = 6
"""Angles and spins are recorded with six decimals; the `lfm` text rounds them a second time."""

JOINTS = {"PinJoint": "pin", "PivotJoint": "pivot"}

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


def import_jsonl(
    files: Sequence[Path],
    folder: Path,
    resume: bool = False,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> Manifest:
    """Write the scenes of JSONL files, one a file, as a data set.

    Raises:
        UserError: a file cannot be read or is not such a recording (the message names file and line), or the folder
            holds something else.
    """
    if not files:
        raise UserError("there is no file to import")
    known = hashlib.sha256()
    for path in files:
        known.update(path.name.encode() + b"\0" + hashlib.sha256(_read(path)).digest())
    shards = [files[start : start + SHARD_SCENES] for start in range(0, len(files), SHARD_SCENES)]
    plan = {"source": "PhysicsLLMEngine JSONL", "files": len(files), "sha256": known.hexdigest()}
    state = manifest.begin(folder, Manifest("import", plan, provenance.versions(), len(shards)), resume)
    state.write(folder)
    for number, members in enumerate(shards):
        if number in state.shards:
            continue
        content = serialise(_tables(members))
        receipt = Receipt.of(shard_name(number), len(members), content)
        write_atomically(folder / receipt.file, content)
        state = state.with_shard(number, receipt)
        state.write(folder)
        progress(state.scenes, len(files), "")
    return state


def _tables(files: Sequence[Path]) -> Iterator[pa.Table]:
    for start in range(0, len(files), GROUP_SCENES):
        rows, frames = zip(*[read_scene(path) for path in files[start : start + GROUP_SCENES]], strict=True)
        yield make_table(rows, frames)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def read_scene(path: Path) -> tuple[dict[str, Any], np.ndarray]:
    """One file as a row of the schema and its packed frames, shape (6, bodies, frames).

    Raises:
        UserError: it cannot be read; the message names the line.
    """
    lines = _read(path).splitlines()
    records = []
    for number, line in enumerate(lines, 1):
        try:
            records.append(orjson.loads(line))
        except ValueError:
            raise UserError(f"{path} line {number} is not JSON") from None
    if not records or not isinstance(records[0], dict) or records[0].get("type") != "scene_header":
        raise UserError(f"{path} line 1 is not a scene header")
    if len(records) < 2:
        raise UserError(f"{path} has no frames")
    try:
        row = _describe(records[0])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UserError(f"{path} line 1 is not a scene header: {type(error).__name__} {error}") from error
    bodies = [body["id"] for body in records[0]["objects"]]
    first = records[1].get("frame") if isinstance(records[1], dict) else None
    if not isinstance(first, int):
        raise UserError(f"{path} line 2 is not a frame: it has no number")
    states = np.empty((len(records) - 1, len(bodies), 6))
    for number, record in enumerate(records[1:], 2):
        try:
            if record["frame"] != first + number - 2:
                raise ValueError(f"frame {record['frame']} follows frame {first + number - 3}")
            if [body["id"] for body in record["objects"]] != bodies:
                raise ValueError("its bodies are not those of the header")
            states[number - 2] = [_state(body) for body in record["objects"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__} {error}"
            raise UserError(f"{path} line {number} is not a frame: {reason}") from error
    fixed = np.rint(states * ([1e4] * 4 + [10.0**ANGLE_DECIMALS] * 2))
    if not (np.abs(fixed) < 2**31).all():
        bad = int(np.argmin((np.abs(fixed) < 2**31).all((1, 2)))) + 2
        raise UserError(f"{path} line {bad} has a number that is not finite or too large")
    fixed = fixed.astype(np.int32)
    row |= {"first_frame": first, "frames": len(fixed), "angle_decimals": ANGLE_DECIMALS, "labels": "raw"}
    content = orjson.dumps([row, fixed[0].tolist()], default=list)
    row["hash"] = hashlib.blake2b(content, digest_size=16).hexdigest()
    return row, schema.pack(fixed)


def _state(body: dict[str, Any]) -> tuple[float, ...]:
    place, speed = body["position"], body["velocity"]
    return (place["x"], place["y"], speed["x"], speed["y"], body["angle"], body["angular_velocity"])


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
        "joint_anchor_a": [None if joint["body_a"] == "static" else joint["anchor_a"] for joint in joints],
        "joint_anchor_b": [None if joint["body_b"] == "static" else joint["anchor_b"] for joint in joints],
        "joint_collide": [None] * len(joints),
        "joint_values": [[None] if joint["type"] == "PinJoint" else [] for joint in joints],
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
    if [None] in row["joint_values"]:
        unknown.append("joint_values")
    row["unknown"] = unknown
    return row


def _point(place: dict[str, float]) -> list[float]:
    return [float(place["x"]), float(place["y"])]


def _end(body: int | str) -> int:
    return -1 if body == "static" else int(body)
