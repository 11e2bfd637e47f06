import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gedanken.worlds.rigid import Body, Box, Circle, Polygon
from gedanken.worlds.rigid.scene.geometry import separation


def gap(a, b):
    return separation(np.array(a.outline), a.shape.radius, np.array(b.outline), b.shape.radius)


@pytest.mark.parametrize(
    "a, b, expected",
    [
        (Body(Circle(10), x=0), Body(Circle(5), x=20), 5.0),
        (Body(Circle(10), x=0), Body(Circle(5), x=12), -3.0),
        (Body(Circle(10), x=0), Body(Circle(5), x=0), -15.0),
        (Body(Box(20, 10), x=0), Body(Box(20, 10), x=25), 5.0),
        (Body(Box(20, 10), x=0), Body(Box(20, 10), x=15, y=8), -2.0),
        (Body(Box(20, 20), x=0), Body(Circle(5), x=13, y=14), 0.0),
        (Body(Box(20, 20), x=0), Body(Circle(5), x=3), -12.0),
        (Body(Box(20, 20), x=0, angle=math.pi / 4), Body(Box(20, 20), x=30), 20 - math.sqrt(200)),
    ],
)
def test_known_distances(a, b, expected):
    assert gap(a, b) == pytest.approx(expected, abs=1e-3)
    assert gap(b, a) == pytest.approx(expected, abs=1e-3)


shapes = st.one_of(
    st.builds(Circle, st.floats(2, 30)),
    st.builds(Box, st.floats(2, 40), st.floats(2, 40)),
    st.builds(Polygon.regular, st.integers(3, 8), st.floats(5, 30)),
)
bodies = st.builds(Body, shapes, x=st.floats(-40, 40), y=st.floats(-40, 40), angle=st.floats(-4, 4))


@given(bodies, bodies)
def test_distance_is_symmetric_and_agrees_with_points_on_the_outline(a, b):
    distance = gap(a, b)
    assert gap(b, a) == pytest.approx(distance, abs=1e-9)
    nearest = math.inf
    cores = [np.array(body.outline) for body in (a, b)]
    samples = []
    for core in cores:
        ends = np.roll(core, -1, 0)
        samples.append(np.concatenate([core + (ends - core) * t for t in np.linspace(0, 1, 33)]))
    apart = np.linalg.norm(samples[0][:, None] - samples[1][None], axis=2).min()
    nearest = apart - a.shape.radius - b.shape.radius
    # Points of the outlines are never nearer than the shapes, and where a side of at most 60 px has 33 of them, one is
    # nearly as near.
    assert distance <= nearest + 1e-9
    if distance + a.shape.radius + b.shape.radius > 0.0:
        assert nearest <= distance + 2.0


@given(bodies, bodies)
def test_moving_apart_by_the_overlap_separates(a, b):
    depth = -gap(a, b)
    if depth <= 0:
        return
    # The depth is the least translation that separates: no direction does it with less.
    for k in range(16):
        dx, dy = math.cos(k * math.pi / 8), math.sin(k * math.pi / 8)
        assert gap(a, b.at(b.x + 0.98 * depth * dx, b.y + 0.98 * depth * dy)) < 1e-3
