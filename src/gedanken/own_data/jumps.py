"""Bounces: where a velocity jumps, no smooth law holds, and the stretches between jumps are trials of one law.

A jump is a kink of the position: around it a parabola with a kink fits to the noise, and without one it does not. It
counts as a bounce where the velocity turns round without gaining speed, at an end of the range of the motion. Fast
transitions of smooth laws (relaxation oscillators, outbreaks) do neither.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from gedanken.own_data.record import FEWEST, Record
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.trajectory import Array, Trajectory

_HALVES = (5, 3)  # samples on each side of a possible jump: many for certainty, few for bounces in quick succession
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
    observation = record.problem.observation
    problem = DiscoverTask().pose_record(
        states,
        pieces,
        observation.hint,
        record.problem.key.subject,
        record.held_out,
        observation.clock,
        knowledge=observation.knowledge,
    )
    sentence = "; ".join(said[:3])
    return replace(record, problem=problem), (
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
    found: list[int] = []
    for half in _HALVES:
        # Those in quick succession are looked for only where there is one that is beyond doubt.
        if half == _HALVES[0] or found:
            found += _find_kinks(t[known], x[known], half, found)
    return sorted(int(known[place]) for place in found)


def _find_kinks(t: Array, x: Array, half: int, taken: Sequence[int]) -> list[int]:
    """Places of bounces by a fit to `half` samples on each side, not next to those that are taken."""
    count = len(t) - 2 * half + 1
    clear, quality, before, after, smooth = (np.zeros(count) for _ in range(5))
    for k in range(count):
        rows = slice(k, k + 2 * half)
        middle = (t[k + half - 1] + t[k + half]) / 2
        s = (t[rows] - middle) / (t[rows][-1] - t[rows][0])
        design = np.column_stack([np.ones_like(s), s, s**2, np.maximum(s, 0.0)])
        plain = np.linalg.lstsq(design[:, :3], x[rows], rcond=None)[0]
        kinked = np.linalg.lstsq(design, x[rows], rcond=None)[0]
        smooth[k] = np.sqrt(np.sum((design[:, :3] @ plain - x[rows]) ** 2) / (2 * half - 3))
        quality[k] = np.sqrt(np.sum((design @ kinked - x[rows]) ** 2) / (2 * half - 4))
        clear[k] = abs(kinked[3]) / np.sqrt(np.linalg.pinv(design.T @ design)[3, 3])
        before[k], after[k] = kinked[1], kinked[1] + kinked[3]
    noise = float(np.median(smooth)) + 1e-6 * float(np.ptp(x))
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
