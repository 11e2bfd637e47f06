"""Problems, replies and answers of `discover` as tokens, and answers back as JSON.

A conversation becomes one text: the hint, the table (at most `ROWS` rows of each trial) and the statistics of the
prompt; then each answer with what the simulator said to it. What is the same in every prompt is left out. Variables
are called x0, x1, ... in the order of the table, and the constants of a law c0, c1, ... in the order in which it names
them, so that a model that knows one oscillator knows them all. An answer is its equations (`dd0` for d2x/dt2), or its
edits, and its constants, each as a number or as a multiple of one that the prompt states::

    <law> dd0 = - c0 ** 2 * x0 <params> c0 1.25 <end>
    <law> dd0 = - c0 ** 2 * x0 <params> c0 frequency x0 by 1.02 <end>
    <edit> scale c0 by 0.95 <end>
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from gedanken.loop import Message
from gedanken.models.laws import stated
from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.grammar import Grammar
from gedanken.models.laws.stated import LARGEST_FACTOR, Reference
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.worlds.ode.law.parser import FUNCTIONS
from gedanken.worlds.ode.trajectory import StateSpace

ROWS = 16
"""Rows of a table that are read, its first and its last among them."""

KINDS = ("scale", "drop", "add", "replace")
DETAILS = ("by", "with", "in")
KEPT = frozenset((*FUNCTIONS, *KINDS, *DETAILS, "t"))
"""Words of answers that are no names."""

# What a reply says every time.
_FILLING = re.compile(r", wanted is more than [\d.]+\d|, and that counts more: the true law holds there, too")
# `frequency x0.85`
_TIMES = re.compile(r"\bx(?=\d+\.\d)")
# `theta (R2 0.336): the prediction is ...`
_COLUMN = re.compile(r"(\w+) \(R2 ")


class Dialect:
    """A conversation as a model reads it: it remembers what the variables and the constants of the last law are called.

    Args:
        states: the problem's variables.
        vocabulary: of the model.

    Attributes:
        stated: what the problem that was written last states of its record, but zeros.
    """

    def __init__(self, states: StateSpace, vocabulary: Vocabulary):
        self._vocabulary = vocabulary
        self._columns = {name: f"x{k}" for k, name in enumerate(states.columns)}
        self._columns |= {name: f"u{k}" for k, name in enumerate(states.input_names)}
        aliases = {alias: self._columns[name] for alias, name in states.aliases.items()}
        self._read = {**aliases, **self._columns}
        self._sides = {side: f"{'dd' if side.endswith('dt2') else 'd'}{k}" for k, side in enumerate(states.left_sides)}
        self._constants: dict[str, str] = {}
        self.stated: dict[Reference, float] = {}

    # ---- what is read ----

    def write_conversation(self, messages: Sequence[Message]) -> list[int]:
        """Tokens of a conversation, up to the mark behind which the next answer stands.

        Args:
            messages: system message, problem, and then answers and replies in turn.
        """
        asked = [message for message in messages if message["role"] != "system"]
        ids = self._write_problem(asked[0]["content"])
        for message in asked[1:]:
            if message["role"] == "assistant":
                ids += [v.ANSWER, *self._write_any(message["content"])]
            else:
                ids += [v.REPLY, *self._write_reply(message["content"])]
        return [*ids, v.ANSWER]

    def _write_problem(self, prompt: str) -> list[int]:
        """What differs between problems: hint, table, statistics."""
        ids: list[int] = []
        self.stated = {}
        table: list[str] | None = None
        behind_table = False
        for line in [*prompt.partition("\nGRAMMAR")[0].splitlines(), ""]:
            if line.startswith("TRAJECTORY"):
                table, behind_table = [], True
            elif table is not None and not line.strip():
                ids += [token for row in _thin(table) for token in self._write_row(row)]
                self._state_start(table)
                table = None
            elif table is not None:
                table.append(line)
            elif line.strip():
                ids += self._write_line(line.removeprefix("HINT: "), behind_table)
        return ids

    def _write_row(self, row: str) -> list[int]:
        cells = [self._read.get(cell, cell) for cell in row.split()]
        # A reading that is missing is unknown.
        return self._vocabulary.encode([*cells, "\n"])

    def _state_start(self, table: Sequence[str]) -> None:
        """Keep the first readings of a table."""
        names, cells = (row.split() for row in (table[0], table[1])) if len(table) > 1 else ([], [])
        for name, cell in zip(names, cells, strict=False):
            if name in self._read:
                self._state(stated.find([self._read[name], "start", cell]))

    def _state(self, found: Iterable[tuple[Reference, float]]) -> None:
        """Keep what is stated first of each kind."""
        for reference, number in found:
            if number and math.isfinite(number):
                self.stated.setdefault(reference, number)

    def _write_line(self, line: str, named: bool) -> list[int]:
        """A line of prose; behind the table each begins with the name of a variable."""
        if line.startswith("STATISTICS"):
            return []
        pieces = v.split(line)
        if named:
            pieces = [self._read.get(pieces[0], pieces[0]), *pieces[1:]]
            self._state(stated.find(pieces))
        return self._vocabulary.encode_prose([*pieces, "\n"])

    def _write_reply(self, reply: str) -> list[int]:
        said = reply.partition("\nTerms:")[0]
        said = _FILLING.sub("", said)
        said = _COLUMN.sub(lambda found: f"{self._read.get(found[1], found[1])} (R2 ", _TIMES.sub("x ", said))
        return self._vocabulary.encode_prose(v.split(said))

    # ---- answers ----

    def _write_any(self, answer: str) -> list[int]:
        """An answer as it was given, whoever gave it; what is no JSON is unknown."""
        try:
            return self.write_answer(answer)[:-1]
        except (ValueError, TypeError, AttributeError):
            return [v.UNKNOWN]

    def write_answer(self, answer: str, references: Mapping[str, Sequence[Reference]] | None = None) -> list[int]:
        """Tokens of an answer, its end included. A law names its constants anew, an edit goes on with those before.

        Args:
            answer: as JSON.
            references: what each constant, by its name in the answer, is said as a multiple of: the first that the
                problem states. Without, and where none is stated, it is said as it is.

        Raises:
            ValueError: it is no JSON, or has other than numbers for constants.
        """
        given = orjson.loads(answer)
        if not isinstance(given, dict):
            raise ValueError("the answer is no object")
        if "edit" in given:
            ids = [v.EDIT]
            edits = given["edit"] if isinstance(given["edit"], list) else [given["edit"]]
            for key, value in [pair for edit in edits for pair in edit.items()]:
                ids += self._vocabulary.encode([str(key)])
                ids += self._write_law(value) if isinstance(value, str) else [self._vocabulary.write_number(value)]
        else:
            self._constants = {}
            ids = [v.LAW, *self._write_law(str(given.get("equation", "")))]
        # By their names as the model has them: in the order in which the equations name them.
        params = {self._name(name): name for name in given.get("params") or {}}
        if params:
            ids.append(v.PARAMS)
        for mine in sorted(params, key=lambda name: (len(name), name)):
            name = params[mine]
            told = (references or {}).get(name, ())
            ids += [*self._vocabulary.encode([mine]), *self._write_value(float(given["params"][name]), told)]
        return [*ids, v.END]

    def _write_value(self, value: float, references: Iterable[Reference]) -> list[int]:
        for reference in references:
            factor = value / self.stated.get(reference, math.inf)
            if 1 / LARGEST_FACTOR <= abs(factor) <= LARGEST_FACTOR:
                return [*self._vocabulary.encode([*reference, "by"]), self._vocabulary.write_number(factor)]
        return [self._vocabulary.write_number(value)]

    def _write_law(self, text: str) -> list[int]:
        pieces: list[str] = []
        for part in text.split(";"):
            left, equals, right = part.partition("=")
            side = self._sides.get(left.replace(" ", ""))
            pieces += [*([";"] if pieces else []), *([side] if side else self._name_all(left))]
            pieces += ["=", *self._name_all(right)] if equals else []
        return self._vocabulary.encode(pieces)

    def _name_all(self, text: str) -> list[str]:
        return [self._name(piece) if v.is_word(piece) else piece for piece in v.split(text)]

    def _name(self, word: str) -> str:
        """What the model calls a name of an answer."""
        if word in KEPT and word not in self._read:
            return word
        return self._read.get(word) or self._constants.setdefault(word, f"c{len(self._constants)}")

    def grammar(self) -> Grammar:
        """What an answer to the conversation that was written last may be."""
        variables = [*self._columns.values()]
        sides, known = [*self._sides.values()], [*self._constants.values()]
        return Grammar(self._vocabulary, variables, sides, known, self.stated)

    def read_answer(self, ids: Sequence[int]) -> str:
        """The answer as JSON, whatever the tokens are: what is wrong with it, the parser of answers says.

        It is read as what follows the conversation that was written last.
        """
        pieces = [
            piece for piece in self._vocabulary.decode(ids) if piece not in (v.MARKS[v.END], v.MARKS[v.PAD], "\n")
        ]
        is_edit = bool(pieces) and pieces[0] == v.MARKS[v.EDIT]
        names = self._names_back(self._constants if is_edit else {})
        marks = [k for k, piece in enumerate(pieces) if piece == v.MARKS[v.PARAMS]]
        said, named = (pieces[: marks[0]], pieces[marks[0] + 1 :]) if marks else (pieces, [])
        told = [names.get(piece, piece) if isinstance(piece, str) else piece for piece in said]
        params = {names.get(name, name): value for name, value in self._read_values(named)}
        answer: dict[str, Any]
        if is_edit:
            answer = {"edit": list(_read_edits(told[1:]))}
        else:
            answer = {"equation": _join(told[1:] if told and told[0] == v.MARKS[v.LAW] else told)}
        if params or not is_edit:
            answer["params"] = params
        return orjson.dumps(answer).decode()

    def _read_values(self, pieces: Sequence[str | float]) -> Iterator[tuple[str, str | float]]:
        """Names of constants and their values. What has no form is handed on, for the parser of answers to refuse."""
        name = ""
        multiple: list[str] = []
        for piece in pieces:
            if not name:
                name = piece if isinstance(piece, str) else ""
            elif isinstance(piece, str):
                multiple.append(piece)
            else:
                yield name, self._read_value(multiple, piece)
                name, multiple = "", []
        if name:
            yield name, " ".join(multiple)

    def _read_value(self, multiple: Sequence[str], number: float) -> str | float:
        """A number, or the multiple of what is stated."""
        match multiple:
            case []:
                return number
            case [kind, column, "by"] if (kind, column) in self.stated:
                return float(f"{self.stated[kind, column] * number:.4g}")
        return " ".join(multiple)

    def _names_back(self, constants: Mapping[str, str]) -> dict[str, str]:
        """What the model's names mean. A constant that has no name yet gets one that no variable has."""
        names = {mine: name for name, mine in self._columns.items()}
        names |= {mine: side for side, mine in self._sides.items()}
        names |= {mine: name for name, mine in constants.items()}
        taken = {*self._read, *constants}
        for k in range(v.MOST_CONSTANTS):
            if f"c{k}" not in names:
                names[f"c{k}"] = next(name for name in (f"c{k}", f"const{k}", f"const_{k}") if name not in taken)
        return names


def _thin(table: Sequence[str]) -> list[str]:
    """A table's heading and at most `ROWS` of its rows, evenly."""
    head, rows = list(table[:1]), table[1:]
    if len(rows) > ROWS:
        rows = [rows[round(k * (len(rows) - 1) / (ROWS - 1))] for k in range(ROWS)]
    return [*head, *rows]


def _read_edits(pieces: Sequence[str | float]) -> Iterator[dict[str, Any]]:
    edit: dict[str, list[str | float]] = {}
    key = ""
    for piece in pieces:
        if piece in KINDS:
            if edit:
                yield _close(edit)
            edit = {}
        if piece in KINDS or (piece in DETAILS and edit):
            key = str(piece)
            edit[key] = []
        elif key:
            edit[key].append(piece)
    if edit:
        yield _close(edit)


def _close(edit: dict[str, list[str | float]]) -> dict[str, Any]:
    return {key: value[0] if key == "by" and value else _join(value) for key, value in edit.items()}


def _join(pieces: Sequence[str | float]) -> str:
    """The pieces of an expression as text; numbers in figures."""
    return "".join(piece if isinstance(piece, str) else f"{piece:.3g}" for piece in pieces)
