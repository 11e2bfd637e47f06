"""Distances between convex shapes, compiled: used to place bodies and to refuse scenes that start overlapping.

Every shape is a convex core (a point, a line or a polygon) grown by a radius: a circle is one vertex, a wall is two, a
box is four with radius zero. That is also how Chipmunk sees them.
"""

# mypy: allow-untyped-decorators
import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

MAX_VERTICES = 12
"""Most vertices that a polygon may have; it bounds the packed arrays and the length of a header line."""


@njit(cache=True)
def separation(a: Array, a_radius: float, b: Array, b_radius: float) -> float:
    """Signed distance between two convex shapes: the gap where it is positive, minus the overlap's depth otherwise.

    By the separating-axis theorem the distance is reached along an edge normal of either core or along the line between
    two vertices, so that the largest gap over those axes is it.

    Args:
        a: vertices of the first core, shape (m, 2), counter-clockwise.
        a_radius: radius by which it is grown.
        b: vertices of the second core, shape (n, 2).
        b_radius: its radius.
    """
    best = -np.inf
    edges = 0
    for swap in range(2):
        p, q = (a, b) if swap == 0 else (b, a)
        n = p.shape[0]
        if n < 2:
            continue
        for i in range(n):
            j = (i + 1) % n
            nx, ny = p[j, 1] - p[i, 1], p[i, 0] - p[j, 0]
            length = math.sqrt(nx * nx + ny * ny)
            if length == 0.0:
                continue
            edges += 1
            best = max(best, _gap(p, q, nx / length, ny / length))
    # Vertex axes matter only when the cores are apart (or are points): inside a polygon they would hide the depth.
    if edges == 0 or best > 0.0 or a.shape[0] == 1 or b.shape[0] == 1:
        for i in range(a.shape[0]):
            for j in range(b.shape[0]):
                nx, ny = b[j, 0] - a[i, 0], b[j, 1] - a[i, 1]
                length = math.sqrt(nx * nx + ny * ny)
                if length > 0.0:
                    best = max(best, _gap(a, b, nx / length, ny / length))
                elif edges == 0:
                    best = max(best, 0.0)
    return best - a_radius - b_radius


@njit(cache=True)
def _gap(a: Array, b: Array, nx: float, ny: float) -> float:
    """Gap between two cores along the unit direction that points from `a` to `b`."""
    high = -np.inf
    for i in range(a.shape[0]):
        high = max(high, nx * a[i, 0] + ny * a[i, 1])
    low = np.inf
    for i in range(b.shape[0]):
        low = min(low, nx * b[i, 0] + ny * b[i, 1])
    return low - high


@njit(cache=True)
def nearest(vertices: Array, counts: NDArray[np.int64], radii: Array, used: int, core: Array, radius: float) -> float:
    """Smallest separation between one shape and the first `used` packed shapes (infinity when there are none)."""
    best = np.inf
    x0, x1 = core[:, 0].min() - radius, core[:, 0].max() + radius
    y0, y1 = core[:, 1].min() - radius, core[:, 1].max() + radius
    for k in range(used):
        other = vertices[k, : counts[k]]
        r = radii[k]
        # The gap between bounding boxes never exceeds the true one: what is further off than the best is skipped.
        gap = max(
            max(other[:, 0].min() - r - x1, x0 - other[:, 0].max() - r),
            max(other[:, 1].min() - r - y1, y0 - other[:, 1].max() - r),
        )
        if gap < best:
            best = min(best, separation(core, radius, other, r))
    return best


@njit(cache=True)
def first_free(
    vertices: Array,
    counts: NDArray[np.int64],
    radii: Array,
    used: int,
    core: Array,
    radius: float,
    at: tuple[float, float],
    region: tuple[float, float, float, float],
    uniform: Array,
    margin: float,
) -> tuple[float, float]:
    """The first of several random points where a shape keeps `margin` to all that is packed, or NaN twice.

    Args:
        vertices: as of `nearest`, likewise `counts`, `radii` and `used`.
        counts: see there.
        radii: see there.
        used: see there.
        core: the shape's core, shape (k, 2), when its position is `at`.
        radius: radius by which it is grown.
        at: position of the shape.
        region: left, bottom, right, top of where the position may be.
        uniform: random numbers from [0, 1), shape (tries, 2).
        margin: distance to keep.
    """
    moved = np.empty_like(core)
    for k in range(uniform.shape[0]):
        # To the four decimals that a position has.
        x = np.rint((region[0] + (region[2] - region[0]) * uniform[k, 0]) * 10_000) / 10_000
        y = np.rint((region[1] + (region[3] - region[1]) * uniform[k, 1]) * 10_000) / 10_000
        for j in range(core.shape[0]):
            moved[j, 0], moved[j, 1] = core[j, 0] - at[0] + x, core[j, 1] - at[1] + y
        if nearest(vertices, counts, radii, used, moved, radius) >= margin:
            return x, y
    return np.nan, np.nan


@njit(cache=True)
def first_outside(points: Array, starts: NDArray[np.int64], radii: Array, width: float, height: float) -> int:
    """Index of the first shape that is not inside (0, 0) to (width, height), or -1; arguments as below."""
    for i in range(radii.shape[0]):
        r = radii[i]
        for k in range(starts[i], starts[i + 1]):
            x, y = points[k, 0], points[k, 1]
            if x < r or y < r or x > width - r or y > height - r:
                return i
    return -1


@njit(cache=True)
def deepest_overlap(
    points: Array,
    starts: NDArray[np.int64],
    radii: Array,
    movers: int,
    fixed: NDArray[np.bool_],
    groups: NDArray[np.int64],
    exempt: NDArray[np.int64],
) -> tuple[int, int, float]:
    """The pair of shapes that overlap most: (first, second, separation); separation is positive when none overlap.

    Args:
        points: vertices of all cores on the canvas, shape (k, 2).
        starts: where each shape's vertices begin, and the end, shape (n + 1,).
        radii: radius of each, shape (n,).
        movers: the first so many are bodies, the rest are statics; pairs of statics are not looked at.
        fixed: which never respond to a contact (kinematic bodies and statics), shape (n,); two of them do not collide.
        groups: collision group of each, 0 for none; two of one group do not collide.
        exempt: pairs of bodies that do not collide because a joint says so, shape (k, 2).
    """
    n = radii.shape[0]
    box = np.empty((n, 4))
    for k in range(n):
        box[k, :2], box[k, 2:] = np.inf, -np.inf
        for j in range(starts[k], starts[k + 1]):
            box[k, 0], box[k, 1] = min(box[k, 0], points[j, 0]), min(box[k, 1], points[j, 1])
            box[k, 2], box[k, 3] = max(box[k, 2], points[j, 0]), max(box[k, 3], points[j, 1])
        box[k, :2] -= radii[k]
        box[k, 2:] += radii[k]
    first, second, worst = -1, -1, np.inf
    for i in range(movers):
        for j in range(i + 1, n):
            if box[i, 0] > box[j, 2] or box[j, 0] > box[i, 2] or box[i, 1] > box[j, 3] or box[j, 1] > box[i, 3]:
                continue
            if (fixed[i] and fixed[j]) or (groups[i] != 0 and groups[i] == groups[j]):
                continue
            skip = False
            for k in range(exempt.shape[0]):
                skip |= (exempt[k, 0] == i and exempt[k, 1] == j) or (exempt[k, 0] == j and exempt[k, 1] == i)
            if skip:
                continue
            a, b = points[starts[i] : starts[i + 1]], points[starts[j] : starts[j + 1]]
            gap = separation(a, radii[i], b, radii[j])
            if gap < worst:
                first, second, worst = i, j, gap
    return first, second, worst
