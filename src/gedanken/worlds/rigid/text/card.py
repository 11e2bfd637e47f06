"""The layout that the model card of LFM_Physics350M shows: objects with sizes and densities, two decimals, no angles.

The card (huggingface.co/alexwortega/LFM_Physics350M) gives two examples and no rules. Where it is silent: density is
mass per 100 px^2; a polygon is `polygon` with its number of corners; statics and constraints are counted.
"""

import itertools
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import Body, Peg, Segment
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.scene.shapes import Box, Circle
from gedanken.worlds.rigid.text import LONGEST_PROMPT, Prompt, Reading, shorten, unmarked
from gedanken.worlds.rigid.text._digits import MOVING, Layout, to_fixed
from gedanken.worlds.rigid.text._lines import COMMENT, FRAME_LINE, NUMBER, numbers, read_answer, read_context
from gedanken.worlds.rigid.text.lfm import JOINTS

LAYOUT = Layout(("  obj_", ": pos=(", ", ", "), vel=(", ", ", "", "", ")\n", "\n"), decimals=2)

LABELS: Labels = "raw"

DENSITY_AREA = 100.0
"""px^2 that a density's mass is for: the card's discs of radius 10 and density 1.0 then weigh 3.14."""

STATICS = ("segment", "circle", "polygon")

BODY = re.compile(
    rf"\s*obj_(\d{{1,6}})\s*:\s*pos=\(\s*{NUMBER}\s*,\s*{NUMBER}\s*\)\s*,\s*vel=\(\s*{NUMBER}\s*,\s*{NUMBER}\s*\)(.*)"
)
_SCENE = re.compile(
    rf"Scene: (\d{{1,6}}) objects?(?: \([^()]{{0,200}}\))?\. Gravity: \({NUMBER}, {NUMBER}\)\."
    rf" Timestep: {NUMBER}\.\s*"
)
_SCENARIO = re.compile(r"Scenario: ([\w.-]*)(?: \(([\w.-]*)\))?(?:, difficulty: (\d{1,6}))?\s*")
_OBJECT = re.compile(
    rf"\s*obj_(\d{{1,6}}): (?:circle r={NUMBER}|rect {NUMBER}x{NUMBER}|polygon (\d{{1,6}})) at \({NUMBER}, {NUMBER}\),"
    rf" (?:density={NUMBER}|(kinematic)), friction={NUMBER}\s*"
)
_COUNT = re.compile(r"(\d{1,6}) (\w{1,40})")


@dataclass(frozen=True)
class Item:
    """One object of the list.

    Attributes:
        kind: circle, rect or polygon.
        size: (radius,), (width, height) or (corners,).
        at: position in frame 0.
        density: mass per 100 px^2; None for a kinematic body.
        friction: Coulomb coefficient.
    """

    kind: str
    size: tuple[float, ...]
    at: tuple[float, float]
    density: float | None
    friction: float


@dataclass(frozen=True)
class Header:
    """What this text gives of a scene.

    Attributes:
        items: the bodies as they start.
        gravity: uniform acceleration (px/s^2), two decimals.
        timestep: seconds, four decimals.
        scenario: name, or empty.
        category: its category, or empty.
        level: difficulty, or None.
        statics: how many segments, circles and polygons stand there.
        constraints: joints by name, counted, in alphabetical order.
    """

    items: tuple[Item, ...]
    gravity: tuple[float, float] = (0.0, -981.0)
    timestep: float = 0.0167
    scenario: str = ""
    category: str = ""
    level: int | None = None
    statics: tuple[int, int, int] = (0, 0, 0)
    constraints: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, scene: Scene, labels: Labels = "pushed") -> "Header":
        """What the text gives of a scene; it does not state which labels the positions are."""
        kinds = [0 if isinstance(static, Segment) else 1 if isinstance(static, Peg) else 2 for static in scene.statics]
        joints = Counter(JOINTS[type(joint)] for joint in scene.joints)
        return cls(
            tuple(map(_item, scene.bodies)),
            (round(scene.gravity[0], 2), round(scene.gravity[1], 2)),
            round(scene.solver.dt, 4),
            scene.name,
            scene.category,
            scene.level,
            (kinds.count(0), kinds.count(1), kinds.count(2)),
            tuple(sorted(joints.items())),
        )


def _item(body: Body) -> Item:
    shape = body.shape
    size: tuple[float, ...]
    if isinstance(shape, Circle):
        kind, size = "circle", (shape.radius,)
    elif isinstance(shape, Box):
        kind, size = "rect", (shape.width, shape.height)
    else:
        kind, size = "polygon", (float(len(shape.vertices)),)
    density = None if body.kinematic else round(body.mass / shape.area * DENSITY_AREA, 4)
    return Item(kind, size, (round(body.x, 2), round(body.y, 2)), density, body.friction)


def write_header(header: Header) -> str:
    """The header's lines and blocks, up to the blank line before the first frame."""
    count = len(header.items)
    gravity = f"({header.gravity[0]:.2f}, {header.gravity[1]:.2f})"
    lines = [
        f"Scene: {_plural(count, 'object')} ({_kinds(header)}). Gravity: {gravity}. Timestep: {header.timestep:.4f}."
    ]
    if header.scenario or header.category or header.level is not None:
        category = f" ({header.category})" if header.category else ""
        level = f", difficulty: {header.level}" if header.level is not None else ""
        lines.append(f"Scenario: {header.scenario}{category}{level}")
    lines += ["", "Objects:"]
    lines += [_object(number, item) for number, item in enumerate(header.items)]
    counts = [_plural(n, kind) for n, kind in zip(header.statics, STATICS, strict=True) if n]
    walls = " (walls)" if header.statics[0] and not any(header.statics[1:]) else ""
    lines += ["", f"Static geometry: {', '.join(counts) or 'none'}{walls}"]
    lines.append(f"Constraints: {', '.join(f'{n} {name}' for name, n in header.constraints) or 'none'}")
    return "\n".join(lines) + "\n\n"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _kinds(header: Header) -> str:
    counts = Counter(item.kind for item in header.items)
    words = (("circle", "circle"), ("rect", "rectangle"), ("polygon", "polygon"))
    return ", ".join(_plural(counts[kind], word) for kind, word in words if counts[kind])


def _object(number: int, item: Item) -> str:
    if item.kind == "circle":
        shape = f"circle r={_decimal(item.size[0])}"
    elif item.kind == "rect":
        shape = (
            "rect {:g}x{:g}".format(*item.size)
            if all(v == int(v) for v in item.size)
            else "rect {}x{}".format(*item.size)
        )
    else:
        shape = f"polygon {item.size[0]:.0f}"
    weight = "kinematic" if item.density is None else f"density={_decimal(item.density)}"
    x, y = item.at
    return f"  obj_{number}: {shape} at ({x:.2f}, {y:.2f}), {weight}, friction={_decimal(item.friction)}"


def _decimal(value: float) -> str:
    """One to four decimals, as many as it takes."""
    text = f"{value:.4f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def write_frames(states: NDArray[Any], first: int = 0) -> str:
    """Consecutive frames, with a blank line after each; integers are states in units of 1e-4."""
    # Angles are not written, and are NaN in what this format's own parser gives.
    written = states if states.dtype.kind == "i" else np.nan_to_num(states)
    buffer, ends = LAYOUT.render(to_fixed(written), first, MOVING, np.zeros((1, 1), np.bool_))
    begins = [0, *ends.tolist()]
    return "".join(buffer[a:b].tobytes().decode("ascii") + "\n" for a, b in itertools.pairwise(begins))


def write_prompt(prompt: Prompt) -> str:
    """Header, frames and the cue `Frame N:`, without a newline at the end."""
    return f"{write_header(prompt.header)}{write_frames(prompt.states, prompt.first)}Frame {prompt.next}:"


def write_target(prompt: Prompt, state: Array) -> str:
    """What follows the cue: how many move, and the bodies."""
    return write_frames(state[None], prompt.next).removeprefix(f"Frame {prompt.next}:").removesuffix("\n")


def visible(prompt: Prompt) -> Array:
    """Positions and velocities to two decimals; no angles."""
    # From four decimals to two, as the writer goes.
    fixed = np.rint(to_fixed(prompt.states) / 100) / 100
    fixed[:, :, 4:6] = math.nan
    return np.asarray(fixed)


def body_line(line: str) -> tuple[int, list[float], str] | None:
    """One body's line; see `_lines.BodyLine`."""
    match = BODY.fullmatch(line)
    if match is None:
        return None
    values = [*numbers(match.groups()[1:5]), math.nan, math.nan]
    return int(match[1]), values, "has something after its numbers" if match[6].strip() else ""


def parse_frame(text: str, prompt: Prompt) -> Reading:
    """Read an answer: lines `  obj_0: pos=(x, y), vel=(vx, vy)`."""
    return read_answer(text, body_line, prompt.states.shape[1], prompt.next, headed=True)


def parse_prompt(text: str) -> Prompt | list[str]:
    """Read a prompt back."""
    if len(text) > LONGEST_PROMPT:
        return [f"the text has {len(text)} characters; at most {LONGEST_PROMPT} are read"]
    lines = [line for line in unmarked(text).split("\n") if not line.startswith(COMMENT)]
    context = next((k for k, line in enumerate(lines) if FRAME_LINE.match(line)), len(lines))
    given: dict[str, Any] = {}
    items: list[Item] = []
    complaints: list[str] = []
    count = -1
    for line in lines[:context]:
        try:
            if found := _SCENE.fullmatch(line):
                count = int(found[1])
                given |= {"gravity": (float(found[2]), float(found[3])), "timestep": float(found[4])}
            elif found := _SCENARIO.fullmatch(line):
                level = None if found[3] is None else int(found[3])
                given |= {"scenario": found[1], "category": found[2] or "", "level": level}
            elif line.startswith("  obj_"):
                items.append(_read_object(line, len(items)))
            elif line.startswith("Static geometry: "):
                given["statics"] = _read_statics(line.removeprefix("Static geometry: "))
            elif line.startswith("Constraints: "):
                given["constraints"] = _read_counts(line.removeprefix("Constraints: "))
            elif line.strip() not in ("", "Objects:"):
                raise ValueError("cannot make sense of it")
        except ValueError as error:
            complaints.append(f"{error} (in the line {line[:80]!r})")
    states, first, more = read_context(lines[context:], body_line)
    if count < 0:
        complaints.append("there is no line `Scene: N objects (...). Gravity: (x, y). Timestep: t.`")
    elif not complaints and not more and not count == len(items) == states.shape[1]:
        complaints.append(f"the scene has {count} objects, the list {len(items)} and the frames {states.shape[1]}")
    return shorten(complaints + more) if complaints or more else Prompt(Header(tuple(items), **given), states, first)


def _read_object(line: str, number: int) -> Item:
    found = _OBJECT.fullmatch(line)
    if found is None or int(found[1]) != number:
        raise ValueError(f"object {number} should be told here")
    size: tuple[float, ...]
    radius, width, height, corners, x, y, density, _, friction = found.groups()[1:]
    if radius is not None:
        kind, size = "circle", (float(radius),)
    elif width is not None:
        kind, size = "rect", (float(width), float(height))
    else:
        kind, size = "polygon", (float(corners),)
    return Item(kind, size, (float(x), float(y)), None if density is None else float(density), float(friction))


def _read_counts(rest: str) -> tuple[tuple[str, int], ...]:
    if rest.strip() == "none":
        return ()
    found = [_COUNT.fullmatch(item.strip()) for item in rest.split(",")]
    if not all(found):
        raise ValueError("this should be `none`, or counts separated by commas")
    return tuple((item[2], int(item[1])) for item in found if item)


def _read_statics(rest: str) -> tuple[int, int, int]:
    counts = {name.removesuffix("s"): n for name, n in _read_counts(rest.strip().removesuffix(" (walls)"))}
    if not counts.keys() <= set(STATICS):
        raise ValueError("statics are segments, circles and polygons")
    return counts.get("segment", 0), counts.get("circle", 0), counts.get("polygon", 0)
