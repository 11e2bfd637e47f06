"""The next frame without physics: what a prediction has to beat.

A frame is shape (bodies, 6): x, y, vx, vy, angle, spin. NaN stays NaN. In one step of the simulator positions follow
the old velocity, so `p + v dt` is the right order; advancing the velocity first is wrong by g dt^2.

`STANDARD` are the three rows of every benchmark table. `BAR` is all that an answer is compared with for its reward: an
answer that a rule gives without looking at what bodies touch must not be paid.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import DT
from gedanken.worlds.rigid.text import Prompt, corrections

Extrapolation = Callable[[Prompt], Array]

STANDARD: dict[str, Extrapolation] = {}
BAR: dict[str, Extrapolation] = {}

SCALES = (0.5, 0.6, 0.8)
BOUNCES = (0.4, 0.7, 1.0)
WEIGHTS = (0.25, 0.5, 0.75)
# Change of velocity (px/s), other than by gravity, from which on a body was touched in the last step.
TOUCHED = 0.5
RATES = [2, 3, 5]
PLACES = [0, 1, 4]


def _standard(function: Extrapolation) -> Extrapolation:
    STANDARD[function.__name__] = function
    return _bar(function)


def _bar(function: Extrapolation) -> Extrapolation:
    BAR[function.__name__] = function
    return function


@_standard
def hold(prompt: Prompt) -> Array:
    """Nothing changes."""
    return np.array(prompt.states[-1])


@_standard
def linear(prompt: Prompt) -> Array:
    """`p + v dt` and, of bodies that gravity moves, `v + g dt`: free flight."""
    state = _drift(prompt)
    scene = getattr(prompt.header, "scene", None)
    falls = np.array([not body.kinematic for body in scene.bodies]) if scene else np.ones(len(state), bool)
    state[falls, 2:4] += np.asarray(prompt.header.gravity) * step_of(prompt)
    return state


@_standard
def accelerate(prompt: Prompt) -> Array:
    """`p + v dt` with the change of velocity (and of spin) of the last step repeated."""
    state = _drift(prompt)
    if len(prompt.states) > 1:
        change = prompt.states[-1] - prompt.states[-2]
        state[:, 2:4] += change[:, 2:4]
        state[:, 5] += change[:, 5]
    return state


@_bar
def rest(prompt: Prompt) -> Array:
    """`p + v dt`, and then nothing moves or turns."""
    return _multiply(prompt, RATES, 0.0)


@_bar
def vertical(prompt: Prompt) -> Array:
    """Free flight with no horizontal velocity left."""
    return _multiply(prompt, [2], 0.0)


@_bar
def horizontal(prompt: Prompt) -> Array:
    """Free flight with no vertical velocity left."""
    return _multiply(prompt, [3], 0.0)


@_bar
def unspun(prompt: Prompt) -> Array:
    """Free flight with no spin left."""
    return _multiply(prompt, [5], 0.0)


@_bar
def stop_fastest(prompt: Prompt) -> Array:
    """Free flight of all bodies but the fastest, which stops."""
    state = linear(prompt)
    state[np.argmax(np.hypot(state[:, 2], state[:, 3])), RATES] *= 0.0
    return state


@_bar
def rest_if_touched(prompt: Prompt) -> Array:
    """Free flight, and rest of the bodies that did not fly freely in the last step."""
    return np.where(_touched(prompt)[:, None], rest(prompt), linear(prompt))


@_bar
def hold_if_touched(prompt: Prompt) -> Array:
    """Free flight, and no change of the bodies that did not fly freely in the last step."""
    return np.where(_touched(prompt)[:, None], hold(prompt), linear(prompt))


@_bar
def quadratic(prompt: Prompt) -> Array:
    """`p + v dt`, velocities and spins on a parabola through the last three frames."""
    return _continue(prompt, 2)


@_bar
def cubic(prompt: Prompt) -> Array:
    """`p + v dt`, velocities and spins on a cubic through the last four frames."""
    return _continue(prompt, 3)


@_bar
def prior(prompt: Prompt) -> Array:
    """What the format `corrections` is relative to; free flight where the format does not give the scene."""
    scene = getattr(prompt.header, "scene", None)
    if scene is None:
        return linear(prompt)
    with corrections.Extrapolation(corrections.Header.of(scene)) as extrapolate:
        return extrapolate(prompt.states[-2:])


def _scaled(factor: float) -> Extrapolation:
    def scaled(prompt: Prompt) -> Array:
        return _multiply(prompt, RATES, factor)

    scaled.__doc__ = f"Free flight with {factor:g} of its velocities and spins."
    return scaled


def _bounced(factor: float) -> Extrapolation:
    def bounced(prompt: Prompt) -> Array:
        return _multiply(prompt, [3], -factor)

    bounced.__doc__ = f"Free flight with every vertical velocity turned round, {factor:g} of it left."
    return bounced


def _blended(first: Extrapolation, second: Extrapolation, weight: float) -> Extrapolation:
    def blended(prompt: Prompt) -> Array:
        return weight * first(prompt) + (1 - weight) * second(prompt)

    blended.__doc__ = f"{weight:g} of {first.__name__} and the rest of {second.__name__}."
    return blended


BAR.update({f"scaled_{factor:g}": _scaled(factor) for factor in SCALES})
BAR.update({f"bounced_{factor:g}": _bounced(factor) for factor in BOUNCES})
BAR.update(
    {
        f"{weight:g}_{a}_{b}": _blended(BAR[a], BAR[b], weight)
        for a, b in combinations((*STANDARD, "rest", "quadratic"), 2)
        for weight in WEIGHTS
    }
)


@_bar
def own_best(prompt: Prompt) -> Array:
    """For every body, of the three standard ones that which was nearest to it on the last frame shown."""
    return _choose(_frames(prompt, STANDARD), _misses(prompt, STANDARD), list(STANDARD))


def compute_bar(prompt: Prompt) -> dict[str, Array]:
    """The frame of every extrapolation in `BAR`, and for each body its own best of all and of all but `prior`.

    Further, `p + v dt` with the velocities and spins of each earlier frame: what bounces to and fro comes back to them.
    """
    frames = _frames(prompt, BAR)
    for number, earlier in enumerate(prompt.states[:-1]):
        frames[f"as_in_{number}"] = _drift(prompt)
        frames[f"as_in_{number}"][:, RATES] = earlier[:, RATES]
    before = _misses(prompt, BAR)
    for name in ("own_best_of_simple", "own_best_of_all"):
        members = [each for each in BAR if each != "own_best" and (each != "prior" or name == "own_best_of_all")]
        frames[name] = _choose(frames, before, members)
    return frames


def _frames(prompt: Prompt, members: Iterable[str]) -> dict[str, Array]:
    return {name: BAR[name](prompt) for name in members}


def _misses(prompt: Prompt, members: Iterable[str]) -> dict[str, Array]:
    """Squared errors of place and of velocity of each body on the last frame shown, shape (2, bodies), by name.

    What is not told is no error. Of a single frame there is nothing to compare: no errors.
    """
    if len(prompt.states) < 2:
        return {name: np.zeros((2, prompt.states.shape[1])) for name in members}
    square = {
        name: np.nan_to_num(frame - prompt.states[-1]) ** 2
        for name, frame in _frames(Prompt(prompt.header, prompt.states[:-1], prompt.first), members).items()
    }
    return {name: np.array([each[:, 0] + each[:, 1], each[:, 2] + each[:, 3]]) for name, each in square.items()}


def _choose(frames: Mapping[str, Array], misses: Mapping[str, Array], members: Sequence[str]) -> Array:
    """A frame in which each body's place and velocity are from the member that missed them least."""
    stacked = np.array([frames[name] for name in members])
    best = np.argmin([misses[name] for name in members], axis=0)
    bodies = np.arange(stacked.shape[1])
    chosen = np.array(stacked[0])
    for row, columns in zip(best, (PLACES, RATES), strict=True):
        chosen[:, columns] = stacked[row, bodies][:, columns]
    return chosen


def _touched(prompt: Prompt) -> NDArray[np.bool_]:
    """Which bodies did not fly freely in the last step shown, shape (bodies,)."""
    if len(prompt.states) < 2:
        return np.zeros(prompt.states.shape[1], bool)
    before = Prompt(prompt.header, prompt.states[:-1], prompt.first)
    off = linear(before)[:, 2:4] - prompt.states[-1, :, 2:4]
    return np.asarray((np.abs(off) > TOUCHED).any(1))


def _multiply(prompt: Prompt, columns: list[int], factor: float) -> Array:
    """Free flight with some of its velocities times `factor`."""
    state = linear(prompt)
    state[:, columns] *= factor
    return state


def _continue(prompt: Prompt, degree: int) -> Array:
    """`p + v dt`, with velocities and spins on the polynomial through the last frames."""
    state = _drift(prompt)
    degree = min(degree, len(prompt.states) - 1)
    rates = prompt.states[:, :, RATES]
    state[:, RATES] = sum((-1) ** k * comb(degree + 1, k + 1) * rates[-1 - k] for k in range(degree + 1))
    return state


def step_of(prompt: Prompt) -> float:
    """Seconds from one frame to the next, as far as the text tells: some formats round it."""
    scene = getattr(prompt.header, "scene", None)
    told = scene.solver.dt if scene else getattr(prompt.header, "timestep", DT)
    return DT if abs(told - DT) < 1e-4 else float(told)


def _drift(prompt: Prompt) -> Array:
    """Positions and angles one step on, at the present velocities."""
    state, dt = prompt.states[-1], step_of(prompt)
    moved = np.array(state)
    moved[:, 0:2] += state[:, 2:4] * dt
    moved[:, 4] += np.nan_to_num(state[:, 5]) * dt
    return moved
