import numpy as np
import pytest

from gedanken.sparse.criterion import Criterion
from gedanken.sparse.start import read_start, use_start
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

FALL = StateSpace.second_order(y="vy")
SWING = StateSpace.second_order(theta="dtheta")
PLANE = StateSpace.second_order(x="vx", y="vy")


def values(hint, states):
    return {name: value for name, (value, _) in read_start(hint, states).items()}


@pytest.mark.parametrize(
    ("hint", "states", "expected"),
    [
        ("A stone is released from rest at a height of 12.5 m.", FALL, {"y": 12.5, "vy": 0.0}),
        ("A pendulum starts at rest.", SWING, {"dtheta": 0.0}),
        ("Pendulum released 1.20 rad from the vertical.", SWING, {"theta": 1.2}),
        ("Body released at altitude 40.0 m with vertical velocity -3.2 m/s.", FALL, {"y": 40.0, "vy": -3.2}),
        ("A ball is thrown upwards at 14.1 m/s.", FALL, {"vy": 14.1}),
        ("A ball is thrown straight down (downwards) at 14.1 m/s.", FALL, {"vy": -14.1}),
        # Without a direction, a speed is no velocity.
        ("A ball is thrown at 14.1 m/s.", FALL, {}),
        ("Something was dropped.", FALL, {}),
        ("An object of mass 3.2 kg in air.", FALL, {}),
        ("A population at rest.", StateSpace.first_order("n"), {}),
    ],
)
def test_what_a_hint_states(hint, states, expected):
    assert values(hint, states) == expected


def test_speed_and_angle_give_both_components():
    found = values("Ball thrown from height 2.0 m at 20.0 m/s, 30 degrees above the horizontal.", PLANE)
    assert found == pytest.approx({"vx": 20 * np.sqrt(0.75), "vy": 10.0, "y": 2.0})
    assert values("Ball thrown at 20 m/s, 0.5 rad below the horizontal.", PLANE)["vy"] == pytest.approx(
        -20 * np.sin(0.5)
    )


def test_rounding_is_the_error():
    assert read_start("thrown upwards at 14.1 m/s", FALL)["vy"][1] == pytest.approx(0.05 / np.sqrt(3))


def falling(velocity: float) -> Criterion:
    t = np.linspace(0.0, 2.0, 80)
    y = 30.0 + velocity * t - 4.9 * t**2 + 0.05 * np.random.default_rng(1).standard_normal(80)
    return Criterion(FALL, [Trajectory(t, np.column_stack([y, np.full(80, np.nan)]))])


def test_a_statement_is_a_precise_sample_of_the_start():
    criterion = falling(4.0)
    assert use_start(criterion, "A ball is thrown upwards at 4.0 m/s.") == ("vy",)
    assert criterion.record.y[0, 1] == 4.0
    assert criterion.record.weights[0, 1] > 10
    assert criterion.counts[1] == 0  # the velocity still counts as unobserved


def test_a_statement_that_the_record_contradicts_is_not_used():
    criterion = falling(4.0)
    before = criterion.record.weights.copy()
    assert use_start(criterion, "A stone is released from rest.") == ()
    assert (criterion.record.weights == before).all()


def test_of_several_trials_the_hint_does_not_say_which():
    t = np.linspace(0.0, 2.0, 40)
    trials = [Trajectory(t, np.column_stack([k - 4.9 * t**2, np.full(40, np.nan)])) for k in (10.0, 20.0)]
    assert use_start(Criterion(FALL, trials), "A stone is released from rest.") == ()
