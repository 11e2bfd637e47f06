"""Reward terms of `discover`: what a law earns is what it is worth elsewhere, where no player has seen the motion.

A term is one decorated function here; everything that scores takes them from `TABLE`. By its construction no answer
earns more than the law that made the record: a match is relative to what that law reaches on the same noisy samples,
and no law is paid for being simpler than it.
"""

from dataclasses import dataclass
from math import sqrt

from gedanken.tasks.terms import RewardTable

SOLVED = 0.93
CORRECT = 0.70
# A law with an R2 of this or less elsewhere has not found the motion and earns nothing; between this and solved, a law
# earns in proportion. If R2 counted as it is, a polynomial fitted to a noisy fall would earn 0.4.
FAILS = 0.65
# A law with so many operators more than the simplest form of the true one earns nothing for simplicity.
OPERATOR_BUDGET = 12


@dataclass(frozen=True)
class Evidence:
    """What the simulator found out about one answer.

    Attributes:
        shown: match on the record that the player has seen: R2 per column over the time steps, clipped to [0, 1], mean
            over columns and trials, relative to the true law's own; 0 for what cannot be read or simulated.
        elsewhere: the least match on trajectories that no player has seen (from another start, over the later half with
            the clock set back, past the end of the record), relative to the true law's own; 1 where there are none.
        finite: the answer was read, and its integration stayed finite over the whole record.
        operators: operator count of the equations.
        least_operators: operator count of the simplest form of the true law that is known; 0 for a user's own data.
        previous: best match of the turns before, 0 on the first.
        closeness: in [0, 1], for laws that are far off the record: mean over the columns of `2 / (1 + misfit)`, and of
            1 where the misfit (squared error over the squared deviations from the column's mean) is below 1, relative
            to the true law's own.
    """

    shown: float
    elsewhere: float
    finite: bool
    operators: int
    least_operators: int
    previous: float
    closeness: float = 0.0

    @property
    def match(self) -> float:
        """What the law is worth: its match on the record, or what that elsewhere leaves of it."""
        if self.elsewhere > SOLVED:
            return min(self.shown, self.elsewhere)
        return min(self.shown, max(0.0, self.elsewhere - FAILS) * SOLVED / (SOLVED - FAILS))

    @property
    def reached(self) -> float:
        """The least match, on the record or elsewhere: where `match` is 0, this still tells bad from worse."""
        return min(self.shown, self.elsewhere)


TABLE: RewardTable[Evidence] = RewardTable("discover-rewards-4")


@TABLE.term(weight=0.50, training=1.0)
def match(evidence: Evidence) -> float:
    """How well the law reproduces the motion on the record, of which failing elsewhere takes away up to all."""
    return evidence.match


# Left out of single-turn training: there the turn before is always 0, so progress would repeat match and dilute it.
@TABLE.term(weight=0.20)
def progress(evidence: Evidence) -> float:
    """Gain in match over the best turn before."""
    return max(0.0, evidence.match - evidence.previous)


@TABLE.term(weight=0.20, training=1.0)
def simplicity(evidence: Evidence) -> float:
    """Fewer operators earn more, down to those of the true law, for a law that holds elsewhere."""
    if evidence.match <= SOLVED:
        return 0.0
    return max(0.0, 1.0 - max(0, evidence.operators - evidence.least_operators) / OPERATOR_BUDGET)


# In proportion, so that a wrong law is not paid for being well formed.
@TABLE.term(weight=0.10)
def format(evidence: Evidence) -> float:
    """The answer could be read and simulated to the end, in full from a match of `CORRECT` on."""
    return float(evidence.finite) * min(1.0, evidence.match / CORRECT)


# Reading alone earns nothing: `exp(vy**10)` parses too. In training this is the first step from zero.
@TABLE.term(training=1.0)
def finite(evidence: Evidence) -> float:
    """The answer could be read and simulated to the end."""
    return float(evidence.finite)


@TABLE.term(training=1.0)
def match_dense(evidence: Evidence) -> float:
    """Square root of the least match: a gradient where R2 is close to zero."""
    return sqrt(evidence.reached)


# R2 is clipped at 0, and there it calls a decay at a tenth of the rate as wrong as one that blows up.
@TABLE.term(training=1.0)
def closeness(evidence: Evidence) -> float:
    """How near a law comes that is worse than a straight line at the mean; 1 for every law that is better."""
    return evidence.closeness


@TABLE.term(training=1.0)
def correctness(evidence: Evidence) -> float:
    """A step at a match of 0.70, beyond which the dense signal flattens."""
    return float(evidence.match >= CORRECT)
