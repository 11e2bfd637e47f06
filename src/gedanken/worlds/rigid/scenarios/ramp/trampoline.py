"""Jumpers bounce on trampolines: beds of hinged slats that hang between two posts on stretched springs.

A landing jumper pushes the bed down, which stretches the springs; they throw it up again. Each bed is loaded by all who
stand on it, so that jumpers who land out of step gain height from each other or lose it. The posts reach to the
ceiling, so that nobody falls off.
"""

import math

import numpy as np

from gedanken.worlds.rigid import (
    GROUND,
    Body,
    Box,
    Circle,
    Scene,
    Segment,
    Solver,
    Spring,
    body_count,
    mass,
    pivot_at,
    walls,
)
from gedanken.worlds.rigid.scenarios._cells import scatter, shares
from gedanken.worlds.rigid.scenarios._events import Event, bounced
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.parts import Joint, Static
from gedanken.worlds.rigid.scene.shapes import Shape

SLAT = 8.0
"""Thickness of the bed (px)."""

EVENT = Event("a jumper bounces", bounced("jumper", by=15))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Trampoline by trampoline from the left: its slats, then its jumpers."""
    # The least that works is one bed of two slats and a jumper.
    count = max(3, body_count(rng, level))
    beds = math.ceil(count / 16)
    cell = 780 / beds
    canvas = surface(rng, (0.6, 1.0), (0.8, 1.0))
    skin = surface(rng, (0.4, 0.8), (0.7, 1.0))
    density = rng.uniform(0.002, 0.004)
    strength, damping = rng.uniform(500, 800), rng.uniform(0.0, 0.5)
    bodies: list[Body] = []
    joints: list[Joint] = []
    statics: list[Static] = list(walls(radius=20, **canvas))
    for number, share in enumerate(shares(count, beds)):
        slats = max(2, min(share // 2, int(rng.integers(5, 9))))
        width = min(rng.uniform(260, 380), cell - 110)
        # Narrower than the smallest jumper while the bed is flat.
        overhang = rng.uniform(19, 23)
        x, y = 10 + (number + 0.5) * cell + rng.uniform(-4, 4), rng.uniform(150, 200)
        left, right = x - width / 2, x + width / 2
        largest = min(rng.uniform(14, 20), 0.42 * (width / 4))
        places = scatter(rng, share - slats, (left + 6, y + 40, right - 6, 585.0), largest)
        jumpers = []
        for (jx, jy), (kind, size, vx, vy) in zip(
            places, rng.uniform((0, 0.7, -25, -120), (1, 1, 25, 60), (len(places), 4)).tolist(), strict=True
        ):
            radius = largest * size
            shape: Shape = Box(1.3 * radius, 1.4 * radius) if kind < 0.3 else Circle(radius)
            jumpers.append(Body(shape, jx, jy, mass(shape, density), vx, vy, role="jumper", **skin))
        load = sum(jumper.mass for jumper in jumpers)
        first, slat = len(bodies), Box(width / slats, SLAT)
        # Slats much lighter than what lands on them would tear at their hinges before the solver has converged.
        weight = rng.uniform(1.3, 1.7) * load / slats
        bodies += [
            Body(slat, left + (k + 0.5) * width / slats, y, weight, group=number + 1, role="bed", **canvas)
            for k in range(slats)
        ]
        joints += [
            pivot_at(bodies, first + k, first + k + 1, left + (k + 1) * width / slats, y) for k in range(slats - 1)
        ]
        stiffness = strength * load
        for body, inner, outer in ((first, left, left - overhang), (first + slats - 1, right, right + overhang)):
            joints.append(
                Spring(
                    GROUND,
                    body,
                    (outer, y),
                    bodies[body].local(inner, y),
                    rest_length=0.5 * overhang,
                    stiffness=stiffness,
                    damping=damping * load,
                )
            )
            statics.append(Segment(outer, 10, outer, 590, radius=6, **canvas))
        bodies += jumpers
    return Scene(
        bodies=tuple(bodies),
        statics=tuple(statics),
        joints=tuple(joints),
        # A landing opens the hinges by what it does in one step: by 12 px with one step a frame, by 0.5 px with eight.
        solver=Solver(iterations=12, substeps=8),
        description="What falls on a bed of hinged slats is thrown up again by the springs that hold it.",
    )
