"""From a record to a verified law: a player finds it, its constants get intervals, held-out samples test it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from gedanken.errors import PlayerError
from gedanken.loop import Player, Problem, Turn, play
from gedanken.own_data.finding import Alternative, Finding, FittedLaw, Rung
from gedanken.own_data.forcing import describe_forcing
from gedanken.own_data.groups import choose_group, describe
from gedanken.own_data.jumps import split_at_jumps
from gedanken.own_data.order import choose_order, search_laws
from gedanken.own_data.record import Record
from gedanken.sparse.ladder import EXACT
from gedanken.tasks.discover.hidden import Prediction, follow, predict, score_hidden
from gedanken.tasks.discover.judge import score_trials
from gedanken.tasks.discover.rewards import SOLVED
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.fit import Fit, fit
from gedanken.worlds.ode.knowledge import facts
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import Array, Trajectory, r_squared

__all__ = ["Alternative", "Finding", "FittedLaw", "Rung", "run"]

CURVE_POINTS = 600
# Loss of R2 that is put down to fitting against another weighting of the columns.
FIT_TOLERANCE = 2e-3
# Difference of match between laws that are about as close to a record.
AS_CLOSE = 0.02
# What a law of the whole record may leave, in multiples of what one of its stretches leaves, to refute the jumps.
_REFUTES = 2.0


def run(
    record: Record,
    player: Player,
    turns: int | None = None,
    on_turn: Callable[[int, Turn], None] | None = None,
) -> Finding:
    """Play the episode and work out what its best law says.

    A player that ranks laws (`sparse`) has `discover(observation)`, whose candidates come best first; its k-th answer
    is the k-th of them, with their number repeated. Its fit, its ladder and its alternatives are then taken over.

    A player that fails in a later turn ends the episode; the law is the best of the turns before.

    Raises:
        PlayerError: the player could not answer, and there is no scored turn before that.
    """
    start = time.perf_counter()
    record, order, jumps = _prepare(record, player)
    # Stretches between jumps are of one system.
    record, groups = (record, ()) if jumps else choose_group(record, player)
    forcing = describe_forcing(record)
    doubted = (*jumps, *forcing)
    observations = (*doubted, *([describe(groups)] if groups else ()))
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
    baselines = _baselines(record)
    read = [number for number, turn in enumerate(played) if not turn.verdict.error]
    if not read:
        return Finding(
            record, player.name, tuple(played), None, order=order, observations=observations, baselines=baselines,
            groups=groups, seconds=time.perf_counter() - start,
        )  # fmt: skip
    search = getattr(player, "discover", None)
    best = _choose_turn(played, read, ranked=search is not None)
    found = search(record.problem.observation) if search else None
    candidates = found.candidates if found else ()
    own = candidates[best % len(candidates)] if candidates else None
    law = _from_candidate(record, played[best], own) if own is not None else _from_fit(record, played[best])
    hidden = _predict_hidden(record, law)
    ladder = _ladder(found, own, law) if found and own else _ladder_of_turns(played, read, best)
    held_out_r2 = _held_out_r2(record, hidden)
    # The verifier's word on the law as it is reported: with fitted constants it may do better than it was answered.
    again = DiscoverTask().verify(record.problem, _write(law))
    doubts = [*doubted, *again.details.get("doubts", ())]
    if held_out_r2 and (reached := float(np.mean(list(held_out_r2.values())))) <= SOLVED:
        doubts.append(f"It does not predict the held-out samples: R2 is {reached:.3f} there.")
    return Finding(
        record,
        player.name,
        tuple(played),
        law,
        (*_predict_fitted(record, law), *(each.values for each in hidden)),
        _curves(record, law, hidden),
        tuple(Alternative(c.equation, c.params, c.criterion, c.match) for c in candidates if c is not own),
        None if own is None else own.criterion,
        held_out_r2,
        tuple(each.shown for each in hidden),
        time.perf_counter() - start,
        broken_off,
        ladder,
        found.left_out if found else "",
        found.reason if found and own is found.best else "",
        order,
        observations,
        tuple(doubts),
        baselines,
        again.solved,
        groups,
    )


def _write(fitted: FittedLaw) -> str:
    """A law with its starts as an answer."""
    law = fitted.law
    starts = [dict(zip(law.states.columns, start.tolist(), strict=True)) for start in fitted.starts]
    return orjson.dumps({"equation": law.source, "params": dict(law.params), "initial": starts}).decode()


def _prepare(record: Record, player: Player) -> tuple[Record, str, tuple[str, ...]]:
    """The record with its order, cut where velocities jump; why the order, and what jumps there are.

    A law of the whole record that leaves hardly more than one of the stretches refutes the jumps.
    """
    cut, jumps = split_at_jumps(record)
    whole, order = choose_order(record, player)
    if not jumps:
        return whole, order, ()
    stretches, other = choose_order(cut, player)
    left = [max(1.0 - search_laws(player, each).best.match, EXACT) for each in (whole, stretches)]
    return (whole, order, ()) if left[0] <= _REFUTES * left[1] else (stretches, other, jumps)


def _choose_turn(played: Sequence[Turn], read: Sequence[int], ranked: bool) -> int:
    """The turn whose law is reported: a solved one, else the closest.

    Of a player that ranks its laws it is the first that is about as close: the order is the player's reason.
    """
    solved = [number for number in read if played[number].verdict.solved]
    closest = max(solved or read, key=lambda number: played[number].verdict.match)
    if not ranked or solved:
        return closest
    return next(k for k in read if played[k].verdict.match >= played[closest].verdict.match - AS_CLOSE)


def _from_candidate(record: Record, turn: Turn, candidate: Any) -> FittedLaw:
    """The law of a turn with the fit of the player that ranked it."""
    law = replace(turn.verdict.reading, params=candidate.params)
    return _with_starts(record, law, candidate.standard_errors, candidate.initials)


def _with_starts(record: Record, law: Law, errors: Mapping[str, float] | None, starts: Sequence[Array]) -> FittedLaw:
    """A law with the better of two starts of each trial, given or the verifier's own, and the R2 of its curves."""
    chosen, predicted = [], []
    scored = score_trials(record.problem, law)
    given = list(starts) if len(starts) == len(record.fitted) else [None] * len(record.fitted)
    reach = _reach(record)
    for trial, result, start in zip(record.fitted, scored, given, strict=True):
        options = [_bound(each, trial, reach) for each in (start, result.start) if each is not None]
        curves = [follow(law, each, trial.t, trial.drive) for each in options or [trial.values[0]]]
        best = int(np.argmin([_misfit(trial, curve, reach) for curve in curves]))
        chosen.append((options or [trial.values[0]])[best])
        predicted.append(curves[best])
    return FittedLaw(law, errors, tuple(chosen), _pooled_r2(record, predicted))


def _reach(record: Record) -> Array:
    """Least and largest value of each column in any trial, shape (2, n); infinite where nothing was measured."""
    values = np.concatenate([trial.values for trial in record.fitted])
    seen = np.isfinite(values)
    low = values.min(0, initial=np.inf, where=seen)
    high = values.max(0, initial=-np.inf, where=seen)
    measured = seen.any(0)
    return np.stack([np.where(measured, low, -np.inf), np.where(measured, high, np.inf)])


def _bound(start: Array, trial: Trajectory, reach: Array) -> Array:
    """A start whose unobserved entries lie within one range of what was measured in any trial."""
    span = np.where(np.isfinite(reach[1] - reach[0]), reach[1] - reach[0], 0.0)
    low = np.where((reach[0] >= 0), np.minimum(reach[0], 0.0), reach[0] - span)  # what is never negative stays so
    bounded = np.clip(start, low, reach[1] + span)
    return np.where(np.isfinite(trial.values[0]), start, bounded)


def _misfit(trial: Trajectory, curve: Array, reach: Array) -> float:
    """Sum of squares of the residuals, each column in units of its range; infinite where the curve ends early."""
    span = np.where(np.isfinite(reach[1] - reach[0]) & (reach[1] > reach[0]), reach[1] - reach[0], 1.0)
    error = np.where(np.isfinite(trial.values), (trial.values - curve) / span, 0.0)
    return float((error**2).sum()) if np.isfinite(error).all() else float("inf")


def _pooled_r2(record: Record, predicted: Sequence[Array]) -> dict[str, float]:
    """R2 of each observed column over the samples of all fitted trials together."""
    observed = np.concatenate([trial.values for trial in record.fitted])
    found = r_squared(observed, np.concatenate(predicted))
    named = zip(record.problem.observation.states.columns, found, np.isfinite(observed).sum(0), strict=True)
    # A column that does not vary has no R2.
    return {name: float(value) for name, value, count in named if count >= 2 and not np.isnan(value)}


def _baselines(record: Record) -> dict[str, dict[str, float]]:
    """R2 of the mean and of the straight line of each trial, by column: what needs no law."""
    means, lines = [], []
    for trial in record.fitted:
        mean, line = np.full_like(trial.values, np.nan), np.full_like(trial.values, np.nan)
        for k in range(trial.values.shape[1]):
            seen = np.isfinite(trial.values[:, k])
            if seen.any():
                mean[:, k] = trial.values[seen, k].mean()
                t = trial.t - trial.t[0]
                degree = min(1, int(seen.sum()) - 1)
                line[:, k] = np.polyval(np.polyfit(t[seen], trial.values[seen, k], degree), t)
        means.append(mean)
        lines.append(line)
    return {"mean": _pooled_r2(record, means), "straight line": _pooled_r2(record, lines)}


def _ladder(found: Any, own: Any, law: FittedLaw) -> tuple[Rung, ...]:
    """The ladder of a player that ranks laws; the rung of the law that is reported has the R2 of its own curves."""
    own_r2 = float(np.mean(list(law.r2.values()))) if law.r2 else float("nan")
    rungs = found.ladder if any(c is own for c in found.ladder) else (*found.ladder, own)
    return tuple(
        Rung(
            c.equation,
            c.params,
            c.constants,
            c.terms,
            own_r2 if c is own else float(np.mean(list(c.r2.values()))) if c.r2 else float("nan"),
            float(np.mean(list(c.left_out.values()))) if c.left_out else None,
            c.criterion,
            c is own,
        )
        for c in rungs
    )


def _ladder_of_turns(played: Sequence[Turn], read: Sequence[int], best: int) -> tuple[Rung, ...]:
    """The laws that a player answered, the simplest first; of those as complex as each other the closest."""
    rungs: dict[int, tuple[int, Rung]] = {}
    for number in read:
        law: Law = played[number].verdict.reading
        values = list(played[number].verdict.details["r2"].values())
        match = float(np.mean(values)) if values else float("nan")
        rung = Rung(law.text, law.params, len(law.params), _count_terms(law), match, reported=number == best)
        size = law.equations.complexity
        if size not in rungs or rung.reported or (match > rungs[size][1].match and not rungs[size][1].reported):
            rungs[size] = number, rung
    return tuple(rung for _, (_, rung) in sorted(rungs.items()))


def _count_terms(law: Law) -> int:
    """Number of terms on the right-hand sides: sums outside all parentheses."""
    count = 0
    for equation in law.text.split(";"):
        side, depth = equation.partition("=")[2].strip().lstrip("-"), 0
        count += side != "0"
        for place, letter in enumerate(side):
            depth += (letter == "(") - (letter == ")")
            count += depth == 0 and letter in "+-" and side[place - 1 : place] == " "
    return count


def _from_fit(record: Record, turn: Turn) -> FittedLaw:
    """The law of a turn fitted to the record here; as it was answered where no fit is as good as the answer."""
    law: Law = turn.verdict.reading
    fitted = _fit(record.problem, law, turn.verdict.match)
    if fitted is None:
        return _with_starts(record, law, None, ())
    return _with_starts(record, replace(law, params=fitted.params), fitted.standard_errors, fitted.initials)


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


def _predict_fitted(record: Record, fitted: FittedLaw) -> list[Array]:
    """The law at the samples of the fitted trials."""
    pairs = zip(fitted.starts, record.fitted, strict=True)
    return [follow(fitted.law, start, trial.t, trial.drive) for start, trial in pairs]


def _predict_hidden(record: Record, fitted: FittedLaw) -> list[Prediction]:
    """The law at the samples of the held-out trials."""
    before = (fitted.starts[-1], float(record.fitted[-1].t[0])) if record.continues else None
    return [predict(fitted.law, trial, before) for trial in record.held_out]


def _curves(record: Record, fitted: FittedLaw, hidden: Sequence[Prediction]) -> tuple[Trajectory, ...]:
    """The law at many times, over each fitted trial and then over each held-out one."""
    law, curves = fitted.law, []
    for start, trial in zip(fitted.starts, record.fitted, strict=True):
        t = np.linspace(trial.t[0], trial.t[-1], CURVE_POINTS)
        curves.append(Trajectory(t, follow(law, start, t, trial.drive)))
    for trial, each in zip(record.held_out, hidden, strict=True):
        t = np.linspace(each.begin, trial.t[-1], CURVE_POINTS * (1 + record.continues))
        values = follow(law, each.start, t, trial.drive)
        later = t >= record.fitted[-1].t[-1] if record.continues else np.ones(len(t), bool)
        curves.append(Trajectory(t[later], values[later]))
    return tuple(curves)


def _held_out_r2(record: Record, hidden: Sequence[Prediction]) -> dict[str, float] | None:
    """R2 of each observed column over the scored held-out samples; the mean it is measured against is their own."""
    if not record.held_out:
        return None
    found = score_hidden(record.held_out, hidden)
    columns = record.problem.observation.states.columns
    return {name: float(value) for name, value in zip(columns, found, strict=True) if not np.isnan(value)}
