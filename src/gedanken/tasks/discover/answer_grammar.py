"""The form of an answer as grammars for constrained decoding, in the Lark dialect of llguidance.

That every name in an equation is declared is beyond a context-free grammar: what `params` must hold depends on what
the equation used. So an answer has two parts with a grammar each, and the second is written once the first is there. A
right side is a *regular* expression, nested to a fixed depth and cut to a length: a recursive one may always open
another parenthesis, and nothing makes a model close them before its tokens run out.

What the grammars cannot promise is left to the reader: constants that are not finite (`1/0`), and more than
`MAX_PARAMS` names.
"""

import re

from gedanken.worlds.ode.law.parser import FUNCTIONS, MAX_TEXT, TIME
from gedanken.worlds.ode.trajectory import StateSpace

# Parentheses within parentheses; no law of the zoo needs more.
DEPTH = 3
# Characters of one right side, where several do not have to share the equation's limit; the zoo's longest has 98.
LONGEST_SIDE = 120
LONGEST_RATIONALE = 160
# So many parameters may come in any order, which takes a rule for each set of them; more come as the equation has them.
MOST_ORDERS = 6
# What stands before the equation, and between it and the parameters.
OPENING, MIDDLE = '{"equation": "', '", "params":'

# No two signs in a row, and no number that runs into a name.
_NUMBER = r"[0-9]{1,4}(\.[0-9]{1,6})?"
_NAME = r"[A-Za-z][A-Za-z0-9_]{0,15}"
_OPERATOR = r" ?(\+|-|\*\*?|\/) ?"
_JSON_NUMBER = r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,8})?(e-?[1-9][0-9]?)?"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def write_equation(states: StateSpace) -> str:
    """Grammar of an answer's first part: `{"equation": "d2y/dt2 = ...", "params":`."""
    length = min(LONGEST_SIDE, MAX_TEXT // len(states.left_sides) - 16)
    functions = "|".join(sorted(FUNCTIONS))
    sides = f" {_quote('; ')} ".join(f"{_quote(f'{left} = ')} SIDE" for left in states.left_sides)
    lines = [
        f"start: {_quote(OPENING)} {sides} {_quote(MIDDLE)}",
        f"SIDE: EXPRESSION & /[^\\n]{{1,{length}}}/",
        f"NAME: /{_NAME}/ & ~/{functions}/",
        f"ATOM0: /{_NUMBER}/ | NAME",
    ]
    for depth in range(DEPTH + 1):
        if depth:
            lines.append(f'ATOM{depth}: ATOM0 | /({functions})?/ "(" SUM{depth - 1} ")"')
        lines.append(f"SUM{depth}: /-?/ ATOM{depth} (/{_OPERATOR}/ ATOM{depth})*")
    lines.append(f"EXPRESSION: SUM{DEPTH}")
    return "\n".join(lines) + "\n"


def write_params(states: StateSpace, equation: str) -> str:
    """Grammar of the second part, ` {"k": 1.5}, "rationale": "..."}`: a number for each name that `equation` used."""
    names = list_params(states, equation)
    lines = [
        f"start: {_quote(' {')} {'values' if names else ''} {_quote('}')} rationale? {_quote('}')}",
        "rationale: " + _quote(', "rationale": "') + " WORDS " + _quote('"'),
        f"WORDS: /[A-Za-z0-9 ,.;:()=*\\/+-]{{0,{LONGEST_RATIONALE}}}/",
        f"NUMBER: /{_JSON_NUMBER}/",
    ]
    keys = [_quote(f'"{name}": ') for name in names]
    if len(names) > MOST_ORDERS:
        lines.append("values: " + f" {_quote(', ')} ".join(f"{key} NUMBER" for key in keys))
    else:
        # One rule for each set of names that are still to come.
        lines += [_rule(keys, left) for left in range(1, 2 ** len(keys))]
    return "\n".join(lines) + "\n"


def _rule(keys: list[str], left: int) -> str:
    """The values of the keys whose bits are set in `left`, in any order."""
    choices = [
        f"{key} NUMBER" + (f" {_quote(', ')} values{left ^ 1 << k}" if left ^ 1 << k else "")
        for k, key in enumerate(keys)
        if left >> k & 1
    ]
    name = "values" if left == 2 ** len(keys) - 1 else f"values{left}"
    return f"{name}: " + " | ".join(choices)


def list_params(states: StateSpace, equation: str) -> list[str]:
    """The names of an equation that have to be declared, in the order of their first use."""
    known = {*states.columns, *states.aliases, *states.input_names, *FUNCTIONS, TIME}
    sides = [side.partition("=")[2] for side in equation.split(";")]
    return list(dict.fromkeys(word for side in sides for word in _WORD.findall(side) if word not in known))


def _quote(text: str) -> str:
    """A text as a Lark literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
