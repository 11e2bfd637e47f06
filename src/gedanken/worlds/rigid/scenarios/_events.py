"""What must happen within a recording for a scenario to be what its name says: one line a scenario, `EVENT = ...`.

An event is told of roles, which are the `role` of bodies; the role "" is every body that a contact can move.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.scene import Scene

Happens = Callable[[Scene, Array], bool]
"""Whether it happens in the frames of a scene, shape (frames, bodies, 6)."""


@dataclass(frozen=True)
class Event:
    """What a scenario's name promises.

    Attributes:
        about: a sentence without its full stop: `a brick is hit`.
        happens: whether it does.
    """

    about: str
    happens: Happens


def chosen(scene: Scene, role: str) -> NDArray[np.intp]:
    """Numbers of the bodies of a role; for the role "" those of all that a contact can move."""
    return np.flatnonzero([body.role == role if role else not body.kinematic for body in scene.bodies])


def moved(role: str = "", by: float = 10.0, share: float = 0.0) -> Happens:
    """More than this share of the bodies leave their place by so many px; at least one."""

    def happens(scene: Scene, states: Array) -> bool:
        path = states[:, chosen(scene, role), :2]
        far = np.hypot(*np.moveaxis(path - path[0], 2, 0)).max(0) > by
        return bool(far.any() and far.mean() > share)

    return happens


def dropped(role: str = "", by: float = 10.0) -> Happens:
    """One of the bodies comes to lie lower by so many px than it started."""

    def happens(scene: Scene, states: Array) -> bool:
        height = states[:, chosen(scene, role), 1]
        return bool(((height[0] - height).max(0) > by).any())

    return happens


def turned(role: str = "", by: float = 0.5) -> Happens:
    """One of the bodies turns by so many radians."""

    def happens(scene: Scene, states: Array) -> bool:
        angle = states[:, chosen(scene, role), 4]
        return bool((np.abs(angle - angle[0]).max(0) > by).any())

    return happens


def struck(role: str = "", by: float = 30.0) -> Happens:
    """The velocity of one of the bodies changes by so many px/s from a frame to the next: it hits something."""

    def happens(scene: Scene, states: Array) -> bool:
        change = np.diff(states[:, chosen(scene, role), 2:4], axis=0)
        return bool((np.hypot(*np.moveaxis(change, 2, 0)) > by).any())

    return happens


def went(role: str = "", turn: float = 1.0, about: tuple[float, float] = (400.0, 300.0)) -> Happens:
    """One of the bodies goes round a point of the canvas by so many radians."""

    def happens(scene: Scene, states: Array) -> bool:
        arm = states[:, chosen(scene, role), :2] - about
        bearing = np.unwrap(np.arctan2(arm[:, :, 1], arm[:, :, 0]), axis=0)
        return bool((np.abs(bearing - bearing[0]).max(0) > turn).any())

    return happens


def bounced(role: str = "", by: float = 20.0) -> Happens:
    """One of the bodies falls and then rises by so many px."""

    def happens(scene: Scene, states: Array) -> bool:
        height = states[:, chosen(scene, role), 1]
        lowest = np.minimum.accumulate(height, axis=0)
        fell = height[0] - lowest > 1.0
        return bool((((height - lowest) > by) & fell).any())

    return happens


def every(*events: Happens) -> Happens:
    """All of them happen."""
    return lambda scene, states: all(happens(scene, states) for happens in events)
