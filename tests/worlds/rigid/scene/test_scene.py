import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.errors import UserError
from gedanken.worlds.rigid import (
    GROUND,
    LEVELS,
    Block,
    Body,
    Box,
    Circle,
    Motor,
    Peg,
    Pin,
    Pivot,
    Polygon,
    Scene,
    Segment,
    Slide,
    Solver,
    Wind,
    mass,
    pivot_at,
    walls,
)
from gedanken.worlds.rigid.scene.shapes import quantise

ball = Circle(10)


@given(st.floats(-1e5, 1e5))
def test_a_quantised_number_is_the_number_that_is_printed(value):
    settled = quantise(value)
    assert float(f"{settled:.4f}") == settled
    assert abs(settled - value) <= 0.5001e-4
    assert quantise(settled) == settled
    assert math.copysign(1, settled) == 1 or settled < 0


@pytest.mark.parametrize(
    "make, sentence",
    [
        (lambda: Body(ball, mass=-1), "mass must be positive"),
        (lambda: Body(ball, mass=0.00001), "mass must be positive"),
        (lambda: Body(ball, x=math.nan), "x of a body must be a finite number"),
        (lambda: Body(ball, vx=math.inf), "vx of a body must be a finite number"),
        (lambda: Body(ball, x="left"), "x of a body must be a finite number"),
        (lambda: Body(ball, elasticity=1.5), "elasticity of a body must be at most 1"),
        (lambda: Body(ball, friction=-0.1), "friction of a body must be at least 0"),
        (lambda: Body(ball, bounds=(0, 0, 1, 1)), "only a kinematic body"),
        (lambda: Body(ball, kinematic=True, bounds=(1, 0, 0, 1)), r"bounds are \(left"),
        (lambda: Body(ball, group=-1), "group is a whole number"),
        (lambda: Circle(0), "radius of a circle must be at least 0.1"),
        (lambda: Box(10, -5), "height of a box must be at least 0.1"),
        (lambda: Polygon(((0, 0), (10, 0))), "3 to 12 vertices"),
        (lambda: Polygon(((0, 0), (10, 0), (2, 2), (0, 10))), "convex"),
        (lambda: Segment(1, 1, 1, 1), "two different ends"),
        (lambda: Block(((0, 0), (1, 0), (2, 0))), "convex and have an area"),
        (lambda: Slide(0, 1, minimum=5, maximum=2), "minimum <= maximum"),
        (lambda: Wind(0, 0, 0, 10, 1, 1), "left < right"),
        (lambda: Solver(iterations=0), "iterations must be a whole number from 1"),
        (lambda: Scene(()), "at least one body"),
        (lambda: Scene((Body(ball),), joints=(Pin(0, 1),)), "joint 0 names body 1, but the bodies are 0 to 0"),
        (lambda: Scene((Body(ball),), joints=(Motor(0, 0, 1.0),)), "connects body 0 with itself"),
        (lambda: Scene((Body(ball, kinematic=True),), joints=(Pin(GROUND, 0, (9, 9)),)), "nothing that it could move"),
        (lambda: Scene((Body(ball, rotates=False),), joints=(Motor(GROUND, 0, 1.0),)), "do not rotate"),
        (lambda: Scene((Body(ball),), conserved=("luck",)), "not 'luck'"),
        (lambda: Scene((Body(ball),), name="a b"), "name is made of letters"),
    ],
)
def test_every_fault_has_one_sentence(make, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        make()
    assert "\n" not in str(caught.value)


def at(x, y=300.0, **more):
    return Body(Box(20, 20), x=x, y=y, **more)


@pytest.mark.parametrize(
    "scene, sentence",
    [
        (Scene((at(100), at(119))), "body 0 and body 1 overlap by 1.00 px"),
        (Scene((at(100), at(500, 25.0)), walls(box=(10, 20, 790, 590))), "body 1 and static 0 overlap by 5.00 px"),
        (Scene((at(100), at(300)), (Peg(310, 300, 5),)), "body 1 and static 0"),
        (Scene((at(5),)), r"body 0 at \(5, 300\) starts outside the canvas"),
        (Scene((at(100),), joints=(Pin(GROUND, 0, (200, 300), length=90),)), "joint 0 are 100.00 px apart, not 90"),
        (Scene((at(100),), joints=(Slide(GROUND, 0, (200, 300), (0, 0), 0, 80),)), "100.00 px apart, not 0 to 80"),
        (Scene((at(100), at(200)), joints=(Pivot(0, 1, (40, 0), (-55, 0)),)), "joint 0 are 5.00 px apart, not 0"),
        (Scene((at(100),), level=1), "level 1 has 2 to 5 bodies, not 1"),
        (Scene((at(100),), level=7), "levels are 1 to 5, not 7"),
    ],
)
def test_check_refuses_what_cannot_be_posed(scene, sentence):
    with pytest.raises(UserError, match=sentence):
        scene.check()


def test_check_accepts_what_may_overlap():
    Scene((at(100), at(119.95))).check()
    Scene((at(100, group=3), at(110, group=3))).check()
    Scene((at(100), at(110)), joints=(Pin(0, 1, collide=False),)).check()
    Scene((at(100, kinematic=True), at(110, kinematic=True)), (Peg(100, 300, 9),)).check()
    Scene((at(-500),), open=True).check()


def test_every_level_can_be_met():
    for level, (low, high) in LEVELS.items():
        for count in (low, high):
            Scene([at(30.0 + 25 * (k % 28), 50.0 + 25 * (k // 28)) for k in range(count)], level=level).check()


def test_a_polygon_is_centred_on_its_centroid_and_turned_round():
    clockwise = Polygon(((0, 0), (0, 30), (30, 0)))
    np.testing.assert_allclose(np.mean(clockwise.vertices, axis=0), 0, atol=1e-4)
    assert clockwise.area == pytest.approx(450)
    assert Polygon(clockwise.vertices) == clockwise


def test_moments_are_those_of_chipmunk():
    from pymunk import moment_for_box, moment_for_circle, moment_for_poly

    assert Circle(12).moment(3) == pytest.approx(moment_for_circle(3, 0, 12))
    assert Box(30, 10).moment(3) == pytest.approx(moment_for_box(3, (30, 10)))
    triangle = Polygon(((0, 0), (30, 0), (0, 40)))
    assert triangle.moment(3) == pytest.approx(moment_for_poly(3, triangle.vertices))
    assert Body(ball, rotates=False).moment == math.inf


def test_mass_follows_density():
    assert mass(Box(10, 20), 0.01) == pytest.approx(2.0)


def test_a_rod_takes_the_distance_of_its_anchors():
    bodies = (at(100), at(200, angle=math.pi / 2))
    rod = Scene(bodies, joints=(Pin(0, 1, (10, 0), (0, 10)),)).joints[0]
    assert rod.length == pytest.approx(80.0, abs=1e-4)


def test_a_hinge_at_a_point_is_at_that_point_of_both_bodies():
    bodies = (at(100, angle=0.3), at(140))
    for a, b in ((0, 1), (GROUND, 0)):
        hinge = pivot_at(bodies, a, b, 120, 310)
        scene = Scene(bodies, joints=(hinge,))
        for body, anchor in ((a, hinge.anchor_a), (b, hinge.anchor_b)):
            np.testing.assert_allclose(scene.anchor(body, anchor), (120, 310), atol=1e-3)
