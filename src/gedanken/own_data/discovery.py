"""From a record to a verified law: a player finds it, its constants get intervals, held-out samples test it."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gedanken.errors import PlayerError, UserError
from gedanken.loop import Player, Problem, Turn, play
from gedanken.own_data.record import Record
from gedanken.statistics import Z95
from gedanken.tasks.discover.judge import score_trials
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.fit import Fit, fit
from gedanken.worlds.ode.inputs import Drive
from gedanken.worlds.ode.knowledge import constant_units, facts
from gedanken.worlds.ode.knowledge.units import dimensions
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.simulate import Track, score, simulate
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory, r_squared

CURVE_POINTS = 600
# Loss of R2 that is put down to fitting against another weighting of the columns.
FIT_TOLERANCE = 2e-3


@dataclass(frozen=True)
class Alternative:
    """Another law that was tried.

    Attributes:
        equation: in the grammar.
        params: its best parameter values.
        criterion: what laws were ranked by, on the scale of -2 log posterior: smaller is better, differences count.
        match: its mean R2 over the observed columns.
    """

    equation: str
    params: Mapping[str, float]
    criterion: float
    match: float


@dataclass(frozen=True)
class FittedLaw:
    """The best law of an episode, as far as the record determines it.

    Attributes:
        law: with the best parameter values.
        standard_errors: one standard deviation of each, infinite where the record does not determine it; None where no
            fit came out at least as good as the answer.
        starts: the state at the first sample of each fitted trial, shape (n,) each.
        r2: R2 of each observed column over the fitted trials.
    """

    law: Law
    standard_errors: Mapping[str, float] | None
    starts: tuple[Array, ...]
    r2: Mapping[str, float]


@dataclass(frozen=True)
class Finding:
    """What a player found out about a record: everything that is shown, printed and written, worked out once.

    Attributes:
        record: what was looked at.
        player: who looked.
        turns: the episode.
        fitted: the law of the turn with the best match, None when no turn could be read.
        predictions: the law at the samples of each trial, fitted ones first, shape (m, n) each.
        curves: the law at many times, for smooth lines; in the order of `predictions`.
        alternatives: other laws that the player weighed, in any order.
        criterion: the law's own rank, on the alternatives' scale; needed to compare them.
        held_out_r2: R2 of each column over the held-out samples.
        seconds: how long it took.
        broken_off: why the player gave no further answer, empty where the episode came to its end.
    """

    record: Record
    player: str
    turns: tuple[Turn, ...]
    fitted: FittedLaw | None
    predictions: tuple[Array, ...] = ()
    curves: tuple[Trajectory, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    criterion: float | None = None
    held_out_r2: Mapping[str, float] | None = None
    seconds: float = field(default=0.0, compare=False)
    broken_off: str = ""

    @property
    def law(self) -> Law:
        """The law.

        Raises:
            UserError: no turn could be read, so there is none.
        """
        return self._fitted.law

    @property
    def _fitted(self) -> FittedLaw:
        if self.fitted is None:
            reason = self.turns[-1].verdict.error if self.turns else "it had no turn"
            raise UserError(f"{self.player} gave no answer that could be scored: {reason}")
        return self.fitted

    @property
    def params(self) -> Mapping[str, float]:
        """The law's constants."""
        return self.law.params

    @property
    def standard_errors(self) -> Mapping[str, float] | None:
        """One standard deviation of each constant, infinite where the record does not determine it."""
        return self._fitted.standard_errors

    @property
    def r2(self) -> Mapping[str, float]:
        """R2 of each observed column, over the fitted trials."""
        return self._fitted.r2

    @property
    def match(self) -> float:
        """Mean R2 over the observed columns."""
        return float(np.mean(list(self.r2.values()))) if self.r2 else math.nan

    @property
    def solved(self) -> bool:
        """Whether the verifier accepted a turn."""
        return any(turn.verdict.solved for turn in self.turns)

    @property
    def states(self) -> StateSpace:
        """Names and order of the state columns."""
        space: StateSpace = self.record.problem.observation.states
        return space

    @property
    def trajectories(self) -> tuple[Trajectory, ...]:
        """The data: the fitted trials, then the held-out ones."""
        return (*self.record.fitted, *self.record.held_out)

    @property
    def held_out(self) -> range:
        """Indices of the trajectories that were not fitted, only predicted."""
        return range(len(self.record.fitted), len(self.trajectories))

    @property
    def param_units(self) -> dict[str, str]:
        """Unit of each constant that the units of the columns determine."""
        given = dict(self.record.problem.observation.knowledge.units)
        if not given:
            given = {name: unit for name, unit in self.record.units.items() if unit}
            given |= {"t": self.record.time_unit} if self.record.time_unit else {}
        try:
            units = dimensions(given, self.states)
        except UserError:  # a header's unit that is no product of powers
            return {}
        return constant_units(units, self.law) if given else {}

    def half_width(self, name: str) -> float:
        """Half of a parameter's 95 % interval; infinite where the data do not determine it."""
        error = (self.standard_errors or {}).get(name, math.inf)
        return Z95 * error if math.isfinite(error) else math.inf

    def ranked(self) -> list[tuple[float, Alternative]]:
        """The alternatives with how much worse than the law they are, best first."""
        least = min((other.criterion for other in self.alternatives), default=0.0)
        own = least if self.criterion is None else self.criterion
        return sorted(((other.criterion - own, other) for other in self.alternatives), key=lambda pair: pair[0])

    def residuals(self, column: str) -> list[Array]:
        """Data less prediction of each fitted trial, shape (m,) each, NaN where nothing was measured."""
        k = self.states.columns.index(column)
        pairs = zip(self.record.fitted, self.predictions[: len(self.record.fitted)], strict=True)
        return [trial.values[:, k] - predicted[:, k] for trial, predicted in pairs]


def run(
    record: Record,
    player: Player,
    turns: int | None = None,
    on_turn: Callable[[int, Turn], None] | None = None,
) -> Finding:
    """Play the episode and work out what its best law says.

    A player that ranks laws (`sparse`) has `candidates(observation)`, best first; its k-th answer is the k-th of them,
    with their number repeated. Its fit and its alternatives are then taken over.

    A player that fails in a later turn ends the episode; the law is the best of the turns before.

    Raises:
        PlayerError: the player could not answer, and there is no scored turn before that.
    """
    start = time.perf_counter()
    played: list[Turn] = []
    broken_off = ""
    try:
        for turn in play(DiscoverTask(), player, record.problem, turns):
            played.append(turn)
            if on_turn:
                on_turn(len(played), turn)
    except PlayerError as error:
        if all(turn.verdict.error for turn in played):
            raise
        broken_off = str(error)
    read = [number for number, turn in enumerate(played) if not turn.verdict.error]
    if not read:
        return Finding(record, player.name, tuple(played), None, seconds=time.perf_counter() - start)
    best = max(read, key=lambda number: played[number].verdict.match)
    rank = getattr(player, "candidates", None)
    candidates = rank(record.problem.observation) if rank else ()
    own = candidates[best % len(candidates)] if candidates else None
    law = _from_candidate(played[best], own) if own is not None else _from_fit(record.problem, played[best])
    predictions, curves = _predict(record, law), _curves(record, law)
    return Finding(
        record,
        player.name,
        tuple(played),
        law,
        predictions,
        curves,
        tuple(Alternative(c.equation, c.params, c.criterion, c.match) for c in candidates if c is not own),
        None if own is None else own.criterion,
        _held_out_r2(record, predictions[len(record.fitted) :]),
        time.perf_counter() - start,
        broken_off,
    )


def _from_candidate(turn: Turn, candidate: Any) -> FittedLaw:
    """The law of a turn with the fit of the player that ranked it."""
    verdict = turn.verdict
    law = replace(verdict.reading, params=candidate.params)
    return FittedLaw(law, candidate.standard_errors, candidate.initials, verdict.details["r2"])


def _from_fit(problem: Problem, turn: Turn) -> FittedLaw:
    """The law of a turn fitted to the record here; as it was answered where no fit is as good as the answer."""
    law: Law = turn.verdict.reading
    fitted = _fit(problem, law, turn.verdict.match)
    if fitted is not None:
        columns = problem.observation.states.columns
        r2 = {name: float(value) for name, value in zip(columns, fitted.r2, strict=True) if np.isfinite(value)}
        return FittedLaw(replace(law, params=fitted.params), fitted.standard_errors, fitted.initials, r2)
    trials = zip(problem.truth.scored, score_trials(problem, law), strict=True)
    starts = tuple(trial.values[0] if result.start is None else result.start for trial, result in trials)
    return FittedLaw(law, None, starts, turn.verdict.details["r2"])


def _fit(problem: Problem, law: Law, match: float) -> Fit | None:
    """The law with its parameters fitted to the record; None where that ends worse than the answer itself."""
    trials = problem.truth.scored
    # The answer's own trajectory is where the fit begins: it is at least as good as what the samples alone suggest.
    predicted = [each.predicted for each in score_trials(problem, law)]
    guess = [values for values in predicted if values is not None and np.isfinite(values).all()]
    limits = facts(problem.observation.knowledge, law.states).limits
    tried = []
    if len(guess) == len(trials):
        tried.append(fit(law.source, law.params, law.states, trials, guess=guess, schedule=((1, 30),), limits=limits))
    if not tried or _mean_r2(tried[0]) < match - FIT_TOLERANCE:
        tried.append(fit(law.source, law.params, law.states, trials, limits=limits))
    fitted = max(tried, key=_mean_r2)
    return fitted if _mean_r2(fitted) >= match - FIT_TOLERANCE else None


def _mean_r2(fitted: Fit) -> float:
    """Mean over the observed columns, minus infinity where nothing could be simulated from a single start."""
    seen = fitted.r2[np.isfinite(fitted.r2)]
    return float(np.mean(seen)) if len(seen) and fitted.segments == 1 else -np.inf


def _follow(law: Law, start: Array, t: Array, drive: Drive | None) -> Array:
    """The law from `start` at t[0] under these inputs, shape (m, n), NaN from where it ends."""
    values = np.empty((len(t), len(start)))
    # The simulator takes at most 1,024 times at once.
    for a in range(0, len(t) - 1, 1000):
        piece = slice(a, min(a + 1001, len(t)))
        solution = simulate(law.source, law.states, law.params, start, t[piece], drive=drive).values
        values[piece], start = solution, solution[-1]
        if not np.isfinite(start).all():
            values[piece.stop :] = np.nan
            break
    return values


def _predict(record: Record, fitted: FittedLaw) -> tuple[Array, ...]:
    """The law at the samples of the fitted trials, and at those of the held-out ones."""
    law = fitted.law
    predicted = [
        _follow(law, start, trial.t, trial.drive) for start, trial in zip(fitted.starts, record.fitted, strict=True)
    ]
    if record.continues:
        t = np.concatenate([record.fitted[-1].t[:1], record.held_out[0].t])
        return (*predicted, _follow(law, fitted.starts[-1], t, record.fitted[-1].drive)[1:])
    for trial in record.held_out:
        values = score(Track(law.states, trial), law.source, law.params).predicted
        predicted.append(np.full_like(trial.values, np.nan) if values is None else values)
    return tuple(predicted)


def _curves(record: Record, fitted: FittedLaw) -> tuple[Trajectory, ...]:
    """The law at many times, over each fitted trial and then over each held-out one."""
    law, curves = fitted.law, []
    for start, trial in zip(fitted.starts, record.fitted, strict=True):
        t = np.linspace(trial.t[0], trial.t[-1], CURVE_POINTS)
        curves.append(Trajectory(t, _follow(law, start, t, trial.drive)))
    for trial in record.held_out:
        if record.continues:
            last = record.fitted[-1]
            t = np.linspace(last.t[0], trial.t[-1], 2 * CURVE_POINTS)
            later = t >= last.t[-1]
            curves.append(Trajectory(t[later], _follow(law, fitted.starts[-1], t, last.drive)[later]))
        else:
            t = np.linspace(trial.t[0], trial.t[-1], CURVE_POINTS)
            found = score(Track(law.states, trial), law.source, law.params).start
            curves.append(Trajectory(t, _follow(law, trial.values[0] if found is None else found, t, trial.drive)))
    return tuple(curves)


def _held_out_r2(record: Record, predictions: tuple[Array, ...]) -> dict[str, float] | None:
    """R2 of each observed column over the held-out samples; the mean it is measured against is their own."""
    if not record.held_out:
        return None
    r2 = {}
    for k, name in enumerate(record.problem.observation.states.columns):
        observed = np.concatenate([trial.values[:, k] for trial in record.held_out])
        predicted = np.concatenate([values[:, k] for values in predictions])
        if np.isfinite(observed).sum() >= 2:
            found = float(r_squared(observed[:, None], predicted[:, None])[0])
            r2[name] = found if np.isfinite(found) else float("-inf")
    return r2
