"""What a search returns: laws with their uncertainties, rivals, and the experiment that would decide between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gedanken.statistics import Z95
from gedanken.worlds.ode.trajectory import Array, StateSpace

INDISTINCT = 6.0  # difference of criteria, a factor of 20 in probability, below which the record does not decide


@dataclass(frozen=True)
class Candidate:
    """One law that was fitted to the record.

    Attributes:
        equation: its text in the grammar.
        params: its parameters.
        standard_errors: standard deviation of each parameter, `inf` where the record does not determine it.
        criterion: minus twice the log posterior, up to a constant that all candidates share; smaller is better.
        delta: its criterion less the best one.
        match: mean R2 over the observed columns, each clipped to [0, 1], simulated from one start a trajectory.
        r2: R2 of each observed column.
        chi2: mean squared residual of each observed column in units of the smoother's noise variance; 1 is ideal.
        complexity: number of operators, variables and constants.
        initials: fitted state at the first sample of each trajectory.
        terms: number of terms on the right-hand sides.
        couplings: number of pairs of coordinates of which one acts on the other.
        left_out: R2 of each observed column over samples that were left out of a fit of the same law, relative to the
            spread of the column; empty where that was not tried.
        proposed: it is a law that somebody else proposed, or has a term that only such a law has.
    """

    equation: str
    params: Mapping[str, float]
    standard_errors: Mapping[str, float]
    criterion: float
    delta: float
    match: float
    r2: Mapping[str, float]
    chi2: Mapping[str, float]
    complexity: int
    initials: tuple[Array, ...]
    terms: int = 0
    couplings: int = 0
    left_out: Mapping[str, float] = field(default_factory=dict)
    proposed: bool = False

    @property
    def constants(self) -> int:
        """Number of constants."""
        return len(self.params)

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % interval of each parameter, given the form."""
        reach = {name: Z95 * error for name, error in self.standard_errors.items()}
        return {name: (value - reach[name], value + reach[name]) for name, value in self.params.items()}


@dataclass(frozen=True)
class Experiment:
    """A start from which laws that agree on the record predict different trajectories.

    Attributes:
        start: the state to start from.
        duration: how long to observe.
        separation: largest difference between the best law and its closest rival, in spreads of a column.
        noise: the same in standard deviations of the noise.
    """

    start: Mapping[str, float]
    duration: float
    separation: float
    noise: float


@dataclass(frozen=True)
class Discovery:
    """The result of a search.

    Attributes:
        states: the state variables.
        candidates: laws: first the one to report, then the others by their criterion.
        ladder: laws from the simplest to the best, each closer to the record than all simpler ones.
        reason: why the first of the candidates is the one to report, in a sentence; empty where it has the best
            criterion.
        left_out: which samples were left out to see how laws predict, in words; empty where none were.
        correlation: number of neighbouring samples of each observed column whose noise counts as one.
        noise: standard deviation of the noise of each observed column (its median, where it follows the signal).
        proportional: columns whose noise is in proportion to the signal.
        outliers: number of samples that were left out.
        segments: pieces a trajectory was cut into for the fit; 1 unless no start can be followed through all of it.
        experiment: the start from which the indistinct laws differ most; None if there is only one such law.
        notes: what a reader should know about the result, in sentences.
        fits: number of structures that were fitted.
        gave_up: no law could be followed through the record, and laws of its pieces were not asked for.
    """

    states: StateSpace
    candidates: tuple[Candidate, ...]
    noise: Mapping[str, float]
    proportional: tuple[str, ...]
    outliers: int
    segments: int
    experiment: Experiment | None
    notes: tuple[str, ...]
    fits: int
    ladder: tuple[Candidate, ...] = ()
    reason: str = ""
    left_out: str = ""
    correlation: Mapping[str, float] = field(default_factory=dict)
    gave_up: bool = False

    @property
    def best(self) -> Candidate:
        """The law to report."""
        return self.candidates[0]

    @property
    def indistinct(self) -> tuple[Candidate, ...]:
        """The laws that the record cannot distinguish from the best one, including that one."""
        return tuple(c for c in self.candidates if c.delta < INDISTINCT)
