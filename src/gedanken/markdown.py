"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]], align: str = "") -> list[str]:
    r"""The lines of a table: the heading, the rule below it, and one line a row.

    Args:
        head: the heading of each column.
        rows: the cells of each row, as many as columns. A `|` in a cell is written `\|`, and a line break as a space.
        align: `l` or `r` for each column; all to the left by default.

    Raises:
        ValueError: a row or `align` has another number of columns than the heading.
    """
    sides = align or "l" * len(head)
    rows = list(rows)
    for cells in (sides, *rows):
        if len(cells) != len(head):
            raise ValueError(f"a table of {len(head)} columns cannot hold {cells!r}")
    rule = "".join("|---:" if side == "r" else "|---" for side in sides) + "|"
    return [_line(head), rule, *(_line(row) for row in rows)]


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(" ".join(str(cell).splitlines()).replace("|", r"\|") for cell in cells) + " |"
