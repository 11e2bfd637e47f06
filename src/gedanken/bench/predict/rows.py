"""What became of one scene in the hands of one player: its errors at each horizon, measured against the recording."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gedanken.bench.predict.suite import Item, Suite
from gedanken.loop import Key, Player
from gedanken.tasks.predict.task import PredictTask, contact_bodies
from gedanken.worlds.rigid import scenarios, text
from gedanken.worlds.rigid.engine import invariants
from gedanken.worlds.rigid.engine.simulate import FRAMES, Recording, memoryless, record
from gedanken.worlds.rigid.scene.geometry import Array


@dataclass(frozen=True)
class Row:
    """What became of one scene in the hands of one player.

    Attributes:
        player: who predicted.
        scenario: which scenario.
        level: its level.
        index: which scene.
        horizons: frames ahead.
        answered: share of the bodies answered up to that frame, one for each horizon.
        position: position error of each body in px, a list for each horizon.
        velocity: velocity error of each body in px/s, a list for each horizon.
        contact: which bodies free flight gets wrong at that frame, a list for each horizon.
        energy: error of the total energy over the largest true one, one for each horizon.
    """

    player: str
    scenario: str
    level: int
    index: int
    horizons: list[int]
    answered: list[float]
    position: list[list[float]]
    velocity: list[list[float]]
    contact: list[list[bool]]
    energy: list[float]


def measure(suite: Suite, item: Item, player: Player, name: str, horizons: tuple[int, ...], format: str = "v1") -> Row:
    """Let a player, called `name` in the row, continue a scene, and measure it at the horizons."""
    scene = scenarios.pose(item.scenario, item.level, split="test", index=item.index)
    labels = "pushed" if suite.exact else text.load(format).LABELS
    recording = record(memoryless(scene) if suite.exact else scene, labels=labels)
    parts = []
    if 1 in horizons:
        steps = np.linspace(suite.context, FRAMES, suite.steps).round().astype(int)
        parts.append(_join([_follow(recording, player, int(first), suite.context, (1,), format) for first in steps]))
    ahead = tuple(horizon for horizon in horizons if horizon > 1)
    if ahead:
        parts.append(_follow(recording, player, suite.context, suite.context, ahead, format))
    return Row(
        player=name,
        scenario=item.scenario,
        level=item.level,
        index=item.index,
        horizons=list(horizons),
        answered=[x for part in parts for x in part[0]],
        position=[x for part in parts for x in part[1]],
        velocity=[x for part in parts for x in part[2]],
        contact=[x for part in parts for x in part[3]],
        energy=[x for part in parts for x in part[4]],
    )


# Of each horizon: share answered, position and velocity error of each body, which are in contact, energy error.
_Measures = tuple[list[float], list[list[float]], list[list[float]], list[list[bool]], list[float]]


def _follow(
    recording: Recording, player: Player, first: int, context: int, horizons: tuple[int, ...], format: str
) -> _Measures:
    """Let a player continue from frame `first` on its own frames, and measure it at the horizons."""
    task = PredictTask()
    key = Key(recording.scene.name, options={"at": first})
    problem = task.pose_recording(recording, key, first, context, horizons[-1], format)
    rolled = list(task.roll_out(problem, player, horizons[-1]))
    predicted = np.array([state for state, _ in rolled])
    answered = np.array([np.mean(reading.answered) for _, reading in rolled])
    true: Array = problem.truth.frames
    scene = recording.scene
    kinematic = np.array([body.kinematic for body in scene.bodies])
    contact = contact_bodies(recording.states[first - 1 : first + horizons[-1]], scene.gravity, kinematic)
    # A prediction far off the canvas is wrong by that much; the bound only keeps sums finite. What a format does not
    # say (NaN) is no error.
    off = np.clip(np.nan_to_num(predicted - true, nan=0.0), -1e5, 1e5)
    position = np.linalg.norm(off[:, :, 0:2], axis=2)
    velocity = np.linalg.norm(off[:, :, 2:4], axis=2)
    energy, true_energy = (
        invariants.measure(Recording(scene, np.clip(np.nan_to_num(states), -1e5, 1e5)))["energy"]
        for states in (predicted, true)
    )
    scale = float(np.abs(true_energy).max()) or 1.0
    at = [horizon - 1 for horizon in horizons]
    return (
        [float(answered[: k + 1].mean()) for k in at],
        [[round(float(x), 5) for x in position[k]] for k in at],
        [[round(float(x), 4) for x in velocity[k]] for k in at],
        [contact[k].tolist() for k in at],
        [float(abs(energy[k] - true_energy[k]) / scale) for k in at],
    )


def _join(measured: Sequence[_Measures]) -> _Measures:
    """Several one-step measures as one: bodies of all steps side by side."""
    answered, position, velocity, contact, energy = zip(*measured, strict=True)
    return (
        [float(np.mean(answered))],
        [[x for (errors,) in position for x in errors]],
        [[x for (errors,) in velocity for x in errors]],
        [[x for (flags,) in contact for x in flags]],
        [float(np.median(energy))],
    )
