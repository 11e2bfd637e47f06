"""What every scenario of the zoo promises. A promise takes a scenario's name, or the path of its file, and a level."""

import dataclasses
import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pymunk
from numpy.typing import NDArray

from gedanken.tasks.promises import Promises
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine import invariants, joints
from gedanken.worlds.rigid.engine.simulate import Recording, record
from gedanken.worlds.rigid.scene.parts import GROUND, Block, Body, Peg, Segment, Static
from gedanken.worlds.rigid.scene.scene import CANVAS, LEVELS, OVERLAP, Scene
from gedanken.worlds.rigid.scene.shapes import Circle

SPLIT = "contracts"

JOINT_MEAN = 1.0
"""Largest mean distance (px) of a joint's anchors from where it holds them."""

JOINT_WORST = 10.0
"""The same in any one frame: at an impact the solver has not converged when the frame ends."""

PROMISES = Promises()


def examine(name: str) -> Iterator[tuple[str, str | None]]:
    """Each promise by name, with None where the scenario keeps it on every level, or a sentence on how it is broken.

    `name` is a scenario's or the path of its file.
    """
    return PROMISES.examine([(f"level {level}: ", (name, level)) for level in LEVELS])


@lru_cache(maxsize=512)
def recording(name: str, level: int, index: int = 0) -> Recording:
    """The recording of one scene; cached, since several promises use it."""
    return record(scenarios.pose(name, level, split=SPLIT, index=index))


@PROMISES.promise
def the_start_is_legal(name: str, level: int) -> str | None:
    """As many bodies as the level wants (a file of one's own may have any number), on the canvas, none overlapping."""
    low, high = LEVELS[level]
    counted = not scenarios.is_file(name)
    for index in range(5):
        scene = scenarios.pose(name, level, split=SPLIT, index=index)
        if counted and not low <= len(scene.bodies) <= high:
            return f"{len(scene.bodies)} bodies; level {level} has {low} to {high}"
        if not scene.description.endswith("."):
            return "the description is not a sentence"
        inside = all(-OVERLAP <= x <= CANVAS[0] and 0 <= y <= CANVAS[1] for x, y in _corners(scene))
        if not (scene.open or inside):
            return f"a body of scene {index} starts off the canvas"
    # Chipmunk's own collision test is the second opinion on `Scene.check`.
    depth = _deepest_contact(scene)
    return None if depth <= OVERLAP + 0.01 else f"bodies overlap by {depth:.2f} px at the start"


@PROMISES.promise
def bodies_move_stay_and_do_not_tunnel(name: str, level: int) -> str | None:
    """Something travels, nothing leaves the canvas (unless the scene is open) or passes a wall."""
    for index in range(2):
        run = recording(name, level, index)
        x = run.positions
        if np.linalg.norm(x - x[0], axis=2).max() <= 10:
            return "nothing moves"
        outside = ((x < 0) | (x > CANVAS)).any(2)
        if outside.any() and not run.scene.open:
            frame, body = np.argwhere(outside)[0]
            return f"body {body} is off the canvas in frame {frame}"
        for number, static in enumerate(run.scene.statics):
            through = _crossings(run, static)
            if len(through):
                return f"body {through[0][1]} passes through static {number} in frame {through[0][0]}"
    return None


@PROMISES.promise
def what_is_declared_conserved_is_conserved(name: str, level: int) -> str | None:
    """Energy where nothing dissipates, momentum where nothing acts."""
    return next(iter(invariants.broken(recording(name, level))), None)


@PROMISES.promise
def declared_forces_act(name: str, level: int) -> str | None:
    """Without a field, a kind of joint, the belts or gravity, something goes elsewhere."""
    if level != 2:  # one level shows it, and each part taken away costs a recording
        return None
    run = recording(name, level)
    for what, without in _ablations(run.scene):
        if np.linalg.norm(record(without).positions - run.positions, axis=2).max() <= 0.5:
            return f"{what} makes no difference"
    return None


@PROMISES.promise
def the_named_event_happens(name: str, level: int) -> str | None:
    """What the scenario's file says in `EVENT`: a brick is hit, a domino falls, sand passes."""
    event = scenarios.event(name)
    if event is None:
        # A file of one's own need not say what is to happen in it.
        return None if scenarios.is_file(name) else "its file names no EVENT"
    for index in range(2):
        run = recording(name, level, index)
        if not event.happens(run.scene, run.states):
            return f"in scene {index} it does not happen that {event.about}"
    return None


@PROMISES.promise
def joints_hold(name: str, level: int) -> str | None:
    """Every rod, hinge and rope is within `JOINT_MEAN` of its place in the mean of a recording, and never far off."""
    for index in range(2):
        run = recording(name, level, index)
        for number, gap in joints.gaps(run.scene, run.states).items():
            if gap.mean() > JOINT_MEAN or gap.max() > JOINT_WORST:
                return (
                    f"joint {number} of scene {index} is {gap.mean():.2f} px out of place in the mean and "
                    f"{gap.max():.1f} px in frame {int(gap.argmax())}; substeps or heavier parts help"
                )
    return None


@PROMISES.promise
def at_least_five_numbers_vary_independently(name: str, level: int) -> str | None:
    """The dimension of the space that the scenes' common numbers span, over scenes of one level."""
    scenes = [_numbers(scenarios.pose(name, level, split=SPLIT, index=index)) for index in range(12)]
    common = sorted(set.intersection(*(set(scene) for scene in scenes)))
    table = np.array([[scene[path] for path in common] for scene in scenes])
    varying = table - table.mean(0)
    spread = varying.std(0)
    varying = varying[:, spread > 1e-6] / spread[spread > 1e-6]
    rank = np.linalg.matrix_rank(varying, tol=0.05)
    return None if rank >= 5 else f"only {rank} numbers vary independently"


@PROMISES.promise
def indices_and_splits_give_different_scenes(name: str, level: int) -> str | None:
    """No scene comes twice."""
    scenes = {scenarios.pose(name, level, split=SPLIT, index=index) for index in range(40)}
    scenes.add(scenarios.pose(name, level, split="train", index=0))
    return None if len(scenes) == 41 else f"only {len(scenes)} of 41 scenes differ"


def _corners(scene: Scene) -> list[tuple[float, float]]:
    """Extreme points of every body at the start, shrunk by the overlap that is allowed."""
    points = []
    for body in scene.bodies:
        r = body.shape.radius - OVERLAP
        points += [(x + dx, y + dy) for x, y in body.outline for dx, dy in ((r, 0), (-r, 0), (0, r), (0, -r))]
    return points


def _chipmunk_shape(thing: Body | Static, holder: pymunk.Body) -> pymunk.Shape:
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


def _deepest_contact(scene: Scene) -> float:
    """Depth (px) of the deepest overlap at the start between two things that may touch each other."""
    excused = {frozenset((joint.a, joint.b)) for joint in scene.joints if not joint.collide}
    space = pymunk.Space()
    numbers: dict[pymunk.Shape, int] = {}
    for number, thing in enumerate((*scene.bodies, *scene.statics)):
        moves = isinstance(thing, Body) and not thing.kinematic
        holder = pymunk.Body(1, 1) if moves else pymunk.Body(body_type=pymunk.Body.KINEMATIC)
        if isinstance(thing, Body):
            holder.position, holder.angle = (thing.x, thing.y), thing.angle
        shape = _chipmunk_shape(thing, holder)
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


def _crossings(run: Recording, static: Static) -> NDArray[np.intp]:
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


def _ablations(scene: Scene) -> Iterator[tuple[str, Scene]]:
    """(what is taken away, the scene without it) for every influence that the scene declares."""
    for number, field in enumerate(scene.fields):
        rest = (*scene.fields[:number], *scene.fields[number + 1 :])
        yield f"field {number} ({type(field).__name__})", dataclasses.replace(scene, fields=rest)
    for kind in sorted({type(joint).__name__ for joint in scene.joints}):
        others = tuple(joint for joint in scene.joints if type(joint).__name__ != kind)
        yield f"the joints of kind {kind}", dataclasses.replace(scene, joints=others)
    if any(isinstance(static, Segment) and static.belt for static in scene.statics):
        still = tuple(dataclasses.replace(s, belt=0.0) if isinstance(s, Segment) else s for s in scene.statics)
        yield "the belt", dataclasses.replace(scene, statics=still)
    if scene.gravity != (0.0, 0.0):
        yield "gravity", dataclasses.replace(scene, gravity=(0.0, 0.0))


def _numbers(thing: object, path: str = "") -> dict[str, float]:
    """Every number of a scene by where it stands in it."""
    found: dict[str, float] = {}
    if dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            found |= _numbers(getattr(thing, field.name), f"{path}.{field.name}")
    elif isinstance(thing, tuple):
        for number, part in enumerate(thing):
            found |= _numbers(part, f"{path}.{number}")
    elif isinstance(thing, float) and math.isfinite(thing):
        found[path] = thing
    return found
