"""Files as tables, told by content and name: text, Excel, Parquet, JSON, MATLAB, NumPy, each also in a zip archive."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
import pandas as pd

from gedanken.errors import UserError
from gedanken.own_data.read.arrays import table_of_arrays
from gedanken.own_data.read.layout import Layout, find_layout
from gedanken.own_data.read.runs import label_groups
from gedanken.own_data.read.table import Table, make_table
from gedanken.own_data.read.text import open_text

FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook or another program's own file; save it as .xlsx or CSV",
    b"\x89HDF": "an HDF5 file; save the table as CSV or Parquet (in MATLAB: save with -v7)",
    b"MATLAB 7.3": "a MATLAB file of version 7.3; save it with -v7, or the table as CSV",
    b"%PDF": "a PDF document; export the numbers as CSV",
    b"\x89PNG": "a picture; export the numbers as CSV",
    b"\xff\xd8\xff": "a picture; export the numbers as CSV",
    b"<?xml": "an XML file, a program's own; export the numbers as CSV (Tracker: File > Export > Data File)",
    b"<!DOC": "a web page; export the numbers as CSV",
    b"<html": "a web page; export the numbers as CSV",
    b"{\\rtf": "a rich text document; save it as plain text or CSV",
}
_HEAD = 400  # rows of a sheet that its layout is judged from


def open_table(path: Path, sheet: str | None = None) -> Table:
    """A file as a table.

    Args:
        path: of the file.
        sheet: of a workbook; the first that holds a table where None.

    Raises:
        UserError: it is missing, unreadable, empty, or no table; with the remedy.
    """
    if path.is_dir():
        raise UserError(f"{path} is a directory; name the files in it")
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    try:
        with path.open("rb") as file:
            head = file.read(128)
        return _open(path.name, head, lambda: path.open("rb"), sheet)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error


def _open(name: str, head: bytes, opener: Callable[[], BinaryIO], sheet: str | None) -> Table:
    if not head:
        raise UserError(f"{name} is empty")
    suffix = Path(name).suffix.lower()
    if head.startswith(b"MATLAB 5.0") or (suffix == ".mat" and not head.startswith((b"\x89HDF", b"MATLAB 7.3"))):
        return _open_matlab(name, opener)
    for signature, what in FOREIGN.items():
        if head.startswith(signature):
            raise UserError(f"{name} is {what}")
    if head.startswith(b"PK\x03\x04"):
        return _open_archive(name, opener, sheet)
    if head.startswith(b"\x93NUMPY"):
        return _open_numpy(name, opener)
    if head.startswith(b"PAR1") or suffix in (".parquet", ".pq"):
        return _open_parquet(name, opener)
    if suffix in (".json", ".jsonl", ".ndjson"):
        with opener() as file:
            return _open_json(name, file.read())
    return open_text(name, opener)


# ---- archives: zip, xlsx, npz ----


def _open_archive(name: str, opener: Callable[[], BinaryIO], sheet: str | None) -> Table:
    try:
        with opener() as file, zipfile.ZipFile(file) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            names = [info.filename for info in members]
            if "xl/workbook.xml" in names:
                return _open_excel(name, opener, sheet)
            if names and all(each.endswith(".npy") for each in names):
                return _open_numpy(name, opener)
            if "mimetype" in names or "[Content_Types].xml" in names:
                raise UserError(f"{name} is a document of an office program; save the table as .xlsx or CSV")
            tables = [
                each for each in names if not each.startswith(("meta/", "__MACOSX/")) and not each.endswith(".xml")
            ]
            if len(tables) != 1:
                held = ", ".join(tables[:6]) or "nothing"
                raise UserError(f"{name} is a zip archive of {held}; unpack it and name one table")
            content = archive.read(tables[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise UserError(f"{name} is a damaged or encrypted zip archive ({error}); unpack it first") from error
    inner = Path(tables[0]).name
    table = _open(inner, content[:128], lambda: io.BytesIO(content), sheet)
    return table.with_notes(f"{inner} is read from the archive {name}")


def _open_excel(name: str, opener: Callable[[], BinaryIO], sheet: str | None) -> Table:
    try:
        with opener() as file:
            sheets = pd.read_excel(file, sheet_name=None, header=None, engine="openpyxl")
    except Exception as error:  # openpyxl raises whatever a damaged file leads it into
        raise UserError(f"{name} is not a readable workbook ({type(error).__name__}); save it as CSV") from error
    if sheet is not None and sheet not in sheets:
        raise UserError(f"{name} has no sheet {sheet!r}; its sheets are {', '.join(map(str, sheets))}")
    found = []
    for title, grid in sheets.items():
        records = [[_as_cell(value) for value in row] for row in grid.head(_HEAD).itertuples(index=False)]
        layout = find_layout(records) if sheet is None or title == sheet else None
        if layout is not None:
            found.append((title, grid, layout))
    if not found:
        raise UserError(f"{name} holds no table of numbers in {'any sheet' if sheet is None else sheet}; name one with "
                        f"--sheet: {', '.join(map(str, sheets))}")  # fmt: skip
    title, grid, layout = found[0]
    notes = []
    if sheet is None and len(sheets) > 1:
        others = ", ".join(repr(str(other)) for other in sheets if other != title)
        notes.append(f"sheet {str(title)!r} of {name} is read, not {others}; --sheet names another")
    return _table_of_grid(name, grid, layout, notes)


def _as_cell(value: Any) -> str:
    """A spreadsheet's cell as text, for looking at the layout."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    return str(value)


def _table_of_grid(name: str, grid: pd.DataFrame, layout: Layout, notes: list[str]) -> Table:
    if layout.titles:
        notes.append(f"{name}: above the table stands {', '.join(repr(title[:40]) for title in layout.titles[:3])}")
    body = grid.iloc[layout.start :, : layout.width]
    cells = [_narrow(body.iloc[:, index]) for index in range(layout.width)]
    headers = label_groups(name, layout, notes)
    return make_table(name, headers, layout.units, cells, notes, lambda row: f"row {row + layout.start + 1}")


def _narrow(cells: pd.Series) -> pd.Series:
    """A column of numbers alone as float64, since a header above makes pandas call it objects."""
    known = cells[cells.notna()]
    if len(known) and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in known):
        return cells.astype(float)
    return cells


# ---- MATLAB and NumPy ----


def _open_matlab(name: str, opener: Callable[[], BinaryIO]) -> Table:
    import scipy.io

    try:
        with opener() as file:
            content = scipy.io.loadmat(file, simplify_cells=True)
    except Exception as error:  # whatever a damaged file leads the reader into
        raise UserError(f"{name} is not a readable MATLAB file ({type(error).__name__}); save it with -v7") from error
    arrays: dict[str, Any] = {}
    for key, value in content.items():
        if key.startswith("__"):
            continue
        if isinstance(value, dict):
            arrays |= {inner: each for inner, each in value.items()}
        else:
            arrays[key] = value
    return table_of_arrays(name, arrays)


def _open_numpy(name: str, opener: Callable[[], BinaryIO]) -> Table:
    try:
        with opener() as file:
            content = np.load(file, allow_pickle=False)
            arrays = dict(content) if hasattr(content, "files") else {"": content}
    except Exception as error:  # objects that only unpickling, which runs code, would read; or a damaged file
        raise UserError(
            f"{name} is not a readable NumPy file ({' '.join(str(error).split())[:80]}); save plain numbers"
        ) from error
    if list(arrays) == [""] and arrays[""].dtype.names:
        arrays = {field: arrays[""][field] for field in arrays[""].dtype.names}
    return table_of_arrays(name, arrays)


# ---- Parquet and JSON ----


def _open_parquet(name: str, opener: Callable[[], BinaryIO]) -> Table:
    try:
        with opener() as file:
            frame = pd.read_parquet(file, engine="pyarrow")
    except Exception:  # Arrow raises whatever a damaged file leads it into
        raise UserError(f"{name} is not a Parquet file, or it is damaged; export it anew, or as CSV") from None
    return table_of_frame(name, frame)


def table_of_frame(name: str, frame: pd.DataFrame) -> Table:
    """A pandas frame as a table; an index that is not a count of rows becomes the first column.

    Raises:
        UserError: there is nothing in it.
    """
    if not isinstance(frame.index, pd.RangeIndex) or frame.index.name:
        first = frame.index.name or ("time" if isinstance(frame.index, pd.DatetimeIndex) else None)
        if isinstance(frame.index, pd.MultiIndex) or first:
            frame = frame.reset_index(
                names=None if isinstance(frame.index, pd.MultiIndex) else first, allow_duplicates=True
            )
    if frame.shape[0] == 0 or frame.shape[1] == 0:
        raise UserError(f"{name} holds no rows")
    cells = [frame.iloc[:, k] for k in range(frame.shape[1])]
    headers = [" ".join(map(str, h)).strip() if isinstance(h, tuple) else str(h) for h in frame.columns]
    counted = all(isinstance(h, (int, np.integer)) for h in frame.columns)
    blank = [""] * len(cells)
    return make_table(name, blank if counted else headers, blank, cells, [], _row)


def _row(row: int) -> str:
    return f"row {row + 1}"


def _open_json(name: str, data: bytes) -> Table:
    if Path(name).suffix.lower() == ".json":
        content = _parse_json(name, data, "")
    else:
        lines = [(n, line) for n, line in enumerate(data.splitlines(), 1) if line.strip()]
        content = [_parse_json(name, line, f" in line {n}") for n, line in lines]
    if isinstance(content, dict) and content and all(isinstance(cells, list) for cells in content.values()):
        lengths = {header: len(cells) for header, cells in content.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{header} has {length}" for header, length in lengths.items())
            raise UserError(
                f"the columns of {name} differ in length: {shown}; give each a value, or null, for every row"
            )
        columns = content
    elif isinstance(content, list) and content and all(isinstance(row, dict) for row in content):
        headers = dict.fromkeys(header for row in content for header in row)
        columns = {header: [row.get(header) for row in content] for header in headers}
    else:
        raise UserError(f'{name} is not a table: expected rows [{{"t": 0, "y": 1}}, ...] or columns {{"t": [...]}}')
    if not columns or not next(iter(columns.values())):
        raise UserError(f"{name} holds no rows")
    blank = [""] * len(columns)
    return make_table(name, [str(h) for h in columns], blank, [_series(cells) for cells in columns.values()], [], _row)


def _series(cells: list[Any]) -> pd.Series:
    plain = all(cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool)) for cell in cells)
    if not plain:
        return pd.Series(cells, dtype=object)
    try:
        return pd.Series([np.nan if cell is None else float(cell) for cell in cells])
    except OverflowError:  # a whole number beyond the range of floats
        return pd.Series(
            [np.inf if isinstance(cell, int) and abs(cell) > 1e300 else cell for cell in cells], dtype=object
        )


def _parse_json(name: str, text: bytes, where: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(text)  # NaN and Infinity, which many programs write, are not JSON and orjson refuses them
        except (ValueError, RecursionError):
            raise UserError(f"{name} is not JSON{where}: {error}; export it anew, or as CSV") from None
