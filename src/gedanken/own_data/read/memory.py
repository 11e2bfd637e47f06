"""What a Python program has in its hands as a table: a data frame, a mapping of columns, or arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gedanken.errors import UserError
from gedanken.own_data.read.arrays import table_of_arrays
from gedanken.own_data.read.formats import table_of_frame
from gedanken.own_data.read.table import Table, make_table

SOURCE = "the data"  # what messages call it


def is_in_memory(data: Any) -> bool:
    """Whether this is a table itself, and not a path or several."""
    if isinstance(data, (str, Path)):
        return False
    if isinstance(data, (Mapping, np.ndarray, pd.DataFrame)) or hasattr(data, "to_pandas"):
        return True
    return isinstance(data, Sequence) and len(data) > 0 and not isinstance(data[0], (str, Path))


def table_of(data: Any, time: Any, state: Sequence[str] | None) -> tuple[Table, str | None]:
    """The table, and the name of its time column where the times were given as an array.

    Args:
        data: a frame of pandas, polars, Arrow, a mapping, an array (m,) or (m, n), or a list of arrays, a trial each.
        time: name of a column, times (m,), or a list of times where `data` is a list of arrays.
        state: names for the columns of arrays.

    Raises:
        UserError: shapes do not fit, or this is no table.
    """
    named = time if isinstance(time, str) else None
    if hasattr(data, "to_pandas"):
        data = data.to_pandas()
    if isinstance(data, (pd.DataFrame, Mapping)):
        if isinstance(data, pd.DataFrame):
            table = table_of_frame(SOURCE, data)
        else:
            table = table_of_arrays(SOURCE, {str(key): value for key, value in data.items()})
        if time is None or named is not None:
            return table, named
        times = _column(time, len(table.rows))
        extra = make_table(SOURCE, ["t"], [""], [pd.Series(times)], [], table.place).columns[0]
        kept = tuple(column for column in table.columns if column.header != "t")
        return replace(table, columns=(extra, *kept)), "t"
    return _table_of_trials(data, time, named, state)


def _table_of_trials(data: Any, time: Any, named: str | None, state: Sequence[str] | None) -> tuple[Table, str | None]:
    """Arrays without names: one trial, or a list of them."""
    if isinstance(data, np.ndarray) and data.ndim == 3:
        data = list(data)
    # A list of rows is one array; a list of arrays, or of lists of rows, is several trials.
    several = isinstance(data, (list, tuple)) and (isinstance(data[0], np.ndarray) or _depth(data) == 3)
    parts = [_matrix(each) for each in (data if several else [data])]
    width = parts[0].shape[1]
    if any(part.shape[1] != width for part in parts):
        raise UserError("the arrays of several trials need the same number of columns")
    times: list[Any] = []
    if time is not None and named is None:
        times = list(time) if _depth(time) == 2 else [time] * len(parts)
        if len(times) != len(parts):
            raise UserError(f"{len(parts)} trials need as many arrays of times, not {len(times)}")
        times = [_column(each, len(part)) for each, part in zip(times, parts, strict=True)]
    matrix = np.concatenate(parts)
    names = [""] * width
    if state is not None and len(state) == width:
        names = list(state)
    elif times:
        names = ["x"] if width == 1 else [f"x{k}" for k in range(1, width + 1)]
    cells = [pd.Series(matrix[:, k]) for k in range(width)]
    if times:
        names, cells = ["t", *names], [pd.Series(np.concatenate(times)), *cells]
    table = make_table(SOURCE, names, [""] * len(cells), cells, [], lambda row: f"row {row + 1}")
    if several:
        labels = np.repeat([str(k) for k in range(1, len(parts) + 1)], [len(part) for part in parts])
        table = replace(table, run=pd.Series(labels.astype(object)))
    return table, "t" if times else named


def _depth(data: Any) -> int:
    """How many levels of arrays or lists there are, 0 for a number."""
    if isinstance(data, np.ndarray):
        return data.ndim
    return 1 + (_depth(data[0]) if len(data) else 0) if isinstance(data, (list, tuple)) else int(np.ndim(data))


def _matrix(data: Any) -> np.ndarray:
    try:
        array = np.asarray(data, np.float64)
    except (TypeError, ValueError):
        raise UserError(
            "the data are no table: give a path, a data frame, a mapping of columns, or an array of numbers (m, n)"
        ) from None
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.size:
        raise UserError(f"an array of shape {array.shape} is no table; give one row for each time, shape (m, n)")
    return array


def _column(time: Any, rows: int) -> np.ndarray:
    times = np.asarray(time)
    if times.shape != (rows,):
        raise UserError(
            f"the times have shape {times.shape}, but the data have {rows} rows; give one time for each row"
        )
    return times
