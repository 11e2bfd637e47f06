"""Problems, replies and answers of `discover` as tokens, and answers back as JSON.

A conversation becomes one text: the hint, the table (at most `ROWS` rows of each trial) and the statistics of the
prompt; then each answer with what the simulator said to it. What is the same in every prompt is left out. An answer is
its equation, or its edits, and its constants::

    <law> d2x/dt2 = -w**2*x <params> w 1.25 <end>
    <edit> scale w by 0.95 <end>
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson

from gedanken.loop import Message
from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.vocabulary import Vocabulary

ROWS = 16
"""Rows of a table that are read, its first and its last among them."""

KINDS = ("scale", "drop", "add", "replace")
DETAILS = ("by", "with", "in")


def write_conversation(messages: Sequence[Message], vocabulary: Vocabulary, spelled: Collection[str] = ()) -> list[int]:
    """Tokens of a conversation of `discover`, up to the mark behind which the next answer stands.

    Args:
        messages: system message, problem, and then answers and replies in turn.
        vocabulary: of the model.
        spelled: words that are spelled although the model has a token for them.
    """
    asked = [message for message in messages if message["role"] != "system"]
    ids = vocabulary.encode(_shorten(asked[0]["content"]), spelled)
    for message in asked[1:]:
        if message["role"] == "assistant":
            ids += [v.ANSWER, *_write_any(message["content"], vocabulary, spelled)]
        else:
            ids += [v.REPLY, *vocabulary.encode(message["content"].partition("\nTerms:")[0], spelled)]
    return [*ids, v.ANSWER]


def _shorten(prompt: str) -> str:
    """What differs between problems: hint, table, statistics."""
    lines: list[str] = []
    table: list[str] | None = None
    for line in prompt.partition("\nGRAMMAR")[0].splitlines():
        if line.startswith("TRAJECTORY"):
            table = []
        elif table is not None and not line.strip():
            lines += _thin(table)
            table = None
        elif table is not None:
            table.append(line)
        elif line.strip():
            lines.append(line)
    return "\n".join([*lines, *_thin(table or [])])


def _thin(table: Sequence[str]) -> list[str]:
    """A table's heading and at most `ROWS` of its rows, evenly."""
    head, rows = list(table[:1]), table[1:]
    if len(rows) > ROWS:
        rows = [rows[round(k * (len(rows) - 1) / (ROWS - 1))] for k in range(ROWS)]
    return [*head, *rows]


def _write_any(answer: str, vocabulary: Vocabulary, spelled: Collection[str]) -> list[int]:
    """An answer as it was given, whoever gave it; what is no JSON is unknown."""
    try:
        return write_answer(answer, vocabulary, spelled)[:-1]
    except (ValueError, TypeError, AttributeError):
        return [v.UNKNOWN]


def write_answer(answer: str, vocabulary: Vocabulary, spelled: Collection[str] = ()) -> list[int]:
    """Tokens of an answer, its end included.

    Raises:
        ValueError: it is no JSON, or has other than numbers for constants.
    """
    given = orjson.loads(answer)
    if not isinstance(given, dict):
        raise ValueError("the answer is no object")
    ids = [v.EDIT] if "edit" in given else [v.LAW]
    if "edit" in given:
        edits = given["edit"] if isinstance(given["edit"], list) else [given["edit"]]
        for key, value in [pair for edit in edits for pair in edit.items()]:
            ids += vocabulary.encode(key)
            ids += vocabulary.encode(value, spelled) if isinstance(value, str) else [vocabulary.write_number(value)]
    else:
        ids += vocabulary.encode(str(given.get("equation", "")), spelled)
    params = given.get("params") or {}
    if params:
        ids.append(v.PARAMS)
    for name, value in params.items():
        ids += [*vocabulary.encode(name, spelled), vocabulary.write_number(float(value))]
    return [*ids, v.END]


def read_answer(ids: Sequence[int], vocabulary: Vocabulary) -> str:
    """The answer as JSON, whatever the tokens are: what is wrong with it, the parser of answers says."""
    pieces = [piece for piece in vocabulary.decode(ids) if piece not in (v.MARKS[v.END], v.MARKS[v.PAD])]
    marks = [k for k, piece in enumerate(pieces) if piece == v.MARKS[v.PARAMS]]
    said, named = (pieces[: marks[0]], pieces[marks[0] + 1 :]) if marks else (pieces, [])
    params = {str(name): value for name, value in zip(named[::2], named[1::2], strict=False)}
    answer: dict[str, Any]
    if said and said[0] == v.MARKS[v.EDIT]:
        answer = {"edit": list(_read_edits(said[1:]))}
    else:
        answer = {"equation": _join(said[1:] if said and said[0] == v.MARKS[v.LAW] else said)}
    if params or "equation" in answer:
        answer["params"] = params
    return orjson.dumps(answer).decode()


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
