"""The default format: everything that the next frame depends on.

The header is the scene to its last digit, so that reading it gives the same scene back; a frame is a line a body with
all six numbers, always four decimals, never `-0.0000`.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.worlds.rigid.engine.chipmunk import initial_state
from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import LONGEST_PROMPT, Prompt, Reading, shorten, unmarked
from gedanken.worlds.rigid.text._digits import FRAME, Layout, to_fixed
from gedanken.worlds.rigid.text._header import TITLE, Draft, Malformed, describe
from gedanken.worlds.rigid.text._lines import (
    COMMENT,
    FRAME_LINE,
    NUMBER,
    numbers,
    read_answer,
    read_block,
    read_context,
)

START = "Start"
"""Heads frame 0 where the context frames begin later."""

LABELS: Labels = "pushed"

LAYOUT = Layout(("", ": ", ",", " v ", ",", " a ", " w ", "\n", "\n"))

BODY = re.compile(
    rf"\s*(\d{{1,6}})\s*:\s*{NUMBER}\s*,\s*{NUMBER}\s+v\s+{NUMBER}\s*,\s*{NUMBER}\s+a\s+{NUMBER}\s+w\s+{NUMBER}\s*"
)
_START = re.compile(r"\s*(\d{1,6})\s*:")
_PAIR = rf"\s*{NUMBER}\s*,\s*{NUMBER}"
_PARTS = {
    "position": re.compile(rf"\s*\d{{1,6}}\s*:{_PAIR}(?![\d.])"),
    "v": re.compile(rf"\bv{_PAIR}(?![\d.])"),
    "a": re.compile(rf"\ba\s*{NUMBER}(?![\d.])"),
    "w": re.compile(rf"\bw\s*{NUMBER}(?![\d.])"),
}


@dataclass(frozen=True)
class Header:
    """The scene, and which positions the frames give (see `simulate`)."""

    scene: Scene
    labels: Labels = "pushed"

    @classmethod
    def of(cls, scene: Scene, labels: Labels = "pushed") -> "Header":
        """All of the scene."""
        return cls(scene, labels)

    @property
    def gravity(self) -> tuple[float, float]:
        """Uniform acceleration (px/s^2)."""
        return self.scene.gravity


def write_header(header: Header) -> str:
    """The scene to its last digit, and where its bodies start."""
    return with_start(describe(header.scene, header.labels), header.scene)


def with_start(described: str, scene: Scene) -> str:
    """A scene's lines, and where its bodies start."""
    start = write_frames(initial_state(scene)[None])
    return described + START + start[start.index("\n") :]


def write_frames(states: NDArray[Any], first: int = 0) -> str:
    """Consecutive frames, each a line `Frame N` and a line a body; integers are states in units of 1e-4."""
    return LAYOUT.text(to_fixed(states), first, FRAME)


def write_prompt(prompt: Prompt) -> str:
    """Header, where the bodies start (unless frame 0 is in the context), the context, and `Predict frame N:`."""
    head = describe(prompt.header.scene, prompt.header.labels) if prompt.first == 0 else write_header(prompt.header)
    return f"{head}{write_frames(prompt.states, prompt.first)}Predict frame {prompt.next}:\n"


def write_target(prompt: Prompt, state: Array) -> str:
    """The next frame in the same layout."""
    return write_frames(state[None], prompt.next)


def visible(prompt: Prompt) -> Array:
    """All of it."""
    return prompt.states


def parse_frame(text: str, prompt: Prompt) -> Reading:
    """Read an answer: lines `body: x,y v vx,vy a angle w spin`."""
    return read_answer(text, body_line, prompt.states.shape[1], prompt.next)


def body_line(line: str) -> tuple[int, list[float], str] | None:
    """One body's line; see `_lines.BodyLine`."""
    whole = BODY.fullmatch(line)
    if whole:
        return int(whole[1]), numbers(whole.groups()[1:]), ""
    start = _START.match(line)
    if start is None:
        return None
    values: list[float] = []
    wrong = []
    for name, pattern in _PARTS.items():
        # Only the position has a fixed place; searching for it would try every blank of a long run.
        part = pattern.match(line) if name == "position" else pattern.search(line)
        if part is None:
            wrong.append(name)
        values += numbers(part.groups()) if part else [math.nan] * (1 if name in "aw" else 2)
    if "position" in wrong and "v" in wrong:
        return None
    return int(start[1]), values, f"has no readable {', '.join(wrong)}" if wrong else "has something after its numbers"


def parse_prompt(text: str) -> Prompt | list[str]:
    """Read a prompt back: the scene and the context frames."""
    read = read_scene(text)
    if isinstance(read, list):
        return read
    scene, labels, more, states, first = read
    if more:
        return shorten([f"cannot read the line {line[:80]!r}" for line in more])
    return Prompt(Header(scene, labels), states, first)


def read_scene(text: str) -> tuple[Scene, Labels, list[str], Array, int] | list[str]:
    """Read a header and its context: scene, labels, header lines that are not v1's, states, number of the first frame.

    A text that has a start but no frame is a scene on its own; its context is frame 0.
    """
    if len(text) > LONGEST_PROMPT:
        return [f"the text has {len(text)} characters; at most {LONGEST_PROMPT} are read"]
    lines = [line for line in unmarked(text).split("\n") if line.strip() and not line.startswith(("Predict", COMMENT))]
    begin = next((k for k, line in enumerate(lines) if line.startswith(TITLE)), len(lines))
    if begin == len(lines):
        return [f"there is no header: no line begins with `{TITLE}`"]
    context = next((k for k in range(begin, len(lines)) if FRAME_LINE.match(lines[k])), len(lines))
    start = next((k for k in range(begin, context) if lines[k].strip() == START), context)
    draft = Draft()
    complaints = []
    for line in lines[begin:start]:
        try:
            draft.take(line)
        except (Malformed, UserError) as error:
            complaints.append(f"{error} (in the line {line[:80]!r})")
    if complaints:
        return shorten(complaints)
    bodies = len(draft.bodies)
    if start < context:
        zero, complaints = read_block(lines[start + 1 : context], body_line, bodies)
        complaints = [f"start: {sentence}" for sentence in complaints]
        states, first = zero[None], 0
    if context < len(lines) or start == context:
        states, first, more = read_context(lines[context:], body_line)
        complaints += more
        if not more and states.shape[1] != bodies:
            complaints.append(f"the header has {bodies} bodies, but frame {first} has {states.shape[1]}")
        elif not more and first != 0 and start == context:
            complaints.append(f"a header whose frames begin with {first} must say where the bodies start")
    if complaints:
        return shorten(complaints)
    try:
        scene = draft.scene(zero if start < context else states[0])
    except UserError as error:
        return [str(error)]
    return scene, draft.labels, draft.unknown, states, first
