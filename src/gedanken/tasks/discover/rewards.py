"""Reward terms of `discover`. A term is one decorated function here; every door that scores takes them from `TERMS`."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

# Named by the rule that changed last; results record it.
VERSION = "discover-rewards-1"

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


Term = Callable[[Evidence], float]


@dataclass(frozen=True)
class Entry:
    """One row of the reward table.

    Attributes:
        compute: the term itself, in [0, 1].
        weight: share of the episode's reward; None where the term is for training only.
        training: weight in single-turn training (GRPO); None where it is left out.
    """

    compute: Term
    weight: float | None
    training: float | None


TERMS: dict[str, Entry] = {}


def term(weight: float | None = None, training: float | None = None) -> Callable[[Term], Term]:
    """Enter the decorated function into the reward table under its own name."""

    def enter(function: Term) -> Term:
        TERMS[function.__name__] = Entry(function, weight, training)
        return function

    return enter


@term(weight=0.50, training=1.0)
def match(evidence: Evidence) -> float:
    """How well the re-simulated trajectory reproduces the observed one."""
    return evidence.match


# Left out of single-turn training: there the turn before is always 0, so progress would repeat match and dilute it.
@term(weight=0.20)
def progress(evidence: Evidence) -> float:
    """Gain in match over the turn before."""
    return max(0.0, evidence.match - evidence.previous)


@term(weight=0.20, training=1.0)
def simplicity(evidence: Evidence) -> float:
    """Fewer operators earn more, once the equation explains anything at all."""
    if evidence.match < SIMPLICITY_GATE:
        return 0.0
    return max(0.0, 1.0 - evidence.operators / OPERATOR_BUDGET)


# Reading alone earns nothing: `exp(vy**10)` parses too.
@term(weight=0.10, training=1.0)
def format(evidence: Evidence) -> float:
    """The answer could be read and simulated to the end."""
    return float(evidence.finite)


@term(training=1.0)
def match_dense(evidence: Evidence) -> float:
    """Square root of the match: a gradient where R2 is close to zero."""
    return sqrt(evidence.match)


@term(training=1.0)
def correctness(evidence: Evidence) -> float:
    """A step at R2 = 0.70, beyond which the dense signal flattens."""
    return float(evidence.match >= CORRECT)


def weights(mode: str = "episode") -> dict[str, float]:
    """Term weights of an `episode` (multi-turn, as a server pays) or of single-turn `training`.

    Raises:
        ValueError: another mode.
    """
    if mode not in ("episode", "training"):
        raise ValueError(f"reward mode is 'episode' or 'training', not {mode!r}")
    column = {name: entry.weight if mode == "episode" else entry.training for name, entry in TERMS.items()}
    return {name: weight for name, weight in column.items() if weight is not None}


def compute_terms(evidence: Evidence) -> dict[str, float]:
    """Every term of the table for one answer."""
    return {name: entry.compute(evidence) for name, entry in TERMS.items()}
