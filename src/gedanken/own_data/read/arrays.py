"""Named arrays, of a program or of a MATLAB or NumPy file, as a table."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from gedanken.errors import UserError
from gedanken.own_data.read.table import Table, make_table


def table_of_arrays(name: str, arrays: Mapping[str, Any]) -> Table:
    """Arrays of one length as columns; a two-dimensional one gives a column each.

    The length that most arrays share, the longer at a tie, is that of the table; other arrays are left out with a note.

    Args:
        name: where they are from.
        arrays: by name.

    Raises:
        UserError: none is an array of numbers.
    """
    usable: dict[str, np.ndarray] = {}
    notes = []
    for key, value in arrays.items():
        try:
            array = np.asarray(value)
        except ValueError:  # lists of unequal length
            notes.append(f"{key!r} of {name} is left out: it is no regular array")
            continue
        array = array.squeeze() if array.ndim > 2 or (array.ndim == 2 and 1 in array.shape) else array
        if array.dtype.kind in "biufmMUSO" and array.ndim in (1, 2) and array.size:
            usable[key] = array
        else:
            kind = "a single value" if array.size == 1 else "no column of values"
            notes.append(f"{key!r} of {name} is left out: it is {kind}")
    if not usable:
        raise UserError(f"{name} holds no array of numbers with a value for each time; give columns of equal length")
    lengths = Counter(length for array in usable.values() for length in set(array.shape))
    rows = max(lengths, key=lambda length: (lengths[length], length))
    headers, cells = [], []
    for key, array in usable.items():
        if rows not in array.shape:
            notes.append(f"{key!r} of {name} is left out: it holds {len(array)} values where others hold {rows}")
            continue
        matrix = array[:, None] if array.ndim == 1 else array if array.shape[0] == rows else array.T
        for index in range(matrix.shape[1]):
            headers.append(key if matrix.shape[1] == 1 or not key else f"{key}{index + 1}")
            column = pd.Series(matrix[:, index])
            cells.append(column.str.decode("utf-8", "replace") if array.dtype.kind == "S" else column)
    blank = [""] * len(cells)
    return make_table(name, headers, blank, cells, notes, lambda row: f"row {row + 1}")
