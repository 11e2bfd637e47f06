"""The grammar of laws, and its reader: text to trees.

    d2y/dt2 = -g + k*vy**2
    dx/dt = a*x - b*x*y; dy/dt = c*x*y - d*y

A statement gives one derivative; `;` or a line break ends it. An expression is made of `+ - * / **`, unary minus,
parentheses, decimal numbers, the functions in `FUNCTIONS`, the state variables, the inputs, the time `t` and the
declared parameters, with Python's precedence: `-y**2` is `-(y**2)` and `a**b**c` is `a**(b**c)`. Of a coordinate y with
a velocity vy, `d2y/dt2` and `dvy/dt` are the same left side, and `dy/dt = vy` may be written and says nothing new.

Limits: 2048 ASCII characters, 384 operators, 64 pending operators or operands (nesting), 100 parameters of at most 32
characters (`kernel/limits.py`). A part without variables must have a finite value (`1/0` and `9**9**9**9` are refused).
Reading takes time linear in the text and never recurses; the compiled reader, `kernel/program.py`, accepts exactly the
same texts.
"""

import math
import re
import unicodedata
from collections.abc import Collection, Mapping

from gedanken.errors import Unanswerable, UserError
from gedanken.worlds.ode.kernel.limits import (
    MAX_INPUTS,
    MAX_NAME,
    MAX_OPERATORS,
    MAX_PARAMS,
    MAX_STACK,
    MAX_STATES,
    MAX_TEXT,
)
from gedanken.worlds.ode.law.tree import (
    FUNCTIONS,
    PRECEDENCE,
    TIME,
    Binary,
    Call,
    Equations,
    Expression,
    Minus,
    Name,
    Number,
    print_expression,
    walk,
)
from gedanken.worlds.ode.trajectory import StateSpace

# Names of `tree.py` that readers of a text need, and MAX_TEXT for those who write one.
__all__ = [
    "FUNCTIONS",
    "MAX_TEXT",
    "TIME",
    "Binary",
    "Call",
    "Equations",
    "Expression",
    "Minus",
    "Name",
    "Number",
    "check_params",
    "check_states",
    "foreign_character",
    "is_name",
    "parse",
    "walk",
]


def is_name(text: str) -> bool:
    """Whether a state variable or a parameter may be called this."""
    return _WORD.fullmatch(text) is not None and len(text) <= MAX_NAME and text not in FUNCTIONS


def check_states(states: StateSpace) -> None:
    """Refuse a state space that the grammar has no place for.

    Raises:
        UserError: too many variables, or one whose name is not a name, is `t`, is a function's, or is used twice.
    """
    if not 1 <= states.size <= MAX_STATES:
        raise UserError(f"a system has 1 to {MAX_STATES} state variables, not {states.size}")
    for name in states.columns:
        if not is_name(name) or name == TIME:
            raise UserError(
                f"a state variable cannot be called {name!r}: use letters, digits and _, no function, not t"
            )
        if states.columns.count(name) > 1:
            raise UserError(f"two state variables are called {name}")
    if len(states.inputs) > MAX_INPUTS:
        raise UserError(f"a system has at most {MAX_INPUTS} inputs, not {len(states.inputs)}")
    for name in states.input_names:
        if not is_name(name) or name == TIME:
            raise UserError(f"an input cannot be called {name!r}: use letters, digits and _, no function, not t")
        if name in states.columns or states.input_names.count(name) > 1:
            raise UserError(f"an input and another input or state variable are both called {name}")


def parse(text: str, states: StateSpace, params: Collection[str] = ()) -> Equations:
    """Read a system of equations.

    Args:
        text: the equations; any text at all.
        states: the variables, and which derivatives have to be given.
        params: the declared parameters. Where it is a mapping to numbers, a part whose value follows from them has to
            be finite as well; other values (a range that is yet to be drawn from) count as unknown.

    Raises:
        Unanswerable: the text is not in the grammar; reason and position name the offending token.
    """
    if len(text) > MAX_TEXT:
        raise Unanswerable(f"the equation has {len(text)} characters; at most {MAX_TEXT} are allowed", MAX_TEXT)
    if not text.isascii():
        raise foreign_character(text)
    check_states(states)
    return _Parser(text, states, params, check_params(params, states)).equations()


def check_params(params: Collection[str], states: StateSpace) -> dict[str, float]:
    """Refuse parameters that an equation cannot use; return the values of those that have one.

    Raises:
        Unanswerable: too many, a name that is no name or already means something, a value that is not finite.
    """
    if len(params) > MAX_PARAMS:
        raise Unanswerable(f"{len(params)} parameters are declared; at most {MAX_PARAMS} are allowed")
    seen = set()
    for name in params:
        if name in FUNCTIONS:
            raise Unanswerable(f"the parameter {_shorten(name)} has the name of a function")
        if not is_name(name):
            raise Unanswerable(
                f"the parameter {_shorten(name)} is not a name: a letter, then letters, digits and _, "
                f"at most {MAX_NAME} in all"
            )
        if name == TIME or name in states.columns or name in states.aliases:
            raise Unanswerable(f"the parameter {_shorten(name)} has the name of a state variable or of the time")
        if name in states.input_names:
            raise Unanswerable(f"the parameter {_shorten(name)} has the name of an input, whose values are given")
        if name in seen:
            raise Unanswerable(f"the parameter {_shorten(name)} is declared twice")
        seen.add(name)
    if not isinstance(params, Mapping):
        return {}
    values = {name: value for name, value in params.items() if isinstance(value, (int, float))}
    for name, value in values.items():
        if not math.isfinite(value):
            raise Unanswerable(f"the parameter {_shorten(name)} is {value}, which is not a finite number")
    return values


def foreign_character(text: str) -> Unanswerable:
    """The refusal of a text that is not ASCII: it names the first such character and its position."""
    position = next(i for i, character in enumerate(text) if not character.isascii())
    name = unicodedata.name(text[position], "unnamed").lower()
    return Unanswerable(
        f"{text[position]!a} ({name}) is not an ASCII character (character {position + 1} of the equation)", position
    )


def _shorten(token: str) -> str:
    """The token in quotes, on one line and short enough to be read."""
    printable = ascii(token)
    return printable if len(printable) <= 40 else printable[:36] + "...'"


_OPEN = "("
_BLANK = re.compile(r"[ \t\r]*")
_BETWEEN = re.compile(r"[ \t\r;\n]*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.])")
# The beginning of an operand; only blanks where none follows.
_BEGINNING = re.compile(rf"[ \t\r]*(?:(-)|(\()|({_NUMBER.pattern})|({_WORD.pattern}))?")
# A name before what would be the argument of a function.
_CALLED = re.compile(rf"({_WORD.pattern})[ \t\r]*$")
_NUMBER_LIKE = re.compile(r"[0-9.][A-Za-z0-9_.]*")
_LEFT_SIDE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)[ \t\r]*/[ \t\r]*([A-Za-z_][A-Za-z0-9_]*)[ \t\r]*=")


class _Parser:
    """One reading of one text: the rules and limits of `kernel/program.py`, with English for every refusal."""

    def __init__(self, text: str, states: StateSpace, params: Collection[str], values: Mapping[str, float]):
        self.text = text
        self.states = states
        self.variables = {name: name for name in (*states.columns, TIME, *states.input_names, *params)} | states.aliases
        self.values = values
        self.operators = 0
        # Pending operators with their positions, and operands with their value where they have one.
        self.pending: list[tuple[str, int]] = []
        self.operands: list[tuple[Expression, float | None]] = []

    def equations(self) -> Equations:
        found: dict[str, Expression] = {}
        velocities = self.states.velocities
        position = self.skip(_BETWEEN, 0)
        while position < len(self.text):
            start = position
            target, position = self.left_side(position)
            if target in found:
                raise self.refuse(f"the derivative of {target} is defined twice", start)
            found[target], position = self.right_side(position)
            velocity = velocities.get(target)
            if velocity is not None and found[target] != Name(velocity):
                raise self.refuse(f"d{target}/dt is {velocity} by definition; the law is d2{target}/dt2 = ...", start)
            position = self.skip(_BETWEEN, position)
        free = self.states.unexplained
        for name, left in zip(free, self.states.left_sides, strict=True):
            if name not in found:
                raise self.refuse(f"there is no statement {left} = ...", len(self.text))
        most = MAX_OPERATORS - 2 * len(self.states.inputs)
        if self.operators > most:
            raise Unanswerable(f"{self.operators} operators are used; at most {most} are allowed")
        return Equations(self.states, tuple(found[name] for name in free))

    def left_side(self, position: int) -> tuple[str, int]:
        """The variable whose derivative is defined here, and the position after the equals sign."""
        match = _LEFT_SIDE.match(self.text, position)
        if match is not None:
            above, below = match.groups()
            if below == "dt2" and above.startswith("d2"):
                velocity = self.states.velocities.get(self.variables.get(above[2:], ""))
                if velocity is not None:
                    return velocity, match.end()
            if below == "dt" and above.startswith("d"):
                name = self.variables.get(above[1:])
                if name in self.states.columns:
                    return name, match.end()
        stop = re.compile(r"[=;\n]").search(self.text, position)
        end = stop.start() if stop else len(self.text)
        found = self.text[position:end].strip()
        wanted = " or ".join(self.states.left_sides)
        if not self.text.startswith("=", end):
            raise self.refuse(f"{_shorten(found)} is not a statement; write {wanted} = ...", position)
        raise self.refuse(f"the left side {_shorten(found)} is not {wanted}", position)

    def right_side(self, position: int) -> tuple[Expression, int]:
        """The expression that starts here, and the position of what ends it."""
        self.pending.clear()
        self.operands.clear()
        while True:
            position = self.operand(position)
            position = self.skip(_BLANK, position)
            while self.text.startswith(")", position):
                self.reduce(0)
                if not self.pending:
                    raise self.refuse("this ')' closes nothing", position)
                self.pending.pop()
                if self.pending and self.pending[-1][0] in FUNCTIONS:
                    self.apply()
                position = self.skip(_BLANK, position + 1)
            if position >= len(self.text) or self.text[position] in ";\n":
                break
            operator = "**" if self.text.startswith("**", position) else self.text[position]
            if operator not in ("+", "-", "*", "/", "**"):
                raise self.unexpected(position, "an operator")
            # `**` associates to the right, so that an earlier `**` stays pending.
            self.reduce(PRECEDENCE[operator] + (operator == "**"))
            if len(self.pending) >= MAX_STACK - 1:
                raise self.too_deep(position)
            self.push(operator, position)
            position += len(operator)
        self.reduce(0)
        if self.pending:
            raise self.refuse("this '(' is never closed", self.pending[-1][1])
        return self.operands[0][0], position

    def operand(self, position: int) -> int:
        """Read up to the end of one operand with the signs and parentheses before it."""
        while True:
            found = _BEGINNING.match(self.text, position)
            assert found is not None  # the pattern also matches the empty text
            kind = found.lastindex
            position = found.end() if kind is None else found.start(kind)
            if len(self.pending) >= MAX_STACK - 1 or len(self.operands) >= MAX_STACK - 1:
                raise self.too_deep(position)
            if kind == 1:
                self.push("minus", position)
                position += 1
            elif kind == 2:
                self.pending.append((_OPEN, position))
                position += 1
            elif kind == 3:
                value = float(found[3])
                if not math.isfinite(value):
                    raise self.refuse(f"{_shorten(found[3])} is too large a number", position)
                self.operands.append((Number(value), value))
                return found.end()
            elif kind == 4:
                word = found[4]
                name = self.variables.get(word)
                if name is not None:
                    self.operands.append((Name(name), self.values.get(name)))
                    return found.end()
                if word not in FUNCTIONS:
                    raise self.unknown(word, position)
                after = self.skip(_BLANK, found.end())
                if not self.text.startswith("(", after):
                    raise self.refuse(f"the function {word} needs its argument in parentheses", position)
                self.push(word, position)
                self.pending.append((_OPEN, after))
                position = after + 1
            else:
                raise self.unexpected(position, "a number, a name or '('")

    def push(self, operator: str, position: int) -> None:
        self.pending.append((operator, position))
        self.operators += 1

    def reduce(self, precedence: int) -> None:
        """Apply the pending operators of at least this precedence, down to the last open parenthesis."""
        while self.pending and self.pending[-1][0] != _OPEN and PRECEDENCE[self.pending[-1][0]] >= precedence:
            self.apply()

    def apply(self) -> None:
        """Apply the last pending operator to its operands. A part that has a value must have a finite one."""
        operator, position = self.pending.pop()
        right, b = self.operands.pop()
        node: Expression
        if operator == "minus":
            node, value = Minus(right), None if b is None else -b
        elif operator in FUNCTIONS:
            node, value = Call(operator, right), _value(operator, b)
        else:
            left, a = self.operands.pop()
            node = Binary(operator, left, right)  # type: ignore[arg-type]
            value = 1.0 if operator == "**" and b == 0.0 else _value(operator, a, b)
        if value is not None and not math.isfinite(value):
            raise self.refuse(f"the constant part {_shorten(print_expression(node))} has no finite value", position)
        self.operands.append((node, value))

    def skip(self, pattern: re.Pattern[str], position: int) -> int:
        match = pattern.match(self.text, position)
        return position if match is None else match.end()

    def refuse(self, reason: str, position: int) -> Unanswerable:
        return Unanswerable(f"{reason} (character {position + 1} of the equation)", position)

    def too_deep(self, position: int) -> Unanswerable:
        return self.refuse(
            f"more than {MAX_STACK - 2} operators or operands wait for their end: nested too deep", position
        )

    def unknown(self, word: str, position: int) -> Unanswerable:
        known = ", ".join(dict.fromkeys((*self.states.columns, TIME, *list(self.variables)[self.states.size + 1 :])))
        return self.refuse(
            f"the name {_shorten(word)} is unknown; there are {known} and the functions {', '.join(FUNCTIONS)}",
            position,
        )

    def unexpected(self, position: int, wanted: str) -> Unanswerable:
        """The refusal of a token that the grammar does not allow at this position."""
        text = self.text
        if position >= len(text) or text[position] in ";\n":
            after = text[:position].rstrip()
            return self.refuse(f"{wanted} is missing after {_shorten(after[-1:])}", position)
        character = text[position]
        if character == "^":
            return self.refuse("'^' is not an operator; a power is written **", position)
        if number := _NUMBER_LIKE.match(text, position):
            if wanted == "an operator":
                return self.refuse(f"an operator is missing before {_shorten(number[0])}", position)
            return self.refuse(f"{_shorten(number[0])} is not a number (a product needs its *)", position)
        called = _CALLED.search(text, 0, position) if wanted == "an operator" and character == "(" else None
        if called:
            return self.refuse(
                f"{_shorten(called[1])} is not a function (these are {', '.join(FUNCTIONS)}; a product needs its *)",
                called.start(1),
            )
        if wanted == "an operator" and (character == "(" or _WORD.match(text, position)):
            word = _WORD.match(text, position)
            return self.refuse(f"an operator is missing before {_shorten(word[0] if word else character)}", position)
        token = "**" if text.startswith("**", position) else character
        return self.refuse(f"{_shorten(token)} stands where {wanted} is expected", position)


def _value(operator: str, *operands: float | None) -> float | None:
    """Value of an operation, NaN where it has none, or None where an operand is not constant."""
    if any(operand is None for operand in operands):
        return None
    a, *rest = (float(operand) for operand in operands if operand is not None)
    try:
        match operator:
            case "+":
                return a + rest[0]
            case "-":
                return a - rest[0]
            case "*":
                return a * rest[0]
            case "/":
                return a / rest[0]
            case "**":
                return math.pow(a, rest[0])
            case _:
                return FUNCTIONS[operator](a)
    except (ArithmeticError, ValueError):
        return math.nan
