import numpy as np
import pytest

from gedanken.own_data import discovery
from gedanken.own_data.order import count_turns
from gedanken.own_data.record import read_record
from gedanken.players import load_player
from gedanken.seeding import stream


def write(path, **columns):
    rows = zip(*columns.values(), strict=True)
    path.write_text(",".join(columns) + "\n" + "".join(",".join(f"{v:.6g}" for v in row) + "\n" for row in rows))
    return str(path)


def find(path, **options):
    return discovery.run(read_record(path, **options), load_player("sparse", "discover"))


def test_positions_that_swing_get_a_law_of_second_order_and_the_report_says_why(tmp_path):
    t = np.linspace(0.0, 12.0, 150)
    x = np.exp(-0.1 * t) * np.cos(2 * t) + 0.01 * stream("test", "order", "swing").standard_normal(150)
    finding = find(write(tmp_path / "swing.csv", t=t, x=x))
    assert finding.states.columns == ("x", "vx")
    assert "turns back" in finding.order
    assert "t)" not in finding.law.text
    assert finding.params["c1"] == pytest.approx(4.01, rel=0.03)
    assert finding.solved


def test_a_thrown_ball_is_no_clock_of_its_own(tmp_path):
    t = np.linspace(0.0, 0.7, 22)
    rng = stream("test", "order", "ball")
    x, y = 1.7 * t - 0.4, 3.0 * t - 4.905 * t**2
    finding = find(
        write(tmp_path / "ball.csv", t=t, x=x + 1e-3 * rng.standard_normal(22), y=y + 1e-3 * rng.standard_normal(22))
    )
    assert finding.law.text == "d2x/dt2 = 0; d2y/dt2 = -c1"
    assert finding.params["c1"] == pytest.approx(9.81, rel=0.02)
    assert "clock" in finding.order


def test_what_cools_has_a_law_of_first_order(tmp_path):
    t = np.linspace(0.0, 30.0, 40)
    body = 20 + 60 * np.exp(-0.08 * t) + 0.1 * stream("test", "order", "cooling").standard_normal(40)
    finding = find(write(tmp_path / "cooling.csv", t=t, temperature=body))
    assert finding.law.text == "dtemperature/dt = c1 - c2*temperature"
    assert finding.params["c2"] == pytest.approx(0.08, rel=0.05)
    assert "the first is taken" in finding.order


def test_an_order_that_was_given_is_kept(tmp_path):
    t = np.linspace(0.0, 6.0, 40)
    path = write(tmp_path / "swing.csv", t=t, x=np.cos(t))
    assert not read_record(path, order=1).order_open
    assert read_record(path).order_open


def test_turning_points_count_only_beyond_the_noise():
    t = np.linspace(0.0, 2 * np.pi, 200)
    assert count_turns(np.cos(3 * t), 0.3) == 5
    assert count_turns(t + 0.1 * np.cos(40 * t), 0.5) == 0
    assert count_turns(np.zeros(10), 0.1) == 0
