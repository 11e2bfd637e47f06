"""What a player found out about a record, as values: everything that is shown, printed and written."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.loop import Turn
from gedanken.own_data.groups import Group
from gedanken.own_data.record import Record
from gedanken.statistics import Z95
from gedanken.tasks.discover.rewards import SOLVED
from gedanken.worlds.ode.knowledge import constant_units
from gedanken.worlds.ode.knowledge.units import dimensions
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import Array, StateSpace, Trajectory


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
class Rung:
    """One law of the ladder of complexity against fit.

    Attributes:
        equation: in the grammar.
        params: its best parameter values.
        constants: how many these are.
        terms: number of terms on the right-hand sides.
        match: mean R2 over the observed columns, re-simulated from one start a trial.
        left_out: the same over samples that were left out of a fit of the law, None where that was not tried.
        criterion: on the scale of -2 log posterior, smaller is better; None where the player ranks no laws.
        reported: whether it is the law of the report.
    """

    equation: str
    params: Mapping[str, float]
    constants: int
    terms: int
    match: float
    left_out: float | None = None
    criterion: float | None = None
    reported: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The rung as JSON-able data."""
        return {
            "equation": self.equation,
            "params": dict(self.params),
            "constants": self.constants,
            "terms": self.terms,
            "r2": self.match,
            "r2_left_out": self.left_out,
            "criterion": self.criterion,
            "reported": self.reported,
        }


@dataclass(frozen=True)
class FittedLaw:
    """The best law of an episode, as far as the record determines it.

    Attributes:
        law: with the best parameter values.
        standard_errors: one standard deviation of each, infinite where the record does not determine it; None where no
            fit came out at least as good as the answer.
        starts: the state at the first sample of each fitted trial, shape (n,) each.
        r2: R2 of each observed column over the samples of all fitted trials together, of the curves from `starts`.
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
        fitted: the law of the best turn, None when no turn could be read.
        predictions: the law at the samples of each trial, fitted ones first, shape (m, n) each.
        curves: the law at many times, for smooth lines; in the order of `predictions`.
        alternatives: other laws that the player weighed, in any order.
        criterion: the law's own rank, on the alternatives' scale; needed to compare them.
        held_out_r2: R2 of each column over the scored held-out samples.
        shown: for each held-out trial the number of its samples that gave the start and are not scored.
        seconds: how long it took.
        broken_off: why the player gave no further answer, empty where the episode came to its end.
        ladder: laws from the simplest to the best that was found.
        left_out: which samples the ladder's laws were tried at that were left out of their fit, in words.
        reason: why this law of the ladder is reported, in a sentence; empty where its criterion is the best.
        order: why the law has its order, in a sentence; empty where it was given.
        observations: what the record shows by itself (jumps, random forcing), a sentence each.
        doubts: why the law is not plainly solved, a sentence each.
        passed: whether the verifier accepts the law as it is reported; None stands for what it said in the turns.
        baselines: R2 of each column by what needs no law: the `mean` and the `straight line` of each trial.
        groups: trials by the constants they share, where they do not share all; the record holds one of the groups.
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
    shown: tuple[int, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    broken_off: str = ""
    ladder: tuple[Rung, ...] = ()
    left_out: str = ""
    reason: str = ""
    order: str = ""
    observations: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    passed: bool | None = None
    groups: tuple[Group, ...] = ()

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
        """R2 of each observed column, over the samples of all fitted trials together; empty where there is no law."""
        return {} if self.fitted is None else self.fitted.r2

    @property
    def match(self) -> float:
        """Mean R2 over the observed columns."""
        return float(np.mean(list(self.r2.values()))) if self.r2 else math.nan

    @property
    def accepted(self) -> bool:
        """Whether the law follows the record closely enough, whatever the doubts about it."""
        return self.fitted is not None and (self.solved or self.match > SOLVED)

    @property
    def solved(self) -> bool:
        """Whether the verifier accepts the law, and nothing else speaks against it."""
        passed = any(turn.verdict.solved for turn in self.turns) if self.passed is None else self.passed
        return passed and not self.doubts

    @property
    def outcome(self) -> str:
        """What came out, in a few words."""
        if self.fitted is None:
            return "no law found"
        if self.solved:
            return "solved"
        return "follows the record, with reservations" if self.accepted else "no law found that explains the record"

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
        return constant_units(units, self.law) if given and self.fitted is not None else {}

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
