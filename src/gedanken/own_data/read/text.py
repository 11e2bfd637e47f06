"""Delimited text as a table: its encoding, delimiter and decimal mark are told from its first lines."""

import bz2
import csv
import gzip
import io
import itertools
import lzma
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO

import pandas as pd

from gedanken.errors import UserError
from gedanken.own_data.read.cells import MISSING, NUMBER, kind_of_cell, tidy
from gedanken.own_data.read.layout import Layout, filled, find_layout
from gedanken.own_data.read.runs import label_groups, unstack
from gedanken.own_data.read.table import Table, make_table

HEAD_BYTES = 1 << 18  # what the layout is judged from
HEAD_LINES = 1000
DELIMITERS = ("\t", ";", ",", "|", " ")  # in order of preference where several fit alike; " " stands for spaces
COMMENTS = ("#", "%", "//", "!")
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Dialect:
    """How a file is written. `first` counts the physical lines above the body; `comment` may begin lines within it."""

    delimiter: str
    decimal: str
    first: int
    comment: str | None
    layout: Layout


def open_text(source: str, opener: Callable[[], BinaryIO]) -> Table:
    """A table from delimited text, which may be compressed.

    Args:
        source: name of the file, for messages.
        opener: gives its bytes anew.

    Raises:
        UserError: it is binary, damaged, or no table.
    """
    notes: list[str] = []
    try:
        with unpacked(opener) as stream:
            head = stream.read(HEAD_BYTES)
    except _BROKEN as error:
        raise UserError(f"{source} cannot be unpacked: {error or type(error).__name__}; unpack it first") from error
    encoding = _encoding(source, head, notes)
    whole = len(head) < HEAD_BYTES
    lines = re.split(r"\r\n|\n|\r", head.decode(encoding, errors="replace"))
    dialect = _dialect(source, lines if whole else lines[:-1], notes)
    frame = None
    for attempt in dict.fromkeys((encoding, "cp1252")):
        try:
            frame = _read_body(source, opener, attempt, dialect)
            if attempt != encoding:
                notes.append(_western(source))
            break
        except UnicodeDecodeError:
            continue
        except _BROKEN as error:
            raise UserError(f"{source} cannot be unpacked: {error or type(error).__name__}; unpack it first") from error
    if frame is None:
        raise UserError(f"{source} is not {encoding} text; save it as UTF-8")
    layout = dialect.layout
    if layout.titles:
        notes.append(f"{source}: above the table stands {_shown(layout.titles)}")
    if dialect.decimal == ",":
        notes.append(f"{source} is read with decimal commas")
    frame, rows, run = unstack(source, frame, layout, notes)
    cells = [frame.iloc[:, index] for index in range(frame.shape[1])]
    extra = [""] * (len(cells) - layout.width)
    headers = label_groups(source, layout, notes) + extra

    def place(row: int) -> str:
        return f"line {_line_of(opener, encoding, dialect, row)}"

    table = make_table(source, headers, layout.units + extra, cells, notes, place)
    return replace(table, rows=rows, run=run)


@contextmanager
def unpacked(opener: Callable[[], BinaryIO]) -> Iterator[BinaryIO]:
    """The bytes of a file, or what a compressed one (gzip, bzip2, xz) holds."""
    with opener() as stream:
        start = stream.read(6)
        stream.seek(0)
        for signature, unpack in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ", lzma.open)):
            if start.startswith(signature):
                with unpack(stream) as inner:
                    yield inner  # type: ignore[misc]
                return
        yield stream


def _encoding(source: str, head: bytes, notes: list[str]) -> str:
    if not head:
        raise UserError(f"{source} is empty")
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        notes.append(f"{source} is read as UTF-16")
        return "utf-16"
    if head[1:400:2].count(0) > 0.9 * len(head[1:400:2]) and 0 not in head[:400:2]:
        notes.append(f"{source} is read as UTF-16")
        return "utf-16-le"
    if b"\0" in head:
        raise UserError(f"{source} is not a table: it holds binary data; export it as CSV")
    try:
        # The head may end within a character.
        head.decode("utf-8") if len(head) < HEAD_BYTES else head[:-4].decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 8:
            notes.append(_western(source))
            return "cp1252"
    return "utf-8"


def _western(source: str) -> str:
    return f"{source} is not UTF-8 and is read as Western European text (cp1252)"


def _shown(titles: tuple[str, ...]) -> str:
    shown = ", ".join(repr(title[:40]) for title in titles[:3])
    return f"{shown} and {len(titles) - 3} more lines" if len(titles) > 3 else shown


# ---- dialect ----


def _dialect(source: str, lines: list[str], notes: list[str]) -> Dialect:
    kept = [(number, line) for number, line in enumerate(lines[:HEAD_LINES], 1) if line.strip()]
    rows = [(number, line) for number, line in kept if not line.lstrip().lstrip('"').startswith(COMMENTS)]
    if not rows:
        raise UserError(f"{source} holds no rows")
    best: tuple[float, Dialect] | None = None
    # Cells like `1.5 cm` count as numbers only where a table hardly makes sense without.
    for quantities, delimiter in itertools.product((False, True), DELIMITERS):
        if quantities and best is not None and best[0] > 0.9:
            break
        records, numbers = _records(source, [line for _, line in rows], delimiter)
        for decimal in _decimals(records):
            layout = find_layout(records, decimal, quantities=quantities)
            if layout is None or (layout.width < 2 and delimiter != " "):
                continue
            worth = _worth(records, layout, decimal, quantities) - 0.1 * quantities
            if best is None or worth > best[0] + 1e-9:
                first = rows[numbers[layout.start]][0] - 1
                within = [line for number, line in kept if number > first and line.lstrip().startswith(("#", "%"))]
                comment = within[0].lstrip()[0] if within else None
                best = (worth, Dialect(delimiter, decimal, first, comment, layout))
    if best is None:
        if len(rows) == 1 and any(mark in rows[0][1] for mark in DELIMITERS):
            raise UserError(f"{source} holds a header line and no rows")
        shown = rows[0][1].strip()[:40]
        raise UserError(
            f"{source} is not a table: no line of it holds numbers in columns (it begins with {shown!r}); "
            "export the numbers as CSV"
        )
    dialect = best[1]
    layout = dialect.layout
    if not any(layout.headers):
        above = [line for number, line in kept if number <= dialect.first and line.lstrip().startswith(COMMENTS)]
        names = [_words(line.lstrip(" #%/!"), dialect.delimiter) for line in above]
        fitting = [each for each in names if len(each) == layout.width and not any(map(_numeric, each))]
        if fitting:
            layout.headers[:] = [tidy(cell) for cell in fitting[-1]]
    _check_widths(source, dialect, rows, notes)
    return dialect


def _numeric(cell: str) -> bool:
    return kind_of_cell(cell) == "number"


def _records(source: str, lines: list[str], delimiter: str) -> tuple[list[list[str]], list[int]]:
    """The lines split into cells, and for each record the index of its first line."""
    if delimiter == " ":
        return [_words(line, delimiter) for line in lines], list(range(len(lines)))
    records, numbers, before = [], [], 0
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        for record in reader:
            records.append(record)
            numbers.append(before)
            before = reader.line_num
    except csv.Error as error:
        raise UserError(f"{source} is not a table: {error} in its line {before + 1}") from None
    return records, numbers


def _words(line: str, delimiter: str) -> list[str]:
    """A line's cells; between spaces, a unit in brackets belongs to the word before it."""
    if delimiter != " ":
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    words = re.findall(r'"[^"]*"|[^\s"(\[]+(?:\s?[(\[][^)\]]*[)\]])?\S*|\S+', line)
    return [word.strip('"') for word in words]


def _decimals(records: list[list[str]]) -> tuple[str, ...]:
    """The decimal marks that are possible, the likelier first."""
    cells = [tidy(cell) for record in records for cell in record if "," in cell]
    commas = [cell for cell in cells if NUMBER[","].fullmatch(cell)]
    if not commas:
        return (".",)
    both = any("." in cell for cell in cells if NUMBER["."].fullmatch(cell))
    return (".", ",") if both or not all("." not in cell for cell in commas if cell.count(".") > 1) else (",", ".")


def _worth(records: list[list[str]], layout: Layout, decimal: str, quantities: bool) -> float:
    """How well a dialect explains the lines: rows of one width, cells that are numbers or dates."""
    below = records[layout.start :]
    same = [record for record in below if len(record) == layout.width]
    cells = [kind_of_cell(cell, decimal, quantities=quantities) for record in same for cell in record]
    known = [kind for kind in cells if kind != "empty"]
    if not known:
        return 0.0
    return len(same) / len(below) * (len(known) - known.count("text")) / len(known) + 0.2 * (layout.width > 1)


def _check_widths(source: str, dialect: Dialect, rows: list[tuple[int, str]], notes: list[str]) -> None:
    """Refuse rows of another width than the header, which pandas would fill up or take for an index."""
    layout, delimiter = dialect.layout, dialect.delimiter
    body = [(number, line) for number, line in rows if number > dialect.first]
    records, numbers = _records(source, [line for _, line in body], delimiter)
    for record, number in zip(records, numbers, strict=True):
        if len(record) > layout.width and any(cell.strip() for cell in record[layout.width :]):
            raise UserError(
                f"line {body[number][0]} of {source} has {len(record)} cells where the header has {layout.width}"
            )
    named = max(filled(layout.headers), default=layout.width - 1) + 1
    extra = [k for k in range(named, layout.width) if any(k < len(r) and r[k].strip() for r in records)]
    if not extra:
        return
    if len(extra) == 1 and named == layout.width - 1 and len(filled(layout.headers)) == named and named > 1:
        layout.headers[:] = ["", *layout.headers[:-1]]
        notes.append(
            f"the header of {source} has a name less than the rows have cells: the first column is a row number"
        )
        return
    hint = "name every column in the header"
    if delimiter == "," and layout.width == 2 * named:
        hint = "if commas are the decimal marks, save the file with semicolons between the columns"
    raise UserError(f"line {body[0][0]} of {source} has {layout.width} cells where the header has {named}; {hint}")


# ---- body ----


def _read_body(source: str, opener: Callable[[], BinaryIO], encoding: str, dialect: Dialect) -> pd.DataFrame:
    with unpacked(opener) as stream, io.TextIOWrapper(stream, encoding=encoding, errors=_strict(encoding)) as text:
        for _ in range(dialect.first):
            text.readline()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", pd.errors.ParserWarning)
                return pd.read_csv(
                    text,
                    sep=r"\s+" if dialect.delimiter == " " else dialect.delimiter,
                    header=None,
                    names=range(dialect.layout.width),
                    index_col=False,
                    decimal=dialect.decimal,
                    na_values=sorted(MISSING),
                    keep_default_na=False,
                    skipinitialspace=True,
                    comment=dialect.comment,
                    low_memory=False,
                )
        except pd.errors.EmptyDataError:
            raise UserError(f"{source} holds a header line and no rows") from None
        except pd.errors.ParserError as error:
            raise _explain(source, str(error), dialect) from None


def _strict(encoding: str) -> str:
    return "replace" if encoding == "cp1252" else "strict"


def _explain(source: str, message: str, dialect: Dialect) -> UserError:
    """One sentence for pandas' `Error tokenizing data. C error: Expected 2 fields in line 4, saw 3`."""
    if width := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message):
        line = int(width[2]) + dialect.first
        return UserError(f"line {line} of {source} has {width[3]} cells where the header has {width[1]}")
    if "EOF inside string" in message:
        return UserError(f'{source} has a quotation mark (") that is never closed; remove it')
    return UserError(f"{source} cannot be read as a table: {' '.join(message.split())[:120]}")


def _line_of(opener: Callable[[], BinaryIO], encoding: str, dialect: Dialect, row: int) -> int:
    """The row's line in the file, counted again because blank lines and comments are passed over."""
    line = 0
    with unpacked(opener) as stream, io.TextIOWrapper(stream, encoding=encoding, errors="replace") as text:
        for line, content in enumerate(text, 1):
            if line <= dialect.first or not content.strip():
                continue
            if dialect.comment and content.lstrip().startswith(dialect.comment):
                continue
            if row == 0:
                return line
            row -= 1
    return line
