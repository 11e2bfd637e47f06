"""The prior-coded format: a frame is what an extrapolation of the frames before it gets wrong.

The header is v1's with a line that names the prior and the tolerance. The first two context frames are written out,
every later one as corrections: a body that moves as extrapolated takes no characters, and an answer that does not name
a body accepts its extrapolation. The writer extrapolates from the frames as a reader decodes them, so that errors below
the tolerance, which are left out, do not accumulate.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.worlds.rigid.engine.chipmunk import Space
from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene, Solver
from gedanken.worlds.rigid.text import (
    LONGEST_PROMPT,
    MOST_COMPLAINTS,
    Prompt,
    Reading,
    shorten,
    unmarked,
    v1,
)
from gedanken.worlds.rigid.text._grammar import number_rules
from gedanken.worlds.rigid.text._header import describe
from gedanken.worlds.rigid.text._lines import COMMENT, LONGEST_LINE, NUMBER, find_answer

Prior: TypeAlias = Literal["adaptive", "free", "accelerate", "hold"]

LABELS: Labels = "pushed"

MARK = "Prior:"
"""The beginning of the header line that tells this format from v1."""

PRIORS: tuple[Prior, ...] = ("adaptive", "free", "accelerate", "hold")

TOUCHED = 0.0005
"""Deviation from free motion (px, px/s, rad, rad/s) that shows that something touches a body; rounding makes 0.0001."""

STRUCK = 40.0
"""Deviation of the velocity (px/s) from which on it is taken for an impact, which ends within the frame, and not for
the lasting pull of a joint or support: the body is then extrapolated as free. Repeating impacts like pulls gave
velocity errors of 66 px/s (root mean square over all training scenarios) instead of 49; free motion for all bodies
gives 50, but twice the characters where something rests or hangs."""

MOST_WORK = 500_000_000
"""Most pairs of bodies and fields that reading a prompt may evaluate; 200 frames of 50 planets are 500,000."""

HEAD = re.compile(r"\s*Frame\s+(\d{1,9})\s+corrections\s*", re.IGNORECASE)
END = "end"

_GROUPS = (("p", (0, 1)), ("v", (2, 3)), ("a", (4,)), ("w", (5,)))

LARGEST = 1e11
"""Size of a guess beyond which it is cut: four decimals of larger numbers are more than a float holds, and a stiff
spring on a crumb guesses as much."""

_LINE = re.compile(
    rf"\s*(\d{{1,6}})\s*:(?:\s*p\s*{NUMBER}\s*,\s*{NUMBER})?(?:\s*v\s*{NUMBER}\s*,\s*{NUMBER})?"
    rf"(?:\s*a\s*{NUMBER})?(?:\s*w\s*{NUMBER})?\s*"
)
_PRIOR = re.compile(rf"Prior: (\w{{1,20}}) tolerance={NUMBER}")


@dataclass(frozen=True)
class Header:
    """The scene, and how its frames are coded.

    Attributes:
        scene: all of it.
        labels: which positions the frames give.
        prior: `free` is what the simulator does when nothing touches (gravity, fields, drag, patrols of paddles; no
            contacts, no joints); `accelerate` has velocities change as they did last; `hold` stands still; `adaptive`
            takes `accelerate` for a body that something held or pulled in the last frame, and `free` for one that moved
            freely or was struck.
        tolerance: largest error (px, px/s, rad, rad/s) that is left uncorrected; 0 is lossless.
    """

    scene: Scene
    labels: Labels = "pushed"
    prior: Prior = "adaptive"
    tolerance: float = 0.001

    @classmethod
    def of(cls, scene: Scene, labels: Labels = "pushed") -> "Header":
        """The scene with the default prior."""
        return cls(scene, labels)

    @property
    def gravity(self) -> tuple[float, float]:
        """Uniform acceleration (px/s^2)."""
        return self.scene.gravity


class Extrapolation:
    """The header's prior as a function of the frames so far. Use it in a `with` statement: it holds a simulator.

    The simulator has the scene's forces, but no statics and joints, and all its bodies pass through each other. It then
    has no memory, so that one serves all frames.
    """

    def __init__(self, header: Header):
        self._header = header
        bodies = [replace(body, group=1) for body in header.scene.bodies]
        self._dt = header.scene.solver.dt
        solver = Solver(substeps=header.scene.solver.substeps, dt=self._dt)
        self._space = Space(replace(header.scene, bodies=bodies, statics=(), joints=(), solver=solver))

    def __enter__(self) -> "Extrapolation":
        return self

    def __exit__(self, *exception: object) -> None:
        self._space.__exit__()

    def __call__(self, states: Array) -> Array:
        """The frame after `states`, shape (k, bodies, 6), to four decimals; shape (bodies, 6)."""
        prior, last = self._header.prior, states[-1]
        if prior == "hold":
            return np.asarray(last.copy())
        if len(states) == 1 and prior == "accelerate":
            return rounded(last + _motion(last, self._dt))
        if len(states) == 1 or prior == "free":
            return self._free(last)
        guess = last + _motion(last, self._dt)
        guess[:, _RATES] += last[:, _RATES] - states[-2][:, _RATES]
        if prior == "accelerate":
            return rounded(guess)
        off = last - self._free(states[-2])
        pulled = (np.abs(off) > TOUCHED).any(1) & (np.hypot(off[:, 2], off[:, 3]) < STRUCK)
        return rounded(np.where(pulled[:, None], guess, self._free(last)))

    def _free(self, state: Array) -> Array:
        self._space.place(state)
        try:
            return np.asarray(self._space.advance(1)[0] / 10_000)
        except UserError:
            # The text holds numbers that no simulation gives: extrapolate without forces.
            return rounded(state + _motion(state, self._dt))


_RATES = [2, 3, 5]


def _motion(state: Array, dt: float) -> Array:
    """What velocity and spin add to position and angle in a frame."""
    step = np.zeros_like(state)
    step[:, [0, 1, 4]] = state[:, _RATES] * dt
    return step


def rounded(state: Array) -> Array:
    """A state to the four decimals of a text, none of them minus zero."""
    return np.asarray(np.rint(state * 10_000) / 10_000 + 0.0)


def _units(guess: Array) -> Array:
    """A guess in units of the last decimal, as far as these are whole numbers that a line can take off again."""
    return np.rint(np.clip(np.nan_to_num(guess), -LARGEST, LARGEST) * 10_000)


def correct(guess: Array, state: Array, tolerance: float) -> tuple[Array, list[str]]:
    """The next frame as a reader will decode it, and the lines of its corrections."""
    # In whole units of the last decimal: what is printed and added back gives the number itself.
    off = np.rint(state * 10_000) - _units(guess)
    decoded = guess.copy()
    words: dict[int, str] = {}
    for name, columns in _GROUPS:
        wrong = (np.abs(off[:, columns]) > tolerance * 10_000 + 0.5).any(1)
        for body in np.flatnonzero(wrong).tolist():
            numbers = ",".join(f"{off[body, column] / 10_000:.4f}" for column in columns)
            words[body] = f"{words.get(body, '')} {name} {numbers.replace('-0.0000', '0.0000')}"
        for column in columns:
            decoded[wrong, column] = np.rint(state[wrong, column] * 10_000) / 10_000
    return decoded + 0.0, [f"{body}:{words[body]}" for body in sorted(words)]


def _encode(header: Header, states: Array) -> tuple[Array, list[list[str]]]:
    """Frames as a reader will decode them, and the correction lines of each frame after the first two."""
    decoded = states.copy()
    lines = []
    if len(states) > 2:
        with Extrapolation(header) as extrapolate:
            for k in range(2, len(states)):
                decoded[k], corrected = correct(extrapolate(decoded[k - 2 : k]), states[k], header.tolerance)
                lines.append(corrected)
    return decoded, lines


def write_header(header: Header) -> str:
    """The scene with the prior, and where its bodies start."""
    return v1.with_start(_describe(header), header.scene)


def _describe(header: Header) -> str:
    return describe(header.scene, header.labels, f"Prior: {header.prior} tolerance={header.tolerance:.4f}")


def _corrections(number: int, lines: list[str]) -> str:
    return "\n".join([f"Frame {number} corrections", *lines, END]) + "\n"


def write_frames(states: NDArray[Any], first: int = 0) -> str:
    """Frames written out, as the first two of a context are."""
    return v1.write_frames(states, first)


def write_prompt(prompt: Prompt) -> str:
    """Header, two frames written out, the rest as corrections, and `Predict frame N:`."""
    head = _describe(prompt.header) if prompt.first == 0 else write_header(prompt.header)
    _, lines = _encode(prompt.header, prompt.states)
    text = [head, write_frames(prompt.states[:2], prompt.first)]
    text += [_corrections(prompt.first + 2 + k, corrected) for k, corrected in enumerate(lines)]
    return "".join(text) + f"Predict frame {prompt.next}:\n"


def write_target(prompt: Prompt, state: Array) -> str:
    """The corrections that make the next frame of the extrapolation."""
    return _corrections(prompt.next, correct(_extrapolate(prompt), state, prompt.header.tolerance)[1])


# Extrapolating a prompt takes 10 ms, and every answer to it is relative to the same frame.
_extrapolated: WeakKeyDictionary[Prompt, Array] = WeakKeyDictionary()


def _extrapolate(prompt: Prompt) -> Array:
    """The frame that an answer without corrections stands for."""
    guess = _extrapolated.get(prompt)
    if guess is None:
        with Extrapolation(prompt.header) as extrapolate:
            guess = _extrapolated[prompt] = extrapolate(visible(prompt)[-2:])
    return guess


def write_grammar(prompt: Prompt) -> str:
    """Grammar of an answer: any bodies in order, and of each any of its corrections in order."""
    head = f'"Frame {prompt.next} corrections" NEWLINE'
    bodies = body_rules(prompt.states.shape[1])
    return f'start: {head} {bodies} "{END}" NEWLINE?\n{correction_rule()}{number_rules(4)}'


def body_rules(bodies: int) -> str:
    """Corrections of any of so many bodies in order, in Lark; needs `correction_rule`."""
    return " ".join(f'("{body}:" corrected)?' for body in range(bodies))


def correction_rule() -> str:
    """The rule `corrected`: the corrections of one body; needs `_grammar.number_rules`."""
    numbers = {1: "NUMBER", 2: 'NUMBER "," NUMBER'}
    words = " ".join(f'(" {word} " {numbers[len(columns)]})?' for word, columns in _GROUPS)
    return f"corrected: {words} NEWLINE\n"


def visible(prompt: Prompt) -> Array:
    """The frames as a reader decodes them, each number within the tolerance of the true one."""
    return _encode(prompt.header, prompt.states)[0]


def parse_frame(text: str, prompt: Prompt) -> Reading:
    """Read corrections to the extrapolation. Without the line `Frame N corrections` nothing is taken for an answer."""
    found = find_answer(text, HEAD, prompt.next, prompt.states.shape[1])
    if found:
        number, lines = found
        state, complaints = apply_corrections(_extrapolate(prompt), lines)
        if number != prompt.next:
            complaints.insert(0, f"this is called frame {number}, but frame {prompt.next} was asked for")
        return Reading(state, number, shorten(complaints))
    missing = np.full(prompt.states.shape[1:], np.nan)
    return Reading(missing, None, [f"there is no line `Frame {prompt.next} corrections`"])


def apply_corrections(guess: Array, lines: Iterator[str]) -> tuple[Array, list[str]]:
    """Corrections up to `end`, applied to the extrapolation: the frame, and complaints."""
    units = _units(guess)
    complaints: list[str] = []
    seen: set[int] = set()
    ended = False
    for raw in lines:
        # Without blanks around it, which the pattern would go through by itself.
        line = raw[:LONGEST_LINE].strip()
        if line.lower() == END:
            ended = True
            break
        if len(seen) + len(complaints) > len(units) + MOST_COMPLAINTS:
            break
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            complaints.append(f"cannot read the line {line[:80]!r}")
            continue
        body = int(match[1])
        if body >= len(units):
            complaints.append(f"there is no body {body}: they are 0 to {len(units) - 1}")
        elif body in seen:
            complaints.append(f"body {body} is corrected twice; the first correction counts")
        else:
            seen.add(body)
            units[body] += [round(float(value or 0.0) * 10_000) for value in match.groups()[1:]]
    if not ended:
        complaints.append(f"the line `{END}` is missing")
    return units / 10_000 + 0.0, complaints


def parse_prompt(text: str) -> Prompt | list[str]:
    """Read a prompt back: the frames as `visible` gives them."""
    if len(text) > LONGEST_PROMPT:
        return [f"the text has {len(text)} characters; at most {LONGEST_PROMPT} are read"]
    lines = [line for line in unmarked(text).split("\n") if not line.startswith(COMMENT)]
    begin = next((k for k, line in enumerate(lines) if HEAD.fullmatch(line)), len(lines))
    read = v1.read_scene("\n".join(lines[:begin]))
    if isinstance(read, list):
        return read
    scene, labels, more, states, first = read
    prior = _PRIOR.fullmatch(more[0]) if len(more) == 1 else None
    if prior is None or prior[1] not in PRIORS:
        return [f"a header line must say `Prior: {' | '.join(PRIORS)} tolerance=0.001`, and no other be unknown"]
    header = Header(scene, labels, next(name for name in PRIORS if name == prior[1]), float(prior[2]))
    heads = sum(HEAD.fullmatch(line) is not None for line in lines[begin:])
    pairs = len(scene.bodies) * (len(scene.bodies) + 1) * (len(scene.fields) + 1)
    if heads * scene.solver.substeps * pairs > MOST_WORK:
        return [f"{heads} frames of {len(scene.bodies)} bodies and {len(scene.fields)} fields are too much to read"]
    with Extrapolation(header) as extrapolate:
        return _read_corrections(header, states, first, lines[begin:], extrapolate)


def _read_corrections(
    header: Header, states: Array, first: int, lines: list[str], extrapolate: Extrapolation
) -> Prompt | list[str]:
    rest = iter(lines)
    complaints: list[str] = []
    rows = list(states)
    for line in rest:
        head = HEAD.fullmatch(line)
        if head is None:
            if line.strip() and not line.startswith("Predict"):
                complaints.append(f"cannot read the line {line[:80]!r}")
            continue
        if int(head[1]) != first + len(rows):
            return shorten([*complaints, f"frame {head[1]} follows frame {first + len(rows) - 1}"])
        state, wrong = apply_corrections(extrapolate(np.array(rows[-2:])), rest)
        complaints += [f"frame {head[1]}: {sentence}" for sentence in wrong]
        rows.append(state)
    return shorten(complaints) if complaints else Prompt(header, np.array(rows), first)
