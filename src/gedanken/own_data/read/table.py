"""A table as a file or a program's memory holds it, before anything is made of its columns."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.own_data.read.cells import Array, Kind, common_unit, kind_of, missing_codes, to_numbers
from gedanken.own_data.read.headers import split_unit

SHOWN = 30  # names that a message lists
LARGEST = 1e100  # beyond which squares, and with them every measure of a fit, overflow


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        header: as written, unique within the table.
        name: the header without its unit.
        unit: its unit, or an empty string.
        kind: what most of its cells hold.
        cells: as read, one a row.
    """

    header: str
    name: str
    unit: str
    kind: Kind
    cells: pd.Series


@dataclass(frozen=True)
class Table:
    """Columns of equal length.

    Attributes:
        source: name of the file, for messages.
        columns: in order.
        notes: what was assumed in reading it.
        place: what to call a row of the file, counted from 0, in a message: `line 18`.
        rows: for each row of the table the row of the file that it is from.
        run: for each row the label of its run, where several stood side by side; None otherwise.
        named: whether the columns have names; without, they are called `column 1`, `column 2`, ...
    """

    source: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    place: Callable[[int], str]
    rows: NDArray[np.intp]
    run: pd.Series | None = None
    named: bool = True

    @property
    def headers(self) -> list[str]:
        """All headers, in order."""
        return [column.header for column in self.columns]

    def listed(self) -> str:
        """The headers for a message."""
        more = f" and {len(self.columns) - SHOWN} more" if len(self.columns) > SHOWN else ""
        return ", ".join(self.headers[:SHOWN]) + more

    def find(self, wanted: str) -> Column:
        """The column that a person means: as written, without its unit, in other case, or by its number.

        Raises:
            UserError: there is none.
        """
        lower = wanted.strip().lower()
        for matches in (
            [c for c in self.columns if c.header == wanted],
            [c for c in self.columns if c.name == wanted.strip()],
            [c for c in self.columns if lower in (c.header.lower(), c.name.lower())],
            [c for c in self.columns[int(wanted) - 1 : int(wanted)]] if wanted.isdecimal() and int(wanted) > 0 else [],
        ):
            if matches:
                return matches[0]
        raise UserError(f"{self.source} has no column {wanted!r}; its columns are {self.listed()}")

    def numbers(self, column: Column, missing: tuple[float, ...] | None, notes: list[str]) -> Array:
        """A column as numbers, NaN where nothing was measured.

        Args:
            column: which.
            missing: numbers that stand for a missing value; guessed where None.
            notes: takes what was assumed.

        Raises:
            UserError: a cell is not a number, or is infinite.
        """
        values, wrong = to_numbers(column.cells)
        if wrong is not None:
            cell = str(column.cells.iloc[wrong])
            raise UserError(
                f"column {column.header!r} of {self.source} holds {cell[:40]!r} in {self.at(wrong)}, not a number; "
                "correct the cell or leave it empty"
            )
        codes = missing_codes(values) if missing is None else {m: int((values == m).sum()) for m in missing}
        for code, count in codes.items():
            if count:
                values = np.where(values == code, np.nan, values)
                cells = "1 cell" if count == 1 else f"{count} cells"
                hint = "; --missing none keeps it" if missing is None else ""
                notes.append(f"{cells} of column {column.header!r} hold {code:g}, read as missing{hint}")
        if np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            raise UserError(
                f"column {column.header!r} of {self.source} holds infinity in {self.at(row)}; leave the cell empty"
            )
        largest = float(np.nanmax(np.abs(values), initial=0.0))
        if largest > LARGEST or 0 < largest < 1 / LARGEST:
            raise UserError(
                f"column {column.header!r} of {self.source} runs up to {largest:.3g}; numbers between "
                f"{1 / LARGEST:g} and {LARGEST:g} can be squared: give it in another unit"
            )
        return values

    def at(self, row: int) -> str:
        """What to call a row of the table in a message."""
        return self.place(int(self.rows[row]))

    def with_notes(self, *notes: str) -> "Table":
        """The same table with further notes."""
        return replace(self, notes=(*self.notes, *notes))


def make_table(
    source: str,
    headers: list[str],
    units: list[str],
    cells: list[pd.Series],
    notes: list[str],
    place: Callable[[int], str],
) -> Table:
    """A table from its parts. Columns without a header and a cell are left out; equal headers are numbered.

    Args:
        source: name of the file.
        headers: as written, empty where there is none.
        units: from a line of units, empty where there is none.
        cells: one series a column, all of one length.
        notes: what was assumed so far; takes more.
        place: what to call a row.

    Raises:
        UserError: there is nothing in it.
    """
    named = any(headers)
    columns: list[Column] = []
    taken: set[str] = set()
    for number, (header, unit, series) in enumerate(zip(headers, units, cells, strict=True), 1):
        series = series.reset_index(drop=True)
        kind = kind_of(series)
        if kind == "empty" and not header:
            continue
        if kind == "text" and (found := common_unit(series)) and to_numbers(series, found)[1] is None:
            kind, unit, series = "number", unit or found, pd.Series(to_numbers(series, found)[0])
            notes.append(f"the unit {found} is taken off the cells of column {header or number!r}")
        header = header or f"column {number}"
        if header in taken:
            again = next(f"{header}_{k}" for k in range(2, 10_000) if f"{header}_{k}" not in taken)
            name, own = split_unit(header)
            if own:
                again = next(f"{name}_{k} ({own})" for k in range(2, 10_000) if f"{name}_{k} ({own})" not in taken)
            notes.append(f"{source} has more than one column called {header!r}; the next is called {again!r}")
            header = again
        taken.add(header)
        name, own = split_unit(header)
        columns.append(Column(header, name, unit or own, kind, series))
    if not columns or not len(columns[0].cells):
        raise UserError(f"{source} holds no rows")
    return Table(source, tuple(columns), tuple(notes), place, np.arange(len(columns[0].cells)), None, named)
