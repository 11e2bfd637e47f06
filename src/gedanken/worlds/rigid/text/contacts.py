"""The format of contacts: the text lists what touches in the coming step, the answer is impulses, the reader books.

Which contacts the coming step has is decided by geometry alone, and away from them the next frame is known. The prompt
is v1's with a section that has a line for each contact and joint of the step: what decides its impulse. An answer gives
an impulse for each line, as the change of the relative velocity of its two sides. The reader adds the motion without
impulses. An impulse acts on both bodies, so that an answer conserves momentum whatever it says.

Where a frame has several steps of the solver, the section lists the first; what touches in the next follows from the
answer to it (`Ledger`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.couplings import Physics, Rows
from gedanken.worlds.rigid.engine.laws import explain
from gedanken.worlds.rigid.engine.simulate import Labels
from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene
from gedanken.worlds.rigid.text import LONGEST_PROMPT, MOST_COMPLAINTS, Prompt, Reading, shorten, v1
from gedanken.worlds.rigid.text import corrections as rest
from gedanken.worlds.rigid.text._grammar import number_rules
from gedanken.worlds.rigid.text._header import describe as describe_scene
from gedanken.worlds.rigid.text._ledger import FARTHEST, RATES, Ledger, Listing, listing
from gedanken.worlds.rigid.text._lines import LONGEST_LINE, NUMBER, find_answer
from gedanken.worlds.rigid.text._quantities import ANSWERS, BETWEEN, ON_WORLD, degrees, word

LABELS: Labels = "pushed"

MARK = "Answer: impulses"
"""The header line that tells this format from v1."""

GIVEN = (
    "the geometry of contacts: what touches in the coming step, where, and what change of speed each alone would need"
)
"""What the text works out for a model; said wherever a figure of one stands."""

END = "end"
REST = "rest"

_SECTION = re.compile(r"\s*Step to frame \d{1,9}\b")
_HEAD = re.compile(r"\s*Frame\s+(\d{1,9})\s+impulses\s*", re.IGNORECASE)
_STEP = re.compile(r"\s*step\s+(\d{1,3})\s*", re.IGNORECASE)
_ANSWER = re.compile(rf"\s*r(\d{{1,5}})((?:\s+{NUMBER}){{1,3}})\s*".replace("([-+]?", "(?:[-+]?"))
_FIT = 300
"""Sweeps of the search for impulses that give a frame."""


@dataclass(frozen=True)
class Header:
    """The scene, and which positions the frames give (see `simulate`); with raw ones the reader knows no push."""

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
    return v1.with_start(_describe(header), header.scene)


def _describe(header: Header) -> str:
    return describe_scene(header.scene, header.labels, MARK)


def write_frames(states: NDArray[Any], first: int = 0) -> str:
    """Consecutive frames, as in v1."""
    return v1.write_frames(states, first)


def write_prompt(prompt: Prompt) -> str:
    """Header, frames, a line for each contact and joint of the coming step, and `Predict frame N:`."""
    head = _describe(prompt.header) if prompt.first == 0 else write_header(prompt.header)
    frames = write_frames(prompt.states, prompt.first)
    section = write_listing(listing(prompt), prompt.header.scene, prompt.next)
    return f"{head}{frames}{section}Predict frame {prompt.next}:\n"


def write_listing(found: Listing, scene: Scene, frame: int) -> str:
    """The section of a step: its head, and a line for each contact and joint."""
    lines = [f"Step to frame {frame}: {len(found.rows)} rows, {scene.solver.iterations} iterations"]
    for k, (row, told) in enumerate(zip(found.rows, found.quantities, strict=True)):
        kind, a, b = int(row[c.KIND]), int(row[c.A]), int(row[c.B])
        moved = _is_moved(scene, b)
        words = [f"r{k}", c.KINDS[kind], f"b{a}", f"b{b}" if moved else "w"]
        if kind != c.MOTOR:
            words.append(f"{degrees(row[c.NX], row[c.NY])}d")
        lines.append(" ".join(words + [word(told[q]) for q in (BETWEEN if moved else ON_WORLD)[kind]]))
    return "\n".join(lines) + "\n"


def _is_moved(scene: Scene, body: int) -> bool:
    return 0 <= body < len(scene.bodies) and not scene.bodies[body].kinematic


def write_answer(frame: int, steps: Sequence[tuple[Rows, Array]], corrected: Sequence[str] = ()) -> str:
    """An answer of impulses to four decimals.

    Args:
        frame: its number.
        steps: of each step of the frame, its rows and their impulses, shape (rows, 3).
        corrected: what impulses leave wrong, lines as of the format `corrections`.
    """
    lines = [f"Frame {frame} impulses"]
    for number, (rows, impulses) in enumerate(steps, 1):
        if number > 1:
            lines.append(f"step {number}")
        for k, (row, values) in enumerate(zip(rows, impulses.tolist(), strict=True)):
            kind = int(row[c.KIND])
            said = values[: ANSWERS[kind]] + ([values[c.APART]] if kind == c.CONTACT else [])
            lines.append(" ".join([f"r{k}", *(f"{value:.4f}".replace("-0.0000", "0.0000") for value in said)]))
    if corrected:
        lines += [REST, *corrected]
    return "\n".join([*lines, END]) + "\n"


def write_target(prompt: Prompt, state: Array) -> str:
    """Impulses that give the next frame, and what they leave wrong, so that reading gives the frame itself.

    The frame does not always tell the impulses one by one (a box on two points has one weight): these are some that
    give it.
    """
    steps, reached = fit(prompt, state)
    corrected = rest.correct(rest.rounded(reached), state, 0.0)[1]
    return write_answer(prompt.next, [(found.rows, impulses) for found, impulses in steps], corrected)


def fit(prompt: Prompt, state: Array) -> tuple[list[tuple[Listing, Array]], Array]:
    """Impulses to four decimals that lead to the next frame.

    Returns:
        Of each step what acts in it and the impulses, shape (rows, 3), and the frame that they give, not rounded.
    """
    steps = []
    with Ledger(prompt.header.scene, prompt.header.labels) as ledger:
        found: Listing | None = ledger.open(prompt.states)
        while found is not None:
            impulses = np.round(_fit(ledger, found, state, prompt), 4)
            steps.append((found, impulses))
            found = ledger.next(impulses)
        return steps, ledger.state


def _fit(ledger: Ledger, found: Listing, state: Array, prompt: Prompt) -> Array:
    """Impulses of a step that lead towards a frame."""
    if not len(found.rows):
        return np.zeros((0, 3))
    physics = ledger.physics
    flown, rows = found.flown, found.rows
    after = state.copy()
    if not found.last_of_frame:
        # The steps that follow change velocities without impulses, too.
        start = flown.copy()
        start[:, [0, 1, 4]] = prompt.states[-1][:, [0, 1, 4]]
        after[:, RATES] -= (physics.fly(start)[0] - start)[:, RATES]
    impulses = np.asarray(explain(flown, rows, physics.masses, after, _FIT))
    if found.last_of_frame and prompt.header.labels == "pushed":
        still, shift = np.zeros_like(flown), np.zeros_like(flown)
        shift[:, RATES] = (state - flown)[:, [0, 1, 4]] / physics.dt
        pushes = rows.copy()
        pushes[:, c.FRICTION] = pushes[:, c.BELT_X] = pushes[:, c.BELT_Y] = 0.0
        only = pushes[:, c.KIND] == c.CONTACT
        impulses[only, c.APART] = explain(still, pushes[only], physics.masses, shift, _FIT)[:, c.NORMAL]
    return np.asarray(np.clip(impulses, -FARTHEST, FARTHEST))


def write_grammar(prompt: Prompt) -> str:
    """Grammar of an answer: an impulse for every line of the section, what may follow, and corrections."""
    lines = [f'"Frame {prompt.next} impulses"']
    for k, row in enumerate(listing(prompt).rows):
        kind = int(row[c.KIND])
        lines.append(f'"r{k}"' + ' " " NUMBER' * (ANSWERS[kind] + (kind == c.CONTACT)))
    steps = prompt.header.scene.solver.substeps
    more = [f'("step {number}" NEWLINE (ROW NEWLINE)*)' for number in range(2, steps + 1)]
    bodies = rest.body_rules(prompt.states.shape[1])
    tail = f'(REST NEWLINE {bodies})? "{END}" NEWLINE?'
    rules = f'start: {" NEWLINE ".join(lines)} NEWLINE {" ".join(more)} {tail}\nREST: "{REST}"\n'
    return rules + "ROW: /r[0-9]{1,4}( -?[0-9]{1,5}\\.[0-9]{4}){1,3}/\n" + rest.correction_rule() + number_rules(4)


def visible(prompt: Prompt) -> Array:
    """All of it."""
    return prompt.states


def parse_frame(text: str, prompt: Prompt) -> Reading:
    """Read impulses, book them, and correct what they leave wrong.

    Bodies at a row without an impulse are not answered. Without the line `Frame N impulses` nothing is.
    """
    bodies, steps = prompt.states.shape[1], prompt.header.scene.solver.substeps
    found = find_answer(text, _HEAD, prompt.next, bodies + steps * len(listing(prompt).rows))
    if found:
        return _read(*found, prompt)
    missing = np.full(prompt.states.shape[1:], np.nan)
    return Reading(missing, None, [f"there is no line `Frame {prompt.next} impulses`"])


def _read(number: int, lines: Iterator[str], prompt: Prompt) -> Reading:
    answers, close, complaints = _read_steps(lines)
    if number != prompt.next:
        complaints.insert(0, f"this is called frame {number}, but frame {prompt.next} was asked for")
    steps = prompt.header.scene.solver.substeps
    if max(answers) > steps:
        complaints.append(f"there is no step {max(answers)}: the frame has {steps}")
    unanswered: set[int] = set()
    first = listing(prompt)
    if steps == 1:
        impulses = _take(answers[1], first.rows, 1, unanswered, complaints)
        physics = Physics.of(prompt.header.scene)
        pushes = impulses if prompt.header.labels == "pushed" else impulses * (1.0, 1.0, 0.0)
        state = physics.settle(first.flown, first.rows, pushes)
    else:
        with Ledger(prompt.header.scene, prompt.header.labels) as ledger:
            found: Listing | None = ledger.open(prompt.states)
            step = 1
            while found is not None:
                found = ledger.next(_take(answers.get(step, {}), found.rows, step, unanswered, complaints))
                step += 1
            state = ledger.state
    state = np.clip(np.nan_to_num(state), -rest.LARGEST, rest.LARGEST)
    if close == REST:
        state, wrong = rest.apply_corrections(rest.rounded(state), lines)
        complaints += wrong
    elif close != END:
        complaints.append(f"the line `{END}` is missing")
    state = rest.rounded(state)
    bodies = [body for body in unanswered if 0 <= body < len(state) and _is_moved(prompt.header.scene, body)]
    state[bodies] = np.nan
    return Reading(state, number, shorten(complaints))


def _read_steps(lines: Iterator[str]) -> tuple[dict[int, dict[int, list[float]]], str, list[str]]:
    """Answers by step and row up to `rest` or `end`, which of the two came (or neither), and complaints."""
    answers: dict[int, dict[int, list[float]]] = {1: {}}
    complaints: list[str] = []
    step = 1
    for raw in lines:
        line = raw[:LONGEST_LINE]
        close = line.strip().lower()
        if not close:
            continue
        if close in (REST, END):
            return answers, close, complaints
        if len(complaints) > MOST_COMPLAINTS or _HEAD.fullmatch(line):
            break
        following = _STEP.fullmatch(line)
        answer = _ANSWER.fullmatch(line)
        if following:
            step = int(following[1])
            answers.setdefault(step, {})
        elif answer and int(answer[1]) in answers[step]:
            complaints.append(f"row {answer[1]} is answered twice; the first answer counts")
        elif answer:
            answers[step][int(answer[1])] = [float(value) for value in answer[2].split()]
        else:
            complaints.append(f"cannot read the line {line[:80]!r}")
    return answers, "", complaints


def _take(answers: dict[int, list[float]], rows: Rows, step: int, unanswered: set[int], complaints: list[str]) -> Array:
    """Impulses of a step's rows; bodies of rows that have none are added to `unanswered`."""
    impulses = np.zeros((len(rows), 3))
    missing = []
    for k, row in enumerate(rows):
        kind = int(row[c.KIND])
        values = answers.get(k)
        if values is None:
            missing.append(k)
            unanswered.update((int(row[c.A]), int(row[c.B])))
            continue
        wanted = ANSWERS[kind]
        if not wanted <= len(values) <= wanted + (kind == c.CONTACT):
            complaints.append(f"row {k} has {len(values)} numbers instead of {wanted}")
        impulses[k, : min(wanted, len(values))] = values[:wanted]
        if kind == c.CONTACT and len(values) > wanted:
            impulses[k, c.APART] = values[wanted]
    if missing:
        where = "" if step == 1 else f" of step {step}"
        names = ", ".join(map(str, missing))
        complaints.append(f"row{'' if len(missing) == 1 else 's'} {names}{where} have no impulse"[:400])
    beyond = [k for k in answers if k >= len(rows)]
    if beyond:
        complaints.append(f"there is no row {beyond[0]}: there are {len(rows)}")
    return impulses


def parse_prompt(text: str) -> Prompt | list[str]:
    """Read a prompt back: the scene and the frames. The section follows from them and is not looked at."""
    if len(text) > LONGEST_PROMPT:
        return [f"the text has {len(text)} characters; at most {LONGEST_PROMPT} are read"]
    lines = text.split("\n")
    end = next((k for k, line in enumerate(lines) if _SECTION.match(line[:LONGEST_LINE])), len(lines))
    read = v1.read_scene("\n".join(lines[:end]))
    if isinstance(read, list):
        return read
    scene, labels, more, states, first = read
    if [line.strip() for line in more] != [MARK]:
        return [f"a header line must say `{MARK}`, and no other be unknown"]
    return Prompt(Header(scene, labels), states, first)
