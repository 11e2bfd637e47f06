"""Files as named columns: CSV, TSV, spaced text (each also gzipped), Parquet, JSON and JSON lines.

Only the columns asked for are converted, in one pass. What is wrong becomes one `UserError` that names file, column and
line; the exact line is looked for only once something has failed, so that good files of ten million rows stay fast.
"""

import csv
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
from numpy.typing import NDArray

from gedanken.errors import UserError

Array = NDArray[np.float64]
Kind = Literal["number", "date", "text", "empty"]

MISSING = (
    *("", "-", "?", "NA", "N/A", "n/a", "#N/A", "na", "NaN", "nan", "NAN", "-nan", "-NaN"),
    *("null", "NULL", "None", "none", "missing"),
)
HEAD_BYTES = 1 << 20  # what header, delimiter and kinds of columns are judged from
HEAD_ROWS = 1000
CLOCK = r"\d\d:\d\d(:\d\d(\.\d+)?)?"
DATE = re.compile(rf"\d{{4}}-\d\d-\d\d([ T]{CLOCK}(Z|[+-]\d\d:?\d\d)?)?|{CLOCK}")
FOREIGN = {
    b"PK\x03\x04": "a zip archive or a spreadsheet; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an Excel workbook; save the sheet as CSV",
    b"\x89HDF": "an HDF5 file; save the table as CSV or Parquet",
    b"\x93NUMPY": "a NumPy array without column names; save it as CSV with a header line",
    b"%PDF": "a PDF document",
}


@dataclass(frozen=True)
class Columns(ABC):
    """A table whose columns have not been converted yet.

    Attributes:
        path: where it is.
        names: the header, as written.
        kinds: what the first rows of each column hold.
        notes: what was assumed about the file.
    """

    path: Path
    names: tuple[str, ...]
    kinds: Mapping[str, Kind]
    notes: tuple[str, ...]

    @abstractmethod
    def read(self, numbers: Sequence[str], others: Sequence[str]) -> tuple[dict[str, Array], dict[str, pa.Array]]:
        """Columns of numbers as float64, empty cells as NaN; and other columns as Arrow strings or times, unconverted.

        Raises:
            UserError: a cell that is not a number, or a row that does not fit the header.
        """

    @abstractmethod
    def place(self, row: int) -> str:
        """What to call a row, counted from 0, in a message: `line 18`, or `row 17` where there are no lines."""

    def refuse(self, column: str, row: int, cell: Any) -> UserError:
        """The error for a cell that is not a number."""
        return UserError(
            f"column {column!r} of {self.path.name} holds {str(cell)[:40]!r} in {self.place(row)}, not a number"
        )


def open_columns(path: str | Path) -> Columns:
    """Look at a file's header and first rows.

    Raises:
        UserError: it is missing, unreadable, empty, not a table, or in an encoding that cannot be told.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"{path} is a directory; name the files in it")
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as file:
            head = file.read(8)
        if not head:
            raise UserError(f"{path.name} is empty")
        for signature, what in FOREIGN.items():
            if head.startswith(signature):
                raise UserError(f"{path.name} is {what}")
        if head.startswith(b"PAR1") or suffix in (".parquet", ".pq"):
            return _open_parquet(path)
        if suffix in (".json", ".jsonl", ".ndjson"):
            return _open_json(path)
        return _open_text(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error


def kind_of(cells: Iterable[Any]) -> Kind:
    """What most of the cells are. A few bad cells do not change it, so that they are reported, not dropped."""
    count: dict[Kind, int] = {"number": 0, "date": 0, "text": 0}
    for cell in cells:
        if cell is None or (isinstance(cell, str) and cell.strip() in MISSING):
            continue
        if isinstance(cell, (bool, list, dict)):
            count["text"] += 1
        elif is_number(str(cell)):
            count["number"] += 1
        else:
            count["date" if DATE.match(str(cell).strip()) else "text"] += 1
    return max(count, key=lambda kind: count[kind]) if any(count.values()) else "empty"


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number (infinities included, Python's `1_000` not)."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


@dataclass(frozen=True)
class TextColumns(Columns):
    """Delimited text. `source` is the path or the bytes of it; `skip` counts the lines above the first row."""

    source: str | bytes
    skip: int
    delimiter: str
    decimal: str

    def read(self, numbers: Sequence[str], others: Sequence[str]) -> tuple[dict[str, Array], dict[str, pa.Array]]:
        """One pass of Arrow's threaded reader."""
        types = dict.fromkeys(numbers, pa.float64()) | {n: pa.string() for n in others if self.kinds[n] != "date"}
        try:
            table = self.parse([*numbers, *others], types)
        except pa.ArrowInvalid:
            try:
                self.parse([*numbers, *others], types, threads=False)  # slower, but then the message knows the row
            except pa.ArrowInvalid as error:
                raise self.explain(str(error), numbers) from None
            raise
        return (
            {name: table.column(name).to_numpy() for name in numbers},
            {name: table.column(name).combine_chunks() for name in others},
        )

    def parse(self, columns: Sequence[str], types: Mapping[str, pa.DataType], *, threads: bool = True) -> pa.Table:
        """Arrow's own reader, with this file's dialect."""
        return pyarrow.csv.read_csv(
            BytesIO(self.source) if isinstance(self.source, bytes) else self.source,
            read_options=pyarrow.csv.ReadOptions(skip_rows=self.skip, column_names=self.names, use_threads=threads),
            parse_options=pyarrow.csv.ParseOptions(delimiter=self.delimiter),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=columns,
                column_types=types,
                null_values=MISSING,
                strings_can_be_null=True,
                decimal_point=self.decimal,
            ),
        )

    def explain(self, message: str, numbers: Sequence[str]) -> UserError:
        """One sentence for Arrow's `CSV parse error: Row #4: Expected 2 columns, got 1: ...` and its like."""
        row = re.search(r"Row #(\d+)", message)
        index = int(row[1]) - self.skip - 1 if row else None
        place = "a line" if index is None else self.place(index)
        if width := re.search(r"Expected (\d+) columns, got (\d+)", message):
            return UserError(f"{place} of {self.path.name} has {width[2]} cells where the header has {width[1]}")
        cell = re.search(r"invalid value '(.*)'$", message, re.DOTALL)
        column = re.search(r"In CSV column #(\d+)", message)
        if cell and column and index is not None:
            return self.refuse(self.names[int(column[1])], index, cell[1])
        if "UTF8" in message and column:
            return UserError(
                f"column {self.names[int(column[1])]!r} of {self.path.name} is not UTF-8 text; save the file as UTF-8"
            )
        return UserError(f"{self.path.name} is not a table of {self.delimiter!r}-separated columns ({message[:120]})")

    def place(self, row: int) -> str:
        """The row's line in the file, counted again because Arrow passes over blank lines."""
        if isinstance(self.source, bytes):
            lines: Iterable[bytes] = self.source.splitlines()
        else:
            with pa.input_stream(self.source) as stream:
                lines = BytesIO(stream.read())
        for number, line in enumerate(lines, 1):
            if number > self.skip and line.strip():
                if row == 0:
                    return f"line {number}"
                row -= 1
        return "the last line"


def _open_text(path: Path) -> TextColumns:
    notes = []
    source: str | bytes = str(path)
    try:
        with pa.input_stream(source) as stream:  # unpacks .gz and its like by their name
            head = stream.read(HEAD_BYTES)
            if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
                head = source = _decode(path, head + stream.read(), "utf-16").encode()
                notes.append(f"{path.name} is read as UTF-16")
            elif b"\0" in head:
                raise UserError(f"{path.name} is not a table: it holds binary data")
            whole_lines = head if len(head) < HEAD_BYTES else head[: head[:HEAD_BYTES].rfind(b"\n") + 1]
            lines = _decode(path, whole_lines, "utf-8-sig").splitlines()
            first = next((index for index, line in enumerate(lines) if line.strip() and line[0] not in "#%"), None)
            if first is None:
                raise UserError(f"{path.name} holds no rows")
            delimiter = _delimiter(path, lines[first])
            if delimiter == " ":  # runs of spaces: made even, so that Arrow can split them
                whole = source if isinstance(source, bytes) else head + stream.read()
                source = b"\n".join(b" ".join(line.split()) for line in whole.splitlines())
                lines = [" ".join(line.split()) for line in lines]
    except OSError as error:
        raise UserError(f"{path.name} cannot be unpacked: {error}") from error
    rows = list(csv.reader((line for line in lines[first : first + HEAD_ROWS] if line.strip()), delimiter=delimiter))
    decimal = "."
    if delimiter == ";" and any(re.fullmatch(r"\s*-?\d+,\d+\s*", cell) for row in rows[1:20] for cell in row):
        decimal = ","
        notes.append(f"{path.name} is read with decimal commas")
        rows[1:] = [[cell.replace(",", ".") for cell in row] for row in rows[1:]]
    names, skip = [cell.strip() for cell in rows[0]], first + 1
    if all(is_number(name) or name in MISSING for name in names):
        above = lines[first - 1].lstrip("#% ") if first and lines[first - 1][:1] in ("#", "%") else ""
        names, skip = [cell.strip() for cell in next(csv.reader([above], delimiter=delimiter), [])], first
        if len(names) != len(rows[0]) or any(map(is_number, names)):
            raise UserError(
                f"line {first + 1} of {path.name} holds numbers, not column names; "
                f"add a header line such as t{delimiter}y"
            )
    else:
        rows = rows[1:]
    if not rows:
        raise UserError(f"{path.name} holds a header line and no rows")
    names = [name or f"column {index}" for index, name in enumerate(names, 1)]
    kinds = {name: kind_of(row[i] for row in rows if i < len(row)) for i, name in enumerate(names)}
    return TextColumns(path, tuple(names), kinds, tuple(notes), source, skip, delimiter, decimal)


def _decode(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = encoding.removesuffix("-sig").upper()
        raise UserError(
            f"{path.name} is not {name} text (byte 0x{data[error.start]:02x} in line {line}); save it as UTF-8"
        ) from None


def _delimiter(path: Path, header: str) -> str:
    bare = re.sub(r'"[^"]*"', "", header)
    best = max("\t;,|", key=bare.count)
    if bare.count(best):
        return best
    if len(header.split()) < 2:
        raise UserError(f"{path.name} is not a table: its first line has one column only, {header.strip()[:40]!r}")
    return " "


@dataclass(frozen=True)
class TypedColumns(Columns):
    """Columns that have types already: Parquet, or the values of a JSON file."""

    table: Mapping[str, Any]

    def read(self, numbers: Sequence[str], others: Sequence[str]) -> tuple[dict[str, Array], dict[str, pa.Array]]:
        """Straight from memory."""
        return {n: self.floats(n) for n in numbers}, {n: self.arrow(n) for n in others}

    def place(self, row: int) -> str:
        """The row's number, from 1."""
        return f"row {row + 1}"

    def floats(self, name: str) -> Array:
        """One column as numbers; a number in quotes counts as one."""
        cells = self.table[name]
        if isinstance(cells, (pa.Array, pa.ChunkedArray)):
            if pa.types.is_dictionary(cells.type):
                cells = cells.cast(cells.type.value_type)
            if pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type) or pa.types.is_decimal(cells.type):
                return np.asarray(cells.cast(pa.float64(), safe=False), np.float64)
            cells = cells.to_pylist()
        found = np.empty(len(cells))
        for row, cell in enumerate(cells):
            if cell is None or (isinstance(cell, str) and cell.strip() in MISSING):
                found[row] = np.nan
            elif isinstance(cell, (bool, list, dict)) or not is_number(str(cell)):
                raise self.refuse(name, row, cell)
            else:
                found[row] = float(cell)
        return found

    def arrow(self, name: str) -> pa.Array:
        """One column as it is; mixed cells become text."""
        cells = self.table[name]
        if isinstance(cells, pa.ChunkedArray):
            return cells.combine_chunks()
        return pa.array([None if cell is None else str(cell) for cell in cells], pa.string())


def _open_parquet(path: Path) -> TypedColumns:
    try:
        table = pyarrow.parquet.read_table(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
        raise UserError(f"{path.name} is not a Parquet file, or it is damaged") from None
    return _typed(path, table)


def _typed(path: Path, table: pa.Table) -> TypedColumns:
    if table.num_rows == 0 or table.num_columns == 0:
        raise UserError(f"{path.name} holds no rows")
    columns = dict(zip(table.column_names, table.columns, strict=True))
    kinds = {name: kind_of(column.slice(0, HEAD_ROWS).to_pylist()) for name, column in columns.items()}
    return TypedColumns(path, tuple(columns), kinds, (), columns)


def _open_json(path: Path) -> TypedColumns:
    if path.suffix.lower() != ".json":
        try:
            return _typed(path, pyarrow.json.read_json(path))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass  # NaN, a cell of another type, or no JSON at all: slower, but it can say where
    data = path.read_bytes()
    if path.suffix.lower() == ".json":
        content = _parse_json(path, data, "")
    else:
        content = [
            _parse_json(path, line, f" in line {n}") for n, line in enumerate(data.splitlines(), 1) if line.strip()
        ]
    if isinstance(content, dict) and content and all(isinstance(cells, list) for cells in content.values()):
        if len(lengths := {name: len(cells) for name, cells in content.items()}) and len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise UserError(f"the columns of {path.name} differ in length: {shown}")
        columns = content
    elif isinstance(content, list) and content and all(isinstance(row, dict) for row in content):
        columns = {
            name: [row.get(name) for row in content] for name in dict.fromkeys(n for row in content for n in row)
        }
    else:
        raise UserError(
            f'{path.name} is not a table: expected rows [{{"t": 0, "y": 1}}, ...] or columns {{"t": [...]}}'
        )
    if not next(iter(columns.values()), None):
        raise UserError(f"{path.name} holds no rows")
    kinds = {name: kind_of(cells[:HEAD_ROWS]) for name, cells in columns.items()}
    return TypedColumns(path, tuple(columns), kinds, (), columns)


def _parse_json(path: Path, text: bytes, where: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(text)  # NaN and Infinity, which many programs write, are not JSON and orjson refuses them
        except (ValueError, RecursionError):
            raise UserError(f"{path.name} is not JSON{where}: {error}") from None
