"""What a law predicts of samples that no player has seen, from a start that those samples do not give away.

The start is what was measured at the first hidden sample. Where a column was not measured there, the start is fitted
to the first few hidden samples, and only the later ones are scored. Hidden samples that continue a trial are predicted
from that trial's own start.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.worlds.ode.inputs import Drive
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.simulate import Track, score, simulate
from gedanken.worlds.ode.trajectory import Array, Trajectory, r_squared

_PIECE = 1000  # samples that are simulated at once


@dataclass(frozen=True)
class Prediction:
    """One hidden trial as a law predicts it.

    Attributes:
        start: the state that the prediction begins with, shape (n,).
        begin: the time at which it begins.
        values: the states at the samples, shape (m, n), NaN from where the solution ended.
        shown: number of samples that gave the start and are not scored.
    """

    start: Array
    begin: float
    values: Array
    shown: int


def follow(law: Law, start: Array, t: Array, drive: Drive | None = None) -> Array:
    """The law from `start` at t[0] under these inputs, shape (m, n), NaN from where it ends."""
    values = np.full((len(t), len(start)), np.nan)
    if not np.isfinite(start).all():
        return values
    values[0] = start
    for a in range(0, len(t) - 1, _PIECE):
        piece = slice(a, min(a + _PIECE + 1, len(t)))
        solution = simulate(law.source, law.states, law.params, start, t[piece], drive=drive).values
        values[piece], start = solution, solution[-1]
        if not np.isfinite(start).all():
            break
    return values


def predict(law: Law, trial: Trajectory, before: tuple[Array, float] | None = None) -> Prediction:
    """A hidden trial as the law predicts it.

    Args:
        law: the law.
        trial: the samples.
        before: state and time that the trial goes on from; None where it has a start of its own.
    """
    if before is not None:
        start, begin = before
        return Prediction(start, begin, follow(law, start, np.append(begin, trial.t), trial.drive)[1:], 0)
    if np.isfinite(trial.values[0]).all():
        start, shown = trial.values[0], 1
    else:
        shown = count_shown(law.states.size, len(trial.t))
        opening = Trajectory(trial.t[:shown], trial.values[:shown], drive=trial.drive)
        found = score(Track(law.states, opening), law.source, law.params).start if opening.observed.any() else None
        start = np.full(law.states.size, np.nan) if found is None else found
    return Prediction(start, float(trial.t[0]), follow(law, start, trial.t, trial.drive), shown)


def count_shown(states: int, samples: int) -> int:
    """Number of samples that give the start of a hidden trial whose first sample is not complete."""
    return max(2, min(max(2 * states, -(-samples // 5)), samples - 2))


def score_hidden(trials: Sequence[Trajectory], predictions: Sequence[Prediction]) -> Array:
    """R2 of each column over the scored samples of hidden trials, NaN where nothing was measured, shape (n,).

    The mean that it is measured against is the hidden samples' own.
    """
    pairs = list(zip(trials, predictions, strict=True))
    observed = np.concatenate([trial.values[each.shown :] for trial, each in pairs])
    found = r_squared(observed, np.concatenate([each.values[each.shown :] for _, each in pairs]))
    return np.where(np.isfinite(observed).sum(0) >= 2, found, np.nan)
