"""Dominos on a spiral round a small planet: down is inwards, towards the attracting point in the middle.

The track winds outwards from the planet's surface, one flat step for every domino, and the dominos stand on it pointing
away from the centre. The first one is falling; the wave runs round the planet along the spiral. There is no uniform
gravity: what stands, falls and lies is decided by the attraction.
"""

import itertools
import math

import numpy as np

from gedanken.worlds.rigid import Attractor, Body, Box, Peg, Scene, Segment, body_count, mass
from gedanken.worlds.rigid.scenarios._events import Event, turned
from gedanken.worlds.rigid.scenarios._surfaces import surface

THICK = 4.0
"""Half thickness of the track."""

EVENT = Event("dominos fall one after the other", turned("domino", by=0.7))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Dominos in the order in which they fall, from the inside of the spiral outwards."""
    count = body_count(rng, level)
    x0, y0 = rng.uniform(390, 410), rng.uniform(292, 308)
    height = rng.uniform(40, 48)
    width = height * rng.uniform(0.17, 0.22)
    spacing = height * rng.uniform(0.5, 0.66)
    inner = rng.uniform(105, 125)
    # A turn of the spiral leaves a domino's height and a bit more between the tracks.
    rise = (height + 2 * THICK + rng.uniform(12, 22)) / (2 * math.pi)
    turn = rng.uniform(0, 2 * math.pi)
    way = 1 if rng.random() < 0.5 else -1
    ivory = surface(rng, (0.5, 0.9), (0.0, 0.2))
    ground = surface(rng, (0.8, 1.0), (0.0, 0.3))
    density = rng.uniform(0.002, 0.005)
    steps = rng.uniform(0.92, 1.0, count + 1).tolist()

    # One step of the track before the first domino, one for each domino, coarse ones until the spiral overtakes itself.
    corners: list[tuple[float, float]] = []
    angle = -spacing / inner
    while len(corners) < count + 3 or angle < 2.3 * math.pi:
        radius = inner + rise * angle
        corners.append((x0 + radius * math.cos(turn + way * angle), y0 + radius * math.sin(turn + way * angle)))
        angle += spacing * steps[len(corners) - 1] / radius if len(corners) < count + 2 else 0.4
    steps_of_track = list(itertools.pairwise(corners))
    track = [Segment(*a, *b, radius=THICK, **ground) for a, b in steps_of_track]
    tile = Box(width, height)
    weight = mass(tile, density)
    # The first domino turns about its leading lower edge, towards the second; the others stand.
    spin = way * rng.uniform(4.5, 6.5) * (0.28 if level == 1 else 1.0)
    bodies = []
    for (ax, ay), (bx, by) in steps_of_track[1 : count + 1]:
        length = math.hypot(bx - ax, by - ay)
        ex, ey = (bx - ax) / length, (by - ay) / length
        ux, uy = way * ey, -way * ex
        stand = THICK + height / 2
        x, y = (ax + bx) / 2 + stand * ux, (ay + by) / 2 + stand * uy
        arm = (height / 2 * ux - width / 2 * ex, height / 2 * uy - width / 2 * ey)
        lean = math.atan2(uy, ux) - math.pi / 2
        bodies.append(Body(tile, x, y, weight, -spin * arm[1], spin * arm[0], lean, spin, role="domino", **ivory))
        spin = 0.0
    # A few dominos have fallen soon: a small planet makes them last.
    slow = 0.08 if level == 1 else 1.0
    # The softening keeps the attraction nearly even from the surface outwards: 1.5 to 3 times gravity elsewhere.
    pull = slow * rng.uniform(1.5, 3.0) * 981 * inner**2 * 2**1.5
    return Scene(
        bodies=tuple(bodies),
        statics=(Peg(x0, y0, inner - 1.5 * THICK, **ground), *track),
        gravity=(0.0, 0.0),
        fields=(Attractor(x0, y0, pull, softening=inner),),
        description="Dominos topple along a spiral track around an attracting planet, seen from the side.",
    )
