"""Dates and times of day as numbers: seconds since the first, or days where they span more than two."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gedanken.errors import UserError
from gedanken.own_data.read.cells import CLOCK, MISSING, Array, tidy
from gedanken.own_data.read.table import Column, Table

DAY = 86400.0
# Formats of a day, tried in this order; where both fit, a point means day first and a slash month first.
_DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y", "%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y"),
    *("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%m.%d.%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y"),
    *("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%Y-%m", "%Y/%m", "%b %Y", "%B %Y", "%b-%Y"),
)
_CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_AMBIGUOUS = {"%m/%d/%Y": "%d/%m/%Y", "%m/%d/%y": "%d/%m/%y", "%d-%m-%Y": "%m-%d-%Y", "%d-%m-%y": "%m-%d-%y"}
_AMBIGUOUS |= {"%d.%m.%Y": "%m.%d.%Y"}
_SPOKEN = {"%m": "month", "%d": "day", "%Y": "year", "%y": "year", "%b": "month", "%B": "month"}


def day_and_clock(dated: Sequence[Column]) -> tuple[Column, Column] | None:
    """A column of days and one of times of day, where a table has one of each in text."""
    text = [c for c in dated if not pd.api.types.is_datetime64_any_dtype(c.cells.dtype)]
    clocks = [c for c in text if _is_clock(c)]
    days = [c for c in text if c not in clocks and not c.cells.astype(str).str.contains(":").any()]
    return (days[0], clocks[0]) if days and clocks else None


def _is_clock(column: Column) -> bool:
    head = [tidy(str(cell)) for cell in column.cells.dropna().iloc[:50]]
    return bool(head) and all(CLOCK.fullmatch(cell) for cell in head)


def to_clock(table: Table, column: Column, notes: list[str]) -> tuple[Array, str]:
    """A column of dates or times of day as numbers since the first, and their unit.

    Raises:
        UserError: a cell is no date.
    """
    cells = column.cells
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        stamps = cells.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(cells.dtype, "tz", None) else cells
        seconds = _since_epoch(stamps)
    elif pd.api.types.is_timedelta64_dtype(cells.dtype):
        seconds = cells.dt.total_seconds().to_numpy(float)
    elif _is_clock(column):
        seconds = _times_of_day(table, column, notes)
    else:
        seconds = _days(table, column, notes)
    if not np.isfinite(seconds).any():
        raise UserError(f"column {column.header!r} of {table.source} is empty: it holds no date at all")
    seconds = seconds - np.nanmin(seconds)
    if np.nanmax(seconds) > 2 * DAY:
        notes.append(f"dates in {column.header!r} are turned into days since the first")
        return seconds / DAY, "days"
    notes.append(f"dates and times in {column.header!r} are turned into seconds since the first")
    return seconds, "s"


def _since_epoch(stamps: pd.Series) -> Array:
    ticks = stamps.astype("datetime64[us]")
    return np.where(ticks.isna(), np.nan, ticks.astype("int64") / 1e6)


def _refusal(table: Table, column: Column, row: int) -> UserError:
    return UserError(
        f"the time column {column.header!r} of {table.source} holds {str(column.cells.iloc[row])[:40]!r} in "
        f"{table.at(row)}, which is not a date like 2020-01-31; correct the cell or leave it empty"
    )


def _times_of_day(table: Table, column: Column, notes: list[str]) -> Array:
    """Hours, minutes and seconds; a clock that passes midnight goes on with the next day."""
    seconds = np.full(len(column.cells), np.nan)
    for row, cell in enumerate(column.cells):
        text = "" if pd.isna(cell) else tidy(str(cell))
        if text in MISSING:
            continue
        seconds[row] = _seconds_of_day(text)
        if np.isnan(seconds[row]):
            raise _refusal(table, column, row)
    known = np.flatnonzero(np.isfinite(seconds))
    back = np.flatnonzero(np.diff(seconds[known]) < -DAY / 2)
    if len(back):
        notes.append(f"the clock in {column.header!r} passes midnight: later rows are of the next day")
        for k in back:
            seconds[known[k + 1 :]] += DAY
    return seconds


def _days(table: Table, column: Column, notes: list[str]) -> Array:
    texts = pd.Series(["" if pd.isna(cell) else tidy(str(cell)) for cell in column.cells], dtype=object)
    empty = texts.isin(MISSING).to_numpy(bool)
    known = (
        texts[~empty].str.replace("T", " ", n=1).where(texts[~empty].str.match(r"\d{4}-\d\d?-\d\d?T"), texts[~empty])
    )
    known = known.str.replace(r"\s+", " ", regex=True)
    seconds = np.full(len(texts), np.nan)
    if known.str.match(r"\d{4}-").all():
        stamps = pd.to_datetime(known, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
        if stamps.notna().mean() > 0.5:
            return _placed(table, column, seconds, empty, stamps)
    day = known.str.replace(r" +\d{1,2}:\d\d.*$", "", regex=True)
    clock = known.str.extract(r"(\d{1,2}:\d\d.*)$")[0].fillna("")
    best: tuple[float, str, pd.Series] | None = None
    for pattern in _DAYS:
        stamps = pd.to_datetime(day, format=pattern, errors="coerce")
        share = float(stamps.notna().mean())
        if best is None or share > best[0]:
            best = (share, pattern, stamps)
    assert best is not None
    share, pattern, stamps = best
    other = _AMBIGUOUS.get(pattern)
    if other and share:
        swapped = pd.to_datetime(day, format=other, errors="coerce")
        if swapped.notna().mean() == share and _evenness(swapped) < 0.5 * _evenness(stamps):
            pattern, stamps = other, swapped
    if pattern.lower() in ("%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%m.%d.%y"):
        notes.append(f"dates in {column.header!r} are read as {_spoken(pattern)}")
    extra = clock.str.strip().map(_seconds_of_day).to_numpy(float)
    return _placed(table, column, seconds, empty, stamps + pd.to_timedelta(extra, unit="s"))


def _seconds_of_day(text: str) -> float:
    """Seconds of `10:30`, `10:30:00.5`, `2:05 PM`; NaN where it is none of these."""
    if not text:
        return 0.0
    match = re.fullmatch(r"(\d{1,2}):([0-5]\d)(?::(\d\d(?:[.,]\d+)?))?(?: ?([AaPp])\.?[Mm]\.?)?", text)
    if not match or int(match[1]) > 24:
        return np.nan
    hour = int(match[1]) % 12 + 12 * (match[4] in "Pp") if match[4] else int(match[1])
    return hour * 3600 + int(match[2]) * 60 + float((match[3] or "0").replace(",", "."))


def _placed(table: Table, column: Column, seconds: Array, empty: NDArray[np.bool_], stamps: pd.Series) -> Array:
    rows = np.flatnonzero(~empty)
    if stamps.isna().any():
        raise _refusal(table, column, int(rows[int(np.flatnonzero(stamps.isna())[0])]))
    seconds[rows] = _since_epoch(stamps)
    return seconds


def _evenness(stamps: pd.Series) -> float:
    """Spread of the steps over their mean: dates read rightly are more even, and do not go back."""
    step = np.diff(_since_epoch(stamps))
    step = step[np.isfinite(step)]
    if len(step) < 2 or (step < 0).any():
        return np.inf if len(step) and (step < 0).mean() > 0.1 else 1e6
    return float(step.std() / max(step.mean(), 1e-9)) + 1e-6


def _spoken(pattern: str) -> str:
    separator = next(mark for mark in pattern if mark in "/-. ")
    return separator.join(_SPOKEN[part] for part in re.findall(r"%\w", pattern))
