import math

import numpy as np
import pytest

from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import Recording, record
from gedanken.worlds.rigid.scene.parts import GROUND, Block
from gedanken.worlds.rigid.scene.scene import DT, Scene
from gedanken.worlds.rigid.scene.shapes import Box, Circle


def recorded(name: str, level: int, index: int = 0, frames: int = 200) -> Recording:
    return record(scenarios.pose(name, level, split="physics", index=index), frames)


def joint_gaps(run: Recording) -> np.ndarray:
    """Distance between the anchors of every joint, shape (frames, joints)."""
    gaps = []
    for joint in run.scene.joints:
        ends = []
        for body, (x, y) in ((joint.a, joint.anchor_a), (joint.b, joint.anchor_b)):
            if body == GROUND:
                ends.append(np.array([x, y]))
            else:
                cos, sin = np.cos(run.angles[:, body]), np.sin(run.angles[:, body])
                ends.append(run.positions[:, body] + np.stack([cos * x - sin * y, sin * x + cos * y], 1))
        gaps.append(np.hypot(*(ends[1] - ends[0]).T))
    return np.stack(gaps, 1)


@pytest.mark.parametrize("name", ["pendulum", "pendulum_wave", "newtons_cradle", "wrecking_ball"])
@pytest.mark.parametrize("level", [1, 3, 5])
def test_rods_keep_their_lengths(name: str, level: int):
    run = recorded(name, level)
    lengths = np.array([joint.length for joint in run.scene.joints])
    assert np.abs(joint_gaps(run) - lengths).max() < 4


@pytest.mark.parametrize("name", ["chain", "seesaw"])
@pytest.mark.parametrize("level", [1, 3, 5])
def test_hinges_hold(name: str, level: int):
    assert joint_gaps(recorded(name, level)).max() < 6


def test_a_pendulum_wave_keeps_time_with_its_lengths():
    """Half a swing is as long as the exact period of a pendulum of finite amplitude says, for each of them."""
    run = recorded("pendulum_wave", 3, frames=400)
    scene = run.scene
    for number, joint in enumerate(scene.joints):
        offset = run.positions[:, number, 0] - joint.anchor_a[0]
        crossings = np.flatnonzero(offset[1:] * offset[:-1] < 0)
        # Interpolated between frames, from the first passage to the last.
        times = crossings + offset[crossings] / (offset[crossings] - offset[crossings + 1])
        period = 2 * (times[-1] - times[0]) / (len(times) - 1) * DT
        amplitude = math.asin(abs(offset[0]) / joint.length)
        # The arithmetic-geometric mean gives the period of a pendulum exactly.
        a, g = 1.0, math.cos(amplitude / 2)
        for _ in range(6):
            a, g = (a + g) / 2, math.sqrt(a * g)
        exact = 2 * math.pi * math.sqrt(joint.length / -scene.gravity[1]) / a
        assert period == pytest.approx(exact, rel=0.02)


def single_cradles() -> list[Scene]:
    scenes = [scenarios.pose("newtons_cradle", 1, split="physics", index=index) for index in range(30)]
    # One ball pulled aside: the only one that does not hang below its anchor.
    aside = [sum(abs(b.x - j.anchor_a[0]) > 1 for b, j in zip(s.bodies, s.joints, strict=True)) for s in scenes]
    return [scene for scene, count in zip(scenes, aside, strict=True) if len(scene.bodies) >= 3 and count == 1]


def test_newtons_cradle_hands_the_blow_on_to_the_far_ball():
    """The ball at the far end leaves at the speed of the one that struck, and those between stay put."""
    scenes = single_cradles()
    assert len(scenes) >= 10
    for scene in scenes:
        run = record(scene)
        speed = np.hypot(*np.moveaxis(run.velocities, 2, 0))
        # The cradle's two ends: which of them was pulled aside?
        first = 0 if abs(run.positions[0, 0, 0] - scene.joints[0].anchor_a[0]) > 1 else -1
        far = -1 - first
        struck = speed[:, first].max()
        left = int(np.argmax(speed[:, far] > 0.9 * struck))
        assert left > 0, "the far ball never leaves at that speed"
        settled = speed[left + 2]
        assert settled[first] < 0.15 * struck
        assert settled[1:-1].max() < 0.2 * struck


@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_the_wrecking_ball_finds_a_wall_that_stands_and_wrecks_it(level: int):
    for index in range(4):
        run = recorded("wrecking_ball", level, index)
        bricks, ball = slice(0, len(run.scene.bodies) - 1), run.positions[:, -1]
        shift = np.linalg.norm(run.positions[:, bricks] - run.positions[0, bricks], axis=2)
        radius = run.scene.bodies[-1].shape.radius
        reach = radius + max(math.hypot(b.shape.width, b.shape.height) / 2 for b in run.scene.bodies[:-1])
        near = np.linalg.norm(run.positions[:, bricks] - ball[:, None], axis=2).min(1) < reach
        strike = int(np.argmax(near))
        assert near.any(), "it misses"
        assert shift[: max(strike - 1, 1)].max() < 3, "the wall falls by itself"
        assert shift[-1].max() > 15, "the wall stands as if nothing had happened"


def test_seesaws_tip_towards_the_larger_torque():
    for index in range(10):
        run = recorded("seesaw", 1, index)
        scene = run.scene
        plank = next(k for k, body in enumerate(scene.bodies) if isinstance(body.shape, Box) and body.shape.width > 100)
        assert any(isinstance(static, Block) for static in scene.statics)
        hinge = scene.bodies[plank].x
        loads = [body for k, body in enumerate(scene.bodies) if k != plank]
        if len(loads) == 1:
            side = np.sign(loads[0].x - hinge)
            tilt = run.angles[:, plank]
            assert tilt[np.argmax(np.abs(tilt))] * side < 0
        assert np.abs(run.angles[:, plank]).max() > 0.1


def test_a_hanging_chain_ends_below_its_anchor():
    """With its swing damped away it hangs straight down."""
    for index in range(6):
        run = recorded("chain", 1, index, frames=1500)
        end = run.positions[-1, -1]
        anchor = run.scene.joints[0].anchor_a
        assert end[1] < anchor[1]
        assert isinstance(run.scene.bodies[-1].shape, Box | Circle)
