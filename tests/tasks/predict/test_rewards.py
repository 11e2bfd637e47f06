"""The reward table by hand: each term at the points where its rule changes."""

from dataclasses import replace

import pytest

from gedanken.tasks.predict import rewards
from gedanken.tasks.predict.rewards import POSITION_FLOOR, TABLE, VELOCITY_FLOOR, Evidence

MOVES = Evidence(
    position_error=0.0, velocity_error=0.0, position_bar=1.0, velocity_bar=10.0, coverage=1.0, well_formed=True
)
"""A perfect answer where an extrapolation errs in both."""


def position_of(skill):
    """The position error that has this skill in `MOVES`."""
    return POSITION_FLOOR + (1 - skill) * (MOVES.position_bar - POSITION_FLOOR)


def velocity_of(skill):
    """The velocity error that has this skill in `MOVES`."""
    return VELOCITY_FLOOR + (1 - skill) * (MOVES.velocity_bar - VELOCITY_FLOOR)


def test_the_weights_are_those_of_the_published_version():
    assert TABLE.weights() == {"velocity": 0.45, "position": 0.35, "coverage": 0.1, "format": 0.1}
    assert sum(TABLE.weights().values()) == pytest.approx(1.0)
    numbers = (rewards.POSITION_FLOOR, rewards.VELOCITY_FLOOR, rewards.SOLVED)
    assert (TABLE.version, *numbers) == ("predict-rewards-3", 0.002, 0.02, 0.95)


@pytest.mark.parametrize("skill", [0.0, 0.25, 0.8, 1.0])
def test_skill_falls_linearly_from_the_floor_to_the_bar(skill):
    terms = TABLE.compute(replace(MOVES, position_error=position_of(skill), velocity_error=velocity_of(skill)))
    assert terms["position"] == pytest.approx(skill)
    assert terms["velocity"] == pytest.approx(skill)


def test_each_term_looks_at_its_own_error():
    terms = TABLE.compute(replace(MOVES, position_error=position_of(0.3), velocity_error=velocity_of(0.7)))
    assert terms["position"] == pytest.approx(0.3)
    assert terms["velocity"] == pytest.approx(0.7)


def test_an_error_below_the_floor_is_none():
    terms = TABLE.compute(replace(MOVES, position_error=POSITION_FLOOR, velocity_error=VELOCITY_FLOOR))
    assert terms == dict.fromkeys(terms, 1.0)


def test_worse_than_the_extrapolation_is_no_less_than_nothing():
    terms = TABLE.compute(replace(MOVES, position_error=50.0, velocity_error=500.0))
    assert terms == dict.fromkeys(terms, 0.0)


def test_where_velocities_are_extrapolated_exactly_they_earn_the_skill_of_the_positions():
    for skill in (0.0, 0.3, 1.0):
        exact = replace(MOVES, velocity_bar=VELOCITY_FLOOR, position_error=position_of(skill))
        assert TABLE.compute(exact)["velocity"] == pytest.approx(skill)
        off = replace(exact, velocity_error=2 * VELOCITY_FLOOR)
        assert TABLE.compute(off)["velocity"] == pytest.approx(skill / 2)


def test_where_both_are_extrapolated_exactly_nothing_is_earned_unless_the_standard_ones_fail():
    quiet = replace(MOVES, velocity_bar=VELOCITY_FLOOR, position_bar=POSITION_FLOOR)
    assert TABLE.compute(quiet) == dict.fromkeys(TABLE.weights(), 0.0)
    smooth = replace(quiet, extrapolated=True)
    assert TABLE.compute(smooth) == dict.fromkeys(TABLE.weights(), 1.0)
    for nearly in ({"velocity_error": 2 * VELOCITY_FLOOR}, {"position_error": 2 * POSITION_FLOOR}):
        assert TABLE.compute(replace(smooth, **nearly)) == dict.fromkeys(TABLE.weights(), 0.0)


BAD = replace(MOVES, position_error=position_of(0.0), velocity_error=velocity_of(0.0))


@pytest.mark.parametrize("skill", [0.0, 0.05, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("which", ["position_error", "velocity_error"])
def test_form_pays_in_proportion_to_the_better_skill(skill, which):
    error = (position_of if which == "position_error" else velocity_of)(skill)
    terms = TABLE.compute(replace(BAD, **{which: error}))
    assert [terms["coverage"], terms["format"]] == pytest.approx([skill, skill], abs=1e-12)


@pytest.mark.parametrize("bar", [1.0, POSITION_FLOOR])
def test_no_skill_is_worth_more_than_itself(bar):
    """There is no step at which a little skill is paid for most of the frame."""
    table = TABLE.weights()
    for skill in (0.01, 0.1, 0.3, 0.9):
        right_places = replace(BAD, position_error=bar, position_bar=bar, velocity_error=velocity_of(skill))
        terms = TABLE.compute(right_places)
        assert sum(table[name] * terms[name] for name in table) <= skill + 1e-9


def test_coverage_is_the_share_of_the_bodies():
    assert TABLE.compute(replace(MOVES, coverage=0.375))["coverage"] == 0.375


def test_a_malformed_answer_loses_the_format_term_only():
    terms = TABLE.compute(replace(MOVES, well_formed=False))
    assert terms == {"velocity": 1.0, "position": 1.0, "coverage": 1.0, "format": 0.0}


FREE = replace(MOVES, position_bar=POSITION_FLOOR)
"""The extrapolation's positions are exact within the floor: there is nothing to gain."""


def test_where_positions_are_extrapolated_exactly_an_exact_answer_keeps_the_term():
    assert TABLE.compute(FREE)["position"] == 1.0
    assert TABLE.compute(replace(FREE, position_error=POSITION_FLOOR))["position"] == 1.0


@pytest.mark.parametrize("times, share", [(2, 0.5), (4, 0.25), (1000, 0.001)])
def test_there_an_error_is_paid_in_inverse_proportion(times, share):
    assert TABLE.compute(replace(FREE, position_error=times * POSITION_FLOOR))["position"] == pytest.approx(share)


def test_there_positions_earn_the_skill_of_the_velocities():
    for skill in (0.0, 0.05, 0.6):
        answer = replace(FREE, velocity_error=velocity_of(skill))
        assert TABLE.compute(answer)["position"] == pytest.approx(skill)
        twice = replace(answer, position_error=2 * POSITION_FLOOR)
        assert TABLE.compute(twice)["position"] == pytest.approx(skill / 2)


def test_just_above_the_floor_positions_are_judged_by_skill():
    bar = 1.5 * POSITION_FLOOR
    assert TABLE.compute(replace(MOVES, position_bar=bar, position_error=bar))["position"] == 0.0
    halfway = POSITION_FLOOR + 0.25 * POSITION_FLOOR
    assert TABLE.compute(replace(MOVES, position_bar=bar, position_error=halfway))["position"] == pytest.approx(0.5)


def test_training_pays_as_an_episode_does():
    assert (
        TABLE.weights("training")
        == TABLE.weights()
        == {
            "velocity": 0.45,
            "position": 0.35,
            "coverage": 0.10,
            "format": 0.10,
        }
    )
