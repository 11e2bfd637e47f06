"""Reward terms of `discover`. A term is one decorated function here; everything that scores takes them from `TABLE`."""

from dataclasses import dataclass
from math import sqrt

from gedanken.tasks.terms import RewardTable

SOLVED = 0.93
CORRECT = 0.70
# Below this match a short equation is no merit: `d2y/dt2 = 0` would otherwise earn full marks for simplicity.
SIMPLICITY_GATE = 0.10
OPERATOR_BUDGET = 12


@dataclass(frozen=True)
class Evidence:
    """What the simulator found out about one answer.

    Attributes:
        match: R2 per column over the time steps, clipped to [0, 1], mean over columns and trials; 0 for what cannot be
            read or simulated.
        finite: the answer was read, and its integration stayed finite over the whole record.
        operators: operator count of the equations.
        previous: match of the turn before, 0 on the first.
    """

    match: float
    finite: bool
    operators: int
    previous: float = 0.0


TABLE: RewardTable[Evidence] = RewardTable("discover-rewards-1")


@TABLE.term(weight=0.50, training=1.0)
def match(evidence: Evidence) -> float:
    """How well the re-simulated trajectory reproduces the observed one."""
    return evidence.match


# Left out of single-turn training: there the turn before is always 0, so progress would repeat match and dilute it.
@TABLE.term(weight=0.20)
def progress(evidence: Evidence) -> float:
    """Gain in match over the turn before."""
    return max(0.0, evidence.match - evidence.previous)


@TABLE.term(weight=0.20, training=1.0)
def simplicity(evidence: Evidence) -> float:
    """Fewer operators earn more, once the equation explains anything at all."""
    if evidence.match < SIMPLICITY_GATE:
        return 0.0
    return max(0.0, 1.0 - evidence.operators / OPERATOR_BUDGET)


# Reading alone earns nothing: `exp(vy**10)` parses too.
@TABLE.term(weight=0.10, training=1.0)
def format(evidence: Evidence) -> float:
    """The answer could be read and simulated to the end."""
    return float(evidence.finite)


@TABLE.term(training=1.0)
def match_dense(evidence: Evidence) -> float:
    """Square root of the match: a gradient where R2 is close to zero."""
    return sqrt(evidence.match)


@TABLE.term(training=1.0)
def correctness(evidence: Evidence) -> float:
    """A step at R2 = 0.70, beyond which the dense signal flattens."""
    return float(evidence.match >= CORRECT)
