"""Skiers slide down the in-run of a ski jump, take off from its lip, fly and land on the slope below.

Waxed skis have next to no friction on the in-run, so that the speed at the lip follows from the height of the start:
v^2 = 2 g h. The later starters wait higher up, jump further and land on top of what lies in the out-run, which at
higher levels holds a bank of loose snow.
"""

import itertools
import math

import numpy as np

from gedanken.worlds.rigid import Block, Body, Box, Circle, Scene, Segment, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._events import Event, dropped, every, moved
from gedanken.worlds.rigid.scenarios._surfaces import surface
from gedanken.worlds.rigid.scene.parts import Static

FLOOR = 10.0
THICK = 9.0
"""Half thickness of the in-run."""

EVENT = Event("a skier jumps", every(dropped("skier", by=120), moved("skier", by=200)))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Skiers from the lip upwards, then the snow."""
    count = body_count(rng, level)
    ice = surface(rng, (0.02, 0.12), (0.0, 0.2))
    snow = surface(rng, (0.5, 0.9), (0.0, 0.2))
    lip_x, lip_y = rng.uniform(240, 275), rng.uniform(315, 345)
    top_y = lip_y + rng.uniform(130, 180)
    kick = rng.uniform(0.0, 0.15)
    # The in-run: a straight steep part, then a curve in short chords up to the lip.
    steep = math.atan2(top_y - lip_y, lip_x - 10) + rng.uniform(0.1, 0.2)
    chords = 8
    corners = [(lip_x, lip_y)]
    chord = rng.uniform(13, 17)
    for k in range(chords):
        pitch = -kick + (steep + kick) * (k + 0.5) / chords
        corners.append((corners[-1][0] - chord * math.cos(pitch), corners[-1][1] + chord * math.sin(pitch)))
    foot_x, foot_y = corners[-1]
    corners.append((10.0, foot_y + (foot_x - 10) * math.tan(steep)))
    statics: list[Static] = list(walls(radius=20, **surface(rng, (0.4, 0.8), (0.1, 0.3))))
    statics += [Segment(*b, *a, radius=THICK, **ice) for a, b in itertools.pairwise(corners)]
    # The landing slope is nearly as steep as the flight is when it gets there.
    land_x, land_y = lip_x + 25, lip_y - rng.uniform(40, 60)
    end_x = land_x + rng.uniform(360, 390)
    statics.append(Block(((land_x, FLOOR), (end_x, FLOOR), (land_x, land_y)), **ice))

    density = rng.uniform(0.003, 0.008)
    ski = Box(rng.uniform(15, 18), rng.uniform(11, 14))
    run = (foot_x - 24) / math.cos(steep)
    skiers = min(count, int(rng.integers(4, 8)), int(run / (ski.width + 1.5)))
    lane = run / skiers
    bodies = []
    for k, where in enumerate(rng.uniform(0.0, 1.0, skiers).tolist()):
        up = k * lane + ski.width / 2 + where * max(0.0, lane - ski.width - 1)
        stand = THICK + ski.height / 2
        x = foot_x - up * math.cos(steep) + stand * math.sin(steep)
        y = foot_y + up * math.sin(steep) + stand * math.cos(steep)
        bodies.append(Body(ski, x, y, mass(ski, density), angle=-steep, role="skier", **ice))
    size = rng.uniform(8.0, 9.5)
    pitch = 2 * size + 1
    columns = int((770 - end_x - size) / pitch)
    for k, (radius, shift) in enumerate(rng.uniform((0.8 * size, -0.4), (size, 0.4), (count - skiers, 2)).tolist()):
        row, column = divmod(k, columns)
        flake = Circle(radius)
        x = 785 - size - column * pitch + shift
        y = FLOOR + size + row * pitch
        bodies.append(Body(flake, x, y, mass(flake, 0.3 * density), role="snow", **snow))
    return Scene(
        bodies=tuple(bodies),
        statics=tuple(statics),
        description="Skiers slide down an in-run and jump from its lip.",
    )
