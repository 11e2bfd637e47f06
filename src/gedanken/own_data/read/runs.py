"""Runs that stand side by side in a table, each in columns of its own, put below one another; and second clocks."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gedanken.own_data.read.cells import kind_of, kind_of_cell, to_numbers
from gedanken.own_data.read.headers import is_time_name, split_unit
from gedanken.own_data.read.layout import Layout
from gedanken.own_data.read.table import Column, Table

_WORD = (
    "run|trial|latest|data ?set|versuch|lauf|messung|durchgang|essai|prova|prueba|ensayo|serie|série|series|rep|"
    "replicate|exp|experiment|measurement|take|shot|subject|patient|test"
)
_LABEL = rf"(?:{_WORD})[\s#_.-]*(?:\d+|[A-Z])?"
_COUNTED = rf"(?:{_WORD})[\s#_.-]*\d+"
_UNIT = r"(?P<unit>\s*[(\[][^)\]]*[)\]])?"
PATTERNS = (
    re.compile(rf"\s*(?P<label>{_LABEL}|\d+)\s*[:|]\s*(?P<base>\S.*)", re.IGNORECASE),
    re.compile(rf"\s*(?P<label>{_COUNTED})[\s_,-]+(?P<base>\S.*)", re.IGNORECASE),
    re.compile(r"\s*(?P<label>\d+)[.)]?\s+(?P<base>[^\W\d].*)"),
    re.compile(rf"\s*(?P<base>\S.*?)[\s_,;(\[-]+(?P<label>{_COUNTED})[)\]]?{_UNIT}\s*", re.IGNORECASE),
    re.compile(rf"\s*(?P<label>{_COUNTED}){_UNIT}\s*", re.IGNORECASE),
)


def label_groups(source: str, layout: Layout, notes: list[str]) -> list[str]:
    """Headers that carry the label above them: `Run #1: x` of a run, `x mass A` of one of several bodies."""
    headers, groups = layout.headers, layout.groups
    labels = list(dict.fromkeys(filter(None, groups)))
    pairs = list(zip(groups, headers, strict=True))
    if len(labels) > 1 and all(re.fullmatch(rf"{_LABEL}|\d+", label, re.IGNORECASE) for label in labels):
        return [f"{group}: {header}" if group and header else header for group, header in pairs]
    if len(labels) > 1:
        notes.append(f"{source}: columns stand below {', '.join(labels[:8])}, which their names now end in")
        first = next((k for k, header in enumerate(headers) if is_time_name(split_unit(header)[0])), None)
        return [
            _insert(header, group) if group and header and k != first else header
            for k, (group, header) in enumerate(pairs)
        ]
    period = next((p for p in range(1, len(headers)) if headers[p] == headers[0] and headers[0]), 0)
    if (
        period > 1
        and all(header == headers[k % period] for k, header in enumerate(headers))
        and any(is_time_name(split_unit(header)[0]) for header in headers[:period])
    ):
        return [f"run {k // period + 1}: {header}" for k, header in enumerate(headers)]
    return list(headers)


def unstack(
    source: str, frame: pd.DataFrame, layout: Layout, notes: list[str]
) -> tuple[pd.DataFrame, NDArray[np.intp], pd.Series | None]:
    """Tables below one another, each under the header again, as one, without lines of text below the last row.

    Returns:
        The rows of numbers, which rows of the frame they are, and each one's run (None for a single table).
    """
    everything = np.arange(len(frame))
    if all(pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes) or len(frame) < 2:
        return frame, everything, None
    words = pd.DataFrame({k: frame.iloc[:, k].astype("object").map(_bare) for k in range(layout.width)})
    again = np.array((words == [header.strip() for header in layout.headers]).all(axis=1)) & any(layout.headers)
    dropped = again | np.array((words == layout.units).all(axis=1) & any(layout.units))
    alone = np.array((words.iloc[:, 0] != "") & (words.iloc[:, 1:] == "").all(axis=1))
    titles = alone & np.append(again[1:], False)
    dropped |= titles
    numeric = [kind_of(frame.iloc[:, k]) == "number" for k in range(layout.width)]
    if numeric and numeric[0]:
        text = np.array([word != "" and kind_of_cell(word) == "text" for word in words.iloc[-10:, 0]], bool)
        last = int(np.argmin(text[::-1])) if not text.all() else 0  # lines of text at the very end
        if last:
            shown = ", ".join(repr(word[:30]) for word in words.iloc[-last:, 0])
            notes.append(f"below the table of {source} stands {shown}, which is left out")
            dropped[-last:] = True
    kept = np.flatnonzero(~dropped)
    run = None
    if again.any():
        number = np.cumsum(again)
        labels = {0: layout.titles[-1] if layout.titles and titles.any() else "1"}
        for row in np.flatnonzero(again):
            labels[int(number[row])] = words.iloc[row - 1, 0] if row and titles[row - 1] else str(number[row] + 1)
        run = pd.Series([labels[int(number[row])] for row in kept], dtype=object)
        notes.append(f"{len(labels)} tables stand below one another in {source} and are read as trials")
    return frame.iloc[kept].reset_index(drop=True), kept, run


def _bare(cell: object) -> str:
    return cell.strip() if isinstance(cell, str) else "" if cell is None or cell != cell else str(cell)


def _insert(header: str, group: str) -> str:
    name, unit = split_unit(header)
    return f"{name} {group} ({unit})" if unit else f"{name} {group}"


def read_label(header: str) -> tuple[str, str] | None:
    """The label of a run in a header, and the header without it: `Position (m) Run #2` -> `Run #2`, `Position (m)`."""
    for pattern in PATTERNS:
        if match := pattern.fullmatch(header):
            found = match.groupdict()
            return found["label"].strip(), f"{(found.get('base') or 'x').strip()}{found.get('unit') or ''}"
    return None


def separate_runs(table: Table, asked: Collection[str]) -> Table:
    """Runs side by side become rows below one another, with their labels as `run`.

    Columns without a label belong to every run. Nothing is done where a person asks for a column by its whole header.
    """
    read = {column.header: read_label(column.header) for column in table.columns}
    labelled = {header: found for header, found in read.items() if found}
    if not labelled or any(header in labelled for header in asked):
        return table
    labels = list(dict.fromkeys(label for label, _ in labelled.values()))
    bases: dict[str, dict[str, Column]] = {}
    for column in table.columns:
        if found := read[column.header]:
            bases.setdefault(found[1], {}).setdefault(found[0], column)
    if len(labels) == 1:
        if len(labelled) < len(table.columns) or len(table.columns) < 2:
            return table
        columns = tuple(_renamed(column, labelled[column.header][1], column.cells) for column in table.columns)
        return replace(table, columns=columns).with_notes(
            f"the headers of {table.source} are read without {labels[0]!r}"
        )
    repeated = [base for base, each in bases.items() if len(each) > 1]
    weak = any(label.isdecimal() for label in labels)
    if not repeated or (weak and len(labelled) < len(table.columns)):
        return table
    single = {base for base, each in bases.items() if len(each) == 1}
    if any(not is_time_name(split_unit(base)[0]) for base in single) and len(single) > len(repeated):
        return table
    shared = [column for column in table.columns if read[column.header] is None]
    stacks: dict[str, list[pd.Series]] = {}
    empty = pd.Series(np.full(len(table.rows), np.nan), dtype=object)
    for label in labels:
        for column in shared:
            stacks.setdefault(column.header, []).append(column.cells)
        for base, each in bases.items():
            common = base in single and is_time_name(split_unit(base)[0])
            chosen = next(iter(each.values())) if common else each.get(label)
            stacks.setdefault(base, []).append(empty if chosen is None else chosen.cells)
    models = {column.header: column for column in shared} | {
        base: next(iter(each.values())) for base, each in bases.items()
    }
    stacked = {header: pd.concat(parts, ignore_index=True) for header, parts in stacks.items()}
    run = pd.Series(np.repeat(np.array(labels, object), len(table.rows)))
    measured = [header for header in stacked if header in bases and not is_time_name(split_unit(header)[0])]
    kept = np.flatnonzero(np.any([stacked[h].notna() & (stacked[h].astype(str) != "") for h in measured], axis=0))
    columns = tuple(_renamed(models[h], h, cells.iloc[kept].reset_index(drop=True)) for h, cells in stacked.items())
    shown = ", ".join(labels[:12]) + (f" and {len(labels) - 12} more" if len(labels) > 12 else "")
    return replace(
        table,
        columns=columns,
        rows=np.tile(table.rows, len(labels))[kept],
        run=run.iloc[kept].reset_index(drop=True),
        notes=(
            *table.notes,
            f"{len(labels)} runs stand side by side in {table.source} and are read as trials: {shown}",
        ),
    )


def _renamed(column: Column, header: str, cells: pd.Series) -> Column:
    name, unit = split_unit(header)
    return Column(header, name, unit or column.unit, kind_of(cells), cells)


def join_clocks(table: Table, time: Column, clocks: Sequence[Column], notes: list[str]) -> Table:
    """Columns behind a second clock are put at its times, in rows of their own; a clock that agrees is left out.

    A program that exports several sensors side by side writes `time A, A, time B, B`.
    """
    first, _ = to_numbers(time.cells)
    own: dict[str, Column] = {}
    behind: Column | None = None
    for column in table.columns:
        if column is time:
            behind = None
        elif any(column is clock for clock in clocks):
            behind = None if column.kind == "date" or _agree(first, to_numbers(column.cells)[0]) else column
        elif behind is not None and column.kind == "number":
            own[column.header] = behind
    used = [clock for clock in clocks if any(clock is each for each in own.values())]
    for clock in clocks:
        if any(clock is each for each in used):
            headers = ", ".join(repr(header) for header, each in own.items() if each is clock)
            notes.append(f"column {clock.header!r} is a second clock, not a state; {headers} is put at its times")
        else:
            notes.append(f"column {clock.header!r} is left out: it is a second clock")
    columns = [column for column in table.columns if not any(column is clock for clock in clocks)]
    if not used:
        return replace(table, columns=tuple(columns))
    count = len(table.rows)
    nothing = pd.Series(np.full(count, np.nan))
    parts: dict[str, list[pd.Series]] = {column.header: [] for column in columns}
    for at in (None, *used):
        for column in columns:
            if column is time:
                cells = time.cells if at is None else at.cells
            elif column.kind == "number" and own.get(column.header) is not at:
                cells = nothing
            else:
                cells = column.cells
            parts[column.header].append(cells)
    stacked = {header: pd.concat(cells, ignore_index=True) for header, cells in parts.items()}
    run = None if table.run is None else pd.concat([table.run] * (len(used) + 1), ignore_index=True)
    keys = pd.DataFrame(
        {"run": 0 if run is None else pd.factorize(run)[0], "time": to_numbers(stacked[time.header])[0]}
    )
    order = keys.sort_values(["run", "time"], kind="stable").index
    return replace(
        table,
        columns=tuple(replace(c, cells=stacked[c.header].loc[order].reset_index(drop=True)) for c in columns),
        rows=np.tile(table.rows, len(used) + 1)[order],
        run=None if run is None else run.loc[order].reset_index(drop=True),
    )


def _agree(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two clocks are one: the same but for unit and offset, to a hundredth of a step."""
    known = np.isfinite(first) & np.isfinite(second)
    if known.sum() < 3 or known.sum() < 0.9 * np.isfinite(second).sum():
        return False
    x, y = first[known], second[known]
    slope, offset = np.polyfit(x - x[0], y, 1)
    step = np.median(np.abs(np.diff(y)))
    if not abs(y - offset - slope * (x - x[0])).max() <= 0.01 * step:
        return False
    # A clock of the same unit that starts elsewhere tells the same; one that lags behind tells of other moments.
    return bool(abs(slope - 1) > 1e-3 or abs(offset - x[0]) <= 0.01 * step or abs(offset - x[0]) > 3 * step)
