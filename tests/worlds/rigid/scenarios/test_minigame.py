import numpy as np
import pytest

from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import Recording, record
from gedanken.worlds.rigid.scene.parts import Peg
from gedanken.worlds.rigid.scene.shapes import Box, Circle


def recorded(name: str, level: int, index: int = 0, frames: int = 200) -> Recording:
    return record(scenarios.pose(name, level, split="physics", index=index), frames)


@pytest.mark.parametrize("level", [1, 3, 5])
def test_birds_hit_and_move_a_building_that_stands(level: int):
    hits = 0
    for index in range(6):
        run = recorded("angry_birds", level, index)
        flying = np.array([body.vx != 0 for body in run.scene.bodies])
        shift = np.linalg.norm(run.positions - run.positions[0], axis=2)[:, ~flying]
        assert shift[10].max() < 2, "the building falls before a bird can be there"
        hits += shift[-1].max() > 5
    assert hits >= 5


def test_some_throws_go_through_the_hoop():
    scored = 0
    for index in range(12):
        run = recorded("basketball", 3, index)
        rim = [static for static in run.scene.statics if isinstance(static, Peg)]
        left, right = sorted(static.x for static in rim)
        balls = np.array([body.shape.radius > 8 for body in run.scene.bodies])
        x, y = np.moveaxis(run.positions[:, balls], 2, 0)
        falls = (y[:-1] > rim[0].y) & (y[1:] <= rim[0].y) & (x[1:] > left) & (x[1:] < right)
        scored += int(falls.any())
    assert scored >= 6


@pytest.mark.parametrize("name", ["pong", "breakout"])
def test_paddles_go_to_and_fro_within_their_bounds(name: str):
    run = recorded(name, 3, frames=600)
    for number, body in enumerate(run.scene.bodies):
        if not body.kinematic:
            continue
        left, bottom, right, top = body.bounds
        x, y = run.positions[:, number].T
        slack = np.hypot(body.vx, body.vy) / 60 + 0.01
        assert (x >= left - slack).all()
        assert (x <= right + slack).all()
        assert (y >= bottom - slack).all()
        assert (y <= top + slack).all()
        # Both ends are reached: it turns round at least twice in ten seconds.
        along = run.velocities[:, number, 0 if body.vx else 1]
        assert (np.diff(np.sign(along)) != 0).sum() >= 2


def test_pong_balls_neither_stop_nor_leave():
    run = recorded("pong", 5, frames=600)
    balls = [number for number, body in enumerate(run.scene.bodies) if not body.kinematic]
    speed = np.hypot(*np.moveaxis(run.velocities[:, balls], 2, 0))
    assert speed[-1].mean() > 0.7 * speed[0].mean()
    assert ((run.positions > 0) & (run.positions < (800, 600))).all()


def test_breakout_bricks_rest_until_they_are_hit():
    run = recorded("breakout", 4)
    bricks = [k for k, body in enumerate(run.scene.bodies) if isinstance(body.shape, Box) and not body.kinematic]
    balls = [k for k, body in enumerate(run.scene.bodies) if isinstance(body.shape, Circle)]
    speed = np.hypot(*np.moveaxis(run.velocities, 2, 0))
    assert (speed[0, bricks] == 0).all()
    assert (speed[0, balls] > 0).all()
    assert (speed[-1, bricks] > 5).mean() > 0.2


def test_flippers_beat_and_throw_balls_up():
    run = recorded("pinball", 1, frames=600)
    flippers = [k for k, body in enumerate(run.scene.bodies) if body.swing]
    assert len(flippers) == 2
    for number in flippers:
        low, high = run.scene.bodies[number].swing
        angle = run.angles[:, number]
        assert angle.max() - angle.min() > 0.8 * (high - low)
        assert angle.min() > low - 0.2
        assert angle.max() < high + 0.2


def test_pinball_gates_give_way_and_rotors_turn():
    run = recorded("pinball", 5)
    rotors = [k for k, body in enumerate(run.scene.bodies) if body.kinematic and not body.swing]
    gates = [joint.b for joint in run.scene.joints]
    assert rotors
    assert np.ptp(run.angles[:, rotors], axis=0).min() > 1
    assert np.ptp(run.angles[:, gates], axis=0).max() > 0.3
