"""The form of the next frame as a grammar for constrained decoding, in the Lark dialect of llguidance.

A frame is laid out like the one before it, with other numbers. So the grammar is the newest frame as the format would
answer it, its numbers opened: every body once, in order, with all that the format says of it. Where the format leaves
out what does not happen (`corrections`'s bodies without a correction, `lfm`'s angles near zero), the grammar does, too.
"""

import re

from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.text import Prompt, corrections

_DECIMAL = re.compile(r"-?\d+\.(\d+)")
_OPENED = re.compile(r"(-?\d+\.\d+|\d+(?= of \d+ objects))")
_TURN = re.compile(r", a=-?\d+\.\d+, av=-?\d+\.\d+")
# What `corrections` may correct: the words, and how many numbers follow each.
_CORRECTIONS = {"p": 2, "v": 2, "a": 1, "w": 1}


def write_frame(format: str, prompt: Prompt) -> str:
    """Grammar of the answer to `prompt`; its last line may end with a newline."""
    if format == "corrections":
        return _write_corrections(prompt)
    answer = text.load(format).write_target(prompt, prompt.states[-1])
    lines = []
    for line in answer.rstrip("\n").split("\n"):
        turn = format == "lfm" and line.startswith("  obj_")
        lines.append(_open(_TURN.sub("", line)) + (' (", a=" NUMBER ", av=" NUMBER)?' if turn else ""))
    found = _DECIMAL.search(answer)
    decimals = len(found[1]) if found else 4
    return f"start: {' NEWLINE '.join(lines)} NEWLINE?\n{_numbers(decimals)}COUNT: /[0-9]{{1,4}}/\n"


def _write_corrections(prompt: Prompt) -> str:
    numbers = {1: "NUMBER", 2: 'NUMBER "," NUMBER'}
    words = [f'(" {word} " {numbers[count]})?' for word, count in _CORRECTIONS.items()]
    bodies = [f'("{body}:" corrected)?' for body in range(prompt.states.shape[1])]
    head = f'"Frame {prompt.next} corrections" NEWLINE'
    return (
        f'start: {head} {" ".join(bodies)} "{corrections.END}" NEWLINE?\ncorrected: {" ".join(words)} NEWLINE\n'
        + _numbers(4)
    )


def _numbers(decimals: int) -> str:
    return f"NUMBER: /-?[0-9]{{1,5}}\\.[0-9]{{{decimals}}}/\nNEWLINE: /\\n/\n"


def _open(line: str) -> str:
    """A line as Lark literals with its numbers opened."""
    parts = []
    for piece in _OPENED.split(line):
        if _DECIMAL.fullmatch(piece):
            parts.append("NUMBER")
        elif piece.isdigit():
            parts.append("COUNT")
        elif piece:
            parts.append(f'"{piece}"')
    return " ".join(parts)
