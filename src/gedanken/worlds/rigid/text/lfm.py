"""The format of the published LFM checkpoints, byte for byte as in their training data and browser front ends.

The header gives neither shapes nor sizes nor materials, statics are rounded to whole pixels, and the words `Frame N: `
stand twice in every context frame, but once in a target. Source: the training code and the front end
(`promptFormat.ts`) of github.com/AlexWortega/PhysicsLLMEngine; golden pairs of it are in `tests/golden`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import GROUND, Motor, Peg, Pin, Pivot, Segment, Slide, Spring
from gedanken.worlds.rigid.scene.scene import DT, Scene
from gedanken.worlds.rigid.text import LONGEST_PROMPT, Prompt, Reading, shorten, unmarked
from gedanken.worlds.rigid.text._digits import DOUBLED, FRAME_COLON, Integers, Layout, to_fixed
from gedanken.worlds.rigid.text._grammar import decimals, join, replace_numbers
from gedanken.worlds.rigid.text._lines import COMMENT, FRAME_LINE, NUMBER, numbers, read_answer, read_context

CUE = "Predict next frame:"

LABELS: Labels = "raw"

LAYOUT = Layout(("  obj_", ": pos=(", ", ", "), vel=(", ", ", "), a=", ", av=", ")\n", "\n"))

TURNS = 0.001
"""Angle (rad) or spin (rad/s) above which a line gives both, else neither."""

JOINTS = {Pin: "PinJoint", Pivot: "PivotJoint", Slide: "SlideJoint", Spring: "DampedSpring", Motor: "SimpleMotor"}
"""Pymunk's names of the joints."""

BODY = re.compile(
    rf"\s*obj_(\d{{1,6}})\s*:\s*pos=\(\s*{NUMBER}\s*,\s*{NUMBER}\s*\)\s*,\s*vel=\(\s*{NUMBER}\s*,\s*{NUMBER}\s*\)"
    rf"(?:\s*,\s*a=\s*{NUMBER}\s*,\s*av=\s*{NUMBER})?(.*)"
)
_TURN = re.compile(r", a=-?\d+\.\d+, av=-?\d+\.\d+")
_POINT = r"\((-?\d{1,9}),(-?\d{1,9})\)"
_STATIC = re.compile(rf"seg {_POINT}-{_POINT}|peg {_POINT} r=(-?\d{{1,9}})")
_CONSTRAINT = re.compile(r"(\w{1,40}) (static|\d{1,6})->(static|\d{1,6})")
_GRAVITY = re.compile(rf"\(\s*{NUMBER}\s*,\s*{NUMBER}\s*\)")

Static = tuple[float, ...]
"""A segment (x1, y1, x2, y2) or a peg (x, y, r), rounded to whole pixels."""

Constraint = tuple[str, int, int]
"""Name, body or `GROUND`, body or `GROUND`."""


@dataclass(frozen=True)
class Header:
    """What this text gives of a scene.

    Attributes:
        description: one sentence.
        gravity: uniform acceleration (px/s^2).
        timestep: seconds from frame to frame.
        scenario: `Type:`, empty when there is none.
        level: `Difficulty:`, None when there is none.
        statics: segments and pegs; polygons are left out.
        constraints: joints, without anchors and lengths.
    """

    description: str = ""
    gravity: tuple[float, float] = (0.0, -981.0)
    timestep: float = 0.01667
    scenario: str = ""
    level: int | None = None
    statics: tuple[Static, ...] = ()
    constraints: tuple[Constraint, ...] = ()

    @classmethod
    def of(cls, scene: Scene, labels: Labels = "pushed") -> "Header":
        """What the text gives of a scene; the checkpoints were trained on raw labels, which the text does not state."""
        statics: list[Static] = []
        for static in scene.statics:
            if isinstance(static, Segment):
                statics.append(_whole((static.ax, static.ay, static.bx, static.by)))
            elif isinstance(static, Peg):
                statics.append(_whole((static.x, static.y, static.radius)))
        joints = tuple((JOINTS[type(joint)], joint.a, joint.b) for joint in scene.joints)
        step = round(scene.solver.dt, 5)
        return cls(scene.description, scene.gravity, step, scene.name, scene.level, tuple(statics), joints)


def _whole(values: Iterable[float]) -> Static:
    return tuple(float(f"{value:.0f}") for value in values)


def write_header(header: Header) -> str:
    """The header's lines."""
    lines = [f"Scene: {header.description}"]
    lines.append(f"Gravity: ({header.gravity[0]}, {header.gravity[1]})")
    lines.append(f"Timestep: {header.timestep:.5f}")
    if header.scenario:
        lines.append(f"Type: {header.scenario}")
    if header.level is not None:
        lines.append(f"Difficulty: {header.level}")
    if header.statics:
        lines.append(f"Static: {'; '.join(map(_static, header.statics))}")
    if header.constraints:
        lines.append(f"Constraints: {'; '.join(f'{name} {_end(a)}->{_end(b)}' for name, a, b in header.constraints)}")
    return "\n".join(lines) + "\n"


def _static(static: Static) -> str:
    if len(static) == 3:
        return "peg ({:.0f},{:.0f}) r={:.0f}".format(*static)
    return "seg ({:.0f},{:.0f})-({:.0f},{:.0f})".format(*static)


def _end(body: int) -> str:
    return "static" if body == GROUND else str(body)


def write_frames(states: NDArray[Any], first: int = 0) -> str:
    """Consecutive context frames, with their doubled head; integers are states in units of 1e-4."""
    fixed, shown, minus = _printed(states)
    return LAYOUT.text(fixed, first, DOUBLED, shown, minus)


def _printed(states: NDArray[Any]) -> tuple[Integers, NDArray[np.bool_], NDArray[np.bool_] | None]:
    """States in units of 1e-4 as the training data were rounded, which lines show angles, which zeros have a sign.

    Angles and spins were rounded to six decimals in the records and from there to four in the text. `numpy` rounds a
    product, which goes wrong where the sixth decimals are exactly 50: those few are printed by Python.
    """
    fixed = to_fixed(states)
    if states.dtype.kind == "i":
        return fixed, np.asarray((np.abs(fixed[:, :, 4:6]) > TURNS * 10_000).any(2)), None
    six = np.rint(states[:, :, 4:6] * 1_000_000)
    fixed[:, :, 4:6] = np.rint(six / 100)
    for frame, body, column in zip(*np.nonzero(np.abs(six) % 100 == 50), strict=True):
        exactly = float(f"{six[frame, body, column] / 1_000_000:.4f}")
        fixed[frame, body, 4 + column] = round(exactly * 10_000)
    return fixed, np.asarray((np.abs(six) > TURNS * 1_000_000).any(2)), np.asarray(np.signbit(states))


def write_prompt(prompt: Prompt) -> str:
    """Header, frames and cue; the cue ends without a newline."""
    return write_header(prompt.header) + write_frames(prompt.states, prompt.first) + CUE


def write_target(prompt: Prompt, state: Array) -> str:
    """The next frame; its head has no description, and it ends without a newline."""
    fixed, shown, minus = _printed(state[None])
    return LAYOUT.text(fixed, prompt.next, FRAME_COLON, shown, minus).removesuffix("\n")


def write_grammar(prompt: Prompt) -> str:
    """Grammar of an answer: angle and spin of a body are optional, since they are left out where both are small."""
    answer = write_target(prompt, prompt.states[-1])
    lines = []
    for line in answer.split("\n"):
        turns = ' (", a=" NUMBER ", av=" NUMBER)?' if line.startswith("  obj_") else ""
        lines.append(replace_numbers(_TURN.sub("", line)) + turns)
    return join(lines, decimals(answer))


def visible(prompt: Prompt) -> Array:
    """Four decimals, and no angle and spin where both are small."""
    fixed, shown, _ = _printed(prompt.states)
    states = np.asarray(fixed / 10_000)
    states[:, :, 4:6] *= shown[:, :, None]
    return states


def body_line(line: str) -> tuple[int, list[float], str] | None:
    """One body's line; see `_lines.BodyLine`."""
    match = BODY.fullmatch(line)
    if match is None:
        return None
    # Angle and spin are left out where both are small.
    values = numbers(match.groups("0")[1:7])
    return int(match[1]), values, "has something after its numbers" if match[8].strip() else ""


def parse_frame(text: str, prompt: Prompt) -> Reading:
    """Read an answer: lines `  obj_0: pos=(x, y), vel=(vx, vy)`, and `, a=angle, av=spin` where it turns."""
    return read_answer(text, body_line, prompt.states.shape[1], prompt.next)


def parse_prompt(text: str) -> Prompt | list[str]:
    """Read a prompt back. Accepts gravity with and without `.0`; both occur in the wild."""
    if len(text) > LONGEST_PROMPT:
        return [f"the text has {len(text)} characters; at most {LONGEST_PROMPT} are read"]
    lines = [line for line in unmarked(text).split("\n") if not line.startswith(COMMENT)]
    if lines and lines[-1].strip() == CUE:
        lines.pop()
    context = next((k for k, line in enumerate(lines) if FRAME_LINE.match(line)), len(lines))
    complaints: list[str] = []
    given: dict[str, Any] = {}
    for line in lines[:context]:
        kind, colon, rest = line.partition(":")
        if not line.strip():
            continue
        try:
            given |= _read_line(kind.strip() if colon else "", rest.removeprefix(" "))
        except ValueError as error:
            complaints.append(f"{error} (in the line {line[:80]!r})")
    if "gravity" not in given:
        complaints.append("there is no line `Gravity: (x, y)`")
    states, first, more = read_context(lines[context:], body_line)
    return shorten(complaints + more) if complaints or more else Prompt(Header(**given), states, first)


def _read_line(kind: str, rest: str) -> dict[str, Any]:
    """One header line as attributes of `Header`; raises `ValueError` with what is wrong."""
    match kind:
        case "Scene":
            return {"description": rest}
        case "Type":
            return {"scenario": rest.strip()}
        case "Gravity":
            vector = _GRAVITY.fullmatch(rest.strip())
            if vector is None:
                raise ValueError("gravity must be (x, y)")
            return {"gravity": (float(vector[1]), float(vector[2]))}
        case "Timestep":
            if not re.fullmatch(NUMBER, rest.strip()):
                raise ValueError("the timestep must be a number")
            return {"timestep": float(rest)}
        case "Difficulty":
            if not re.fullmatch(r"\d{1,6}", rest.strip()):
                raise ValueError("the difficulty must be a whole number")
            return {"level": int(rest)}
        case "Static":
            return {"statics": tuple(map(_read_static, rest.split(";")))}
        case "Constraints":
            return {"constraints": tuple(map(_read_constraint, rest.split(";")))}
    raise ValueError("cannot make sense of it")


def _read_static(item: str) -> Static:
    static = _STATIC.fullmatch(item.strip())
    if static is None:
        raise ValueError(f"{item[:40]!r} is no `seg (x,y)-(x,y)` or `peg (x,y) r=r`")
    return tuple(float(value) for value in static.groups() if value is not None)


def _read_constraint(item: str) -> Constraint:
    joint = _CONSTRAINT.fullmatch(item.strip())
    if joint is None:
        raise ValueError(f"{item[:40]!r} is no `PinJoint a->b`")
    a, b = (GROUND if end == "static" else int(end) for end in joint.groups()[1:])
    return joint[1], a, b


def read_records(records: Iterable[dict[str, Any]]) -> Prompt:
    """A published scene, from its JSONL records: the header record, then frames in order.

    Raises:
        UserError: they are not such records.
    """
    try:
        head, *frames = records
        step = float(head.get("timestep", DT))
        statics: list[Static] = []
        for item in head.get("static_geometry") or ():
            if item["type"] == "segment":
                statics.append(_whole((item["p1"]["x"], item["p1"]["y"], item["p2"]["x"], item["p2"]["y"])))
            elif item["type"] == "circle":
                statics.append(_whole((item["center"]["x"], item["center"]["y"], item["radius"])))
        constraints = []
        for item in head.get("constraints") or ():
            a, b = (GROUND if item[end] == "static" else int(item[end]) for end in ("body_a", "body_b"))
            constraints.append((str(item["type"]), a, b))
        header = Header(
            str(head.get("description") or ""),
            (float(head["gravity"]["x"]), float(head["gravity"]["y"])),
            float(f"{step:.5f}"),
            str(head.get("scenario_type") or ""),
            None if head.get("difficulty") is None else int(head["difficulty"]),
            tuple(statics),
            tuple(constraints),
        )
        first = int(frames[0]["frame"])
        states = np.array([[_state(body) for body in frame["objects"]] for frame in frames], np.float64)
        if [frame["frame"] for frame in frames] != list(range(first, first + len(frames))) or states.ndim != 3:
            raise UserError("the frames of a scene's records must be consecutive")
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise UserError(f"these are not the records of a published scene: {type(error).__name__} {error}") from error
    return Prompt(header, states, first)


def _state(body: dict[str, Any]) -> list[float]:
    place, speed = body["position"], body.get("velocity") or {"x": 0.0, "y": 0.0}
    return [place["x"], place["y"], speed["x"], speed["y"], body.get("angle", 0.0), body.get("angular_velocity", 0.0)]
