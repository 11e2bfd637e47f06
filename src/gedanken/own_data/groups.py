"""Trials of one form with different constants: which of them share theirs.

A file often holds runs of several set-ups: two masses on one spring, three lengths of a pendulum. No law with shared
constants follows all of them, and a search that tries finds a crooked one. Where one trial alone has a law whose form
fits every other trial, too, the trials are grouped by their constants, and the largest group is looked at: if that is
worth its constants, by the likelihoods of the residuals and Schwarz's price on each constant.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.errors import Unanswerable, UserError
from gedanken.loop import Player
from gedanken.own_data.order import search_laws
from gedanken.own_data.record import Record
from gedanken.sparse.discovery import INDISTINCT, Candidate
from gedanken.sparse.ladder import EXACT
from gedanken.worlds.ode.fit import Fit, fit
from gedanken.worlds.ode.knowledge import facts
from gedanken.worlds.ode.trajectory import Trajectory

MOST = 50  # trials that are grouped
_UNEXPLAINED = 0.02  # share of the variance that a law of all trials leaves over, above which they may differ
_OWN = 0.05  # share that a form may leave over if each trial has constants of its own
_FEW = 2  # constants of an equation up to which a law of all trials that explains them is not doubted
_AS_WELL = 2.0  # times what constants of their own leave over, up to which trials share constants


@dataclass(frozen=True)
class Group:
    """Trials that share the constants of a form.

    Attributes:
        trials: names of the trials, or their numbers from 1.
        equation: the form.
        params: its constants in these trials.
        r2: mean R2 over the observed columns.
        reported: whether the law of the report is about these trials.
    """

    trials: tuple[str, ...]
    equation: str
    params: Mapping[str, float]
    r2: float
    reported: bool = False

    def to_dict(self) -> dict[str, object]:
        """The group as JSON-able data."""
        return {
            "trials": list(self.trials),
            "equation": self.equation,
            "params": dict(self.params),
            "r2": self.r2,
            "reported": self.reported,
        }


def choose_group(record: Record, player: Player) -> tuple[Record, tuple[Group, ...]]:
    """The record with the largest group of trials alone, and all groups; as it was where the trials do not differ.

    Only players that rank laws are asked, since the law of all trials has to have failed.
    """
    trials = record.fitted
    if not 1 < len(trials) <= MOST or record.continues or not hasattr(player, "discover"):
        return record, ()
    together = search_laws(player, record, whole=True)
    left = 1.0 - together.best.match
    if left < _UNEXPLAINED and together.best.constants <= _FEW * len(together.states.coordinates):
        return record, ()
    longest = max(trials, key=lambda trial: _count([trial]))
    try:
        alone = search_laws(player, record.about([longest]))
    except UserError:  # too few samples
        return record, ()
    forms = sorted({c.equation: c for c in (*alone.ladder, alone.best)}.values(), key=lambda c: c.complexity)
    found = [[_fit(record, form, form.params, [trial]) for trial in trials] for form in forms]
    shares = [float(np.mean([_left(each) for each in fits])) for fits in found]
    best = max(min(shares), EXACT)
    chosen = next(k for k, share in enumerate(shares) if share <= _AS_WELL * best or share == min(shares))
    if shares[chosen] > _OWN:
        return record, ()
    grouped = _group(record, forms[chosen], found[chosen])
    worth = max(_count(trials) / max([1.0, *together.correlation.values()]), 2.0)
    constants = len(grouped) * forms[chosen].constants - together.best.constants
    apart = sum(len(members) * _left(fitted) for members, fitted in grouped) / sum(len(each) for each, _ in grouped)
    gain = worth * math.log(max(left, EXACT) / max(apart, EXACT)) - constants * math.log(worth)
    if len(grouped) == 1 or gain < INDISTINCT:
        return record, ()
    largest = max((members for members, _ in grouped), key=lambda each: (_count(trials[k] for k in each), -each[0]))
    groups = tuple(
        Group(
            tuple(trials[k].name or str(k + 1) for k in members),
            forms[chosen].equation,
            fitted.params,
            1.0 - _left(fitted),
            members is largest,
        )
        for members, fitted in grouped
    )
    return record.about([trials[k] for k in largest]), groups


def describe(groups: Sequence[Group]) -> str:
    """The groups in words."""
    parts = [
        f"{_listed(group.trials)} ({', '.join(f'{name} = {value:.4g}' for name, value in group.params.items())})"
        for group in groups
    ]
    reported = next(group for group in groups if group.reported)
    return (
        f"No law with the same constants follows all trials; {groups[0].equation} does, with constants for each of "
        f"{len(groups)} groups: {'; '.join(parts)}. The law is about {_listed(reported.trials)}."
    )


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"trial{'s' if len(names) > 1 else ''} {shown}{rest}"


def _count(trials: Iterable[Trajectory]) -> int:
    """Number of values that were measured."""
    return sum(int(np.isfinite(trial.values).sum()) for trial in trials)


def _fit(record: Record, form: Candidate, params: Mapping[str, float], trials: Sequence[Trajectory]) -> Fit | None:
    states = record.problem.observation.states
    limits = facts(record.problem.observation.knowledge, states).limits
    try:
        return fit(form.equation, params, states, trials, limits=limits)
    except (Unanswerable, UserError):  # longer than the grammar reads, or a trial without samples
        return None


def _left(fitted: Fit | None) -> float:
    """Share of the variance that is left over, mean over the observed columns, at most all of it."""
    if fitted is None or fitted.segments != 1:
        return 1.0
    r2 = fitted.r2[np.isfinite(fitted.r2)]
    return float(np.clip(1.0 - np.mean(r2), 0.0, 1.0)) if len(r2) else 1.0


def _group(record: Record, form: Candidate, alone: Sequence[Fit | None]) -> list[tuple[list[int], Fit]]:
    """Trials that share constants about as well as each has its own, with the fit of each group; first trial first."""
    groups: list[tuple[list[int], Fit]] = []
    for k, own in enumerate(alone):
        if own is None:
            continue
        for place in sorted(range(len(groups)), key=lambda g: _apart(groups[g][1].params, own.params)):
            members = [*groups[place][0], k]
            joint = _fit(record, form, groups[place][1].params, [record.fitted[m] for m in members])
            apart = float(np.mean([_left(alone[m]) for m in members]))
            if joint is not None and _left(joint) <= _AS_WELL * max(apart, EXACT):
                groups[place] = members, joint
                break
        else:
            groups.append(([k], own))
    return groups


def _apart(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """How far two sets of constants are apart, relative to their size."""
    return sum(
        abs(ours[name] - theirs[name]) / max(abs(ours[name]) + abs(theirs[name]), math.ulp(0.0)) for name in ours
    )
