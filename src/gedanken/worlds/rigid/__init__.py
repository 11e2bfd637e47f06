"""The rigid world: Pymunk scenes that are data, and text that determines them.

All that a scenario needs comes from here: `from gedanken.worlds.rigid import Body, Box, Scene, walls`. How to write one
is described in `gedanken.worlds.rigid.scene.scene`.
"""

from gedanken.worlds.rigid.scene.parts import (
    GROUND,
    Attractor,
    Block,
    Body,
    Gravitation,
    Motor,
    Peg,
    Pin,
    Pivot,
    Segment,
    Slide,
    Spring,
    Wind,
)
from gedanken.worlds.rigid.scene.placing import Room, body_count, pivot_at, walls
from gedanken.worlds.rigid.scene.scene import CANVAS, DT, LEVELS, Scene, Solver
from gedanken.worlds.rigid.scene.shapes import Box, Circle, Polygon, mass

__all__ = [
    "CANVAS",
    "DT",
    "GROUND",
    "LEVELS",
    "Attractor",
    "Block",
    "Body",
    "Box",
    "Circle",
    "Gravitation",
    "Motor",
    "Peg",
    "Pin",
    "Pivot",
    "Polygon",
    "Room",
    "Scene",
    "Segment",
    "Slide",
    "Solver",
    "Spring",
    "Wind",
    "body_count",
    "mass",
    "pivot_at",
    "walls",
]
