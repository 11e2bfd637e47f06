"""Reading frames, shared by the formats: where a frame begins, and bodies by line."""

import math
import re
from collections.abc import Callable, Iterable

import numpy as np

from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.text import LONGEST_ANSWER, Reading, shorten

NUMBER = r"([-+]?\d{1,12}(?:\.\d{0,12})?)"
"""A decimal number as a model may write it; bounded, so that no text overflows a float or an integer."""

MOST_BODIES = 1000

LONGEST_LINE = 1000
"""Characters of a line of a frame that are read; a body takes 100."""

FRAME_LINE = re.compile(r"\s*Frame\s+(\d{1,9})\b", re.IGNORECASE)

BodyLine = Callable[[str], "tuple[int, list[float], str] | None"]
"""Reads a line: (body, six values with NaN where there are none, what is wrong or ""), or None if it is no body's."""


def numbers(groups: tuple[str | None, ...]) -> list[float]:
    """Matched groups as floats, NaN for those that did not match."""
    return [math.nan if group is None else float(group) for group in groups]


def read_block(lines: Iterable[str], body_line: BodyLine, bodies: int) -> tuple[Array, list[str]]:
    """Bodies until a body comes twice or the lines end: state (bodies, 6), NaN where none was read, and complaints."""
    state = np.full((bodies, 6), math.nan)
    seen = set()
    complaints = []
    for line in lines:
        entry = body_line(line)
        if entry is None:
            continue
        body, values, wrong = entry
        if body in seen:
            # A model that goes on writes the bodies of another frame; the first answer counts.
            break
        if body >= bodies:
            complaints.append(f"there is no body {body}: they are 0 to {bodies - 1}")
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


def read_answer(text: str, body_line: BodyLine, bodies: int, number: int) -> Reading:
    """Read the first frame of an answer: an optional `Frame N` line, then a line for each body.

    Lines that are neither are skipped, so that a model may say a word before its answer.
    """
    complaints = []
    if len(text) > LONGEST_ANSWER:
        complaints.append(f"the answer has {len(text)} characters; the first {LONGEST_ANSWER} were read")
        text = text[:LONGEST_ANSWER]
    stated: int | None = None
    block: list[str] = []
    for line in text.split("\n"):
        frame = FRAME_LINE.match(line)
        if frame and block:
            break
        if frame:
            stated = int(frame[1])
        elif body_line(line[:LONGEST_LINE]):
            block.append(line[:LONGEST_LINE])
    state, wrong = read_block(block, body_line, bodies)
    if stated is not None and stated != number:
        complaints.append(f"this is called frame {stated}, but frame {number} was asked for")
    return Reading(state, stated, shorten(complaints + wrong))


def read_context(lines: list[str], body_line: BodyLine) -> tuple[Array, int, list[str]]:
    """Consecutive frames that fill the lines: states (k, bodies, 6), number of the first, and complaints.

    The first frame decides how many bodies there are.
    """
    lines = [line[:LONGEST_LINE] for line in lines]
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
    if not 1 <= bodies <= MOST_BODIES:
        return np.empty((0, 0, 6)), first, [f"frame {first} has {bodies} bodies; 1 to {MOST_BODIES} can be read"]
    states, complaints = [], []
    for (_, number), expected, block in zip(starts, range(first, first + len(starts)), blocks, strict=True):
        if number != expected:
            complaints.append(f"frame {number} follows frame {expected - 1}")
            break
        state, wrong = read_block(block, body_line, bodies)
        states.append(state)
        complaints += [f"frame {number}: {sentence}" for sentence in wrong]
    return np.array(states), first, complaints
