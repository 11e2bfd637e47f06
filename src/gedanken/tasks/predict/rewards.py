"""Reward terms of `predict`: skill over the best extrapolation, so that extrapolating earns nothing."""

from dataclasses import dataclass

from gedanken.tasks.terms import RewardTable

# Errors up to these are as good as none: what one printed frame leaves open even to an exact simulator (p95, median
# scenario), in px and px/s.
POSITION_FLOOR = 0.002
VELOCITY_FLOOR = 0.02
# Below this skill, coverage and format earn nothing: otherwise a copy of the last frame would earn them.
GATE = 0.10
SOLVED = 0.95


@dataclass(frozen=True)
class Evidence:
    """How one answer compares with the recorded frame.

    Attributes:
        position_error: root mean square over bodies, px, rotation counted at the radius of gyration; a body that was
            not answered counts as held.
        velocity_error: the same, px/s.
        position_bar: the least position error of any extrapolation.
        velocity_bar: the least velocity error of any extrapolation.
        coverage: share of the bodies that were answered.
        well_formed: nothing was missing or malformed.
    """

    position_error: float
    velocity_error: float
    position_bar: float
    velocity_bar: float
    coverage: float
    well_formed: bool


TABLE: RewardTable[Evidence] = RewardTable("predict-rewards-1")


def _skill(error: float, bar: float, floor: float) -> float:
    """1 for the recorded frame, 0 for the best extrapolation or worse."""
    excess = max(0.0, error - floor)
    return max(0.0, 1.0 - excess / (bar - floor)) if bar > floor else 0.0


def _beats_extrapolation(evidence: Evidence) -> bool:
    gain = max(
        _skill(evidence.position_error, evidence.position_bar, POSITION_FLOOR),
        _skill(evidence.velocity_error, evidence.velocity_bar, VELOCITY_FLOOR),
    )
    return gain >= GATE


@TABLE.term(weight=0.45, training=0.45)
def velocity(evidence: Evidence) -> float:
    """Skill of the velocities: in one step, this is where contacts and joints show."""
    return _skill(evidence.velocity_error, evidence.velocity_bar, VELOCITY_FLOOR)


@TABLE.term(weight=0.35, training=0.35)
def position(evidence: Evidence) -> float:
    """Skill of the positions.

    Where `p + v dt` is already exact there is nothing to gain, only to lose: being as exact pays, once the velocities
    beat the extrapolation.
    """
    if evidence.position_bar > POSITION_FLOOR:
        return _skill(evidence.position_error, evidence.position_bar, POSITION_FLOOR)
    if not _beats_extrapolation(evidence):
        return 0.0
    return min(1.0, POSITION_FLOOR / max(evidence.position_error, POSITION_FLOOR))


@TABLE.term(weight=0.10, training=0.10)
def coverage(evidence: Evidence) -> float:
    """Share of the bodies that were answered, once the answer beats the extrapolation."""
    return evidence.coverage if _beats_extrapolation(evidence) else 0.0


@TABLE.term(weight=0.10, training=0.10)
def format(evidence: Evidence) -> float:
    """Nothing missing or malformed, once the answer beats the extrapolation."""
    return float(evidence.well_formed and _beats_extrapolation(evidence))
