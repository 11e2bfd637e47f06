import hashlib
import math
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pymunk
import pytest

from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.worlds.rigid import (
    DT,
    GROUND,
    Attractor,
    Block,
    Body,
    Box,
    Circle,
    Gravitation,
    Motor,
    Pin,
    Polygon,
    Room,
    Scene,
    Segment,
    Slide,
    Solver,
    Spring,
    Wind,
    pivot_at,
    walls,
)
from gedanken.worlds.rigid.engine.chipmunk import Space
from gedanken.worlds.rigid.engine.simulate import memoryless, record, resume

NO_GRAVITY = (0.0, 0.0)


def crowd(count=14, gravity=(0.0, -981.0)):
    """Balls, boxes and polygons thrown into a box that has everything else in it, too."""
    rng = stream("test", "crowd", count)
    statics = (*walls(), Block(((300, 10), (420, 10), (360, 60))), Segment(500, 120, 700, 100, 4, belt=60))
    room = Room(statics)
    room.add(Body(Box(90, 12), x=150, y=120, kinematic=True, spin=2.0, swing=(-0.6, 0.6)))
    room.add(Body(Circle(14), x=150, y=250))
    room.add(Body(Circle(14), x=190, y=250))
    room.add(Body(Box(80, 10), x=600, y=220))
    shapes = (lambda: Circle(rng.uniform(8, 16)), lambda: Box(rng.uniform(14, 30), 16), lambda: Polygon.regular(5, 14))
    for k in range(count):
        body = Body(shapes[k % 3](), mass=rng.uniform(0.5, 3), angle=rng.uniform(0, 3), vx=rng.normal(0, 200))
        room.place(rng, body, (40, 260, 760, 560))
    joints = (Pin(GROUND, 1, (150, 350)), Slide(1, 2, maximum=70), pivot_at(room.bodies, GROUND, 3, 600, 220))
    joints += (Spring(3, 2, (-40, 0), rest_length=300, stiffness=2), Motor(GROUND, 3, 1.0, max_torque=1e5))
    fields = (Wind(10, 300, 300, 590, 150, 0), Attractor(600, 400, 2e6, 50), Gravitation(500, 20))
    return Scene(room.bodies, statics, joints, gravity, fields, 0.95, 900.0).check()


def digest(states):
    return hashlib.sha256(np.ascontiguousarray(states).tobytes()).hexdigest()


def test_frames_are_numbers_of_four_decimals_and_begin_with_the_scene():
    recording = record(scene := crowd(), 50)
    assert recording.states.shape == (51, len(scene.bodies), 6)
    assert np.array_equal(recording.states, np.rint(recording.states * 1e4) / 1e4)
    assert not np.signbit(recording.states[recording.states == 0]).any()
    assert [tuple(row) for row in recording.positions[0]] == [(body.x, body.y) for body in scene.bodies]


# With Pymunk 7.3.1; other processors and C libraries round sines otherwise.
@pytest.mark.skipif((platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the bits of one platform")
def test_the_bits_are_those_of_every_other_day():
    assert pymunk.version == "7.3.1"
    assert digest(record(crowd()).states) == "f1ce1113ef02e909508ddec448980264d2730aec6f2a531aaafb245db70175dc"


def test_another_process_with_another_hash_seed_records_the_same_bits():
    folder = Path(__file__).parent
    code = f"""
import sys
sys.path.insert(0, {str(folder)!r})
from test_simulate import *
print(digest(record(crowd(), 120).states))"""
    found = {digest(record(crowd(), 120).states)}
    for seed in ("1", "2"):
        run = subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True)
        found.add(run.stdout.strip())
    assert len(found) == 1


def test_it_steps_as_pymunk_does():
    scene = replace(crowd(), fields=(), speed_cap=None, joints=())
    space = pymunk.Space()
    space.gravity, space.damping = scene.gravity, scene.damping
    for static in scene.statics:
        if isinstance(static, Segment):
            shape = pymunk.Segment(space.static_body, (static.ax, static.ay), (static.bx, static.by), static.radius)
            along = pymunk.Vec2d(static.bx - static.ax, static.by - static.ay)
            shape.surface_velocity = along / along.length * static.belt
        else:
            shape = pymunk.Poly(space.static_body, static.vertices)
        shape.friction, shape.elasticity = static.friction, static.elasticity
        space.add(shape)
    bodies = []
    # A rotor passes through statics: Pymunk is told so by a filter.
    for body in scene.bodies[1:]:
        handle = pymunk.Body(body.mass, body.moment)
        handle.position, handle.velocity = (body.x, body.y), (body.vx, body.vy)
        handle.angle, handle.angular_velocity = body.angle, body.spin
        shape = (
            pymunk.Circle(handle, body.shape.radius)
            if isinstance(body.shape, Circle)
            else pymunk.Poly(handle, body.shape.core)
        )
        shape.friction, shape.elasticity = body.friction, body.elasticity
        space.add(handle, shape)
        bodies.append(handle)
    raw = record(replace(scene, bodies=scene.bodies[1:]), 30, labels="raw").states
    for frame in range(1, 31):
        space.step(DT)
        theirs = [(*b.position, *b.velocity, b.angle, b.angular_velocity) for b in bodies]
        # Pymunk hands polygons over as hulls, whose first corner may be another: the sums round otherwise.
        np.testing.assert_allclose(raw[frame], theirs, atol=0.02 if frame > 15 else 1e-3)


def test_pushed_positions_are_the_next_ones_less_the_motion():
    scene = replace(crowd(), speed_cap=None)
    raw = record(scene, 100, labels="raw")
    pushed = record(scene, 99)
    expected = raw.positions[2:] - raw.velocities[1:-1] * DT
    np.testing.assert_allclose(pushed.positions[1:], expected, atol=2e-4)
    assert np.abs(pushed.positions[1:] - raw.positions[1:-1]).max() > 0.01
    np.testing.assert_array_equal(pushed.velocities, raw.velocities[:-1])


def test_pushed_frames_between_contacts_say_where_the_next_one_is():
    scene = Scene((Body(Circle(10), x=100, y=300, vx=100), Body(Circle(10), x=400, y=300, vx=-50)), gravity=NO_GRAVITY)
    states = record(scene, 30).states
    np.testing.assert_allclose(states[1:, :, :2], states[:-1, :, :2] + states[:-1, :, 2:4] * DT, atol=1.01e-4)


def test_a_restart_from_text_is_nearly_right_and_with_ten_frames_more_so():
    states = record(scene := crowd()).states
    errors = {}
    for context in (1, 10):
        off = [np.abs(resume(scene, states[n - context + 1 : n + 1], 1)[0] - states[n + 1]) for n in range(20, 190, 10)]
        errors[context] = np.percentile(np.array(off)[:, :, :2].max(2), 95), np.median(np.array(off)[:, :, 2:4])
    assert errors[1][0] < 0.03
    assert errors[10][0] < 0.03
    assert errors[10][1] <= errors[1][1]


@pytest.mark.parametrize("labels", ["pushed", "raw"])
def test_resuming_frame_0_is_recording(labels):
    states = record(scene := crowd(), 40, labels).states
    np.testing.assert_array_equal(resume(scene, states[:1], 40, labels), states[1:])


def test_memoryless_frames_decide_the_next_one_exactly():
    scene = memoryless(crowd())
    states = record(scene, 60).states
    for n in range(60):
        np.testing.assert_array_equal(resume(scene, states[n : n + 1], 1)[0], states[n + 1])
    with pytest.raises(UserError, match="no raw labels"):
        record(scene, 1, labels="raw")


def test_memoryless_stacks_stand():
    boxes = [Body(Box(40, 20), x=400, y=20 + 20 * k, friction=0.7) for k in range(6)]
    states = record(memoryless(Scene(boxes, walls())), 120).states
    assert np.abs(states[-1, :, :2] - states[0, :, :2]).max() < 3.0


def test_an_unstable_scene_is_the_users_fault():
    scene = Scene(
        (Body(Circle(5), x=400, y=300, mass=0.001), Body(Circle(5), x=430, y=300)),
        joints=(Spring(0, 1, stiffness=1e6),),
    )
    with pytest.raises(UserError, match="unstable"):
        record(scene)


def test_a_belt_carries_what_lies_on_it_to_its_end():
    scene = Scene((Body(Box(20, 20), x=100, y=32),), (Segment(20, 20, 780, 20, 2, belt=80),))
    assert record(scene).velocities[-1, 0, 0] == pytest.approx(80, abs=0.1)
    backwards = replace(
        scene, bodies=(Body(Box(20, 20), x=600, y=32),), statics=(Segment(780, 20, 20, 20, 2, belt=80),)
    )
    assert record(backwards).velocities[-1, 0, 0] == pytest.approx(-80, abs=0.1)


def test_a_paddle_patrols_and_pushes():
    paddle = Body(Box(20, 80), x=100, y=300, vy=200, kinematic=True, bounds=(100, 200, 100, 400))
    ball = Body(Circle(10), x=500, y=300)
    recording = record(Scene((paddle, ball), walls()))
    y = recording.positions[:, 0, 1]
    assert y.max() == pytest.approx(400, abs=200 * DT)
    assert y.min() == pytest.approx(200, abs=200 * DT)
    assert set(np.unique(recording.velocities[:, 0, 1])) == {-200.0, 200.0}
    pushed = record(Scene((replace(paddle, y=250), Body(Circle(10), x=100, y=320)), gravity=NO_GRAVITY), 20)
    assert pushed.velocities[-1, 1, 1] >= 200.0


def test_a_flipper_beats_between_its_angles():
    flipper = Body(Box(80, 10), x=300, y=300, spin=5.0, kinematic=True, swing=(-0.5, 0.5))
    angles = record(Scene((flipper,))).angles[:, 0]
    assert angles.max() == pytest.approx(0.5, abs=5 * DT)
    assert angles.min() == pytest.approx(-0.5, abs=5 * DT)


def test_paddles_turn_round_at_the_same_frame_when_restarted_from_text():
    # 200 px/s reaches 400 px after 30 frames to the last digit, where rounding must not decide.
    paddle = Body(Box(20, 80), x=100, y=300, vy=200, kinematic=True, bounds=(100, 200, 100, 400))
    states = record(scene := Scene((paddle,))).states
    for n in range(0, 190, 7):
        np.testing.assert_allclose(resume(scene, states[n : n + 1], 10), states[n + 1 : n + 11], atol=1e-3)


def test_an_attractor_keeps_a_circular_orbit():
    speed = math.sqrt(1e6 / 100)
    scene = Scene((Body(Circle(5), x=500, y=300, vy=speed),), gravity=NO_GRAVITY, fields=(Attractor(400, 300, 1e6),))
    radius = np.hypot(*(record(scene).positions[:, 0] - (400, 300)).T)
    assert np.abs(radius - 100).max() < 3.0


def test_planets_attract_each_other_equally():
    bodies = (Body(Circle(5), x=350, y=300, mass=1), Body(Circle(5), x=450, y=300, mass=3))
    velocities = record(Scene(bodies, gravity=NO_GRAVITY, fields=(Gravitation(1e5),)), 10).velocities[-1]
    assert velocities[0, 0] > 0
    assert velocities[0, 0] == pytest.approx(-3 * velocities[1, 0], rel=1e-3)


def test_wind_blows_in_its_zone_and_nowhere_else():
    bodies = [Body(Circle(5), x=x, y=300, mass=m) for x, m in ((150, 1.0), (250, 2.0), (350, 1.0))]
    velocities = record(Scene(bodies, gravity=NO_GRAVITY, fields=(Wind(100, 200, 300, 400, 120, 60),)), 30).velocities
    np.testing.assert_allclose(velocities[-1], [(60, 30), (30, 15), (0, 0)], atol=1e-3)


def test_a_pendulum_keeps_its_length_and_a_rope_its_maximum():
    rod = Scene((Body(Circle(10), x=500, y=400),), joints=(Pin(GROUND, 0, (400, 400)),))
    assert np.abs(np.hypot(*(record(rod).positions[:, 0] - (400, 400)).T) - 100).max() < 3
    rope = Scene((Body(Circle(10), x=420, y=400),), joints=(Slide(GROUND, 0, (400, 400), maximum=100),))
    lengths = np.hypot(*(record(rope).positions[:, 0] - (400, 400)).T)
    assert lengths.max() < 106
    assert lengths.min() < 30


def test_a_motor_turns_counter_clockwise():
    bar = (Body(Box(100, 10), x=400, y=300),)
    scene = Scene(bar, joints=(pivot_at(bar, GROUND, 0, 400, 300), Motor(GROUND, 0, 2.0)))
    assert record(scene).spins[-1, 0] == pytest.approx(2.0, abs=1e-3)


def test_speed_is_capped_for_what_moves_freely():
    scene = Scene(
        (Body(Circle(5), x=400, y=590, vx=30), Body(Circle(5), x=100, y=300, vx=400, kinematic=True)), open=True
    )
    recording = record(replace(scene, speed_cap=100.0))
    speeds = np.hypot(*np.moveaxis(recording.velocities, 2, 0))
    assert speeds[:, 0].max() <= 100.0001
    assert (speeds[:, 1] == 400).all()


def test_groups_and_unjointed_pairs_pass_through_each_other():
    def meet(**more):
        return (Body(Circle(10), x=380, y=300, vx=50, **more), Body(Circle(10), x=420, y=300, vx=-50, **more))

    assert record(Scene(meet(), gravity=NO_GRAVITY), 60).positions[-1, 0, 0] < 400
    assert record(Scene(meet(group=1), gravity=NO_GRAVITY), 60).positions[-1, 0, 0] > 410
    loose = Slide(0, 1, maximum=500, collide=False)
    assert record(Scene(meet(), joints=(loose,), gravity=NO_GRAVITY), 60).positions[-1, 0, 0] > 410


def test_substeps_stop_what_would_tunnel():
    bullet = Body(Circle(3), x=100, y=300, vx=2400)
    scene = Scene((bullet,), (Segment(413, 0, 413, 600, 1),), gravity=NO_GRAVITY, open=True)
    assert record(scene, 20).positions[-1, 0, 0] > 420
    assert record(replace(scene, solver=Solver(substeps=12)), 20).positions[-1, 0, 0] < 413


def test_what_does_not_rotate_does_not():
    boxes = (Body(Box(30, 30), x=400, y=50, rotates=False), Body(Circle(10), x=412, y=200, vx=40))
    recording = record(Scene(boxes, walls()))
    assert (recording.angles[:, 0] == 0).all()
    assert np.abs(recording.spins[:, 1]).max() > 0


def test_the_bare_step_ends_where_the_loop_does():
    scene = replace(crowd(), fields=(), speed_cap=None, bodies=crowd().bodies[1:], joints=())
    with Space(scene) as space:
        space.step_only(50)
        ended = space.advance(1, pushed=False)
    with Space(scene) as space:
        np.testing.assert_array_equal(space.advance(51, pushed=False)[-1:], ended)
