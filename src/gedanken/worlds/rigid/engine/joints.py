"""How well the joints of a recording hold: the solver pulls anchors together by impulses, and never quite arrives."""

import numpy as np

from gedanken.worlds.rigid.scene.geometry import Array
from gedanken.worlds.rigid.scene.parts import GROUND, Pin, Pivot, Slide
from gedanken.worlds.rigid.scene.scene import Scene


def gaps(scene: Scene, states: Array) -> dict[int, Array]:
    """By joint number, how far (px) the anchors of a rod, hinge or rope are from where it holds them, in each frame.

    Springs and motors hold nothing in place and are left out.

    Args:
        scene: what the states are of.
        states: shape (frames, bodies, 6).
    """

    def anchor(body: int, point: tuple[float, float]) -> Array:
        if body == GROUND:
            return np.broadcast_to(np.array(point), (len(states), 2))
        cos, sin = np.cos(states[:, body, 4]), np.sin(states[:, body, 4])
        return states[:, body, :2] + np.stack([cos * point[0] - sin * point[1], sin * point[0] + cos * point[1]], 1)

    found = {}
    for number, joint in enumerate(scene.joints):
        if not isinstance(joint, Pin | Pivot | Slide):
            continue
        apart = np.hypot(*(anchor(joint.b, joint.anchor_b) - anchor(joint.a, joint.anchor_a)).T)
        match joint:
            case Pin():
                found[number] = np.abs(apart - (joint.length or 0.0))
            case Pivot():
                found[number] = apart
            case Slide():
                found[number] = np.maximum(apart - joint.maximum, 0) + np.maximum(joint.minimum - apart, 0)
    return found
