import numpy as np
import pytest

from gedanken.seeding import stream
from gedanken.worlds.rigid.scenarios._cells import cells, scatter, shares
from gedanken.worlds.rigid.scenarios._throws import launch


@pytest.mark.parametrize("count, groups", [(7, 3), (3, 3), (2, 4), (50, 7)])
def test_shares_are_even_and_complete(count: int, groups: int):
    parts = shares(count, groups)
    assert (len(parts), sum(parts)) == (groups, count)
    assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 12, 31, 50])
def test_cells_tile_the_box(count: int):
    box = (10.0, 20.0, 710.0, 580.0)
    found = cells(count, 1.2, box)
    assert len(found) == count
    assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in found) == pytest.approx(700 * 560)
    assert all(10 - 1e-9 <= x0 < x1 <= 710 + 1e-9 and 20 - 1e-9 <= y0 < y1 <= 580 + 1e-9 for x0, y0, x1, y1 in found)


@pytest.mark.parametrize("count, radius", [(1, 40.0), (5, 14.0), (46, 8.0), (120, 8.0), (400, 8.0)])
def test_what_is_scattered_keeps_apart_and_inside(count: int, radius: float):
    points = np.array(scatter(stream("test", "scatter", count), count, (100, 50, 700, 350), radius))
    assert points.shape == (count, 2)
    assert ((points >= (100 + radius, 50 + radius)) & (points <= (700 - radius, 350 - radius))).all()
    apart = np.linalg.norm(points[:, None] - points, axis=2) + np.eye(count) * 1e9
    assert apart.min() > 2 * radius


def test_a_box_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        scatter(stream("test"), 10, (0, 0, 50, 50), 12.0)


def test_a_throw_arrives():
    x, y, gravity, time = 120.0, 80.0, 800.0, 0.9
    vx, vy = launch((x, y), (640.0, 300.0), gravity, time)
    assert x + vx * time == pytest.approx(640)
    assert y + vy * time - gravity * time**2 / 2 == pytest.approx(300)
