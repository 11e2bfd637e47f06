"""The next frame without physics: what a prediction has to beat.

A frame is shape (bodies, 6): x, y, vx, vy, angle, spin. NaN stays NaN. In one step of the simulator positions follow
the old velocity, so `p + v dt` is the right order; advancing the velocity first is wrong by g dt^2.
"""

from collections.abc import Callable

import numpy as np

from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import DT
from gedanken.worlds.rigid.text import Prompt

EXTRAPOLATIONS: dict[str, Callable[[Prompt], Array]] = {}


def _extrapolation(function: Callable[[Prompt], Array]) -> Callable[[Prompt], Array]:
    EXTRAPOLATIONS[function.__name__] = function
    return function


@_extrapolation
def hold(prompt: Prompt) -> Array:
    """Nothing changes."""
    return np.array(prompt.states[-1])


@_extrapolation
def linear(prompt: Prompt) -> Array:
    """`p + v dt` and, of bodies that gravity moves, `v + g dt`: free flight."""
    state = _drift(prompt.states[-1])
    scene = getattr(prompt.header, "scene", None)
    falls = np.array([not body.kinematic for body in scene.bodies]) if scene else np.ones(len(state), bool)
    state[falls, 2:4] += np.asarray(prompt.header.gravity) * DT
    return state


@_extrapolation
def accelerate(prompt: Prompt) -> Array:
    """`p + v dt` with the change of velocity (and of spin) of the last step repeated."""
    state = _drift(prompt.states[-1])
    if len(prompt.states) > 1:
        change = prompt.states[-1] - prompt.states[-2]
        state[:, 2:4] += change[:, 2:4]
        state[:, 5] += change[:, 5]
    return state


def _drift(state: Array) -> Array:
    """Positions and angles one step on, at the present velocities."""
    moved = np.array(state)
    moved[:, 0:2] += state[:, 2:4] * DT
    moved[:, 4] += np.nan_to_num(state[:, 5]) * DT
    return moved
