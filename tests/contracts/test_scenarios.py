"""What every scenario promises, whoever wrote it: each file in the zoo is found and held to all of this."""

import dataclasses
import hashlib
import math
import os
import subprocess
import sys
from functools import cache

import numpy as np
import pymunk
import pytest

from gedanken.worlds.rigid import catalogue, invariants
from gedanken.worlds.rigid.parts import GROUND, Block, Body, Peg, Segment, Static
from gedanken.worlds.rigid.scene import CANVAS, LEVELS, OVERLAP, Scene
from gedanken.worlds.rigid.shapes import Circle
from gedanken.worlds.rigid.simulate import Recording, record

NAMES = catalogue.names()
CELLS = [(name, level) for name in NAMES for level in LEVELS]
SPLIT = "contracts"


@cache
def recording(name: str, level: int, index: int = 0) -> Recording:
    return record(catalogue.pose(name, level, split=SPLIT, index=index))


def test_zoo_holds_the_published_scenarios_and_ten_more():
    folders = {catalogue.category(name) for name in NAMES}
    assert folders == {"collision", "stacking", "ramp", "constraint", "minigame", "complex"}
    assert len(NAMES) >= 44
    assert set(catalogue.HELD_OUT) <= set(NAMES)


@pytest.mark.parametrize("name, level", CELLS)
def test_scene_has_a_legal_start(name: str, level: int):
    low, high = LEVELS[level]
    for index in range(5):
        scene = catalogue.pose(name, level, split=SPLIT, index=index)
        assert (scene.name, scene.level, scene.category) == (name, level, catalogue.category(name))
        assert low <= len(scene.bodies) <= high
        assert scene.description.endswith(".")
        assert scene.open or all(-OVERLAP <= x <= CANVAS[0] and 0 <= y <= CANVAS[1] for x, y in corners(scene))
    # Chipmunk's own collision test is the second opinion on `Scene.check`.
    assert deepest_contact(scene) <= OVERLAP + 0.01


@pytest.mark.parametrize("name, level", CELLS)
def test_bodies_move_stay_and_do_not_tunnel(name: str, level: int):
    for index in range(2):
        run = recording(name, level, index)
        x = run.positions
        travelled = np.linalg.norm(x - x[0], axis=2).max()
        assert travelled > 10, "nothing moves"
        if not run.scene.open:
            outside = ((x < 0) | (x > CANVAS)).any(2)
            assert not outside.any(), f"(frame, body) {np.argwhere(outside)[0]} is off the canvas"
        for number, static in enumerate(run.scene.statics):
            through = crossings(run, static)
            assert not len(through), f"body {through[0][1]} passes through static {number} in frame {through[0][0]}"


@pytest.mark.parametrize("name, level", CELLS)
def test_declared_quantities_are_conserved(name: str, level: int):
    assert invariants.broken(recording(name, level)) == []


def test_energy_and_momentum_are_declared_somewhere():
    declared = {quantity for name in NAMES for quantity in recording(name, 2).scene.conserved}
    assert {"energy", "momentum_x", "momentum_y"} <= declared


@pytest.mark.parametrize("name", NAMES)
def test_declared_forces_act(name: str):
    """Without a field, a kind of joint, the belts or gravity, something goes elsewhere."""
    run = recording(name, 2)
    for what, without in ablations(run.scene):
        changed = record(without)
        apart = np.linalg.norm(changed.positions - run.positions, axis=2).max()
        assert apart > 0.5, f"{what} makes no difference"


@pytest.mark.parametrize("name", NAMES)
def test_at_least_five_numbers_vary_independently(name: str):
    """The dimension of the space that the scenes' common numbers span, over scenes of one level."""
    for level in (1, 5):
        scenes = [numbers(catalogue.pose(name, level, split=SPLIT, index=index)) for index in range(12)]
        common = sorted(set.intersection(*(set(scene) for scene in scenes)))
        table = np.array([[scene[path] for path in common] for scene in scenes])
        varying = table - table.mean(0)
        spread = varying.std(0)
        varying = varying[:, spread > 1e-6] / spread[spread > 1e-6]
        assert np.linalg.matrix_rank(varying, tol=0.05) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_indices_levels_and_splits_give_different_scenes(name: str):
    scenes = {catalogue.pose(name, 1, split=SPLIT, index=index) for index in range(40)}
    scenes.add(catalogue.pose(name, 1, split="train", index=0))
    assert len(scenes) == 41


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_thousand_scenes_are_legal_and_distinct(name: str):
    assert len({catalogue.pose(name, 1, split="train", index=index) for index in range(1000)}) == 1000
    for level in (2, 3, 4, 5):
        assert len({catalogue.pose(name, level, split="train", index=index) for index in range(60)}) == 60


DIGEST = """
import hashlib
from gedanken.worlds.rigid import catalogue
from gedanken.worlds.rigid.simulate import record
whole = hashlib.sha256()
for name in catalogue.names():
    run = record(catalogue.pose(name, 2, split="contracts"))
    whole.update(repr(run.scene).encode() + run.states.tobytes())
print(whole.hexdigest())
"""


def test_scenes_and_recordings_are_the_same_in_every_process():
    whole = hashlib.sha256()
    for name in NAMES:
        run = recording(name, 2)
        whole.update(repr(run.scene).encode() + run.states.tobytes())
    for seed in ("0", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == whole.hexdigest()


def corners(scene: Scene) -> list[tuple[float, float]]:
    """Extreme points of every body at the start, shrunk by the overlap that is allowed."""
    points = []
    for body in scene.bodies:
        r = body.shape.radius - OVERLAP
        points += [(x + dx, y + dy) for x, y in body.outline for dx, dy in ((r, 0), (-r, 0), (0, r), (0, -r))]
    return points


def chipmunk_shape(thing: Body | Static, holder: pymunk.Body) -> pymunk.Shape:
    """The thing as a Pymunk shape."""
    if isinstance(thing, Body):
        if isinstance(thing.shape, Circle):
            return pymunk.Circle(holder, thing.shape.radius)
        return pymunk.Poly(holder, list(thing.shape.core))
    if isinstance(thing, Segment):
        return pymunk.Segment(holder, (thing.ax, thing.ay), (thing.bx, thing.by), thing.radius)
    if isinstance(thing, Peg):
        return pymunk.Circle(holder, thing.radius, (thing.x, thing.y))
    return pymunk.Poly(holder, list(thing.vertices))


def deepest_contact(scene: Scene) -> float:
    """Depth (px) of the deepest overlap at the start between two things that may touch each other."""
    excused = {frozenset((joint.a, joint.b)) for joint in scene.joints if not joint.collide}
    space = pymunk.Space()
    numbers: dict[pymunk.Shape, int] = {}
    for number, thing in enumerate((*scene.bodies, *scene.statics)):
        moves = isinstance(thing, Body) and not thing.kinematic
        holder = pymunk.Body(1, 1) if moves else pymunk.Body(body_type=pymunk.Body.KINEMATIC)
        if isinstance(thing, Body):
            holder.position, holder.angle = (thing.x, thing.y), thing.angle
        shape = chipmunk_shape(thing, holder)
        shape.filter = pymunk.ShapeFilter(group=thing.group if isinstance(thing, Body) else 0)
        space.add(holder, shape)
        numbers[shape] = number if isinstance(thing, Body) else GROUND
    # A step too short to move anything finds the contacts.
    space.step(1e-9)
    depths = [0.0]

    def note(arbiter: pymunk.Arbiter) -> None:
        if frozenset(numbers[shape] for shape in arbiter.shapes) not in excused:
            depths.extend(-point.distance for point in arbiter.contact_point_set.points)

    for shape, number in numbers.items():
        if number != GROUND and not scene.bodies[number].kinematic:
            shape.body.each_arbiter(note)
    return max(depths)


def crossings(run: Recording, static: Static) -> np.ndarray:
    """(frame, body) wherever a dynamic body's centre passes a wall's middle line, or lies within a peg or block."""
    free = {
        joint.b if joint.a == GROUND else joint.a
        for joint in run.scene.joints
        if not joint.collide and GROUND in (joint.a, joint.b)
    }
    solid = np.array([not body.kinematic and number not in free for number, body in enumerate(run.scene.bodies)])
    x, y = np.moveaxis(run.positions, 2, 0)
    match static:
        case Segment(ax=ax, ay=ay, bx=bx, by=by):
            along = (bx - ax, by - ay)
            side = (x - ax) * along[1] - (y - ay) * along[0]
            change = side[1:] * side[:-1] < 0
            # Where the path meets the wall's line, as a fraction of the wall's length.
            share = side[:-1] / np.where(change, side[:-1] - side[1:], 1.0)
            meet_x, meet_y = x[:-1] + share * np.diff(x, axis=0), y[:-1] + share * np.diff(y, axis=0)
            place = ((meet_x - ax) * along[0] + (meet_y - ay) * along[1]) / (along[0] ** 2 + along[1] ** 2)
            through = change & (place > 0) & (place < 1)
        case Peg():
            through = np.hypot(x - static.x, y - static.y) < static.radius
        case Block():
            through = np.ones(x.shape, bool)
            for k, (bx, by) in enumerate(static.vertices):
                ax, ay = static.vertices[k - 1]
                through &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0
    return np.argwhere(through & solid)


def ablations(scene: Scene):
    """(what is taken away, the scene without it) for every influence that the scene declares."""
    for number, field in enumerate(scene.fields):
        rest = scene.fields[:number] + scene.fields[number + 1 :]
        yield f"field {number} ({type(field).__name__})", dataclasses.replace(scene, fields=rest)
    for kind in sorted({type(joint).__name__ for joint in scene.joints}):
        rest = tuple(joint for joint in scene.joints if type(joint).__name__ != kind)
        yield f"the joints of kind {kind}", dataclasses.replace(scene, joints=rest)
    if any(isinstance(static, Segment) and static.belt for static in scene.statics):
        still = tuple(dataclasses.replace(s, belt=0.0) if isinstance(s, Segment) else s for s in scene.statics)
        yield "the belt", dataclasses.replace(scene, statics=still)
    if scene.gravity != (0.0, 0.0):
        yield "gravity", dataclasses.replace(scene, gravity=(0.0, 0.0))


def numbers(thing: object, path: str = "") -> dict[str, float]:
    """Every number of a scene by where it stands in it."""
    found: dict[str, float] = {}
    if dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            found |= numbers(getattr(thing, field.name), f"{path}.{field.name}")
    elif isinstance(thing, tuple):
        for number, part in enumerate(thing):
            found |= numbers(part, f"{path}.{number}")
    elif isinstance(thing, float) and math.isfinite(thing):
        found[path] = thing
    return found
