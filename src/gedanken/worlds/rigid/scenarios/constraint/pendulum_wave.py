"""A row of pendulums whose lengths are tuned so that neighbours differ by one swing in a common cycle.

All start at the same angle. Their periods are in the ratio of the square roots of their lengths whatever the angle, so
that the row drifts out of step into travelling and standing waves. Nothing dissipates.
"""

import math

import numpy as np

from gedanken.worlds.rigid import GROUND, Body, Circle, Pin, Scene, body_count, mass
from gedanken.worlds.rigid.scenarios._events import Event, moved

EVENT = Event("the pendulums swing", moved(by=30, share=0.5))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Pendulum k swings `slowest + k` times in one cycle, which fixes its length relative to the longest one."""
    count = body_count(rng, level)
    slowest = rng.uniform(1.0, 2.5) * count
    longest = rng.uniform(300, 440)
    angle = rng.choice((-1, 1)) * rng.uniform(0.2, 0.6)
    sway = longest * abs(math.sin(angle))
    top = rng.uniform(520, 580)
    # Half of them to the left of the middle and half to the right, as wide as the swing leaves room for.
    width = (780 - 2 * sway - 30) * rng.uniform(0.8, 1.0)
    pitch = width / count
    radius = min(14.0, max(5.0, 0.45 * pitch)) * rng.uniform(0.8, 1.0)
    weight = mass(Circle(radius), rng.uniform(0.002, 0.008))
    order = 1 if rng.random() < 0.5 else -1
    bodies, joints = [], []
    for k in range(count):
        length = longest * (slowest / (slowest + k)) ** 2
        x = 400 + order * (k - (count - 1) / 2) * pitch
        bodies.append(
            Body(
                Circle(radius),
                x + length * math.sin(angle),
                top - length * math.cos(angle),
                weight,
                friction=0,
                elasticity=1,
                group=1,
            )
        )
        joints.append(Pin(GROUND, k, anchor_a=(x, top), collide=False))
    return Scene(
        bodies,
        joints=joints,
        gravity=(0.0, -rng.uniform(500, 981)),
        conserved=("energy",),
        description="A row of pendulums of graded lengths is released from one angle and drifts out of step.",
    )
