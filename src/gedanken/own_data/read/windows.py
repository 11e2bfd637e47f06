"""Long records made short without losing their motion.

Averages of neighbouring rows keep a motion that is slow against the rows. Where a whole record in averages would show
a few samples a swing only, windows of it are kept instead, each with samples enough for every swing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gedanken.seeding import stream
from gedanken.worlds.ode.trajectory import Array

PER_SWING = 20  # samples that the fastest swing keeps
SWINGS = 15  # of a window; the verifier bounds its work, and 40 swings of a pendulum are beyond it
WINDOWS = 4
POWER = 0.995  # share of the motion's power that counts as the motion
_LONGEST = 1 << 17  # rows whose spectrum is looked at
_SLOW, _COARSER = 8, 8  # cycles of such a stretch up to which a motion is slow; rows that are then averaged


def rows_per_sample(columns: Sequence[Array]) -> float:
    """How many neighbouring rows may be averaged so that the fastest swing keeps `PER_SWING` samples, at least 1."""
    fewest = np.inf
    for column in columns:
        known = np.isfinite(column)
        if known.sum() < 16:
            continue
        rows = np.arange(len(column))
        values = np.interp(rows, rows[known], column[known])
        frequency = _fastest_of_all(values)
        if frequency > 0:
            fewest = min(fewest, 1.0 / (PER_SWING * frequency))
    return max(1.0, float(fewest))


def _fastest_of_all(values: Array) -> float:
    """The greatest of the frequencies of the stretches of a column, in cycles a row; 0 where there is none."""
    # Spectra of stretches, since one of a million rows at once is slow.
    pieces = [values[a : a + _LONGEST] for a in range(0, max(len(values) - _LONGEST, 0) + 1, _LONGEST)]
    found = max(_fastest(piece) for piece in pieces)
    if len(pieces) > 1 and found * _LONGEST <= _SLOW:
        # A stretch sees too little of so slow a motion, and averages of few rows show the same.
        coarse = values[: len(values) // _COARSER * _COARSER].reshape(-1, _COARSER).mean(axis=1)
        found = _fastest_of_all(coarse) / _COARSER
    return found


def _fastest(values: Array) -> float:
    """The frequency in cycles a row below which nearly all of the power above the noise lies; 0 where there is none."""
    count = len(values)
    line = np.linspace(values[0], values[-1], count)
    taper = np.hanning(count)
    power = np.abs(np.fft.rfft((values - line) * taper)) ** 2
    floor = float(np.median(power[len(power) // 2 :])) / np.log(2)
    # White noise exceeds ten times its mean once in 20,000 frequencies.
    signal = np.where(power > 10 * floor, power, 0.0)
    total = float(signal.sum())
    if not total > 0:
        return 0.0
    return float(np.searchsorted(np.cumsum(signal), POWER * total) / count)


def average(t: Array, columns: Sequence[Array], samples: int) -> tuple[Array, Array]:
    """`samples` averages of equally many rows; NaN cells are left out of them. Returns t (samples,), values."""
    edges = np.linspace(0, len(t), samples + 1).astype(np.intp)
    starts, counts = edges[:-1], np.diff(edges)
    times = np.add.reduceat(t - t[0], starts) / counts + t[0]
    values = np.empty((samples, len(columns)))
    for index, column in enumerate(columns):
        known = np.isfinite(column)
        count = np.add.reduceat(known, starts, dtype=np.int64)
        with np.errstate(invalid="ignore"):
            values[:, index] = np.add.reduceat(np.where(known, column, 0.0), starts) / np.where(count, count, np.nan)
    return times, values


def shorten(
    t: Array, columns: Sequence[Array], limit: int, key: Sequence[str | int], said: list[str]
) -> list[tuple[Array, Array, str]]:
    """At most `limit` samples of one trial, as it is, in averages, or in windows.

    Args:
        t: times, increasing.
        columns: one array a state.
        limit: samples.
        key: names the trial, for the draw of windows.
        said: takes what was done.

    Returns:
        Times, values and a name (empty where it is the whole trial) of each part.
    """
    rows = len(t)
    if rows <= limit:
        return [(t, np.stack(columns, axis=1), "")]
    most = rows_per_sample(columns)
    if rows <= most * min(limit, 2 * SWINGS * PER_SWING):
        said.append(f"{rows:,} rows are averaged down to {limit:,}, about {rows / limit:,.0f} at a time")
        return [(*average(t, columns, limit), "")]
    samples = limit if most < 2 else min(limit, SWINGS * PER_SWING)
    size = int(samples * np.floor(most))  # rows of a window
    if rows <= WINDOWS * size:
        pieces = -(-rows // size)
        edges = np.linspace(0, rows, pieces + 1).astype(int)
        said.append(
            f"{rows:,} rows are too many for one piece, and averages would hide the motion: they are read as {pieces} "
            "pieces, each with a start of its own"
        )
    else:
        starts = _draw(columns, size, key)
        edges = np.array(starts)
        where = ", ".join(f"{t[start]:.6g}" for start in starts)
        said.append(
            f"{rows:,} rows are too many, and averages would hide the motion: {len(starts)} windows of {size:,} rows "
            f"are used, which begin at {where} (drawn at random; --index draws others)"
        )
        pieces = len(starts)
    parts = []
    for k in range(pieces):
        cut = slice(edges[k], edges[k] + size if len(edges) == pieces else edges[k + 1])
        part = t[cut], [column[cut] for column in columns]
        count = len(part[0])
        times, values = average(*part, samples) if count > samples else (part[0], np.stack(part[1], axis=1))
        parts.append((times, values, f"from {t[cut][0]:.6g}"))
    return parts


def _draw(columns: Sequence[Array], size: int, key: Sequence[str | int]) -> list[int]:
    """First rows of the windows: the beginning of the record, and others that move, the livelier the likelier."""
    rows = len(columns[0])
    offsets: NDArray[np.intp] = np.arange(1, rows // size) * size + (rows % size)
    liveliness = np.zeros(len(offsets))
    for column in columns:
        spread = float(np.nanstd(column))
        for k, offset in enumerate(offsets):
            piece = column[offset : offset + size]
            if np.isfinite(piece).sum() > 3 and spread > 0:
                liveliness[k] += float(np.nanstd(piece)) / spread
    count = min(WINDOWS - 1, int((liveliness > 0).sum()))
    rng = stream("own data", "windows", *key)
    if not count:
        return [0]
    chosen = rng.choice(offsets, count, replace=False, p=liveliness / liveliness.sum())
    return [0, *sorted(chosen.tolist())]
