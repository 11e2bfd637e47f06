"""What is said of a pair of shapes gives the rows of its contacts, and does not depend on where the pair is."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import couplings as c
from gedanken.worlds.rigid.engine.chipmunk import initial_state
from gedanken.worlds.rigid.engine.manifolds import BOX, CIRCLE, NEAR, POLYGON, SEGMENT, Manifold, Shapes
from gedanken.worlds.rigid.engine.tracing import Encounters, trace
from gedanken.worlds.rigid.scene.parts import GROUND, Block, Body, Peg, Pivot, Segment
from gedanken.worlds.rigid.scene.scene import Scene, Solver
from gedanken.worlds.rigid.scene.shapes import Box, Circle, Polygon


def crowd():
    """Every kind of shape on every other, a belt, a kinematic box and two substeps."""
    bodies = [
        Body(
            shape, x=60 + 70 * k, y=62 + 30 * row, angle=0.3 * k, vx=40 * (-1) ** k, vy=-60, spin=k - 3, elasticity=0.7
        )
        for row in range(4)
        for k, shape in enumerate(
            [Circle(12), Box(36, 20), Polygon.regular(5, 18), Box(20, 26), Polygon.regular(3, 17), Circle(9)]
        )
    ]
    bodies.append(Body(Box(60, 14), x=300, y=90, vx=50, spin=1, kinematic=True))
    fixed = [
        Segment(0, 20, 700, 20, radius=20, belt=90),
        Segment(520, 300, 480, 20, radius=4),
        Peg(430, 70, 25),
        Block.box(20, 40, 45, 120),
        Block(((100, 40), (180, 40), (140, 70))),
    ]
    return Scene(bodies, fixed, solver=Solver(substeps=2), open=True)


def tell_and_hear(scene, frames):
    """How many contact rows come back as they were, and which kinds of shapes met."""
    shapes, seen, kinds = Shapes(scene), 0, set()
    with Encounters(scene) as encounters:
        for number, steps in enumerate(trace(scene, frames)):
            if number % 5:
                continue
            state = steps[-1].after
            flown, rows = encounters.meet(state)
            rows = rows[rows[:, c.KIND] == c.CONTACT]
            near = {frozenset((pair.first, pair.second)): pair for pair in shapes.look(flown)}
            heard = []
            for found in shapes.read(rows, flown):
                pair = near[frozenset((found.first, found.second))]
                kinds.add(pair.kinds)
                heard.append(pair.hear(*pair.tell(found)))
            written = shapes.write(heard, state, flown, encounters.physics)
            np.testing.assert_allclose(written, rows, rtol=1e-6, atol=2e-3)
            seen += len(rows)
    return seen, kinds


def test_a_manifold_that_is_told_and_heard_gives_the_engines_rows():
    seen, kinds = tell_and_hear(crowd(), 60)
    assert seen > 300
    assert len(kinds) >= 8, kinds


def test_it_does_so_in_every_scenario():
    seen = {name: tell_and_hear(scenarios.pose(name, 2, split="test"), 60)[0] for name in scenarios.names()}
    assert sum(seen.values()) > 1000
    assert sum(count > 0 for count in seen.values()) > 25


def turned(scene, angle, x, y):
    """The scene in another place and direction."""
    cos, sin = math.cos(angle), math.sin(angle)

    def move(px, py):
        return cos * px - sin * py + x, sin * px + cos * py + y

    bodies = [
        replace(
            body,
            **dict(zip(("x", "y"), move(body.x, body.y), strict=True)),
            vx=cos * body.vx - sin * body.vy,
            vy=sin * body.vx + cos * body.vy,
            angle=body.angle + angle,
        )
        for body in scene.bodies
    ]
    walls = [
        replace(s, **dict(zip(("ax", "ay", "bx", "by"), (*move(s.ax, s.ay), *move(s.bx, s.by)), strict=True)))
        for s in scene.statics
    ]
    return Scene(bodies, walls, open=True)


def test_a_pair_looks_the_same_wherever_it_is():
    shapes = [Circle(12), Box(30, 20), Polygon.regular(5, 16), Box(18, 24)]
    for first in shapes:
        for second in shapes:
            here = Scene(
                [
                    Body(first, x=300, y=300, vx=30, angle=0.2, spin=1),
                    Body(second, x=315, y=311, vy=-20, angle=1.9, spin=-2),
                ],
                [Segment(280, 290, 420, 300, radius=3)],
                open=True,
            )
            there = turned(here, 2.2, 41.0, -63.0)
            ours, theirs = (Shapes(scene).look(initial_state(scene)) for scene in (here, there))
            assert [(one.first, one.second, one.kinds) for one in ours] == [
                (one.first, one.second, one.kinds) for one in theirs
            ]
            for one, other in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(one.place, other.place, atol=0.01)
                np.testing.assert_allclose(one.motion, other.motion, atol=0.01)
                np.testing.assert_allclose(one.sizes, other.sizes, atol=0.01)
                np.testing.assert_allclose(one.corners[1], other.corners[1], atol=0.01)
                assert one.turn == pytest.approx(other.turn, abs=0.05)


def test_what_is_the_same_in_a_mirror_looks_the_same():
    """A disc at either end and on either side of a wall is one text."""
    views = []
    for x, y, vx, vy in ((380, 313, 30, -40), (420, 313, -30, -40), (380, 287, 30, 40), (420, 287, -30, 40)):
        scene = Scene([Body(Circle(8), x=x, y=y, vx=vx, vy=vy)], [Segment(300, 300, 500, 300, radius=5)])
        views += Shapes(scene).look(initial_state(scene))
    assert len(views) == 4
    for view in views:
        assert view.kinds == (SEGMENT, CIRCLE)
        np.testing.assert_allclose([*view.place, *view.motion[:2]], [20, 13, -30, -40], atol=1e-9)


def test_no_shape_is_nearer_than_it_lies_beyond_a_side():
    """The separating axis theorem, one-sided: what lies beyond a side is at least so far apart."""
    scene, equal, seen = crowd(), 0, set()
    shapes = Shapes(scene)
    for number, steps in enumerate(trace(scene, 40)):
        flown = steps[-1].flown
        for pair in shapes.look(flown) if number % 4 == 0 else []:
            gap = shapes.separate(pair, flown)
            assert max(pair.distances) <= gap + 1e-6
            equal += max(pair.distances) > gap - 1e-6
            seen.add(pair.kinds[0])
            # Beyond the upper side it lies farthest.
            assert pair.kinds[0] not in (BOX, CIRCLE) or pair.distances[1] >= pair.distances[0] - 1e-6
    assert equal > 100
    assert seen == {SEGMENT, BOX, CIRCLE, POLYGON}


def test_a_box_has_no_longer_side():
    """Turned by a right angle with its sides exchanged it is the same box."""
    views = [
        Shapes(scene).look(initial_state(scene))[0]
        for box, angle in ((Box(30, 16), 0.3), (Box(16, 30), 0.3 + math.pi / 2), (Box(30, 16), 0.3 - math.pi))
        if (scene := Scene([Body(box, x=400, y=318, angle=angle)], [Segment(300, 300, 500, 300)]))
    ]
    for view in views:
        assert view.turn == pytest.approx(math.degrees(0.3), abs=0.01)
        assert view.sizes[1] == (15, 8)


def test_only_pairs_that_may_touch_are_near():
    scene = Scene(
        [
            Body(Circle(10), x=100, y=110),
            Body(Circle(10), x=115, y=110),
            Body(Circle(10), x=130, y=110, group=4),
            Body(Circle(10), x=145, y=110, group=4),
            Body(Box(20, 20), x=165, y=110, kinematic=True),
            Body(Box(20, 20), x=185, y=110, kinematic=True),
            Body(Circle(10), x=185 + 10 + 10 + NEAR + 0.1, y=110),
        ],
        [Segment(0, 90, 300, 90, radius=10)],
        [Pivot(0, 1, (7.5, 0), (-7.5, 0), collide=False)],
        open=True,
    )
    pairs = {tuple(sorted((pair.first, pair.second))) for pair in Shapes(scene).look(initial_state(scene))}
    assert pairs == {(1, 2), (3, 4), (0, 7), (1, 7), (2, 7), (3, 7), (6, 7)}


def test_what_hangs_on_the_ground_and_may_not_touch_it_is_near_no_static():
    """As in Chipmunk, for which all statics are one body."""
    scene = Scene(
        [Body(Box(40, 20), x=100, y=109), Body(Box(40, 20), x=200, y=109), Body(Circle(10), x=225, y=115)],
        [Segment(0, 90, 300, 90, radius=10), Block.box(80, 115, 120, 140)],
        [Pivot(0, GROUND, (0, 0), (100, 109), collide=False)],
        open=True,
    )
    pairs = {tuple(sorted((pair.first, pair.second))) for pair in Shapes(scene).look(initial_state(scene))}
    assert pairs == {(1, 2), (1, 3)}
    with Encounters(scene) as encounters:
        _, rows = encounters.meet(initial_state(scene))
    touching = {(int(row[c.A]), int(row[c.B])) for row in rows if row[c.KIND] == c.CONTACT}
    assert touching <= pairs
    assert (1, 3) in touching


def test_a_fixed_rectangle_is_a_box_and_another_polygon_is_not():
    square = Block(((100, 100), (130, 110), (120, 140), (90, 130)))
    kite = Block(((100, 100), (130, 110), (125, 140), (90, 130)))
    for block, kind in ((square, BOX), (kite, POLYGON)):
        scene = Scene([Body(Circle(10), x=112, y=89)], [block])
        assert Shapes(scene).look(initial_state(scene))[0].kinds == (kind, CIRCLE)


def test_the_deeper_of_two_that_overlap_is_pushed_by_more():
    scene = Scene([Body(Circle(10), x=100, y=100), Body(Circle(10), x=118, y=100)], open=True)
    shapes, physics, state = Shapes(scene), c.Physics.of(scene), initial_state(scene)
    (pair,) = shapes.look(state)
    rows = [
        shapes.write([Manifold(0, 1, (1.0, 0.0), np.array([[109.0, 100.0]]), np.array([depth]))], state, state, physics)
        for depth in (0.05, 0.1, 2.0)
    ]
    assert rows[0][0, c.PUSH] == rows[1][0, c.PUSH] == 0.0
    assert rows[2][0, c.PUSH] == pytest.approx(1.9 * 0.1 * 60, rel=1e-6)
    assert pair.tell(Manifold(1, 0, (-1.0, 0.0), np.array([[109.0, 100.0]]), np.array([2.0])))[0] == pytest.approx(90.0)
