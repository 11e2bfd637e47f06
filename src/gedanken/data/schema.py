"""The rigid data set's columns: one row is one scene with all that decides it, and every frame of its recording.

A row holds the scene in named columns (`body_mass`, `static_points`, `joint_kind`, ...) and the frames in six lists of
32-bit integers, `x y vx vy angle spin`, in units of 1e-4. A list runs over the frames of body 0, then of body 1, and so
on. What is stored is the residual to an extrapolation: of a position to `p[n-1] + v[n-1] / 60`, of a velocity to
`2 v[n-1] - v[n-2]`; the first frame stands as it is. A residual r is written as 2r when it is not negative and as
-2r - 1 when it is, which keeps the upper bytes empty (a fifth of the room, half of the time to compress). Residuals
are exact, because the arithmetic is that of integers modulo 2^32 (`pack`, `unpack`).

What a foreign source does not give is null, and the column `unknown` names it: no value is made up.
"""

# mypy: allow-untyped-decorators
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, get_args

import numpy as np
import orjson
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.worlds.rigid.scene.parts import Block, Body, Field, Joint, Motor, Peg, Segment, Static
from gedanken.worlds.rigid.scene.scene import DT, Scene, Solver
from gedanken.worlds.rigid.scene.shapes import Box, Circle, Polygon, Shape

VERSION = 2
"""Version of these columns; a reader refuses any other, but for 1, which has no column `dt`: there it is 1/60."""

READABLE = (1, 2)

STATE = ("x", "y", "vx", "vy", "angle", "spin")
"""The columns of frames, in the order of a recording's last axis."""

FRAMES = pa.list_(pa.field("element", pa.int32(), nullable=False))
"""Type of a column of frames."""

_real, _text, _whole = pa.float64(), pa.string(), pa.int32()


def _lists(prefix: str, **kinds: pa.DataType) -> list[pa.Field]:
    return [pa.field(f"{prefix}_{name}", pa.list_(kind)) for name, kind in kinds.items()]


SCHEMA = pa.schema(
    [
        # The key: posing (scenario, level, split, index) again gives the same scene.
        pa.field("scenario", _text),
        pa.field("category", _text),
        pa.field("level", pa.int8()),
        pa.field("split", _text),
        pa.field("index", pa.int64()),
        pa.field("hash", _text),
        # The scene as a whole.
        pa.field("description", _text),
        pa.field("gravity", pa.list_(_real)),
        pa.field("damping", _real),
        pa.field("speed_cap", _real),
        pa.field("iterations", _whole),
        pa.field("substeps", _whole),
        pa.field("memoryless", pa.bool_()),
        pa.field("dt", _real),
        pa.field("open", pa.bool_()),
        pa.field("conserved", pa.list_(_text)),
        pa.field("unknown", pa.list_(_text)),
        # Its parts, a list entry a part.
        *_lists("body", shape=_text, radius=_real, width=_real, height=_real, vertices=pa.list_(_real)),
        *_lists("body", mass=_real, friction=_real, elasticity=_real, group=_whole, rotates=pa.bool_()),
        *_lists("body", kinematic=pa.bool_(), bounds=pa.list_(_real), swing=pa.list_(_real), start=pa.list_(_real)),
        *_lists("static", kind=_text, points=pa.list_(_real), radius=_real, friction=_real, elasticity=_real),
        *_lists("static", belt=_real),
        *_lists("joint", kind=_text, a=_whole, b=_whole, anchor_a=pa.list_(_real), anchor_b=pa.list_(_real)),
        *_lists("joint", collide=pa.bool_(), values=pa.list_(_real)),
        *_lists("field", kind=_text, values=pa.list_(_real)),
        # The recording.
        pa.field("labels", _text),
        pa.field("first_frame", _whole),
        pa.field("frames", _whole),
        pa.field("angle_decimals", pa.int8()),
        *[pa.field(name, FRAMES, nullable=False) for name in STATE],
    ]
)

SCHEMAS = {2: SCHEMA, 1: pa.schema([field for field in SCHEMA if field.name != "dt"])}
"""The columns of each version that can be read."""

SPEC = tuple(name for name in SCHEMA.names if name not in STATE)
"""The columns that are not frames."""

_JOINT = ("a", "b", "anchor_a", "anchor_b", "collide")


def _attributes(kind: type, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    return tuple(name for name in (field.name for field in fields(kind)) if name not in but)


JOINT_VALUES: dict[type, tuple[str, ...]] = {kind: _attributes(kind, _JOINT) for kind in get_args(Joint)}
"""What `joint_values` holds, by kind of joint: the attributes that not every joint has, in their order."""

FIELD_VALUES: dict[type, tuple[str, ...]] = {kind: _attributes(kind) for kind in get_args(Field)}
"""What `field_values` holds, by kind of field: its attributes in their order."""

_KINDS: dict[str, Any] = {kind.__name__.lower(): kind for kind in (*JOINT_VALUES, *FIELD_VALUES)}


def _reader(names: tuple[str, ...]) -> Callable[[Any], list[Any]]:
    if len(names) < 2:
        return lambda part: [getattr(part, name) for name in names]
    read = attrgetter(*names)
    return lambda part: list(read(part))


_VALUES = {kind: _reader(names) for kind, names in {**JOINT_VALUES, **FIELD_VALUES}.items()}

_BODY = ("mass", "friction", "elasticity", "group", "rotates", "kinematic", "bounds", "swing")
_read_body = attrgetter(*_BODY)
_read_start = attrgetter("x", "y", "vx", "vy", "angle", "spin")


def describe(scene: Scene) -> dict[str, Any]:
    """The scene's columns: everything of a row but the key, the start of the bodies and the frames."""
    row: dict[str, Any] = {
        "gravity": scene.gravity,
        "damping": scene.damping,
        "speed_cap": scene.speed_cap,
        "iterations": scene.solver.iterations,
        "substeps": scene.solver.substeps,
        "memoryless": scene.solver.memoryless,
        "dt": scene.solver.dt,
    }
    for columns, parts in (
        (_BODY_COLUMNS, [_shape(body.shape) + _read_body(body) for body in scene.bodies]),
        (_STATIC_COLUMNS, [_static(static) for static in scene.statics]),
        (_JOINT_COLUMNS, [_joint(joint) for joint in scene.joints]),
        (_FIELD_COLUMNS, [_field(field) for field in scene.fields]),
    ):
        values = zip(*parts, strict=True) if parts else [()] * len(columns)
        row.update(zip(columns, values, strict=True))
    return row


_BODY_COLUMNS = tuple(f"body_{name}" for name in ("shape", "radius", "width", "height", "vertices", *_BODY))
_STATIC_COLUMNS = tuple(f"static_{name}" for name in ("kind", "points", "radius", "friction", "elasticity", "belt"))
_JOINT_COLUMNS = tuple(f"joint_{name}" for name in ("kind", "a", "b", "anchor_a", "anchor_b", "collide", "values"))
_FIELD_COLUMNS = ("field_kind", "field_values")


def _shape(shape: Shape) -> tuple[Any, ...]:
    match shape:
        case Circle():
            return ("circle", shape.radius, None, None, None)
        case Box():
            return ("box", None, shape.width, shape.height, None)
        case Polygon():
            return ("polygon", None, None, None, [value for point in shape.vertices for value in point])


def _static(static: Static) -> tuple[Any, ...]:
    match static:
        case Segment():
            points, belt = [static.ax, static.ay, static.bx, static.by], static.belt
        case Peg():
            points, belt = [static.x, static.y], 0.0
        case Block():
            points, belt = [value for point in static.vertices for value in point], 0.0
    return (type(static).__name__.lower(), points, static.radius, static.friction, static.elasticity, belt)


def _joint(joint: Joint) -> tuple[Any, ...]:
    anchors = (None, None) if isinstance(joint, Motor) else (joint.anchor_a, joint.anchor_b)
    kind = type(joint)
    return (kind.__name__.lower(), joint.a, joint.b, *anchors, joint.collide, _VALUES[kind](joint))


def _field(field: Field) -> tuple[Any, ...]:
    return (type(field).__name__.lower(), _VALUES[type(field)](field))


def digest(scene: Scene, description: Mapping[str, Any] | None = None) -> str:
    """Hash (32 hexadecimal digits) of all that decides what happens in a scene; its names and prose do not count.

    Args:
        scene: the scene.
        description: `describe(scene)`, if it is at hand.
    """
    start = [_read_start(body) for body in scene.bodies]
    columns = (description or describe(scene)).items()
    # The usual step is left out, as it was when there was no other: a scene keeps its hash.
    content = orjson.dumps([start, [value for name, value in columns if name != "dt" or value != DT]])
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def compose(row: Mapping[str, Any], start: NDArray[np.float64]) -> Scene:
    """The scene that a row describes.

    Args:
        row: the row's columns as Python values; the frames are not needed.
        start: state of the bodies at frame 0, shape (bodies, 6).

    Raises:
        UserError: the row comes from a source that does not say all that decides the scene, or it holds nonsense.
    """
    if row["unknown"]:
        raise UserError(f"the scene's source does not tell its {', '.join(row['unknown'])}: it cannot be built")
    try:
        bodies = [
            Body(_make_shape(shape), *s[:2], **_named(_BODY, rest, s))
            for shape, rest, s in zip(
                _entries(row, _BODY_COLUMNS[:5]),
                _entries(row, _BODY_COLUMNS[5:]),
                start.tolist(),
                strict=True,
            )
        ]
        return Scene(
            bodies=tuple(bodies),
            statics=tuple(_make_static(*values) for values in _entries(row, _STATIC_COLUMNS)),
            joints=tuple(_make_joint(*values) for values in _entries(row, _JOINT_COLUMNS)),
            gravity=tuple(row["gravity"]),
            fields=tuple(_KINDS[kind](*values) for kind, values in _entries(row, _FIELD_COLUMNS)),
            damping=row["damping"],
            speed_cap=row["speed_cap"],
            solver=Solver(row["iterations"], row["substeps"], row["memoryless"], row.get("dt") or DT),
            open=row["open"],
            conserved=tuple(row["conserved"]),
            description=row["description"],
            name=row["scenario"],
            category=row["category"],
            level=row["level"],
        )
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise UserError(f"the row of {row.get('scenario')} {row.get('index')} is not a scene: {error}") from error


def _entries(row: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*[row[name] for name in names], strict=True)


def _named(names: Sequence[str], values: Sequence[Any], state: list[float]) -> dict[str, Any]:
    named = dict(zip(names, values, strict=True))
    named.update(zip(STATE[2:], state[2:], strict=True))
    for name in ("bounds", "swing"):
        named[name] = None if named[name] is None else tuple(named[name])
    if named["kinematic"]:
        # A kinematic body has no mass of its own; it is stored as 0, which is what `Body` makes of any.
        named["mass"] = 1.0
    return named


def _points(values: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(values[0::2], values[1::2], strict=True))


def _make_shape(columns: tuple[Any, ...]) -> Shape:
    kind, radius, width, height, vertices = columns
    match kind:
        case "circle":
            return Circle(radius)
        case "box":
            return Box(width, height)
        case "polygon":
            return Polygon(_points(vertices))
    raise ValueError(f"there is no shape {kind!r}")


def _make_static(
    kind: str, points: list[float], radius: float, friction: float, elasticity: float, belt: float
) -> Static:
    match kind:
        case "segment":
            ax, ay, bx, by = points
            return Segment(ax, ay, bx, by, radius, friction, elasticity, belt)
        case "peg":
            x, y = points
            return Peg(x, y, radius, friction, elasticity)
        case "block":
            return Block(_points(points), friction, elasticity)
    raise ValueError(f"there is no static {kind!r}")


def _make_joint(kind: str, a: int, b: int, anchor_a: Any, anchor_b: Any, collide: bool, values: list[Any]) -> Joint:
    made = _KINDS[kind]
    named = dict(zip(JOINT_VALUES[made], values, strict=True))
    if made is not Motor:
        named.update(anchor_a=tuple(anchor_a), anchor_b=tuple(anchor_b))
    joint: Joint = made(a=a, b=b, collide=collide, **named)
    return joint


@njit(cache=True)
def pack(states: NDArray[np.int32]) -> NDArray[np.int32]:
    """Residuals of fixed-point frames.

    Args:
        states: shape (frames, bodies, 6), in units of 1e-4 (the angles in a finer unit where a source has one).

    Returns:
        Shape (6, bodies, frames): the six columns of a row.
    """
    frames, n, _ = states.shape
    out = np.empty((6, n, frames), np.int32)
    for i in range(n):
        for place, speed in ((0, 2), (1, 3), (4, 5)):
            position = velocity = change = np.int64(0)
            for k in range(frames):
                # 32-bit integers wrap around, here and in `unpack`, so that no difference is too large.
                expected = position + np.int64(np.rint(velocity / 60.0))
                position = np.int64(states[k, i, place])
                out[place, i, k] = _fold(position - expected)
                before, velocity = velocity, np.int64(states[k, i, speed])
                out[speed, i, k] = _fold(velocity - before - change)
                # Frame 0 changes from nothing, which says nothing about how frame 1 changes.
                change = velocity - before if k else np.int64(0)
    return out


@njit(cache=True, inline="always")
def _fold(difference: int) -> np.int32:
    """A 32-bit integer with its sign moved to the last bit: small magnitudes then have no bit set but the last ones."""
    wrapped = np.int32(difference)
    return np.int32((wrapped << np.int32(1)) ^ (wrapped >> np.int32(31)))


def unpack(residuals: NDArray[np.int32]) -> NDArray[np.int32]:
    """The frames that `pack` was given, shape (frames, bodies, 6)."""
    bits = residuals.view(np.uint32)
    out = ((bits >> 1) ^ -(bits & 1).astype(np.uint32)).view(np.int32)
    for place, speed in ((0, 2), (1, 3), (4, 5)):
        # Residual -> change -> velocity; frame 0 is outside the first sum.
        np.cumsum(out[speed][:, 1:], axis=1, dtype=np.int32, out=out[speed][:, 1:])
        np.cumsum(out[speed], axis=1, dtype=np.int32, out=out[speed])
        out[place][:, 1:] += np.rint(out[speed][:, :-1] / 60.0).astype(np.int32)
        np.cumsum(out[place], axis=1, dtype=np.int32, out=out[place])
    return np.ascontiguousarray(out.transpose(2, 1, 0))
