"""A scene as plain data, and in a JSON or YAML file: what one writes by hand, or another program writes.

The names are those of the parts: `{"bodies": [{"shape": {"kind": "circle", "radius": 12}, "x": 400, "y": 300}]}`. Every
attribute that has a default may be left out. Three things are shorter by hand: a body may have its shape's sizes among
its own attributes (`{"shape": "circle", "radius": 12, ...}`), `"walls": true` (or the arguments of `walls`) stands for
walls around the canvas, and a pivot may say `"at": [x, y]`, a point of the canvas, instead of its anchors.
"""

import dataclasses
import difflib
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import orjson

from gedanken.errors import UserError
from gedanken.worlds.rigid.scene.parts import GROUND, Body, Field, Joint, Pivot, Static
from gedanken.worlds.rigid.scene.placing import pivot_at, walls
from gedanken.worlds.rigid.scene.scene import Scene, Solver, settle_step
from gedanken.worlds.rigid.scene.shapes import Shape

SUFFIXES = (".json", ".yaml", ".yml")
"""Of the files that hold a scene."""

LARGEST_FILE = 20_000_000
"""Bytes of a JSON file that are read: some 100,000 bodies. YAML takes a hundred times as long, and has a tenth."""


DEEPEST = 50
"""Levels of brackets and dashes in a YAML file; a scene has five."""


def _kinds(union: Any) -> dict[str, type]:
    return {kind.__name__.lower(): kind for kind in get_args(union)}


SHAPES, STATICS, JOINTS, FIELDS = map(_kinds, (Shape, Static, Joint, Field))

WALLS = ("box", "sides", "radius", "friction", "elasticity")


def to_document(scene: Scene) -> dict[str, Any]:
    """The scene as plain data; `from_document` gives the same scene back."""
    parts = {name: [_part(part) for part in getattr(scene, name)] for name in ("bodies", "statics", "joints", "fields")}
    solver = dataclasses.asdict(scene.solver) | {"dt": scene.solver.step}
    rest = {
        field.name: getattr(scene, field.name)
        for field in dataclasses.fields(Scene)
        if field.name not in parts and field.name != "solver"
    }
    return {**parts, **rest, "solver": solver}


def _part(part: Any) -> dict[str, Any]:
    told = {"kind": type(part).__name__.lower(), **dataclasses.asdict(part)}
    if isinstance(part, Body):
        told["shape"] = {"kind": type(part.shape).__name__.lower(), **told["shape"]}
    return told


def from_document(document: Any) -> Scene:
    """The scene that plain data describes, checked as a scenario's is, but for the number of its bodies.

    Raises:
        UserError: something is missing, unknown or out of range, or the scene cannot be posed.
    """
    told = dict(_mapping(document, "a scene"))
    bodies = [_body(entry, f"body {k}") for k, entry in enumerate(_list(told, "bodies"))]
    statics = [_make(entry, STATICS, f"static {k}") for k, entry in enumerate(_list(told, "statics"))]
    if (around := told.pop("walls", None)) not in (None, False):
        given = {} if around is True else dict(_mapping(around, "walls"))
        _known(given, WALLS, "walls")
        statics += _called(walls, given, "walls")
    joints = [_joint(entry, bodies, f"joint {k}") for k, entry in enumerate(_list(told, "joints"))]
    fields = [_make(entry, FIELDS, f"field {k}") for k, entry in enumerate(_list(told, "fields"))]
    solver = dict(_mapping(told.pop("solver", {}), "the solver"))
    _known(solver, [field.name for field in dataclasses.fields(Solver)], "the solver")
    if "dt" in solver:
        solver["dt"] = settle_step(solver["dt"])
    if not isinstance(told.get("level"), int | None):
        raise UserError(f"level is 1 to 5, not {_told(told['level'])}")
    rest = [field.name for field in dataclasses.fields(Scene)]
    _known(told, [*rest, "walls"], "a scene")
    made: Scene = _called(
        Scene,
        {
            **told,
            "bodies": bodies,
            "statics": statics,
            "joints": joints,
            "fields": fields,
            "solver": _called(Solver, solver, "the solver"),
        },
        "the scene",
    )
    return made.check(counted=False)


def read_scene(path: Path) -> Scene:
    """The scene in a JSON or YAML file.

    Raises:
        UserError: it cannot be read, or holds no scene; the message says where.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    as_json = path.suffix.lower() == ".json"
    most = LARGEST_FILE if as_json else LARGEST_FILE // 10
    if len(content) > most:
        raise UserError(f"{path} has {len(content):,} bytes; a scene file has at most {most:,}")
    try:
        document = orjson.loads(content.removeprefix(b"\xef\xbb\xbf")) if as_json else _load_yaml(content)
    except (ValueError, RecursionError) as error:
        kind = "JSON" if as_json else "YAML"
        raise UserError(f"{path} is not {kind}: {' '.join(str(error).split())[:200]}") from error
    try:
        scene = from_document(document)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    if not scene.name:
        name = "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in path.stem)
        scene = dataclasses.replace(scene, name=name)
    return scene


def _load_yaml(content: bytes) -> Any:
    try:
        import yaml
    except ImportError:
        raise UserError("scenes in YAML need PyYAML (pip install 'gedanken[yaml]'); JSON needs nothing") from None
    if _nesting(content) > DEEPEST:
        raise ValueError(f"it is nested deeper than {DEEPEST} levels")
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _nesting(content: bytes) -> int:
    """At least how deep a YAML text may be nested: brackets, and dashes in a line. PyYAML takes long for deep ones."""
    depth = deepest = 0
    for line in content.split(b"\n"):
        deepest = max(deepest, line.count(b"- "), (len(line) - len(line.lstrip())) // 4)
        for bracket in re.findall(rb"[\[{\]}]", line):
            depth = depth + 1 if bracket in b"[{" else max(0, depth - 1)
            deepest = max(deepest, depth)
    return deepest


def write_scene(scene: Scene, path: Path) -> None:
    """Write a scene as JSON.

    Raises:
        UserError: the file cannot be written.
    """
    from gedanken.files import write_atomically

    write_atomically(path, orjson.dumps(to_document(scene), option=orjson.OPT_INDENT_2) + b"\n")


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise UserError(f"{what} is an object with names and values, not {_told(value)}")
    return value


def _list(told: dict[str, Any], name: str) -> Sequence[Any]:
    value = told.pop(name, None)
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise UserError(f"{name} is a list, not {_told(value)}")
    return value


def _told(value: Any) -> str:
    """A value in a message: a few characters of a plain one, the kind of any other."""
    plain = isinstance(value, str | int | float | bool | None)
    return repr(value)[:40] if plain else f"a {type(value).__name__}"


def _known(told: Mapping[str, Any], names: Sequence[str], what: str) -> None:
    for name in told:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(names)}"
            raise UserError(f"{what} has no {name[:40]!r}{hint}")


def _called(make: Any, told: Mapping[str, Any], what: str) -> Any:
    """What `make` makes of the values; what is wrong with them is told with where it stands."""
    try:
        return make(**{name: _tuples(value) for name, value in told.items()})
    except UserError as error:
        raise UserError(f"{what}: {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        missing = [
            field.name
            for field in (dataclasses.fields(make) if dataclasses.is_dataclass(make) else ())
            if field.default is dataclasses.MISSING and field.name not in told
        ]
        reason = f"it needs {', '.join(missing)}" if missing else str(error)[:200]
        raise UserError(f"{what}: {reason}") from error


def _tuples(value: Any, depth: int = 2) -> Any:
    return tuple(_tuples(entry, depth - 1) for entry in value) if isinstance(value, list) and depth else value


def _make(entry: Any, kinds: Mapping[str, type], what: str) -> Any:
    told = dict(_mapping(entry, what))
    kind = told.pop("kind", None)
    if not isinstance(kind, str) or kind not in kinds:
        raise UserError(f"{what} needs a kind ({', '.join(kinds)}), not {_told(kind)}")
    _known(told, [field.name for field in dataclasses.fields(kinds[kind])], f"{what}, a {kind},")
    return _called(kinds[kind], told, f"{what}, a {kind}")


def _body(entry: Any, what: str) -> Body:
    told = dict(_mapping(entry, what))
    told.pop("kind", None)
    shape = told.pop("shape", None)
    if isinstance(shape, str) and shape in SHAPES:
        sizes = [field.name for field in dataclasses.fields(SHAPES[shape])]
        shape = {"kind": shape, **{name: told.pop(name) for name in sizes if name in told}}
    if not isinstance(shape, Mapping):
        raise UserError(f"{what} needs a shape ({', '.join(SHAPES)}), not {_told(shape)}")
    _known(told, [field.name for field in dataclasses.fields(Body)], what)
    if told.get("kinematic") is True and told.get("mass") == 0:
        # So it is written; a body of no mass is refused before it is known to be kinematic.
        del told["mass"]
    for name in ("rotates", "kinematic"):
        if not isinstance(told.get(name, True), bool):
            raise UserError(f"{what}: {name} is true or false, not {_told(told[name])}")
    made: Body = _called(Body, {"shape": _make(shape, SHAPES, f"the shape of {what}"), **told}, what)
    return made


def _joint(entry: Any, bodies: Sequence[Body], what: str) -> Joint:
    told = dict(_mapping(entry, what))
    for end in ("a", "b"):
        if told.get(end) == "ground":
            told[end] = GROUND
        if not (type(told.get(end)) is int and GROUND <= told[end] < len(bodies)):
            raise UserError(f"{what} needs {end}: a body from 0 to {len(bodies) - 1}, or ground")
    at = told.pop("at", None)
    if at is not None:
        if told.get("kind") != "pivot" or not (isinstance(at, list | tuple) and len(at) == 2):
            raise UserError(f"{what}: at is [x, y] of a pivot")
        given = {"x": at[0], "y": at[1], "collide": told.get("collide", False)}
        made: Pivot = _called(partial(pivot_at, bodies, told["a"], told["b"]), given, what)
        return made
    joint: Joint = _make(told, JOINTS, what)
    return joint
