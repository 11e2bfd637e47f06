import numpy as np
import pytest

from gedanken.tasks.predict.extrapolation import BAR, STANDARD, compute_bar
from gedanken.worlds.rigid import Body, Circle, Scene
from gedanken.worlds.rigid.text import Prompt, lfm, v1

NAN = np.nan
SCENE = Scene(
    [Body(Circle(5), x=100, y=300), Body(Circle(5), x=400, y=300, kinematic=True)], gravity=(6.0, -60.0), level=None
)
STATES = np.array(
    [
        [[100.0, 300.0, 6.0, 12.0, 0.5, 3.0], [400.0, 300.0, 60.0, 0.0, 0.0, 0.0]],
        [[101.0, 302.0, 12.0, -6.0, 0.25, 1.5], [401.0, 300.0, 60.0, 0.0, 0.0, 0.6]],
    ]
)
PROMPT = Prompt(v1.Header.of(SCENE), STATES, 4)
DRIFTED = [[101.2, 301.9, 12.0, -6.0, 0.275, 1.5], [402.0, 300.0, 60.0, 0.0, 0.01, 0.6]]


def extrapolate(name, prompt=PROMPT):
    return BAR[name](prompt)


def test_these_are_the_rows_of_benchmark_tables():
    assert list(STANDARD) == ["hold", "linear", "accelerate"]


def test_hold_repeats_the_last_frame():
    np.testing.assert_array_equal(extrapolate("hold"), STATES[-1])


def test_linear_moves_at_the_old_velocity_and_gravity_pulls_only_what_falls():
    wanted = np.array(DRIFTED)
    wanted[0, 2:4] += [0.1, -1.0]
    np.testing.assert_allclose(extrapolate("linear"), wanted)


def test_linear_pulls_everything_where_the_format_does_not_give_the_scene():
    wanted = np.array(DRIFTED)
    wanted[:, 2:4] += [0.1, -1.0]
    np.testing.assert_allclose(extrapolate("linear", Prompt(lfm.Header.of(SCENE), STATES, 4)), wanted)


def test_accelerate_repeats_the_last_change_of_velocity_and_spin():
    wanted = np.array(DRIFTED)
    wanted[0, [2, 3, 5]] += [6.0, -18.0, -1.5]
    wanted[1, 5] += 0.6
    np.testing.assert_allclose(extrapolate("accelerate"), wanted)


def test_accelerate_of_a_single_frame_is_uniform_motion():
    np.testing.assert_allclose(extrapolate("accelerate", Prompt(PROMPT.header, STATES[1:], 5)), DRIFTED)


@pytest.mark.parametrize("name", BAR)
def test_extrapolating_leaves_the_prompt_alone(name):
    before = STATES.copy()
    extrapolate(name)
    np.testing.assert_array_equal(before, STATES)


@pytest.mark.parametrize("name", BAR)
def test_angles_that_the_format_does_not_give_stay_unknown(name):
    states = STATES.copy()
    states[:, :, 4:6] = NAN
    guess = extrapolate(name, Prompt(PROMPT.header, states, 4))
    assert np.isnan(guess[:, 4:6]).all()
    assert np.isfinite(guess[:, :4]).all()


def test_an_angle_without_a_spin_is_held():
    states = STATES.copy()
    states[:, :, 5] = NAN
    np.testing.assert_array_equal(extrapolate("linear", Prompt(PROMPT.header, states, 4))[:, 4], STATES[-1][:, 4])


@pytest.mark.parametrize("name, factors", [("rest", (0, 0, 0)), ("scaled_0.5", (0.5,) * 3), ("scaled_0.8", (0.8,) * 3)])
def test_scaled_ones_keep_the_places_of_free_flight_and_a_share_of_its_velocities(name, factors):
    wanted = extrapolate("linear")
    wanted[:, [2, 3, 5]] *= factors
    np.testing.assert_allclose(extrapolate(name), wanted)


def test_one_axis_or_the_spin_or_the_fastest_body_may_stop():
    free = extrapolate("linear")
    for name, column, factor in (("vertical", 2, 0), ("horizontal", 3, 0), ("unspun", 5, 0), ("bounced_0.7", 3, -0.7)):
        wanted = free.copy()
        wanted[:, column] *= factor
        np.testing.assert_allclose(extrapolate(name), wanted)
    wanted = free.copy()
    wanted[1, [2, 3, 5]] = 0.0  # the paddle at 60 px/s
    np.testing.assert_allclose(extrapolate("stop_fastest"), wanted)


def test_blends_are_weighted_means():
    wanted = 0.25 * extrapolate("hold") + 0.75 * extrapolate("accelerate")
    np.testing.assert_allclose(extrapolate("0.25_hold_accelerate"), wanted)


def test_a_touched_body_may_rest_or_hold():
    for name, touched in (("rest_if_touched", "rest"), ("hold_if_touched", "hold")):
        guess = extrapolate(name)
        np.testing.assert_allclose(guess[0], extrapolate(touched)[0])  # it was struck: vy from 12 to -6
        np.testing.assert_allclose(guess[1], extrapolate("linear")[1])


@pytest.mark.parametrize("name, degree", [("quadratic", 2), ("cubic", 3)])
def test_polynomials_are_exact_for_velocities_of_their_degree(name, degree):
    t = np.arange(6.0)
    states = np.zeros((6, 1, 6))
    for column, factor in ((2, 1.0), (3, -2.0), (5, 0.5)):
        states[:, 0, column] = factor * t**degree + t
    header = v1.Header.of(Scene([Body(Circle(5), x=100, y=300)], level=None))
    guess = extrapolate(name, Prompt(header, states[:5]))
    np.testing.assert_allclose(guess[0, [2, 3, 5]], states[5, 0, [2, 3, 5]])


def test_a_polynomial_makes_do_with_the_frames_there_are():
    np.testing.assert_allclose(extrapolate("cubic"), extrapolate("accelerate"))


def test_each_body_takes_its_own_best_of_the_last_step():
    states = np.zeros((3, 2, 6))
    states[:, 0, 3] = [0.0, -20.0, -40.0]  # its velocity goes on changing
    states[:, 1, 2] = [60.0, 60.0, 60.0]  # its does not
    header = v1.Header.of(Scene([Body(Circle(5), x=100, y=300), Body(Circle(5), x=300, y=300)], level=None))
    prompt = Prompt(header, states)
    own = extrapolate("own_best", prompt)
    np.testing.assert_allclose(own[0, 2:4], extrapolate("accelerate", prompt)[0, 2:4])
    np.testing.assert_allclose(own[1, 2:4], [60.0, 0.0])
    every = compute_bar(prompt)
    assert set(every) == {*BAR, "own_best_of_simple", "own_best_of_all", "as_in_0", "as_in_1"}
    np.testing.assert_allclose(every["as_in_0"][:, 2:4], prompt.states[0, :, 2:4])
    np.testing.assert_allclose(every["as_in_0"][:, 0:2], extrapolate("linear", prompt)[:, 0:2])
