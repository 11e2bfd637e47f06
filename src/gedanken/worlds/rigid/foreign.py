"""Recordings that PhysicsLLMEngine published (github.com/AlexWortega/PhysicsLLMEngine), as far as they tell.

JSONL, one scene a file: a header and then one record a frame. It says sizes, masses and materials, and positions before
the first step. It does not say how thick walls are, where joints hold and how long they are, whether a body can rotate,
or what the solver does. `build` makes a scene of it with what somebody assumes for the rest.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import orjson

from gedanken.errors import UserError
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import GROUND, Body, Joint, Peg, Pin, Pivot, Segment, Static
from gedanken.worlds.rigid.scene.scene import DT, Scene, Solver, settle_step
from gedanken.worlds.rigid.scene.shapes import Box, Circle

UNTOLD_ANCHOR = 0.5
"""Largest uncertainty (px) with which the place of an anchor may be taken from the frames."""


@dataclass(frozen=True, eq=False)
class Foreign:
    """A recording as its file tells it.

    Attributes:
        header: the first record.
        states: shape (frames, bodies, 6): x, y, vx, vy, angle, spin, with all their decimals.
        first: number of the first frame.
    """

    header: Mapping[str, Any]
    states: Array
    first: int

    def records(self) -> list[dict[str, Any]]:
        """Header and frames as records again, as far as `lfm.read_records` needs them."""
        names = ("x", "y")
        frames = [
            {
                "frame": self.first + k,
                "objects": [
                    {
                        "position": dict(zip(names, row[:2], strict=True)),
                        "velocity": dict(zip(names, row[2:4], strict=True)),
                        "angle": row[4],
                        "angular_velocity": row[5],
                    }
                    for row in state.tolist()
                ],
            }
            for k, state in enumerate(self.states)
        ]
        return [dict(self.header), *frames]


def is_recording(content: bytes) -> bool:
    """Whether a file's content begins like such a recording."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"scene_header"' in content[:4096]


def read(content: bytes, source: str) -> Foreign:
    """A recording, from the content of its file.

    Raises:
        UserError: it is none; the message names the source and the line.
    """
    records = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").splitlines(), 1):
        try:
            records.append(orjson.loads(line))
        except ValueError:
            raise UserError(f"{source} line {number} is not JSON") from None
    if not records or not isinstance(records[0], dict) or records[0].get("type") != "scene_header":
        raise UserError(f"{source} line 1 is not a scene header")
    if len(records) < 2:
        raise UserError(f"{source} has no frames")
    try:
        bodies = [body["id"] for body in records[0]["objects"]]
    except (KeyError, TypeError) as error:
        raise UserError(f"{source} line 1 is not a scene header: {type(error).__name__} {error}") from error
    if not bodies:
        raise UserError(f"{source} line 1 is not a scene header: it has no objects")
    first = records[1].get("frame") if isinstance(records[1], dict) else None
    if not isinstance(first, int):
        raise UserError(f"{source} line 2 is not a frame: it has no number")
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
            raise UserError(f"{source} line {number} is not a frame: {reason}") from error
    return Foreign(records[0], states, first)


def _state(body: dict[str, Any]) -> tuple[float, ...]:
    place, speed = body["position"], body["velocity"]
    return (place["x"], place["y"], speed["x"], speed["y"], body["angle"], body["angular_velocity"])


@dataclass(frozen=True)
class Assumptions:
    """What somebody assumes where a recording is silent.

    Attributes:
        wall_radius: half thickness of every segment (px).
        iterations: of the solver.
        damping: fraction of the velocity that is left after a second.
        substeps: steps in a frame.
        rotates: whether bodies turn.
    """

    wall_radius: float | None = None
    iterations: int | None = None
    damping: float | None = None
    substeps: int = 1
    rotates: bool = True

    @classmethod
    def parse(cls, text: str) -> "Assumptions":
        """Read `wall_radius=2, iterations=10, damping=1`.

        Raises:
            UserError: an unknown name, or a value that is none.
        """
        told: dict[str, Any] = {}
        names = [field.name for field in fields(cls)]
        for pair in filter(None, (part.strip() for part in text.split(","))):
            name, equals, value = (part.strip() for part in pair.partition("="))
            if not equals or name not in names:
                raise UserError(f"--assume takes {', '.join(names)}, each with =VALUE, not {pair[:40]!r}")
            try:
                if name == "rotates":
                    told[name] = {"true": True, "false": False}[value.lower()]
                else:
                    told[name] = int(value) if name in ("iterations", "substeps") else float(value)
            except (KeyError, ValueError):
                raise UserError(f"--assume {name} cannot be {value[:20]!r}") from None
        return cls(**told)

    def told(self) -> str:
        """The assumptions as one would write them."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ", ".join(f"{name}={str(value).lower()}" for name, value in values if value is not None)


def build(recording: Foreign, assumed: Assumptions, frames: Array, source: str) -> Scene:
    """The scene of a recording, its bodies as they are in the first of `frames`.

    Where a rod holds on the ground is not told; its place and its length are fitted to the frames.

    Args:
        recording: what is told.
        assumed: what is not.
        frames: those that may be looked at, shape (k, bodies, 6).
        source: what the messages call the recording.

    Raises:
        UserError: something is neither told nor assumed.
    """
    header = recording.header
    statics, joints = header.get("static_geometry") or [], header.get("constraints") or []
    missing = [name for name in ("iterations", "damping") if getattr(assumed, name) is None]
    if assumed.wall_radius is None and any(static["type"] == "segment" for static in statics):
        missing.insert(0, "wall_radius")
    if missing:
        example = ", ".join(f"{name}={value}" for name, value in _USUAL.items() if name in missing)
        raise UserError(f"{source} does not tell {' or '.join(missing)}: say what to assume, --assume '{example}'")
    try:
        bodies = [
            _body(told, row, assumed.rotates) for told, row in zip(header["objects"], frames[0].tolist(), strict=True)
        ]
        return Scene(
            bodies,
            [_static(told, assumed.wall_radius) for told in statics],
            [_joint(number, told, frames, source) for number, told in enumerate(joints)],
            gravity=(header["gravity"]["x"], header["gravity"]["y"]),
            damping=assumed.damping if assumed.damping is not None else 1.0,
            solver=Solver(assumed.iterations or 10, assumed.substeps, dt=settle_step(header.get("timestep", DT))),
            open=True,
            description=str(header.get("description") or ""),
            name=_word(header.get("scenario_type")),
            category=_word(header.get("scenario_category")),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UserError(f"{source} is not a whole scene: {type(error).__name__} {error}") from error


_USUAL = {"wall_radius": 2, "iterations": 10, "damping": 1}


def _word(told: Any) -> str:
    return "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in str(told or ""))


def _body(told: Mapping[str, Any], row: list[float], rotates: bool) -> Body:
    material = told["material"]
    shape = Circle(told["radius"]) if told["type"] == "circle" else Box(told["width"], told["height"])
    surface = {name: material[name] for name in ("mass", "friction", "elasticity")}
    x, y, vx, vy, angle, spin = row
    return Body(shape, x, y, vx=vx, vy=vy, angle=angle, spin=spin, rotates=rotates, **surface)


def _static(told: Mapping[str, Any], wall_radius: float | None) -> Static:
    surface = {name: told[name] for name in ("friction", "elasticity") if told.get(name) is not None}
    if told["type"] == "segment":
        ends = (told["p1"]["x"], told["p1"]["y"], told["p2"]["x"], told["p2"]["y"])
        radius = wall_radius if told.get("radius") is None else told["radius"]
        return Segment(*ends, radius=float(radius or 0.0), **surface)
    return Peg(told["center"]["x"], told["center"]["y"], told["radius"], **surface)


def _joint(number: int, told: Mapping[str, Any], frames: Array, source: str) -> Joint:
    kind = told["type"]
    if kind not in ("PinJoint", "PivotJoint"):
        raise UserError(f"{source} does not tell what decides joint {number}, a {kind}: nothing can be simulated")
    ends = [GROUND if told[end] == "static" else int(told[end]) for end in ("body_a", "body_b")]
    anchors = [(float(told[name][0]), float(told[name][1])) for name in ("anchor_a", "anchor_b")]
    if GROUND not in ends:
        if kind == "PivotJoint":
            return Pivot(ends[0], ends[1], anchors[0], anchors[1])
        first, second = (_on_canvas(frames[:, end], anchor) for end, anchor in zip(ends, anchors, strict=True))
        length = float(np.median(np.hypot(*(first - second).T)))
        return Pin(ends[0], ends[1], anchors[0], anchors[1], length)
    held = ends.index(GROUND)
    path = _on_canvas(frames[:, ends[1 - held]], anchors[1 - held])
    if kind == "PivotJoint":
        anchors[held] = (float(np.median(path[:, 0])), float(np.median(path[:, 1])))
        return Pivot(ends[0], ends[1], anchors[0], anchors[1])
    x, y, length, error = _circle(path)
    if not error < UNTOLD_ANCHOR:
        raise UserError(
            f"{source} does not tell where joint {number} holds on the ground, and {len(frames)} frames do not show "
            "it; show more of them (--context)"
        )
    anchors[held] = (x, y)
    return Pin(ends[0], ends[1], anchors[0], anchors[1], length)


def _on_canvas(states: Array, anchor: tuple[float, float]) -> Array:
    """Where a body's anchor is in each frame, shape (frames, 2)."""
    cos, sin = np.cos(states[:, 4]), np.sin(states[:, 4])
    return states[:, :2] + np.stack([cos * anchor[0] - sin * anchor[1], sin * anchor[0] + cos * anchor[1]], 1)


def _circle(path: Array) -> tuple[float, float, float, float]:
    """Centre and radius of the circle through points, by least squares, and the centre's standard error (px)."""
    if len(path) < 4:
        return 0.0, 0.0, 0.0, math.inf
    middle = path.mean(0)
    off = path - middle
    matrix = np.column_stack([2 * off, np.ones(len(off))])
    square = (off**2).sum(1)
    solved, _, rank, _ = np.linalg.lstsq(matrix, square, rcond=1e-12)
    radius = math.sqrt(max(0.0, solved[2] + solved[0] ** 2 + solved[1] ** 2))
    if rank < 3 or radius == 0:
        return 0.0, 0.0, 0.0, math.inf
    # Places are printed to four decimals, and a rod gives by more than that.
    rest = square - matrix @ solved
    sigma = max(float(np.sqrt((rest**2).sum() / max(1, len(off) - 3))), 2 * radius * 3e-5)
    spread = np.linalg.inv(matrix.T @ matrix)
    error = sigma * math.sqrt(float(spread[0, 0] + spread[1, 1]))
    return float(solved[0] + middle[0]), float(solved[1] + middle[1]), radius, error
