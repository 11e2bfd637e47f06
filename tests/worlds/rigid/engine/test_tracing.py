"""Impulses read from the solver's memory, booked by hand, give the recorded frame to the last digit."""

from dataclasses import replace

import numpy as np
import pytest

from gedanken.worlds.rigid import (
    GROUND,
    Attractor,
    Body,
    Box,
    Circle,
    Gravitation,
    Motor,
    Pin,
    Pivot,
    Scene,
    Segment,
    Slide,
    Solver,
    Spring,
    Wind,
    scenarios,
)
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.laws import explain
from gedanken.worlds.rigid.engine.simulate import memoryless, record
from gedanken.worlds.rigid.engine.tracing import Encounters, trace

FRAMES = 30


def book(physics, step, last=True, impulses=None):
    """The state after a step by free motion and impulses."""
    flown, _ = physics.fly(step.before)
    return physics.settle(flown, step.rows, step.impulses if impulses is None else impulses, last)


def check(scene, frames=FRAMES):
    """Book every step of a scene; how many rows of each kind had an impulse."""
    physics = c.Physics.of(scene)
    recorded = record(scene, frames).states
    seen = np.zeros(len(c.KINDS), int)
    for number, steps in enumerate(trace(scene, frames), 1):
        for k, step in enumerate(steps):
            booked = book(physics, step, k == len(steps) - 1)
            np.testing.assert_allclose(booked, step.after, rtol=0, atol=1e-9, err_msg=f"frame {number}, step {k}")
            acting = np.abs(step.impulses).max(1, initial=0) > 0
            np.add.at(seen, step.rows[acting, c.KIND].astype(int), 1)
        np.testing.assert_array_equal(np.rint(steps[-1].after * 10_000), np.rint(recorded[number] * 10_000))
    return seen


@pytest.mark.parametrize("subject", scenarios.names())
def test_recorded_impulses_reproduce_the_recording(subject):
    check(scenarios.pose(subject, 5, split="test"))


def everything(**more):
    """Every kind of joint, field and body, with drag, a cap, a belt and substeps."""
    bodies = [Body(Box(30, 20), x=100 + 60.0 * k, y=60.0, vx=50.0 * (-1) ** k, spin=0.5 * k) for k in range(8)]
    bodies += [Body(Circle(12), x=130.0 + 80 * k, y=150, vy=-300, rotates=k % 2 == 0, elasticity=0.9) for k in range(5)]
    bodies.append(Body(Box(80, 10), x=300, y=300, vx=90, vy=10, spin=2, kinematic=True, bounds=(200, 290, 302, 301)))
    bodies.append(Body(Circle(9), x=310, y=330, vy=-200))
    ends = {"anchor_a": (15.0, 1.0), "anchor_b": (-14.0, 2.0)}
    joints = [
        Pin(0, 1, **ends, length=30),
        Pivot(1, 2, (30.0, 0.0), (-30.0, 1.0)),
        Slide(2, 3, **ends, minimum=10, maximum=25),
        Spring(3, 4, **ends, rest_length=20, stiffness=3000, damping=5),
        Motor(4, 5, 3.0, max_torque=5e5),
        Pin(GROUND, 6, (450, 100), (0, 5)),
        Pivot(7, GROUND, (0, 10), (520, 71)),
        Slide(GROUND, 8, (130, 180), (0, 3), minimum=0, maximum=28),
        Spring(GROUND, 9, (210, 220), rest_length=10, stiffness=900),
        Motor(GROUND, 7, -9.0),
        Pivot(13, 14, (10, 0), (0, -25), collide=False),
        Motor(13, 14, 1.0),
    ]
    fields = [Attractor(400, 300, 3e6, 20), Gravitation(40, 5), Wind(0, 0, 300, 300, 200, 50)]
    floor = [Segment(0, 0, 800, 0, radius=40, belt=120), Segment(400, 0, 799, 300, radius=5)]
    given = {"damping": 0.7, "speed_cap": 400.0, "solver": Solver(12, 3), "open": True, **more}
    return Scene(bodies, floor, joints, fields=fields, **given)


def test_every_joint_field_cap_belt_paddle_and_substep_is_booked():
    seen = check(everything(), 60)
    assert (seen > 20).all(), dict(zip(c.KINDS, seen, strict=True))


def test_a_memoryless_scene_is_booked():
    check(memoryless(scenarios.pose("tower", 2, split="test")), 8)


def test_a_contact_that_returns_has_this_steps_impulse_only():
    """Crowded scenes have contacts that part for a step or two; the solver's sums then are not this step's impulses."""
    for subject, frames in (("jenga", 140), ("stack_collapse", 80)):
        check(scenarios.pose(subject, 5 if subject == "jenga" else 2, split="test"), frames)


def test_momentum_is_conserved_whatever_the_impulses():
    scene = everything(gravity=(0.0, 0.0), damping=1.0, speed_cap=None, solver=Solver())
    scene = replace(scene, fields=(), joints=[j for j in scene.joints if j.a != GROUND and j.b != GROUND and j.a != 13])
    physics = c.Physics.of(scene)
    mass = np.array([body.mass for body in scene.bodies])
    rng = np.random.default_rng(1)
    for (step,) in trace(scene, 12):
        between = (step.rows[:, c.B] >= 0) & (step.rows[:, c.B] < len(mass))
        between &= ~np.isin(step.rows[:, c.B], np.flatnonzero(mass == 0))
        impulses = rng.normal(0, 300, (len(step.rows), 3)) * between[:, None]
        flown, _ = physics.fly(step.before)
        state = physics.settle(flown, step.rows, impulses)
        np.testing.assert_allclose(mass @ state[:, 2:4], mass @ flown[:, 2:4], rtol=1e-9, atol=1e-6)
    assert between.sum() > 5


@pytest.mark.parametrize("subject", ["jenga", "plinko", "trampoline", "pachinko", "conveyor"])
def test_geometry_alone_tells_the_contacts_of_the_coming_step(subject):
    scene = scenarios.pose(subject, 3, split="test")
    missed = more = listed = 0
    with Encounters(scene) as encounters:
        for steps in trace(scene, FRAMES):
            for step in steps:
                _, rows = encounters.meet(np.rint(step.before * 10_000) / 10_000)
                recorded = step.rows[~c.slack(step.rows)]
                named = {tuple(row[:4]): row for row in rows}
                found = [(named[key], row) for row in recorded if (key := tuple(row[:4])) in named]
                missed += len(recorded) - len(found)
                more += len(rows) - len(found)
                listed += len(recorded)
                apart = [np.abs(ours - theirs)[c.NX : c.R2Y + 1].max() for ours, theirs in found]
                assert not apart or np.median(apart) < 0.002
    assert missed <= listed / 200
    # What is flush within the last printed digit is listed, too.
    assert more <= listed / 40


def test_what_explains_a_step_reproduces_its_velocities():
    scene = scenarios.pose("tower", 2, split="test")
    physics = c.Physics.of(scene)
    for (step,) in trace(scene, FRAMES):
        flown, _ = physics.fly(step.before)
        impulses = explain(flown, step.rows, physics.masses, step.after, 1000)
        state = physics.settle(flown, step.rows, impulses)
        np.testing.assert_allclose(state[:, [2, 3, 5]], step.after[:, [2, 3, 5]], rtol=0, atol=0.5)
