"""A canvas divided into cells: several small experiments side by side, or bodies that must not overlap."""

import math

import numpy as np

Cell = tuple[float, float, float, float]
"""(left, bottom, right, top) in px."""


def shares(count: int, groups: int) -> list[int]:
    """How many of `count` things each of `groups` gets, as evenly as possible: [3, 2, 2] for 7 and 3."""
    return [count // groups + (k < count % groups) for k in range(groups)]


def cells(count: int, aspect: float = 1.0, box: Cell = (10.0, 10.0, 790.0, 590.0)) -> list[Cell]:
    """`count` cells that fill the box row by row from the top; a row with fewer cells has wider ones.

    Args:
        count: how many cells.
        aspect: width over height that the cells should have, roughly.
        box: what is divided.
    """
    left, bottom, right, top = box
    rows = max(1, min(count, round(math.sqrt(count * aspect * (top - bottom) / (right - left)))))
    height = (top - bottom) / rows
    found = []
    for row, columns in enumerate(shares(count, rows)):
        width = (right - left) / columns
        for column in range(columns):
            x, y = left + column * width, top - (row + 1) * height
            found.append((x, y, x + width, y + height))
    return found


def scatter(rng: np.random.Generator, count: int, box: Cell, radius: float) -> list[tuple[float, float]]:
    """Centres of `count` bodies of at most the given radius inside the box, no two overlapping, in random order.

    Each lies at a random place in a random cell of a grid that is somewhat larger than needed: no search, whatever the
    number. The radius is that of the circle around a body.

    Raises:
        ValueError: the box is too small.
    """
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    pitch = max(2 * radius + 0.2, min(math.sqrt(width * height / (1.3 * count)), 4 * radius + 40))
    columns, rows = int(width / pitch), int(height / pitch)
    if columns * rows < count:
        pitch = 2 * radius + 0.2
        columns, rows = int(width / pitch), int(height / pitch)
    if columns * rows < count:
        raise ValueError(f"{count} bodies of radius {radius:g} do not fit into {box}")
    step = np.array([width / columns, height / rows])
    chosen = rng.permutation(columns * rows)[:count]
    corner = np.stack([chosen % columns, chosen // columns], 1) * step + (left, bottom)
    centres = corner + radius + 0.1 + rng.random((count, 2)) * (step - 2 * radius - 0.2)
    return [(x, y) for x, y in centres.tolist()]
