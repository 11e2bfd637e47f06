"""How well a law does on the record and elsewhere, measured against what the true law does there.

A record can be copied: by a polynomial in `t`, by one in a state that runs like a clock, by a simpler law whose
constants make up for what it leaves out. Each fails where the record does not reach. So every law is also simulated

- from other starts, drawn with the same constants,
- over the later half of each trial with the clock set back to 0, unless the true law itself names `t`,
- past the end of the record, for as long again, with the clock running on.

The second catches copies in `t` where all starts resemble each other (falling bodies); the third copies of a force that
depends on `t` alone, which are right from every start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np

from gedanken.loop import Problem
from gedanken.tasks.discover.hidden import predict, score_hidden
from gedanken.tasks.discover.observation import Truth
from gedanken.worlds.ode import system
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.law.parser import Equations, parse
from gedanken.worlds.ode.simulate import Score, Track, score, score_tracks
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory

# Lengths of the stretch past the end of a record, as shares of the record's: the first that the motion lasts for.
PAST = (1.0, 0.5, 0.25, 0.1)
PAST_SAMPLES = 48
# A place where the true law itself reaches less is no place to judge others (chaos beyond the integrator's accuracy).
TRUSTED = 0.9
# A column that has settled to less than this share of its spread on the record tells right laws from wrong no more: R2
# would measure the last digit of a terminal velocity.
SETTLED = 0.3
# Local error of a simulation elsewhere. A law's R2 there counts relative to the true law's at the same accuracy, so
# that the record's accuracy, at about twice the cost, would change no verdict.
RTOL, FINE = 1e-4, 1e-6
# A place at which the true law itself loses more than this to the coarser error is simulated as finely as the record.
LOSS = 1e-3
# A trial is judged on its own samples; of many trials the first ones are enough to judge elsewhere.
TRIALS = 2


@dataclass(frozen=True)
class Place:
    """A clean trajectory that no player has seen.

    Attributes:
        name: where it is, to be read after "it was tried".
        track: the trajectory, packed for scoring.
        ceiling: R2 of the true law there.
    """

    name: str
    track: Track
    ceiling: float


@dataclass(frozen=True)
class Judge:
    """What one problem's answers are measured with.

    Attributes:
        tracks: the record's trials, packed for scoring.
        ceiling: mean R2 of the true law on the record: what noise leaves of 1. It is 1 where nobody knows the law.
        closest: closeness of the true law on the record, before it is related to itself; 1 where nobody knows the law.
        places: where laws are tried besides.
        least_operators: operators of the simplest form of the true law that is known, 0 where nobody knows it.
        hidden: trials of a user's own data that no player has seen.
        continues: whether these go on where the last trial of the record ends.
    """

    tracks: tuple[Track, ...]
    ceiling: float
    closest: float
    places: tuple[Place, ...]
    least_operators: int
    hidden: tuple[Trajectory, ...] = ()
    continues: bool = False

    def closeness(self, trials: Sequence[Score]) -> float:
        """How near a law comes to the record that it was scored on: see `rewards.Evidence`."""
        return min(1.0, measure_closeness(self.tracks, trials) / self.closest)

    def try_elsewhere(self, law: Law, start: Array | None = None) -> tuple[float, str]:
        """The least match of a law elsewhere, in [0, 1], and the name of the place; (1, "") where there is none.

        start: the state that the law had at the beginning of the record's last trial, for samples that continue it.
        """
        if self.hidden:
            before = (start, float(self.tracks[-1].trajectory.t[0])) if self.continues and start is not None else None
            predicted = [predict(law, trial, before) for trial in self.hidden]
            columns = score_hidden(self.hidden, predicted)
            columns = np.clip(columns[~np.isnan(columns)], 0.0, 1.0)
            return (float(columns.mean()) if columns.size else 1.0), "on held-out samples"
        least, where = 1.0, ""
        # One place after the other: nothing is less than 0, so the first that a law fails at altogether is the last.
        reached = score_tracks([place.track for place in self.places], law.source, law.params)
        for place, r2 in zip(self.places, reached, strict=False):
            if not where or r2 / place.ceiling < least:
                least, where = min(1.0, r2 / place.ceiling), place.name
            if least == 0.0:
                break
        return least, where


def measure_closeness(tracks: Sequence[Track], trials: Sequence[Score]) -> float:
    """Mean over trials and observed columns of `min(1, 2 / (1 + misfit))`."""
    found = []
    for track, trial in zip(tracks, trials, strict=True):
        for column, r2 in enumerate(trial.columns):
            if r2 > 0.0:
                found.append(1.0)
            elif r2 == 0.0:
                assert trial.predicted is not None  # `score` returns it unless told not to
                seen = track.trajectory.values[:, column]
                with np.errstate(over="ignore"):
                    error = np.nansum((trial.predicted[:, column] - seen) ** 2)
                found.append(min(1.0, 2.0 / (1.0 + float(error / np.nansum((seen - np.nanmean(seen)) ** 2)))))
    return sum(found) / len(found)


# Packing tracks takes as long as scoring, and an episode scores the same ones again and again.
_judges: WeakKeyDictionary[Truth, Judge] = WeakKeyDictionary()


def judge_of(problem: Problem) -> Judge:
    """The judge of a problem, made once for each truth."""
    truth: Truth = problem.truth
    judge = _judges.get(truth)
    if judge is None:
        judge = _judges[truth] = _make_judge(truth, problem.observation.states)
    return judge


def _make_judge(truth: Truth, states: StateSpace) -> Judge:
    tracks = tuple(Track(states, *trial) for trial in zip(truth.scored, truth.initials, strict=True))
    if not truth.equation:
        return Judge(tracks, 1.0, 1.0, (), 0, truth.held_out, truth.continues)
    law = (truth.equation, truth.params)
    reached = [score(track, *law) for track in tracks]
    ceiling = sum([trial.r2 for trial in reached]) / len(tracks)
    closest = measure_closeness(tracks, reached)
    found = []
    for name, trajectory in _go_elsewhere(truth, states):
        moving = hide_settled(trajectory, truth.clean[0])
        if moving is None:
            continue
        for rtol in (RTOL, FINE):
            track = Track(states, moving, trajectory.values[0], rtol=rtol)
            (r2,) = score_tracks([track], *law)
            if r2 > 1.0 - LOSS:
                break
        if r2 > TRUSTED:
            found.append(Place(name, track, r2))
    forms = [truth.equation, *([truth.taught[0]] if truth.taught[0] else [])]
    params = (tuple(truth.params), tuple(truth.taught[1]))
    least = min(_read(form, states, names).operators for form, names in zip(forms, params, strict=False))
    return Judge(tracks, ceiling, closest, tuple(found), least)


def hide_settled(trajectory: Trajectory, record: Trajectory) -> Trajectory | None:
    """A trajectory whose columns that have settled, compared with a record, count as not observed; None if all have."""
    settled = trajectory.values.std(axis=0) <= SETTLED * record.values.std(axis=0)
    if settled.all():
        return None
    return Trajectory(trajectory.t, np.where(settled, np.nan, trajectory.values)) if settled.any() else trajectory


@lru_cache(maxsize=1024)
def _read(equation: str, states: StateSpace, params: tuple[str, ...]) -> Equations:
    return parse(equation, states, params)


def _go_elsewhere(truth: Truth, states: StateSpace) -> list[tuple[str, Trajectory]]:
    """Clean trajectories that no player has seen, with what to call each."""
    found = [("from another start", trajectory) for trajectory in truth.elsewhere]
    uses_time = _read(truth.equation, states, tuple(truth.params)).uses_time
    for trial, start in zip(truth.clean[:TRIALS], truth.initials, strict=False):
        half = len(trial.t) // 2
        if not uses_time:
            later = Trajectory(trial.t[half:] - trial.t[half], trial.values[half:])
            found.append(("over the later half with the clock set back", later))
        assert start is not None  # a problem whose law is known knows its starts
        past = _go_past(truth, states, start, float(trial.t[-1]))
        if past is not None:
            # What has settled is judged together with the record: R2 of its own small spread would refute everybody,
            # and without it a copy that explodes past the end would pass.
            whole = past if hide_settled(past, trial) is past else _join(trial, past)
            found.append(("past the end of the record", whole))
    return found


def _join(before: Trajectory, after: Trajectory) -> Trajectory:
    """One trajectory from two, the second of which begins where the first ends."""
    t, values = (np.concatenate([getattr(before, name), getattr(after, name)[1:]]) for name in ("t", "values"))
    return Trajectory(t, values)


def _go_past(truth: Truth, states: StateSpace, start: Array, end: float) -> Trajectory | None:
    """The motion after `end`, as long as it goes on, up to the record's length; None where it ends with the record."""
    for share in PAST:
        t = np.linspace(end, (1.0 + share) * end, PAST_SAMPLES)
        try:
            values = system.solve(truth.equation, states, truth.params, start, t)
        except FloatingPointError:
            continue
        if np.isfinite(values).all() and np.ptp(values, axis=0).any():
            return Trajectory(t, values)
    return None


def score_trials(problem: Problem, law: Law) -> list[Score]:
    """The simulator's word on each trial, from its true start or, where that is unknown, from the best it can fit."""
    truth: Truth = problem.truth
    states = problem.observation.states
    found = []
    trials = zip(truth.scored, truth.initials, judge_of(problem).tracks, strict=True)
    for number, (trial, start, track) in enumerate(trials):
        best = score(track, law.source, law.params)
        if start is None and number < len(law.initial):
            named = law.initial[number]
            guess = [named.get(name, value) for name, value in zip(states.columns, track.y0, strict=True)]
            if np.isfinite(guess).all():
                other = score(Track(states, trial, guess=guess), law.source, law.params)
                best = max(best, other, key=lambda each: (not each.reason, each.r2))
        found.append(best)
    return found
