"""Columns that a program worked out from others: cleaned copies, accelerations, speeds, logarithms, differences.

A state has a law of its own. What follows from another column does not, and as a state it would explain that column.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from gedanken.own_data.read.cells import Array
from gedanken.own_data.read.headers import ACCELERATIONS
from gedanken.own_data.read.table import Column
from gedanken.own_data.read.velocities import derivative_fit

CLEANED = (
    "smooth(?:ed)?|filter(?:ed)?|filt|clean(?:ed)?|correct(?:ed)?|avg|average|mean|ma|lowpass|fit|fitted|interp(?:olated)?|"
    "denoised|kalman|model|predicted|geglättet|gefiltert|moving average|rolling|trend|detrended|7[- ]day average"
)
UNCERTAINTY = "(?:err|error|std|stdev|sd|se|sem|sigma|unc|uncertainty|fehler|unsicherheit)"
RAW = "raw|measured|observed|noisy|roh|gemessen|orig(?:inal)?"
_ENOUGH = 20_000  # rows that two columns are compared on
EXACT = 1e-5  # share of the variance that rounding may leave of a column that follows from another
SAME_UNIT = {
    1e-3,
    1e-2,
    1e-1,
    10.0,
    100.0,
    1000.0,
    60.0,
    3600.0,
    1.8,
    180 / np.pi,
    np.pi / 180,
    3.6,
    1 / 3.6,
    1e6,
    1e-6,
}


def find_derived(
    columns: Sequence[Column], values: Mapping[str, Array], pieces: Sequence[tuple[Array, np.ndarray]]
) -> dict[str, str]:
    """Headers of columns that follow from others, with a clause that says how.

    Args:
        columns: those that may become states.
        values: each column as numbers, by header.
        pieces: times and row numbers of each trial.
    """
    found: dict[str, str] = {}
    for column in columns:
        others = [other for other in columns if other is not column and other.header not in found]
        clause = (
            _uncertainty(column, others, values)
            or _copy(column, others, values)
            or _acceleration(column, others, values, pieces)
            or _function(column, [other for other in columns if other is not column], values)
        )
        if clause:
            found[column.header] = clause
    return found


def _uncertainty(column: Column, others: Sequence[Column], values: Mapping[str, Array]) -> str:
    """Named as the error of another column, and never negative."""
    match = re.fullmatch(rf"(.+?)[\s_-]+{UNCERTAINTY}|{UNCERTAINTY}[\s_-]+(?:of[\s_-]+)?(.+)", column.name.lower())
    if match is None or np.nanmin(values[column.header]) < 0:
        return ""
    of = match[1] or match[2]
    found = next((other for other in others if other.name.lower() == of), None)
    return f"it is named as the uncertainty of {found.header!r}" if found else ""


def _stem(name: str) -> tuple[str, bool]:
    """A name without the word that says it was cleaned, and whether there was one."""
    lower = name.lower()
    stem = re.sub(rf"[\s_(\[-]*\b(?:{CLEANED})\b[)\]]*|_(?:{CLEANED})(?=_|$)|^(?:{CLEANED})_", "", lower)
    bare = re.sub(rf"[\s_(\[-]*\b(?:{RAW})\b[)\]]*|_(?:{RAW})(?=_|$)|^(?:{RAW})_", "", stem)
    return bare.strip(" _-"), stem != lower


def _copy(column: Column, others: Sequence[Column], values: Mapping[str, Array]) -> str:
    """A cleaned copy, or the same quantity again in another unit or to all digits."""
    stem, cleaned = _stem(column.header)
    own = values[column.header]
    for other in others:
        slope, offset, left = _line(values[other.header], own)
        if cleaned and stem and _stem(other.header) == (stem, False) and left < 0.2 and 0.7 < slope < 1.4:
            return f"a cleaned copy of {other.header!r}"
        if left > EXACT:
            continue
        same = abs(slope - 1) < 1e-6 and abs(offset) < 1e-6 * np.nanstd(own)
        units = bool(column.unit) and bool(other.unit) and column.unit != other.unit
        ratio = any(abs(slope / ratio - 1) < 1e-4 for ratio in SAME_UNIT)
        bare = _stem(other.name)[0]
        stems = bare == _stem(column.name)[0] or stem.startswith(bare + "_")
        # Of two columns that whose velocity was measured is kept, else the earlier.
        later = _rank(other, others, values) < _rank(column, others, values)
        if later and (same or units or (ratio and stems)):
            and_more = f" and {offset:+.4g}" if abs(offset) > 1e-6 * np.nanstd(own) else ""
            return f"it follows from {other.header!r} exactly, as {slope:.4g} times it{and_more}"
    return ""


def _rank(column: Column, others: Sequence[Column], values: Mapping[str, Array]) -> tuple[bool, int]:
    paired = bool(column.unit) and any(other.unit == f"{column.unit}/s" for other in others)
    return not paired, list(values).index(column.header)


def _line(x: Array, y: Array) -> tuple[float, float, float]:
    """Slope and offset of y over x, and the share of y's variance that the line leaves; NaN and 1 without a line."""
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < 5 or known.sum() < 0.5 * np.isfinite(y).sum():
        return np.nan, np.nan, 1.0
    step = 1 + int(known.sum()) // _ENOUGH
    a, b = x[known][::step], y[known][::step]
    if not (np.ptp(a) > 0 and np.ptp(b) > 0):
        return np.nan, np.nan, 1.0
    scale = np.ptp(a)
    u, v = (a - a.mean()) / scale, b - b.mean()
    slope = float(u @ v / (u @ u))
    left = float(((v - slope * u) ** 2).sum() / (v @ v))
    return slope / scale, float(b.mean() - slope / scale * a.mean()), left


def _acceleration(
    column: Column, others: Sequence[Column], values: Mapping[str, Array], pieces: Sequence[tuple[Array, np.ndarray]]
) -> str:
    """Named an acceleration, or in its unit, and the derivative of a velocity that is measured or of a position's."""
    name = column.name.lower()
    words = set(re.split(r"[\W\d_]+", name))
    moving = any(other.name.lower() in ("v", "vel", "velocity", "speed") for other in others)
    spelled = not words.isdisjoint(ACCELERATIONS) or bool(re.fullmatch(r"a_?[xyzr]|d2\w+|\w+_?ddot|dd\w+", name))
    spelled = spelled or (moving and name == "a")
    in_unit = re.fullmatch(r"(?:[cmk]?m|rad|deg|°|px)\s*(?:/|·|\*| )\s*\(?s\s*(?:\^|\*\*)?-?[2²]\)?|m/s/s", column.unit)
    if not spelled and not in_unit:
        return ""
    for other in others:
        if _slope_matches(values[other.header], values[column.header], pieces):
            return f"it is the derivative of {other.header!r}"
    for other in others:
        twice = [(t, rows, values[other.header][rows]) for t, rows in pieces]
        if _second_derivative(twice, values[column.header]):
            return f"it is the second derivative of {other.header!r}"
    return ""


def _slope_matches(velocity: Array, acceleration: Array, pieces: Sequence[tuple[Array, np.ndarray]]) -> bool:
    trials = [(t, np.column_stack([velocity[rows], acceleration[rows]])) for t, rows in pieces]
    slope, r2 = derivative_fit(trials, 0, 1)
    return 0.6 < slope < 1.6 and r2 > 0.6


def _second_derivative(trials: Sequence[tuple[Array, np.ndarray, Array]], acceleration: Array) -> bool:
    """Whether a double integral of the acceleration follows the position, but for a straight line."""
    left = total = 0.0
    for t, rows, x in trials:
        a = acceleration[rows]
        known = np.isfinite(x) & np.isfinite(a)
        if known.sum() < 8:
            continue
        t, x, a = t[known], x[known], a[known]
        step = np.diff(t)
        v = np.concatenate([[0.0], np.cumsum(step * (a[1:] + a[:-1]) / 2)])
        s = np.concatenate([[0.0], np.cumsum(step * (v[1:] + v[:-1]) / 2)])
        design = np.column_stack([s, t - t[0], np.ones_like(t)])
        coefficients = np.linalg.lstsq(design, x, rcond=None)[0]
        if not 0.6 < coefficients[0] < 1.6:
            return False
        left += float(((x - design @ coefficients) ** 2).sum())
        total += float(((x - x.mean()) ** 2).sum())
    return total > 0 and left < 0.1 * total


def _function(column: Column, others: Sequence[Column], values: Mapping[str, Array]) -> str:
    """Named as a logarithm, a difference, a speed or a distance of others, and equal to it."""
    name, own = column.name.lower(), values[column.header]
    known = np.isfinite(own)
    if re.match(r"(ln|log10|log|lg)[\s_(]*\w", name) or re.match(r"ln\W", name):
        fits = []
        for other in others:
            x = values[other.header]
            both = known & np.isfinite(x) & (x > 0)
            if both.sum() >= 5 and both.sum() >= 0.8 * known.sum():
                made = np.full(len(x), np.nan)
                made[both] = np.log(x[both])
                fits.append((_line(made, own)[2], other.header))
        if fits and min(fits)[0] < 0.02:
            return f"it is the logarithm of {min(fits)[1]!r}"
    if re.match(r"(delta|diff|difference|differenz|δ|∆|d_)", name):
        for one in others:
            for two in others:
                if one is not two:
                    slope, _, left = _line(values[one.header] - values[two.header], own)
                    if left < 0.01 and abs(slope - 1) < 0.05:
                        return f"it is {one.header!r} less {two.header!r}"
    if re.fullmatch(r"(v|speed|velocity|r|radius|distance|d|a|acceleration|magnitude|absolute.*|total.*)", name):
        for k, one in enumerate(others):
            for two in others[k + 1 :]:
                if one.unit == two.unit == column.unit or not column.unit:
                    slope, _, left = _line(np.hypot(values[one.header], values[two.header]), own)
                    if left < 1e-3 and abs(slope - 1) < 0.01:
                        return f"it is the length of {one.header!r} and {two.header!r}"
    return ""
