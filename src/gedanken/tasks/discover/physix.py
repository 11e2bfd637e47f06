"""The reward table of PhysiX, by its formulas, for comparison: `DiscoverTask(reward="physix")`.

It looks at the record alone. A simpler wrong law, a clock in a state or a copy of the record in `t` may earn more than
the truth under it, which is why it is not the default.
"""

from math import sqrt

from gedanken.tasks.discover.rewards import CORRECT, OPERATOR_BUDGET, Evidence
from gedanken.tasks.terms import RewardTable

# Below this match a short equation is no merit: `d2y/dt2 = 0` would otherwise earn full marks for simplicity.
SIMPLICITY_GATE = 0.10

TABLE: RewardTable[Evidence] = RewardTable("physix-1")


@TABLE.term(weight=0.50, training=1.0)
def match(evidence: Evidence) -> float:
    """R2 per column on the record, clipped to [0, 1], mean over columns."""
    return evidence.shown


@TABLE.term(weight=0.20)
def progress(evidence: Evidence) -> float:
    """Gain in match over the best turn before; left out of single-turn training."""
    return max(0.0, evidence.shown - evidence.previous)


@TABLE.term(weight=0.20, training=1.0)
def simplicity(evidence: Evidence) -> float:
    """`1 - operators / 12`, from a match of 0.10 on."""
    return max(0.0, 1.0 - evidence.operators / OPERATOR_BUDGET) if evidence.shown >= SIMPLICITY_GATE else 0.0


@TABLE.term(weight=0.10, training=1.0)
def format(evidence: Evidence) -> float:
    """The answer could be read and simulated to the end."""
    return float(evidence.finite)


@TABLE.term(training=1.0)
def match_dense(evidence: Evidence) -> float:
    """`sqrt(R2)`."""
    return sqrt(evidence.shown)


@TABLE.term(training=1.0)
def correctness(evidence: Evidence) -> float:
    """1 from R2 = 0.70 on."""
    return float(evidence.shown >= CORRECT)
