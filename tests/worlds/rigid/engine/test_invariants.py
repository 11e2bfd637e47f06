import math

import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.worlds.rigid import GROUND, Attractor, Body, Box, Circle, Gravitation, Pin, Room, Scene, Spring, walls
from gedanken.worlds.rigid.engine.invariants import broken, drift, measure
from gedanken.worlds.rigid.engine.simulate import record

NO_GRAVITY = (0.0, 0.0)
SMOOTH = {"elasticity": 1.0, "friction": 0.0}


def gas(shape, **more):
    rng = stream("test", "gas")
    room = Room(walls(**SMOOTH))
    for _ in range(12):
        body = Body(shape, vx=rng.normal(0, 150), vy=rng.normal(0, 150), **SMOOTH)
        room.place(rng, body, (40, 40, 760, 560))
    return Scene(room.bodies, **more)


@pytest.mark.parametrize(
    "scene, tolerances",
    [
        (Scene((Body(Circle(5), x=400, y=590, vx=20),), open=True), {"energy": 1e-9, "momentum_x": 1e-9}),
        (gas(Circle(12), statics=walls(**SMOOTH), gravity=NO_GRAVITY), {"energy": 1e-6}),
        (
            gas(Circle(12), gravity=NO_GRAVITY, open=True),
            {"energy": 1e-6, "momentum_x": 1e-6, "momentum_y": 1e-6, "angular_momentum": 1e-4},
        ),
        (gas(Box(20, 15), gravity=NO_GRAVITY, open=True), {"momentum_x": 1e-6, "angular_momentum": 1e-3}),
        (
            Scene((Body(Circle(5), x=500, y=300, vy=80),), gravity=NO_GRAVITY, fields=(Attractor(400, 300, 1e6),)),
            {"energy": 2e-3, "angular_momentum": 1e-4},
        ),
        (
            Scene(
                (Body(Circle(5), x=350, y=300, vy=-50), Body(Circle(5), x=450, y=300, vy=50)),
                gravity=NO_GRAVITY,
                fields=(Gravitation(1e6, 10),),
            ),
            {"energy": 5e-3, "momentum_x": 1e-6, "momentum_y": 1e-6, "angular_momentum": 1e-4},
        ),
        (
            Scene(
                (Body(Circle(10), x=400, y=300), Body(Box(30, 10), x=500, y=250, spin=1)),
                joints=(Spring(GROUND, 0, (400, 500), (0, 0), 100, 50), Spring(0, 1, (0, 0), (10, 0), 100, 20)),
            ),
            {"energy": 5e-3},
        ),
        (
            Scene(
                (Body(Circle(10), x=400 + 200 * math.sin(0.5), y=400 - 200 * math.cos(0.5)),),
                joints=(Pin(GROUND, 0, (400, 400)),),
            ),
            {"energy": 0.03},
        ),
    ],
)
def test_what_physics_conserves_is_conserved(scene, tolerances):
    found = drift(record(scene))
    for name, tolerance in tolerances.items():
        assert found[name] <= tolerance, (name, found[name])


def test_what_is_lost_is_seen():
    dull = Scene((Body(Circle(5), x=400, y=300),), walls(), conserved=("energy", "momentum_x", "momentum_y"))
    sentences = broken(record(dull))
    assert len(sentences) == 2
    assert "energy drifts" in sentences[0]
    assert "momentum_y drifts" in sentences[1]


def test_energies_are_in_the_units_of_the_scene():
    body = Body(Circle(10), x=400, y=300, mass=2, vx=3, vy=4, spin=5)
    energy = measure(record(Scene((body,), gravity=(0.0, -10.0)), 0))["energy"]
    # Kinetic 25, rotation 0.5 * (2 * 100 / 2) * 25, potential 2 * 10 * 300, and -(h / 2) v . F with F = (0, -20).
    np.testing.assert_allclose(energy, [25 + 1250 + 6000 + 80 / 120])
