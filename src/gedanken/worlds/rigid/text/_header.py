"""A scene in lines of `Kind: word key=value`, to its last digit, and back, without the state of its bodies.

Writer and reader stand in one file, part by part in the same order, since a change of one must be made in the other.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import (
    GROUND,
    Attractor,
    Block,
    Body,
    Field,
    Gravitation,
    Joint,
    Motor,
    Peg,
    Pin,
    Pivot,
    Segment,
    Slide,
    Spring,
    Static,
    Wind,
)
from gedanken.worlds.rigid.scene.scene import Scene, Solver, settle_step
from gedanken.worlds.rigid.scene.shapes import Box, Circle, Polygon, Shape
from gedanken.worlds.rigid.text._lines import NUMBER

TITLE = "Rigid scene v1"


def describe(scene: Scene, labels: Labels, *more: str) -> str:
    """The scene without where its bodies are; `more` lines go in front of the bodies."""
    title = [TITLE]
    if scene.name:
        title.append(f"name={scene.name}")
    if scene.category:
        title.append(f"category={scene.category}")
    if scene.level is not None:
        title.append(f"level={scene.level}")
    if scene.open:
        title.append("open")
    lines = [" ".join(title)]
    if scene.description:
        lines.append(f"About: {scene.description}")
    solver = f"Solver: dt={scene.solver.step} substeps={scene.solver.substeps} iterations={scene.solver.iterations}"
    lines.append(solver + (" memoryless" if scene.solver.memoryless else ""))
    lines.append(f"Positions: {labels}")
    lines.append(f"Gravity: {_numbers(scene.gravity)}")
    if scene.damping != 1.0:
        lines.append(f"Damping: {_number(scene.damping)}")
    if scene.speed_cap is not None:
        lines.append(f"Speed cap: {_number(scene.speed_cap)}")
    if scene.conserved:
        lines.append(f"Conserved: {' '.join(scene.conserved)}")
    lines += more
    lines += [_field(field) for field in scene.fields]
    lines += [_static(static) for static in scene.statics]
    lines += [_body(number, body) for number, body in enumerate(scene.bodies)]
    lines += [_joint(joint) for joint in scene.joints]
    return "\n".join(lines) + "\n"


def _number(value: float) -> str:
    """Shortest decimal form of a number that has at most four decimals."""
    return str(int(value)) if value == int(value) else repr(value)


def _numbers(values: Iterable[float]) -> str:
    return f"({','.join(map(_number, values))})"


def _surface(part: Body | Static) -> str:
    return f"f={_number(part.friction)} e={_number(part.elasticity)}"


def _shape(shape: Shape) -> str:
    match shape:
        case Circle():
            return f"circle r={_number(shape.radius)}"
        case Box():
            return f"box size={_numbers((shape.width, shape.height))}"
        case Polygon():
            return f"polygon vertices={_numbers(value for point in shape.vertices for value in point)}"


def _body(number: int, body: Body) -> str:
    line = f"Body {number}: {_shape(body.shape)}"
    line += " kinematic" if body.kinematic else f" m={_number(body.mass)}"
    line += f" {_surface(body)}"
    if body.group:
        line += f" group={body.group}"
    if not body.rotates:
        line += " upright"
    if body.bounds is not None:
        line += f" bounds={_numbers(body.bounds)}"
    if body.swing is not None:
        line += f" swing={_numbers(body.swing)}"
    return line


def _static(static: Static) -> str:
    match static:
        case Segment():
            ends = f"from={_numbers((static.ax, static.ay))} to={_numbers((static.bx, static.by))}"
            belt = f" belt={_number(static.belt)}" if static.belt else ""
            return f"Static: segment {ends} r={_number(static.radius)} {_surface(static)}{belt}"
        case Peg():
            return f"Static: peg at={_numbers((static.x, static.y))} r={_number(static.radius)} {_surface(static)}"
        case Block():
            vertices = _numbers(value for point in static.vertices for value in point)
            return f"Static: block vertices={vertices} {_surface(static)}"


def _joint(joint: Joint) -> str:
    a, b = ("ground" if end == GROUND else str(end) for end in (joint.a, joint.b))
    line = f"Joint: {type(joint).__name__.lower()} a={a} b={b}"
    if not isinstance(joint, Motor):
        line += f" anchors={_numbers((*joint.anchor_a, *joint.anchor_b))}"
    match joint:
        case Pin():
            line += f" length={_number(joint.length or 0.0)}"
        case Slide():
            line += f" minimum={_number(joint.minimum)} maximum={_number(joint.maximum)}"
        case Spring():
            line += f" rest={_number(joint.rest_length)} k={_number(joint.stiffness)} c={_number(joint.damping)}"
        case Motor():
            line += f" rate={_number(joint.rate)}"
            line += "" if joint.max_torque is None else f" torque={_number(joint.max_torque)}"
        case Pivot():
            pass
    return line if joint.collide else line + " apart"


def _field(field: Field) -> str:
    match field:
        case Attractor():
            place = _numbers((field.x, field.y))
            return (
                f"Field: attractor at={place} strength={_number(field.strength)} softening={_number(field.softening)}"
            )
        case Gravitation():
            return f"Field: gravitation constant={_number(field.constant)} softening={_number(field.softening)}"
        case Wind():
            zone = _numbers((field.left, field.bottom, field.right, field.top))
            return f"Field: wind zone={zone} force={_numbers((field.fx, field.fy))}"


class Malformed(ValueError):
    """A header line that cannot be read."""


_VALUE = re.compile(NUMBER)


class _Words:
    """The words and `key=value` pairs of one line; `done` refuses those that were not read."""

    def __init__(self, text: str):
        self.values: dict[str, str] = {}
        self.words: list[str] = []
        for token in text.replace(", ", ",").split():
            key, equals, value = token.partition("=")
            if not equals:
                self.words.append(token)
            elif key in self.values:
                raise Malformed(f"{key} comes twice")
            else:
                self.values[key] = value

    def word(self) -> str:
        if not self.words:
            raise Malformed("a word is missing")
        return self.words.pop(0)

    def flag(self, word: str) -> bool:
        present = word in self.words
        if present:
            self.words.remove(word)
        return present

    def text(self, key: str) -> str:
        if key not in self.values:
            raise Malformed(f"{key} is missing")
        return self.values.pop(key)

    def number(self, key: str, default: float | None = None) -> float:
        if key not in self.values and default is not None:
            return default
        return _read_number(self.text(key))

    def whole(self, key: str, default: int | None = None) -> int:
        if key not in self.values and default is not None:
            return default
        text = self.text(key)
        if not re.fullmatch(r"\d{1,9}", text):
            raise Malformed(f"{key} must be a whole number, not {text[:20]!r}")
        return int(text)

    def pair(self, key: str) -> tuple[float, float]:
        return cast(tuple[float, float], _read_numbers(self.text(key), 2))

    def four(self, key: str) -> tuple[float, float, float, float]:
        return cast(tuple[float, float, float, float], _read_numbers(self.text(key), 4))

    def points(self, key: str) -> tuple[tuple[float, float], ...]:
        values = _read_numbers(self.text(key))
        if len(values) % 2:
            raise Malformed(f"{key} must be pairs of numbers")
        return tuple(zip(values[::2], values[1::2], strict=True))

    def done(self) -> None:
        left = [*self.words, *self.values]
        if left:
            raise Malformed(f"cannot make sense of {left[0][:40]!r}")


def _read_number(text: str) -> float:
    if not _VALUE.fullmatch(text):
        raise Malformed(f"{text[:20]!r} is not a number")
    return float(text)


def _read_numbers(text: str, count: int | None = None) -> tuple[float, ...]:
    if not (text.startswith("(") and text.endswith(")")):
        raise Malformed(f"{text[:20]!r} must be numbers in parentheses")
    values = tuple(_read_number(part) for part in text[1:-1].split(","))
    if count is not None and len(values) != count:
        raise Malformed(f"{text[:40]!r} must have {count} numbers")
    return values


class Draft:
    """A scene that is being read, line by line.

    Attributes:
        labels: which positions the frames give.
        unknown: lines of a kind that is not known here; the format interprets them.
        bodies: for each line of a body, a function from its state at frame 0 to the body.
    """

    def __init__(self) -> None:
        self.labels: Labels = "pushed"
        self.unknown: list[str] = []
        self.bodies: list[Callable[[Array], Body]] = []
        self.statics: list[Static] = []
        self.joints: list[Joint] = []
        self.fields: list[Field] = []
        self.given: dict[str, Any] = {}

    def scene(self, state: Array) -> Scene:
        """The scene whose bodies start with this state, shape (bodies, 6); raises `UserError`."""
        bodies = [make(row) for make, row in zip(self.bodies, state.tolist(), strict=True)]
        return Scene(bodies, self.statics, self.joints, fields=self.fields, **self.given)

    def take(self, line: str) -> None:
        """Read one line; raises `Malformed` or `UserError`."""
        if line.startswith(TITLE):
            words = _Words(line[len(TITLE) :])
            self.given["open"] = words.flag("open")
            if "level" in words.values:
                self.given["level"] = words.whole("level")
            for key in ("name", "category"):
                if key in words.values:
                    self.given[key] = words.text(key)
            words.done()
            return
        kind, _, rest = line.partition(":")
        kind, _, number = kind.partition(" ") if kind.startswith("Body ") else (kind, "", "")
        if kind == "About":
            self.given["description"] = rest.strip()
            return
        words = _Words(rest)
        match kind:
            case "Solver":
                self.given["solver"] = Solver(
                    words.whole("iterations"),
                    words.whole("substeps"),
                    words.flag("memoryless"),
                    settle_step(words.text("dt")),
                )
            case "Positions":
                labels = words.word()
                if labels not in ("pushed", "raw"):
                    raise Malformed("positions are pushed or raw")
                self.labels = cast(Labels, labels)
            case "Gravity":
                self.given["gravity"] = _read_numbers(words.word(), 2)
            case "Damping":
                self.given["damping"] = _read_number(words.word())
            case "Speed cap":
                self.given["speed_cap"] = _read_number(words.word())
            case "Conserved":
                self.given["conserved"] = [words.word() for _ in range(len(words.words))]
            case "Field":
                self.fields.append(_read_field(words))
            case "Static":
                self.statics.append(_read_static(words))
            case "Joint":
                self.joints.append(_read_joint(words))
            case "Body":
                if number != str(len(self.bodies)):
                    raise Malformed(f"body {len(self.bodies)} should come here")
                self.bodies.append(_read_body(words))
            case _:
                self.unknown.append(line)
                return
        words.done()


def _read_body(words: _Words) -> Callable[[Array], Body]:
    kind = words.word()
    shape: Shape
    if kind == "circle":
        shape = Circle(words.number("r"))
    elif kind == "box":
        shape = Box(*words.pair("size"))
    elif kind == "polygon":
        shape = Polygon(words.points("vertices"))
    else:
        raise Malformed(f"a body is a circle, a box or a polygon, not {kind[:20]!r}")
    kinematic = words.flag("kinematic")
    body = Body(
        shape,
        mass=0.0 if kinematic else words.number("m"),
        friction=words.number("f"),
        elasticity=words.number("e"),
        group=words.whole("group", 0),
        rotates=not words.flag("upright"),
        kinematic=kinematic,
        bounds=words.four("bounds") if "bounds" in words.values else None,
        swing=words.pair("swing") if "swing" in words.values else None,
    )

    def placed(row: Array) -> Body:
        x, y, vx, vy, angle, spin = row
        return replace(body, x=x, y=y, vx=vx, vy=vy, angle=angle, spin=spin)

    return placed


def _read_static(words: _Words) -> Static:
    kind = words.word()
    if kind == "block":
        return Block(words.points("vertices"), words.number("f"), words.number("e"))
    if kind == "segment":
        (ax, ay), (bx, by) = words.pair("from"), words.pair("to")
        surface = words.number("r"), words.number("f"), words.number("e")
        return Segment(ax, ay, bx, by, *surface, words.number("belt", 0.0))
    if kind == "peg":
        x, y = words.pair("at")
        return Peg(x, y, words.number("r"), words.number("f"), words.number("e"))
    raise Malformed(f"a static is a segment, a peg or a block, not {kind[:20]!r}")


def _read_joint(words: _Words) -> Joint:
    kind = words.word()
    a, b = (GROUND if words.values.get(end) == "ground" and words.text(end) else words.whole(end) for end in ("a", "b"))
    collide = not words.flag("apart")
    if kind == "motor":
        torque = words.number("torque") if "torque" in words.values else None
        return Motor(a, b, words.number("rate"), torque, collide)
    ax, ay, bx, by = words.four("anchors")
    match kind:
        case "pin":
            return Pin(a, b, (ax, ay), (bx, by), words.number("length"), collide)
        case "pivot":
            return Pivot(a, b, (ax, ay), (bx, by), collide)
        case "slide":
            return Slide(a, b, (ax, ay), (bx, by), words.number("minimum"), words.number("maximum"), collide)
        case "spring":
            law = words.number("rest"), words.number("k"), words.number("c")
            return Spring(a, b, (ax, ay), (bx, by), *law, collide)
    raise Malformed(f"a joint is a pin, pivot, slide, spring or motor, not {kind[:20]!r}")


def _read_field(words: _Words) -> Field:
    kind = words.word()
    if kind == "attractor":
        x, y = words.pair("at")
        return Attractor(x, y, words.number("strength"), words.number("softening"))
    if kind == "gravitation":
        return Gravitation(words.number("constant"), words.number("softening"))
    if kind == "wind":
        return Wind(*words.four("zone"), *words.pair("force"))
    raise Malformed(f"a field is an attractor, gravitation or wind, not {kind[:20]!r}")
