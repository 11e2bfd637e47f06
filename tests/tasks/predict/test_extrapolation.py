import numpy as np
import pytest

from gedanken.tasks.predict.extrapolation import EXTRAPOLATIONS
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
    return EXTRAPOLATIONS[name](prompt)


def test_these_are_the_extrapolations():
    assert list(EXTRAPOLATIONS) == ["hold", "linear", "accelerate"]


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


@pytest.mark.parametrize("name", EXTRAPOLATIONS)
def test_extrapolating_leaves_the_prompt_alone(name):
    before = STATES.copy()
    extrapolate(name)
    np.testing.assert_array_equal(before, STATES)


@pytest.mark.parametrize("name", EXTRAPOLATIONS)
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
