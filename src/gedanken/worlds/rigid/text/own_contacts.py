"""The format in which a model finds the contacts itself: frames in, contacts and their impulses out.

The prompt is v1's: nothing says what touches in the coming step. An answer has a line for each contact and joint that
acts, with the two bodies, the place and how it changes the velocity of the first; the reader takes them at their word.
It adds the motion without impulses, and the second body takes the opposite impulse at the same place, so that an answer
conserves momentum and angular momentum whatever it says. A body that no line names flies freely.

    Frame 13 contacts
    b0 w at 200.0,50.0 dv 0.0,16.3 push 0.0,0.01
    b1 b0 at 200.0,70.0 dv 0.0,16.3
    b2 b3 dw -0.5
    end

`dv` changes the velocity of the first body's centre (px/s), `push` moves it besides (px), `dw` changes its spin
(rad/s), and `w` is what cannot be moved. What the lines leave wrong may follow as `rest`, as of the format
`corrections`. Where a frame has several steps of the solver, `step 2` heads the lines of the second.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.couplings import Physics
from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import LONGEST_PROMPT, MOST_COMPLAINTS, Prompt, Reading, contacts, shorten, v1
from gedanken.worlds.rigid.text import corrections as rest
from gedanken.worlds.rigid.text._grammar import number_rules
from gedanken.worlds.rigid.text._header import describe as describe_scene
from gedanken.worlds.rigid.text._ledger import FARTHEST, Listing
from gedanken.worlds.rigid.text._lines import LONGEST_LINE, NUMBER, find_answer

Header = contacts.Header

LABELS: Labels = "pushed"

MARK = "Answer: contacts and impulses"
"""The header line that tells this format from v1."""

MOST_A_BODY = 40
"""Lines that are booked for each body of the scene and step; a box among boxes has eight."""

WORLD = -1
"""Number of what cannot be moved."""

_HEAD = re.compile(r"\s*Frame\s+(\d{1,9})\s+contacts\s*", re.IGNORECASE)
_STEP = re.compile(r"step\s+(\d{1,3})", re.IGNORECASE)
_TOUCH = re.compile(
    rf"b(\d{{1,6}})\s+(?:b(\d{{1,6}})|w)\s+"
    rf"(?:at\s+{NUMBER}\s*,\s*{NUMBER}\s+dv\s+{NUMBER}\s*,\s*{NUMBER}(?:\s+push\s+{NUMBER}\s*,\s*{NUMBER})?"
    rf"|dw\s+{NUMBER})"
)


@dataclass(frozen=True)
class Touch:
    """What one line says.

    Attributes:
        a: the body whose velocity is said.
        b: the body that takes the opposite impulse, or `WORLD`.
        at: where it acts (px); None for a motor, which turns without pushing.
        change: of the velocity of `a` (px/s); of a motor, of its spin (rad/s) and 0.
        push: by how much `a` is moved besides (px).
    """

    a: int
    b: int
    at: tuple[float, float] | None
    change: tuple[float, float]
    push: tuple[float, float] = (0.0, 0.0)

    @property
    def name(self) -> tuple[Any, ...]:
        """Who and where: what a step has once."""
        return self.a, self.b, self.at


def write_header(header: Any) -> str:
    """The scene to its last digit, and where its bodies start."""
    return v1.with_start(_describe(header), header.scene)


def _describe(header: Any) -> str:
    return describe_scene(header.scene, header.labels, MARK)


def write_frames(states: NDArray[Any], first: int = 0) -> str:
    """Consecutive frames, as in v1."""
    return v1.write_frames(states, first)


def write_prompt(prompt: Prompt) -> str:
    """Header, frames, and `Predict frame N:`."""
    head = _describe(prompt.header) if prompt.first == 0 else write_header(prompt.header)
    return f"{head}{write_frames(prompt.states, prompt.first)}Predict frame {prompt.next}:\n"


def write_answer(frame: int, steps: Sequence[Sequence[Touch]], corrected: Sequence[str] = ()) -> str:
    """An answer: its number, what acts in each step, and what that leaves wrong (lines as of `corrections`)."""
    lines = [f"Frame {frame} contacts"]
    for number, touches in enumerate(steps, 1):
        if number > 1:
            lines.append(f"step {number}")
        lines += map(_write, touches)
    if corrected:
        lines += [contacts.REST, *corrected]
    return "\n".join([*lines, contacts.END]) + "\n"


def _write(touch: Touch) -> str:
    names = f"b{touch.a} {'w' if touch.b == WORLD else f'b{touch.b}'}"
    if touch.at is None:
        return f"{names} dw {_number(touch.change[0])}"
    pushed = f" push {_pair(touch.push)}" if any(touch.push) else ""
    return f"{names} at {touch.at[0]:.2f},{touch.at[1]:.2f} dv {_pair(touch.change)}{pushed}"


def _pair(pair: tuple[float, float]) -> str:
    return f"{_number(pair[0])},{_number(pair[1])}"


def _number(value: float) -> str:
    return f"{value:.4f}".replace("-0.0000", "0.0000")


def write_target(prompt: Prompt, state: Array) -> str:
    """Contacts with impulses that give the next frame, and what they leave wrong, so that reading gives it itself.

    The frame does not always tell the impulses one by one: these are some that give it, and of those that do nothing,
    or more than a line can say, there is no line.
    """
    physics = Physics.of(prompt.header.scene)
    steps = []
    for found, impulses in contacts.fit(prompt, state)[0]:
        steps.append(tell(found, impulses, physics))
    return write_answer(prompt.next, steps, rest.correct(rest.rounded(_book(prompt, steps)), state, 0.0)[1])


def tell(found: Listing, impulses: Array, physics: Physics) -> list[Touch]:
    """What acts in a step, as lines say it; what does nothing, or more than a line can say, is left out.

    Args:
        found: contacts and joints.
        impulses: of each, shape (rows, 3).
        physics: of the scene.
    """
    return _joined([touch for k, row in enumerate(found.rows) if (touch := _touch(row, impulses[k], found, physics))])


def _touch(row: Array, impulse: Array, found: Listing, physics: Physics) -> Touch | None:
    """A row and its impulse as a line says them, with its decimals; None where nothing is left of it."""
    a, b = int(row[c.A]), int(row[c.B])
    other = b if 0 <= b < len(physics.masses) and physics.masses[b].any() else WORLD
    along, across, apart = impulse.tolist()
    if int(row[c.KIND]) == c.MOTOR:
        spin = round(-along * row[c.N_MASS] * physics.masses[a, 1], 4)
        return Touch(a, other, None, (spin, 0.0)) if spin else None
    light = physics.masses[a, 0]
    jn, jt, push = along * row[c.N_MASS], across * row[c.T_MASS], apart * row[c.N_MASS] * physics.dt
    nx, ny = row[c.NX], row[c.NY]
    change = (round(-light * (jn * nx - jt * ny), 4), round(-light * (jn * ny + jt * nx), 4))
    pushed = (round(-light * push * nx, 4), round(-light * push * ny, 4)) if found.pushed else (0.0, 0.0)
    if not any(change + pushed):
        return None
    at = (round(found.flown[a, 0] + row[c.R1X], 2), round(found.flown[a, 1] + row[c.R1Y], 2))
    return Touch(a, other, at, change, pushed)


def _joined(touches: Sequence[Touch]) -> list[Touch]:
    """Two motors of the same bodies, or joints at the same anchors, act as one; what no line can say is left out."""
    joined: dict[tuple[Any, ...], Touch] = {}
    for touch in touches:
        same = joined.get(touch.name)
        if same is not None:
            change, push = (
                # With the decimals of a line again: what is booked must be what a reader books.
                (round(p[0] + q[0], 4), round(p[1] + q[1], 4))
                for p, q in ((same.change, touch.change), (same.push, touch.push))
            )
            touch = replace(touch, change=change, push=push)
        joined[touch.name] = touch
    return [touch for touch in joined.values() if max(map(abs, touch.change + touch.push)) < FARTHEST]


def _book(prompt: Prompt, steps: Sequence[Sequence[Touch]]) -> Array:
    """The frame that these contacts give, shape (bodies, 6), not rounded."""
    scene = prompt.header.scene
    physics = Physics.of(scene)
    state = np.clip(np.nan_to_num(prompt.states[-1]), -FARTHEST, FARTHEST)
    for number in range(scene.solver.substeps):
        flown, _ = physics.fly(state)
        acting = steps[number] if number < len(steps) else ()
        rows, impulses = _rows(acting, flown, physics, prompt.header.labels == "pushed")
        state = physics.settle(flown, rows, impulses, number == scene.solver.substeps - 1)
        state = np.clip(np.nan_to_num(state), -rest.LARGEST, rest.LARGEST)
    return np.asarray(state)


def _rows(touches: Sequence[Touch], flown: Array, physics: Physics, pushed: bool) -> tuple[Array, Array]:
    """Rows of unit mass, so that an impulse along x and across it is a momentum, and pushes as rows of their own."""
    rows: list[Array] = []
    impulses: list[tuple[float, float, float]] = []

    def add(kind: int, touch: Touch, normal: tuple[float, float], impulse: tuple[float, float, float]) -> None:
        row = np.zeros(c.COLUMNS)
        row[[c.KIND, c.A, c.B, c.N_MASS, c.T_MASS]] = kind, touch.a, touch.b, 1.0, 1.0
        row[[c.NX, c.NY]] = normal
        if touch.at is not None:
            row[[c.R1X, c.R1Y]] = touch.at - flown[touch.a, :2]
            if touch.b != WORLD:
                row[[c.R2X, c.R2Y]] = touch.at - flown[touch.b, :2]
        rows.append(row)
        impulses.append(impulse)

    for touch in touches:
        light, turns = physics.masses[touch.a]
        if touch.at is None:
            add(c.MOTOR, touch, (1.0, 0.0), (-touch.change[0] / turns if turns else 0.0, 0.0, 0.0))
            continue
        add(c.CONTACT, touch, (1.0, 0.0), (-touch.change[0] / light, -touch.change[1] / light, 0.0))
        far = math.hypot(*touch.push)
        if far and pushed:
            normal = (-touch.push[0] / far, -touch.push[1] / far)
            add(c.CONTACT, touch, normal, (0.0, 0.0, far / light / physics.dt))
    return np.array(rows).reshape(-1, c.COLUMNS), np.array(impulses).reshape(-1, 3)


def write_grammar(prompt: Prompt) -> str:
    """Grammar of an answer: any contacts, what may follow, and corrections."""
    steps = prompt.header.scene.solver.substeps
    more = " ".join(f'("step {number}" NEWLINE (TOUCH NEWLINE)*)' for number in range(2, steps + 1))
    bodies = rest.body_rules(prompt.states.shape[1])
    head = f'"Frame {prompt.next} contacts" NEWLINE (TOUCH NEWLINE)* {more}'
    number = r"-?[0-9]{1,5}\.[0-9]{4}"
    place = r"-?[0-9]{1,5}\.[0-9]{2}"
    acts = f"at {place},{place} dv {number},{number}( push {number},{number})?|dw {number}"
    return (
        f'start: {head} (REST NEWLINE {bodies})? "{contacts.END}" NEWLINE?\nREST: "{contacts.REST}"\n'
        f"TOUCH: /b[0-9]{{1,4}} (b[0-9]{{1,4}}|w) ({acts})/\n{rest.correction_rule()}{number_rules(4)}"
    )


def visible(prompt: Prompt) -> Array:
    """All of it."""
    return prompt.states


def parse_frame(text: str, prompt: Prompt) -> Reading:
    """Read contacts, book their impulses, and correct what they leave wrong.

    Without the line `Frame N contacts` nothing is answered.
    """
    bodies, steps = prompt.states.shape[1], prompt.header.scene.solver.substeps
    found = find_answer(text, _HEAD, prompt.next, bodies * (1 + steps * MOST_A_BODY))
    if not found:
        missing = np.full(prompt.states.shape[1:], np.nan)
        return Reading(missing, None, [f"there is no line `Frame {prompt.next} contacts`"])
    number, lines = found
    touches, close, complaints = _read_touches(lines, prompt)
    if number != prompt.next:
        complaints.insert(0, f"this is called frame {number}, but frame {prompt.next} was asked for")
    state = rest.rounded(_book(prompt, touches))
    if close == contacts.REST:
        state, wrong = rest.apply_corrections(state, lines)
        complaints += wrong
    elif close != contacts.END:
        complaints.append(f"the line `{contacts.END}` is missing")
    return Reading(state, number, shorten(complaints))


def _read_touches(lines: Iterator[str], prompt: Prompt) -> tuple[list[list[Touch]], str, list[str]]:
    """What acts in each step up to `rest` or `end`, which of the two came (or neither), and complaints."""
    scene = prompt.header.scene
    touches: list[list[Touch]] = [[] for _ in range(scene.solver.substeps)]
    most = MOST_A_BODY * len(scene.bodies) * len(touches)
    seen: set[tuple[Any, ...]] = set()
    complaints: list[str] = []
    step = 1
    for raw in lines:
        line = raw[:LONGEST_LINE].strip()
        close = line.lower()
        if not close:
            continue
        if close in (contacts.REST, contacts.END):
            return touches, close, complaints
        if len(complaints) > MOST_COMPLAINTS or len(seen) > most or _HEAD.fullmatch(line):
            break
        following = _STEP.fullmatch(line)
        match = _TOUCH.fullmatch(line)
        if following:
            step = int(following[1])
            if not 1 <= step <= len(touches):
                complaints.append(f"there is no step {step}: the frame has {len(touches)}")
        elif match is None:
            complaints.append(f"cannot read the line {line[:80]!r}")
        elif 1 <= step <= len(touches):
            touch = _read(match)
            wrong = _what_is_wrong(touch, prompt)
            if (step, touch.name) in seen:
                wrong = f"{line[:40]!r} acts twice at one place; the first line counts"
            if wrong:
                complaints.append(wrong)
            else:
                seen.add((step, touch.name))
                touches[step - 1].append(touch)
    return touches, "", complaints


def _read(match: "re.Match[str]") -> Touch:
    a, b, *words = match.groups()
    x, y, vx, vy, px, py, spin = (float(word or 0.0) for word in words)
    other = WORLD if b is None else int(b)
    if words[-1] is not None:
        return Touch(int(a), other, None, (spin, 0.0))
    return Touch(int(a), other, (x, y), (vx, vy), (px, py))


def _what_is_wrong(touch: Touch, prompt: Prompt) -> str:
    scene = prompt.header.scene
    for body in (touch.a, touch.b):
        if body >= len(scene.bodies):
            return f"there is no body {body}: they are 0 to {len(scene.bodies) - 1}"
    if touch.a == touch.b:
        return f"body {touch.a} cannot touch itself"
    if scene.bodies[touch.a].kinematic:
        return f"nothing changes the velocity of body {touch.a}: the body that is moved comes first"
    return ""


def parse_prompt(text: str) -> Prompt | list[str]:
    """Read a prompt back: the scene and the frames."""
    if len(text) > LONGEST_PROMPT:
        return [f"the text has {len(text)} characters; at most {LONGEST_PROMPT} are read"]
    read = v1.read_scene(text)
    if isinstance(read, list):
        return read
    scene, labels, more, states, first = read
    if [line.strip() for line in more] != [MARK]:
        return [f"a header line must say `{MARK}`, and no other be unknown"]
    return Prompt(Header(scene, labels), states, first)
