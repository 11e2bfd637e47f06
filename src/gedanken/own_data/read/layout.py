"""Where the rows of a table begin, and what the lines above them say: titles, runs, names, units.

A table is looked at as records, lists of cells of text: lines of a text file, rows of a spreadsheet.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gedanken.own_data.read.cells import Kind, kind_of_cell, tidy
from gedanken.own_data.read.headers import is_time_name, is_unit, split_unit

Record = Sequence[str]


@dataclass(frozen=True)
class Layout:
    """How a table is laid out.

    Attributes:
        start: index of the first record of the body.
        width: cells of a row.
        headers: the name of each column, empty where there is none.
        units: the unit of each column that a line of units gives.
        groups: the label above each column, of a run or a body; empty where there is none.
        titles: lines above that are no part of the table.
    """

    start: int
    width: int
    headers: list[str]
    units: list[str]
    groups: list[str]
    titles: tuple[str, ...]


def filled(record: Record) -> list[int]:
    """Indices of the cells that are not empty."""
    return [index for index, cell in enumerate(record) if cell.strip()]


def find_layout(records: Sequence[Record], decimal: str = ".", *, quantities: bool = False) -> Layout | None:
    """The layout of the records, or None where no row holds a number.

    The body begins at the first record that agrees with what most records below hold: numbers or dates where they hold
    numbers or dates. What stands directly above, in as many cells, are lines of the header.

    Args:
        records: from the first line on.
        decimal: `.` or `,`.
        quantities: whether a number with a unit, `1.5 cm`, counts as a number.
    """
    kinds = [[kind_of_cell(cell, decimal, quantities=quantities) for cell in record] for record in records]
    numeric = [k for k, each in enumerate(kinds) if "number" in each]
    if not numeric:
        return None
    widths = Counter(len(records[k]) for k in numeric)
    width = max(widths, key=lambda w: (widths[w], w))
    body = [k for k in numeric if len(records[k]) == width]
    later = body[len(body) // 5 :]
    columns: list[Kind] = []
    for index in range(width):
        count = Counter(kinds[k][index] for k in later)
        count.pop("empty", None)
        columns.append(max(count, key=lambda kind: count[kind]) if count else "empty")
    start = _first_row(records, kinds, columns, width)
    above = [record for record in records[:start] if filled(record)]
    headers, units, groups, titles = _read_header(above, columns, width, decimal)
    return Layout(start, width, headers, units, groups, titles)


def _first_row(records: Sequence[Record], kinds: list[list[Kind]], columns: list[Kind], width: int) -> int:
    """Index of the first record that is no line of the header."""
    seen = False
    for k, each in enumerate(kinds):
        if not filled(records[k]):
            continue
        if len(each) != width:
            if len(each) > width and seen:
                return k
            continue
        judged = [kind for kind, column in zip(each, columns, strict=True) if column in ("number", "date")]
        fits = any(kind in ("number", "date") for kind in judged)
        odd = "text" in judged
        # A header may name its columns 1, 2, 3; below it, a line with a number in it is a row, though a bad one.
        if fits and (not odd or seen):
            return k
        seen = seen or odd
    return next(k for k, each in enumerate(kinds) if len(each) == width and "number" in each)


def _read_header(
    above: list[Record], columns: list[Kind], width: int, decimal: str
) -> tuple[list[str], list[str], list[str], tuple[str, ...]]:
    """Names, units, labels of groups and titles from the lines above the body."""
    lines, titles = [], []
    for record in above:
        cells = [*(tidy(cell) for cell in record[:width]), *[""] * (width - len(record))]
        count = len(filled(cells))
        whole = count >= (2 if record is above[-1] else max(2, width / 2)) or width == 1
        if len(record) > width and any(cell.strip() for cell in record[width:]):
            whole = False
        if whole and _is_header(cells, columns, decimal, last=record is above[-1]):
            lines.append(cells)
        elif count > 1 and len(record) == width and not any(kind_of_cell(c, decimal) == "number" for c in cells):
            lines.append(cells)  # labels of groups that span several columns
        else:
            titles.append(" ".join(record[index].strip() for index in filled(record)))
    units, groups = [""] * width, [""] * width
    names: list[list[str]] = []
    for line in lines:
        if len(lines) > 1 and all(is_unit(line[index]) for index in filled(line)):
            units = [re.sub(r"^[\[(]|[\])]$", "", cell) for cell in line]
        else:
            names.append(line)
    if not names and lines:  # each line could be units: the first is names
        names, units = [lines[0]], lines[1] if len(lines) > 1 else [""] * width
    if not names:
        return [""] * width, units, groups, tuple(titles)
    timed = [line for line in names if any(is_time_name(split_unit(cell)[0]) for cell in line)]
    chosen = timed[-1] if timed else names[-1]
    for line in names:
        if line is chosen:
            continue
        distinct = {line[index] for index in filled(line)}
        if len(distinct) < len(filled(chosen)) and names.index(line) < names.index(chosen):
            groups = _fill_forward(line)
        else:
            titles.append(" ".join(line[index] for index in filled(line)))
    return chosen, units, groups, tuple(titles)


def _is_header(cells: list[str], columns: list[Kind], decimal: str, last: bool) -> bool:
    """Whether a full line is names or units: no number where the body has numbers, unless columns are named 1, 2, 3."""
    numbers = [kind_of_cell(cell, decimal) == "number" for cell in cells]
    return not any(numbers) or (last and not all(number for number, cell in zip(numbers, cells, strict=True) if cell))


def _fill_forward(cells: list[str]) -> list[str]:
    filled_cells, last = [], ""
    for cell in cells:
        last = cell or last
        filled_cells.append(last)
    return filled_cells
