"""Reading frames, shared by the formats: where a frame begins, and bodies by line."""

import math
import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import LONGEST_ANSWER, MOST_COMPLAINTS, Reading, shorten

NUMBER = r"([-+]?(?:\d{1,3}(?:\.\d{0,12})?[eE][-+]?0?\d(?!\d)|\d{1,12}(?:\.\d{0,12})?))"
"""A number as a person or a model may write it, `-1.5` or `1e3`; bounded, so that no text overflows a float or an
integer."""

COMMENT = "#"
"""Begins a line that a person wrote for people."""

LONGEST_LINE = 1000
"""Characters of a line of a frame that are read; a body takes 100."""

MOST_LINES = 2000
"""Lines of an answer that are read: words that come first, and the bodies. Of more than 1,000 bodies, two a body."""

CHARACTERS_A_BODY = 200
"""Characters of an answer that are read for each body, where `LONGEST_ANSWER` is less."""

MOST_UNREADABLE = 20_000
"""Characters of lines that begin like a body's and cannot be read: after them no answer is expected. Each line counts
`LINE_COST` more, since it costs time even if it is short."""

LINE_COST = 20

FRAME_LINE = re.compile(r"\s*Frame\s+(\d{1,9})\b", re.IGNORECASE)

_BODY_START = re.compile(r"(?:obj_)?\d{1,6}\s*:")

Entry = tuple[int, list[float], str]
"""A line that was read: body, six values with NaN where there are none, what is wrong or ""."""

BodyLine = Callable[[str], Entry | None]
"""Reads a line; None if it is no body's."""


def numbers(groups: tuple[str | None, ...]) -> list[float]:
    """Matched groups as floats, NaN for those that did not match."""
    return [math.nan if group is None else float(group) for group in groups]


def read_block(lines: Iterable[str], body_line: BodyLine, bodies: int) -> tuple[Array, list[str]]:
    """Bodies until a body comes twice or the lines end: state (bodies, 6), NaN where none was read, and complaints."""
    return _collect((entry for line in lines if (entry := body_line(line))), bodies)


def _collect(entries: Iterable[Entry], bodies: int) -> tuple[Array, list[str]]:
    """The entries as `read_block` gives them. Reading stops where no more can belong to one frame."""
    state = np.full((bodies, 6), math.nan)
    seen = set()
    complaints = []
    for body, values, wrong in entries:
        if body in seen:
            # A model that goes on writes the bodies of another frame; the first answer counts.
            break
        if body >= bodies:
            complaints.append(f"there is no body {body}: they are 0 to {bodies - 1}")
            if len(complaints) > bodies + MOST_COMPLAINTS:
                break
            continue
        seen.add(body)
        state[body] = values
        if wrong:
            complaints.append(f"body {body} {wrong}")
    missing = [str(body) for body in range(bodies) if body not in seen]
    if missing:
        one = len(missing) == 1
        complaints.append(f"{'body' if one else 'bodies'} {', '.join(missing)} {'is' if one else 'are'} missing")
    return state, complaints


def read_answer(text: str, body_line: BodyLine, bodies: int, number: int, headed: bool = False) -> Reading:
    """Read the frame that was asked for from an answer: a `Frame N` line, then a line for each body.

    Of several frames the one that is numbered as asked counts; where none is, the first one, which need not have a
    number. Lines that are neither are skipped, so that a model may say a word before its answer. Reading stops where
    the frame ends, and after `MOST_LINES` lines.

    Args:
        text: the answer.
        body_line: reads a line.
        bodies: how many bodies the scene has.
        number: of the frame that was asked for.
        headed: the prompt ends with the frame's own number, so that an answer without one has that number.
    """
    complaints = []
    longest = max(LONGEST_ANSWER, CHARACTERS_A_BODY * bodies)
    if len(text) > longest:
        complaints.append(f"the answer has {len(text)} characters; the first {longest} were read")
        text = text[:longest]
    most = max(MOST_LINES, 2 * bodies)
    # Without leading blanks, which every pattern would go through by itself.
    lines = [raw[:LONGEST_LINE].strip() for raw in text.split("\n", most)[:most]]
    heads = [(k, int(match[1])) for k, line in enumerate(lines) if (match := FRAME_LINE.match(line))]
    start = next((k for k, told in heads if told == number), 0)
    stated: int | None = None

    def entries() -> Iterator[Entry]:
        nonlocal stated
        begun = False
        unreadable = 0
        for line in lines[start:]:
            frame = FRAME_LINE.match(line)
            if frame and begun:
                return
            if frame:
                stated = int(frame[1])
            elif entry := body_line(line):
                begun = True
                yield entry
            elif _BODY_START.match(line):
                unreadable += len(line) + LINE_COST
                if unreadable > MOST_UNREADABLE:
                    return

    state, wrong = _collect(entries(), bodies)
    if stated is None and headed and np.isfinite(state).any():
        stated = number
    elif stated is not None and stated != number:
        complaints.append(f"this is called frame {stated}, but frame {number} was asked for")
    return Reading(state, stated, shorten(complaints + wrong))


def find_answer(text: str, head: "re.Pattern[str]", number: int, entries: int) -> tuple[int, Iterator[str]] | None:
    """The number of the frame that an answer gives and the lines after its head, where answers need a head.

    Of several frames the one that is numbered as asked counts, else the first; None if there is no head.

    Args:
        text: the answer.
        head: matches the whole of a line that begins with the word Frame, with the number as its first group.
        number: of the frame that was asked for.
        entries: lines that a complete answer may have.
    """
    most = max(MOST_LINES, 2 * entries)
    lines = text[: max(LONGEST_ANSWER, CHARACTERS_A_BODY * entries)].split("\n", most)[:most]
    heads = []
    for at, line in enumerate(lines):
        # Most lines are none, and the pattern would go through their blanks.
        short = line[:LONGEST_LINE].lstrip()
        match = head.fullmatch(short) if short[:1] in ("F", "f") else None
        if match:
            heads.append((int(match[1]), at))
    if not heads:
        return None
    stated, at = next((each for each in heads if each[0] == number), heads[0])
    return stated, iter(lines[at + 1 :])


def read_context(lines: list[str], body_line: BodyLine) -> tuple[Array, int, list[str]]:
    """Consecutive frames that fill the lines: states (k, bodies, 6), number of the first, and complaints.

    The first frame decides how many bodies there are.
    """
    lines = [line[:LONGEST_LINE] for line in lines if not line.startswith(COMMENT)]
    starts = [(k, int(match[1])) for k, line in enumerate(lines) if (match := FRAME_LINE.match(line))]
    # A cue such as `Frame 9:` may end the prompt: a last head without bodies is not a frame.
    if len(starts) > 1 and not any(body_line(line) for line in lines[starts[-1][0] :]):
        lines = lines[: starts.pop()[0]]
    if not starts:
        return np.empty((0, 0, 6)), 0, ["there is no frame: no line begins with `Frame N`"]
    ends = [k for k, _ in starts[1:]] + [len(lines)]
    blocks = [lines[begin:end] for (begin, _), end in zip(starts, ends, strict=True)]
    numbered = [read[0] for line in blocks[0] if (read := body_line(line))]
    bodies = max(numbered, default=-1) + 1
    first = starts[0][1]
    if not bodies:
        return np.empty((0, 0, 6)), first, [f"frame {first} has no body"]
    # A number in a line costs nothing, a row of the table does: as many as there are lines, and a few forgotten ones.
    if bodies > len(numbered) + MOST_COMPLAINTS:
        return np.empty((0, 0, 6)), first, [f"frame {first} names body {bodies - 1}, but has {len(numbered)} lines"]
    states, complaints = [], []
    for (_, number), expected, block in zip(starts, range(first, first + len(starts)), blocks, strict=True):
        if number != expected:
            complaints.append(f"frame {number} follows frame {expected - 1}")
            break
        state, wrong = read_block(block, body_line, bodies)
        states.append(state)
        complaints += [f"frame {number}: {sentence}" for sentence in wrong]
    return np.array(states), first, complaints
