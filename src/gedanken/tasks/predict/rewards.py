"""Reward terms of `predict`: skill over the best extrapolation, so that extrapolating earns nothing.

Every term is in proportion to a skill. A step at some skill would pay an answer that is a little better than the bar
for most of the frame.
"""

from dataclasses import dataclass

from gedanken.tasks.terms import RewardTable

# Errors up to these are as good as none: what one printed frame leaves open even to an exact simulator (p95, median
# scenario), in px and px/s.
POSITION_FLOOR = 0.002
VELOCITY_FLOOR = 0.02
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
        extrapolated: none of the standard extrapolations gives the frame, but another one does, as the prior or a cubic
            on a smooth orbit: being right then pays, being nearly right does not.
    """

    position_error: float
    velocity_error: float
    position_bar: float
    velocity_bar: float
    coverage: float
    well_formed: bool
    extrapolated: bool = False

    @property
    def skill(self) -> float:
        """The better of the skills in velocity and position."""
        if self.extrapolated:
            right_places = _skill(self.position_error, 2 * POSITION_FLOOR, POSITION_FLOOR)
            return right_places * _skill(self.velocity_error, 2 * VELOCITY_FLOOR, VELOCITY_FLOOR)
        return max(
            _skill(self.position_error, self.position_bar, POSITION_FLOOR),
            _skill(self.velocity_error, self.velocity_bar, VELOCITY_FLOOR),
        )


TABLE: RewardTable[Evidence] = RewardTable("predict-rewards-3")


def _skill(error: float, bar: float, floor: float) -> float:
    """1 for the recorded frame, 0 for the best extrapolation or worse."""
    excess = max(0.0, error - floor)
    return max(0.0, 1.0 - excess / (bar - floor)) if bar > floor else 0.0


def _term(evidence: Evidence, error: float, bar: float, floor: float) -> float:
    if bar > floor and not evidence.extrapolated:
        return _skill(error, bar, floor)
    return evidence.skill * min(1.0, floor / max(error, floor))


@TABLE.term(weight=0.45, training=0.45)
def velocity(evidence: Evidence) -> float:
    """Skill of the velocities: in one step, this is where contacts and joints show.

    Where an extrapolation of them is exact there is nothing to gain, only to lose: being as exact pays as much as the
    skill of the positions.
    """
    return _term(evidence, evidence.velocity_error, evidence.velocity_bar, VELOCITY_FLOOR)


@TABLE.term(weight=0.35, training=0.35)
def position(evidence: Evidence) -> float:
    """Skill of the positions. Where `p + v dt` is exact, being as exact pays as much as the skill of the velocities."""
    return _term(evidence, evidence.position_error, evidence.position_bar, POSITION_FLOOR)


@TABLE.term(weight=0.10, training=0.10)
def coverage(evidence: Evidence) -> float:
    """Share of the bodies that were answered, times the skill."""
    return evidence.coverage * evidence.skill


@TABLE.term(weight=0.10, training=0.10)
def format(evidence: Evidence) -> float:
    """The skill of an answer in which nothing is missing or malformed."""
    return evidence.skill if evidence.well_formed else 0.0
