"""The form of an answer as a grammar for constrained decoding, in the Lark dialect of llguidance.

A frame is laid out like the one before it, with other numbers. So the grammar is the newest frame as its format would
answer it, its numbers replaced by rules: every body once, in order, with all that the format gives of it. A format
whose answers vary in form brings a function `write_grammar(prompt)` of its own, made of the pieces here.
"""

import re

_DECIMAL = re.compile(r"-?\d+\.(\d+)")
_VARIABLE = re.compile(r"(-?\d+\.\d+|\d+(?= of \d+ objects))")


def like(answer: str) -> str:
    """Grammar of the answers that differ from `answer` in nothing but their numbers; a last newline is optional."""
    return join([replace_numbers(line) for line in answer.rstrip("\n").split("\n")], decimals(answer))


def join(lines: list[str], decimals: int) -> str:
    """Grammar of an answer made of these lines, each in Lark, with so many decimals in every number."""
    return f"start: {' NEWLINE '.join(lines)} NEWLINE?\n{number_rules(decimals)}COUNT: /[0-9]{{1,4}}/\n"


def decimals(answer: str) -> int:
    """Decimals of the first number of an answer that has any; 4 if there is none."""
    number = _DECIMAL.search(answer)
    return len(number[1]) if number else 4


def number_rules(decimals: int) -> str:
    """The rules `NUMBER` and `NEWLINE`."""
    return f"NUMBER: /-?[0-9]{{1,5}}\\.[0-9]{{{decimals}}}/\nNEWLINE: /\\n/\n"


def replace_numbers(line: str) -> str:
    """A line as Lark literals, with rules instead of its decimal numbers and of its count of moving bodies."""
    parts = []
    for piece in _VARIABLE.split(line):
        if _DECIMAL.fullmatch(piece):
            parts.append("NUMBER")
        elif piece.isdigit():
            parts.append("COUNT")
        elif piece:
            parts.append(f'"{piece}"')
    return " ".join(parts)
