"""What a hint says about the start: a height, an angle, a velocity, rest.

A record of positions tells the velocity at its start poorly, and a law with drag can make up for a wrong one. A hint
often states it. What it states is taken as one more, precise sample of the start, unless the record contradicts it.
"""

import math
import re
from collections.abc import Iterator

import numpy as np

from gedanken.sparse.criterion import Criterion
from gedanken.worlds.ode.trajectory import StateSpace

_NUMBER = r"([-+]?\d+(?:\.\d+)?)"
_SPEED_UNIT = r"\s*(?:m|cm|mm|km|ft|rad|deg|degrees)\s*/\s*(?:s|sec|h)\b"
_LENGTH_UNIT = r"\s*(?:m|cm|mm|km|ft|rad|deg|degrees)\b(?!\s*/)"
_REST = re.compile(r"\b(?:from|at) rest\b|\bwithout (?:an )?initial velocity\b", re.IGNORECASE)
_VELOCITY = re.compile(rf"\b(?:(vertical|horizontal)\s+)?velocity\s+(?:of\s+)?{_NUMBER}{_SPEED_UNIT}", re.IGNORECASE)
_THROWN = re.compile(
    r"\b(?:thrown|launched|fired|kicked|shot|tossed|hit|pushed)\b"
    rf"(?:(?!\bat\s+[-+\d])[^;!?])*?\b(?:at|with)\s+{_NUMBER}{_SPEED_UNIT}"
    rf"(?:\s*,?\s*(?:and\s+)?(?:at\s+)?{_NUMBER}\s*(rad|degrees|deg|°)\s*(above|below)?)?",
    re.IGNORECASE,
)
_HEIGHT = re.compile(rf"\b(?:altitude|height)\s+(?:of\s+)?{_NUMBER}{_LENGTH_UNIT}", re.IGNORECASE)
_DISPLACED = re.compile(rf"\b(?:released|let go)\s+(?:at\s+|from\s+)?{_NUMBER}{_LENGTH_UNIT}", re.IGNORECASE)
_UP, _DOWN = re.compile(r"\bupwards?\b", re.IGNORECASE), re.compile(r"\bdownwards?\b", re.IGNORECASE)
_VERTICAL = ("y", "z", "h", "height", "altitude")

_WINDOW = 10  # samples at the beginning from which the record's own velocity is judged
_CONTRADICTED = 4.0  # standard deviations between the record and a statement, from which the statement is not used
_TRUSTED = 1e-3  # least standard deviation of a statement, as a share of the column's spread


def read_start(hint: str, states: StateSpace) -> dict[str, tuple[float, float]]:
    """What a hint states of the start: value and rounding error of columns, by their names.

    The sign of a speed along a single coordinate is that of "upwards" and "downwards"; without these words the speed is
    left out, since the direction is not known.
    """
    return dict(_statements(hint, states))


def _statements(hint: str, states: StateSpace) -> Iterator[tuple[str, tuple[float, float]]]:
    moving = [c for c in states.coordinates if c.velocity is not None]
    if not moving:
        return
    upright = next((c for c in moving if c.name in _VERTICAL), moving[0] if len(moving) == 1 else None)
    level = next((c for c in moving if c is not upright), None)
    if _REST.search(hint):
        for c in moving:
            yield str(c.velocity), (0.0, 0.0)
    for said in _VELOCITY.finditer(hint):
        along = level if (said[1] or "").lower() == "horizontal" else upright
        if along is not None and (said[1] or len(moving) == 1):
            yield str(along.velocity), _read(said[2])
    if (match := _THROWN.search(hint)) is not None:
        speed, error = _read(match[1])
        if match[2] is not None and upright is not None and level is not None and len(moving) == 2:
            angle, wrong = _read(match[2])
            if match[3].lower() != "rad":
                angle, wrong = math.radians(angle), math.radians(wrong)
            angle = -angle if (match[4] or "").lower() == "below" else angle
            for c, share, slope in (
                (level, math.cos(angle), math.sin(angle)),
                (upright, math.sin(angle), math.cos(angle)),
            ):
                yield str(c.velocity), (speed * share, math.hypot(error * share, speed * slope * wrong))
        elif match[2] is None and len(moving) == 1 and bool(_UP.search(hint)) != bool(_DOWN.search(hint)):
            yield str(moving[0].velocity), (speed if _UP.search(hint) else -speed, error)
    if upright is not None and upright.name in _VERTICAL and (match := _HEIGHT.search(hint)) is not None:
        yield upright.name, _read(match[1])
    if len(moving) == 1 and (match := _DISPLACED.search(hint)) is not None:
        yield moving[0].name, _read(match[1])


def _read(number: str) -> tuple[float, float]:
    """A number and the standard deviation of its rounding."""
    decimals = len(number.partition(".")[2])
    return float(number), 0.5 * 10.0**-decimals / math.sqrt(3.0)


def use_start(criterion: Criterion, hint: str) -> tuple[str, ...]:
    """Take what a hint states as a sample of the start of a single trial; the columns for which it was used.

    It is used where a velocity was not observed; elsewhere the record knows its start better than a rounded number.
    """
    record = criterion.record
    # A hint does not say which of several trials it speaks of.
    if len(record.bounds) != 2 or (criterion.counts > 0).all():
        return ()
    used = []
    for name, (value, error) in read_start(hint, criterion.states).items():
        column = criterion.states.columns.index(name)
        expected, deviation = _own_start(criterion, column)
        error = max(error, _TRUSTED * float(criterion.scale[column]))
        if abs(value - expected) > _CONTRADICTED * math.hypot(deviation, error):
            continue
        if error < 1.0 / max(float(record.weights[0, column]), 1e-300):
            record.y[0, column], record.weights[0, column] = value, 1.0 / error
            used.append(name)
    return tuple(used)


def _own_start(criterion: Criterion, column: int) -> tuple[float, float]:
    """The start as the record itself has it, and its standard deviation."""
    record, smoothed = criterion.record, criterion.smoothed[0]
    expected = float(smoothed.values[0, column])
    if record.weights[0, column] > 0:
        return expected, 1.0 / float(record.weights[0, column])
    position = criterion.states.derivative_of.index(column)
    seen = np.flatnonzero(record.weights[:, position] > 0)[:_WINDOW]
    span = float(record.t[seen[-1]] - record.t[seen[0]])
    # Slope at the end of a parabola through the window: variance 192 sigma**2 / (samples * span**2).
    sigma = float(np.median(1.0 / record.weights[seen, position]))
    return expected, sigma * math.sqrt(192.0 / len(seen)) / span
