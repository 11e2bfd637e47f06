"""Bounces: where a velocity jumps, no smooth law holds, and the stretches between jumps are trials of one law.

A jump is a kink of the position: around it a parabola with a kink fits to the noise, and without one it does not. It
counts as a bounce where the velocity turns round without gaining speed, at an end of the range of the motion. Fast
transitions of smooth laws (relaxation oscillators, outbreaks) do neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from gedanken.own_data.record import FEWEST, Record
from gedanken.worlds.ode.trajectory import Array, Trajectory

_FIRST, _LATER = 5, (3, 10)  # samples on each side of a possible jump, at first and where there is one
_LEAST = 40  # samples of a trial below which none is looked for
_CLEAR = 7.0  # standard errors of a kink, above which it is one
_NOISE = 3.0  # residual beside a kink, in units of the noise, up to which it explains the samples around it
_LOSS, _GAIN = 0.2, 1.15  # speed after a bounce over that before it: less is a stop, more is no bounce
_END = 0.2  # share of the range of the motion that counts as its end


def split_at_jumps(record: Record) -> tuple[Record, tuple[str, ...]]:
    """The record with each stretch between two jumps as a trial of its own, and a sentence about the jumps."""
    states = record.problem.observation.states
    if not (record.order_open or any(c.velocity for c in states.coordinates)) or record.continues:
        return record, ()
    positions = [states.columns.index(c.name) for c in states.coordinates]
    pieces: list[Trajectory] = []
    said: list[str] = []
    for trial in record.fitted:
        cuts: set[int] = set()
        for k in positions:
            jumps = find_jumps(trial.t, trial.values[:, k])
            if jumps:
                times = ", ".join(f"{(trial.t[j - 1] + trial.t[j]) / 2:.3g}" for j in jumps[:6])
                more = f" and {len(jumps) - 6} more" if len(jumps) > 6 else ""
                where = f" of trial {trial.name}" if trial.name else ""
                said.append(f"the velocity of {states.columns[k]}{where} jumps at {record.time} = {times}{more}")
            cuts |= set(jumps)
        pieces += _cut(trial, sorted(cuts))
    if not said or not pieces:
        return record, ()
    sentence = "; ".join(said[:3])
    return record.about(pieces), (
        f"{sentence[0].upper()}{sentence[1:]}, as in a bounce or an impact. No smooth law holds across a jump: the law "
        f"is about the motion between jumps, each of the {len(pieces)} stretches with a start of its own.",
    )


def _cut(trial: Trajectory, cuts: Sequence[int]) -> list[Trajectory]:
    """The stretches of a trial between cuts, without those that are too short."""
    if not cuts:
        return [trial]
    edges = [0, *cuts, len(trial.t)]
    found = []
    for number, (a, b) in enumerate(pairwise(edges), 1):
        # The samples next to a jump may lie on either side of it.
        a, b = a + (a > 0), b - (b < len(trial.t))
        if b - a > FEWEST:
            name = f"{trial.name} stretch {number}".strip()
            found.append(replace(trial, t=trial.t[a:b], values=trial.values[a:b], name=name))
    return found


def find_jumps(t: Array, x: Array) -> list[int]:
    """Samples before which the velocity has jumped.

    Args:
        t: sample times, shape (m,).
        x: positions, shape (m,), NaN where missing.
    """
    known = np.flatnonzero(np.isfinite(x))
    if len(known) < _LEAST:
        return []
    t, x = t[known], x[known]
    fits = {half: _fit_kinks(t, x, half) for half in (_FIRST, *_LATER)}
    # Steps of a coarse instrument are no jumps.
    step = float(np.diff(np.unique(x)).min(initial=np.inf))
    floor = 1e-6 * float(np.ptp(x)) + (step if np.isfinite(step) else 0.0)
    noise = {half: float(np.median(fit.smooth)) + floor for half, fit in fits.items()}
    found = _find_kinks(x, fits[_FIRST], _FIRST, noise[_FIRST], [])
    if found:
        # Where one is beyond doubt, fainter ones and those in quick succession are looked for. Of a motion that jumps,
        # short windows tell the noise: long ones have jumps in them, too.
        least = min(noise.values())
        for half in _LATER:
            found += _find_kinks(x, fits[half], half, least if half > _FIRST else noise[half], found)
    return sorted(int(known[place]) for place in found)


@dataclass(frozen=True)
class _Kinks:
    """Fits of a parabola with and without a kink in its middle, one for each window; arrays of the same length.

    Attributes:
        clear: the kink, times the noise over its standard error.
        quality: standard deviation of the residual beside the kinked parabola.
        smooth: the same beside the plain one.
        before: slope before the kink, per window length.
        after: slope after it.
    """

    clear: Array
    quality: Array
    smooth: Array
    before: Array
    after: Array


def _fit_kinks(t: Array, x: Array, half: int) -> _Kinks:
    """Fits to each `2 * half` consecutive samples."""
    windows = np.lib.stride_tricks.sliding_window_view
    times, values = windows(t, 2 * half), windows(x, 2 * half)
    middle = (times[:, half - 1] + times[:, half]) / 2
    s = (times - middle[:, None]) / (times[:, -1] - times[:, 0])[:, None]
    design = np.stack([np.ones_like(s), s, s**2, np.maximum(s, 0.0)], axis=2)
    plain, kinked = (
        np.einsum("kij,kj->ki", np.linalg.pinv(design[:, :, :terms]), values) for terms in (3, 4)
    )  # fmt: skip
    smooth = np.sqrt(np.sum((np.einsum("kij,kj->ki", design[:, :, :3], plain) - values) ** 2, 1) / (2 * half - 3))
    quality = np.sqrt(np.sum((np.einsum("kij,kj->ki", design, kinked) - values) ** 2, 1) / (2 * half - 4))
    spread = np.linalg.pinv(design.transpose(0, 2, 1) @ design)[:, 3, 3]
    clear = np.abs(kinked[:, 3]) / np.sqrt(spread)
    return _Kinks(clear, quality, smooth, kinked[:, 1], kinked[:, 1] + kinked[:, 3])


def _find_kinks(x: Array, fits: _Kinks, half: int, noise: float, taken: Sequence[int]) -> list[int]:
    """Places of bounces by fits to `half` samples on each side, not next to those that are taken."""
    clear, quality, before, after = fits.clear, fits.quality, fits.before, fits.after
    low, high = float(x.min()) + _END * float(np.ptp(x)), float(x.max()) - _END * float(np.ptp(x))
    found: list[int] = []
    for k in np.argsort(-clear):
        place = int(k) + half
        if clear[k] < _CLEAR * noise:
            break
        bounces = before[k] * after[k] < 0 and _LOSS * abs(before[k]) < abs(after[k]) < _GAIN * abs(before[k])
        at_end = x[place - 1] < low if before[k] < 0 else x[place - 1] > high
        apart = all(abs(place - other) >= half for other in (*found, *taken))
        # The kink lies up to half a sample beside the middle.
        beside = 0.3 * abs(after[k] - before[k]) / (2 * half - 1)
        if bounces and at_end and apart and quality[k] < _NOISE * noise + beside:
            found.append(place)
    return found
