"""Balls are thrown in high arcs at hoops with a backboard; some go in, some hit the rim, others bounce on the floor.

A throw is aimed at the middle of the hoop with a small error. From level 3 on the hoop has a net: two strings of
small weights that hang from the rim and are pushed aside by what falls through.
"""

import numpy as np

from gedanken.worlds.rigid import GROUND, Block, Body, Circle, Peg, Pin, Room, Scene, Solver, body_count, mass, walls
from gedanken.worlds.rigid.scenarios._cells import scatter, shares
from gedanken.worlds.rigid.scenarios._events import Event, bounced, every, struck
from gedanken.worlds.rigid.scenarios._throws import launch
from gedanken.worlds.rigid.scene.parts import Static

KNOTS = 3
KNOT = Circle(3.0)

EVENT = Event("a thrown ball comes down", every(struck("ball", by=60), bounced("ball", by=10)))


def build(rng: np.random.Generator, level: int) -> Scene:
    """Hoops on the right, and on the left too from level 4 on; half of the balls are thrown."""
    total = body_count(rng, level)
    ball = Circle(rng.uniform(13, 16) if level < 4 else rng.uniform(11, 13))
    weight = mass(ball, rng.uniform(0.002, 0.005))
    bounce, friction = rng.uniform(0.8, 0.95), rng.uniform(0.4, 0.8)
    gravity = rng.uniform(700, 981)
    statics: list[Static] = list(walls(elasticity=0.8))
    hoops = []
    nets: list[Body] = []
    strings: list[Pin] = []
    for side in (1, -1) if level >= 4 else (1,):
        height, opening = rng.uniform(270, 330), rng.uniform(2.7, 3.3) * ball.radius
        board = 400 + side * rng.uniform(330, 360)
        statics.append(Block.box(board - 6, height - 10, board + 6, height + 100, elasticity=0.7))
        near = board - side * (12 + opening)
        far = board - side * 12
        for x in (near, far):
            statics.append(Peg(x, height, 4, elasticity=0.7))
            if level >= 3:
                _string(nets, strings, x, height, density=0.01)
        hoops.append(((near + far) / 2, height))
    balls = total - len(nets)
    thrown = max(1, balls // 2)
    room = Room(statics, nets)
    for (x, y), throws in zip(hoops, shares(thrown, len(hoops)), strict=True):
        near, far = (110, 285) if len(hoops) == 2 else (240, 480)
        box = (x - far, 80, x - near, 290) if x > 400 else (x + near, 80, x + far, 290)
        for start in scatter(rng, throws, box, ball.radius):
            vx, vy = launch(start, (x + rng.normal(0, 5), y), gravity, rng.uniform(1.0, 1.35))
            spin = rng.uniform(-6, 6)
            room.add(Body(ball, *start, weight, vx, vy, spin=spin, friction=friction, elasticity=bounce, role="ball"))
    for _ in range(balls - thrown):
        spare = Body(ball, mass=weight, friction=friction, elasticity=bounce, role="ball")
        room.place(rng, spare, (15 + ball.radius, 11 + ball.radius, 785 - ball.radius, 20 + 4 * ball.radius))
    return Scene(
        room.bodies,
        statics,
        strings,
        gravity=(0.0, -gravity),
        speed_cap=1200,
        # With one, the threads of a net are 1.8 px off in the mean when a ball tears at them.
        solver=Solver(substeps=2),
        description="A game of basketball: balls fly and bounce.",
    )


def _string(bodies: list[Body], joints: list[Pin], x: float, y: float, density: float) -> None:
    """Weights on short threads below one end of the rim."""
    previous, anchor = GROUND, (x, y)
    for k in range(KNOTS):
        bodies.append(Body(KNOT, x, y - 12 - 10 * k, mass(KNOT, density), friction=0.3, elasticity=0.1, role="net"))
        joints.append(Pin(previous, len(bodies) - 1, anchor_a=anchor, collide=previous == GROUND))
        previous, anchor = len(bodies) - 1, (0.0, 0.0)
