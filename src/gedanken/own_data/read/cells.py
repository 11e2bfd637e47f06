"""What a cell of a table holds: a number, a date, text or nothing; and columns of such cells as numbers."""

import re
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = Literal["number", "date", "text", "empty"]

MISSING = frozenset(
    (
        *("", "-", "--", "---", "—", "?", ".", "..", "NA", "N/A", "n/a", "#N/A", "na", "n.a.", "NaN", "nan", "NAN"),
        *("-nan", "-NaN", "null", "NULL", "Null", "None", "none", "missing", "Missing", "undefined", "Undefined"),
        *("#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!", "OL", "O.L.", "NaT", "<NA>", "1.#QNAN", "1.#IND"),
    )
)
"""Words that stand for a cell without a value. Spreadsheets' errors and a meter's overload are among them."""
CODES: tuple[float, ...] = (
    -99.0,
    -99.9,
    -99.99,
    -999.0,
    -999.9,
    -999.99,
    -999.25,
    -9999.0,
    -9999.9,
    -99999.0,
    -999999.0,
)
CODES += (999.0, 9999.0, 99999.0, 999999.0, 1e20, 1e30, 1e35, -1e20, -1e30, 9.969209968386869e36)
"""Numbers that loggers and archives write for a missing value."""
HEAD_ROWS = 1000  # what the kind of a column is judged from

_WORDS = r"[+-]?(?:inf|infinity)"
_EXPONENT = r"(?:[eEdD][+-]?\d+)?"
NUMBER = {
    ".": re.compile(rf"[+-]?(?:(?:\d+|\d{{1,3}}(?:,\d{{3}})+)\.?\d*|\.\d+){_EXPONENT}|{_WORDS}", re.IGNORECASE),
    ",": re.compile(rf"[+-]?(?:(?:\d+|\d{{1,3}}(?:\.\d{{3}})+)(?:,\d*)?|,\d+){_EXPONENT}|{_WORDS}", re.IGNORECASE),
}
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?"
CLOCK = re.compile(_CLOCK)
_DAY = (
    r"\d{4}[-/.]\d{1,2}(?:[-/.]\d{1,2})?|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)|\d{1,2}[-. ]{1,2}[A-Za-z]{3,9}[-. ]"
    r"{1,2}(?:\d{4}|\d\d)|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}|[A-Za-z]{3,9}[-. ]\d{4}"
)
DATE = re.compile(rf"(?:{_DAY})(?:[ T]+{_CLOCK} ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)?)?|{_CLOCK}")
_QUANTITY = re.compile(r"(?P<number>[+-]?[\d.,]+(?:[eE][+-]?\d+)?)\s*(?P<unit>%|°[CF]?|[a-zA-Zµμ°Ω][^\d\s]{0,8})")
_ODD = {ord("\u2212"): "-", ord("\u00a0"): None, ord("\u202f"): None, ord("\u2009"): None, ord("'"): None}


def tidy(cell: str) -> str:
    """The cell without spaces around it, with a typographic minus as a plain one and without spaces between digits."""
    return cell.strip().translate(_ODD) if not cell.isascii() or "'" in cell else cell.strip()


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell reads as a number (infinities included, Python's `1_000` not)."""
    return NUMBER[decimal].fullmatch(tidy(cell)) is not None


def kind_of_cell(cell: str, decimal: str = ".", *, quantities: bool = False) -> Kind:
    """What one cell of text holds; with `quantities`, a number with a unit counts as a number."""
    cell = tidy(cell)
    if cell in MISSING:
        return "empty"
    if NUMBER[decimal].fullmatch(cell):
        return "number"
    if DATE.fullmatch(cell):
        return "date"
    quantity = _QUANTITY.fullmatch(cell) if quantities else None
    return "number" if quantity and NUMBER[decimal].fullmatch(quantity["number"]) else "text"


def kind_of(cells: pd.Series) -> Kind:
    """What most of the first cells are. A few bad cells do not change it, so that they are reported, not dropped."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        return "text"
    if pd.api.types.is_datetime64_any_dtype(cells.dtype) or pd.api.types.is_timedelta64_dtype(cells.dtype):
        return "date" if cells.notna().any() else "empty"
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return "number" if cells.notna().any() else "empty"
    known = cells[cells.notna()]
    head = [cell for cell in known.iloc[: 4 * HEAD_ROWS] if not (isinstance(cell, str) and tidy(cell) in MISSING)]
    found = _count_kinds(head[:HEAD_ROWS])
    return max(found, key=lambda kind: found[kind]) if any(found.values()) else "empty"


def _count_kinds(cells: Iterable[Any]) -> dict[Kind, int]:
    count: dict[Kind, int] = {"number": 0, "date": 0, "text": 0}
    texts = []
    for cell in cells:
        if isinstance(cell, str):
            texts.append(cell)
        elif isinstance(cell, (bool, list, dict, tuple, set)):
            count["text"] += 1
        elif isinstance(cell, (int, float, np.number)) or type(cell).__name__ == "Decimal":
            count["number"] += 1
        elif hasattr(cell, "isoformat") or type(cell).__name__ in ("Timedelta", "timedelta"):
            count["date"] += 1
        else:
            count["text"] += 1
    decimal = decimal_mark(texts)
    for text in texts:
        if (kind := kind_of_cell(text, decimal)) != "empty":
            count[kind] += 1
    return count


def decimal_mark(cells: Iterable[str]) -> str:
    """`,` where more of the cells read as numbers with a decimal comma than with a point, or as many, else `.`."""
    with_point = with_comma = commas = 0
    for cell in cells:
        cell = tidy(cell)
        with_point += NUMBER["."].fullmatch(cell) is not None
        with_comma += NUMBER[","].fullmatch(cell) is not None
        commas += "," in cell and "." not in cell
    return "," if commas and with_comma >= with_point else "."


def common_unit(cells: pd.Series) -> str:
    """The unit that every cell carries (`12.5 cm`), or an empty string."""
    head = [tidy(cell) for cell in cells.dropna().iloc[:HEAD_ROWS] if isinstance(cell, str)]
    head = [cell for cell in head if cell not in MISSING]
    found = [_QUANTITY.fullmatch(cell) for cell in head]
    if not head or not all(found):
        return ""
    units = {match["unit"] for match in found if match}
    return units.pop() if len(units) == 1 else ""


def to_numbers(cells: pd.Series, unit: str = "") -> tuple[Array, int | None]:
    """A column as float64, NaN where a cell has no value; and the row of the first cell that is not a number.

    Args:
        cells: of any type.
        unit: what is taken off every cell.
    """
    if pd.api.types.is_bool_dtype(cells.dtype):
        return np.full(len(cells), np.nan), 0 if len(cells) else None
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells.to_numpy(np.float64, na_value=np.nan), None
    mixed = [cell if isinstance(cell, str) else _as_text(cell) for cell in cells]
    texts = pd.Series([tidy(cell.removesuffix(unit)) if unit else tidy(cell) for cell in mixed], dtype=object)
    empty = texts.isin(MISSING).to_numpy(bool)
    decimal = decimal_mark(texts[~empty])
    fits = texts.map(lambda cell: NUMBER[decimal].fullmatch(cell) is not None).to_numpy(bool)
    thousands = "," if decimal == "." else "."
    plain = texts[fits].str.replace(thousands, "", regex=False).str.replace(decimal, ".", regex=False)
    plain = plain.str.replace("[dD]", "e", regex=True)
    values = np.full(len(texts), np.nan)
    values[fits & ~empty] = [float(cell) for cell in plain[~empty[fits]]]
    wrong = np.flatnonzero(~fits & ~empty)
    return values, int(wrong[0]) if len(wrong) else None


def _as_text(cell: Any) -> str:
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, (int, float, np.number)):
        return "" if cell != cell else repr(float(cell))
    if cell is None or cell is pd.NaT or cell is pd.NA:
        return ""
    return str(cell) or "''"


def missing_codes(values: Array) -> dict[float, int]:
    """Codes for a missing value in a column, with how often each occurs: a code that lies far from all other values."""
    found = {code: int(count) for code in CODES if (count := np.count_nonzero(values == code))}
    if not found:
        return {}
    others = values[np.isfinite(values) & ~np.isin(values, list(found))]
    if others.size < 3:
        return {}
    low, high = float(others.min()), float(others.max())
    room = max(2 * (high - low), 1e-9 * abs(high))
    negative = low >= 0  # a quantity that is never negative, but for its code
    return {
        code: count
        for code, count in found.items()
        if code < low - room or (code > high + room and (count > 1 or code > 1e15)) or (negative and code <= -99)
    }
