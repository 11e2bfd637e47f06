"""How fast scenes become data: scenes a second and core, beside the bare simulator and beside the usual way.

Four things are timed on the same scenes, a batch at a time in changing order, in one process, as CPU time:

- `c_step`: nothing but Chipmunk's step, called from Python; the space is built outside the timing. No generator on this
  simulator can be faster.
- `arrays`: `shards.write_shard`, from the scenes' keys to a Parquet file on the disk.
- `text`: from the scenes' keys to the `v1` text of all frames in a file on the disk.
- `reference`: from the scenes' keys to JSONL on the disk the way the generator of PhysicsLLMEngine works: Pymunk's
  objects, each attribute of each body read in Python in every frame, rounded, put into dictionaries, `json.dumps`. It
  is spared what would make it slower still and the published one does not have: forces of fields, speed caps, and
  paddles that turn round.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pymunk

from gedanken.data.provenance import versions
from gedanken.data.shards import Plan, write_shard
from gedanken.files import staged_file
from gedanken.markdown import table
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.chipmunk import Space
from gedanken.worlds.rigid.engine.simulate import FRAMES, record
from gedanken.worlds.rigid.scene.parts import GROUND, Block, Body, Joint, Motor, Peg, Pin, Pivot, Segment, Slide, Spring
from gedanken.worlds.rigid.scene.scene import DT, Scene
from gedanken.worlds.rigid.scene.shapes import Circle
from gedanken.worlds.rigid.text import v1

README_TYPES = (
    *("billiards", "bowling", "explosion", "head_on", "projectile", "tower", "pyramid", "dominos", "jenga", "bridge"),
    *("ramp_roll", "ski_jump", "funnel", "plinko", "marble_run", "pendulum", "newtons_cradle", "wrecking_ball"),
    *("chain", "seesaw", "angry_birds", "pinball", "basketball", "breakout", "pong", "avalanche", "conveyor"),
    *("hourglass", "orbit", "wind"),
)
"""The thirty scenario types that PhysicsLLMEngine's README lists; figures are means over them and levels 1 to 5."""

BATCH = 100
"""Scenes of a batch: two row groups of a shard."""


def run(
    scenes: int = 300,
    scenarios: Sequence[str] = README_TYPES,
    frames: int = FRAMES,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> dict[str, Any]:
    """Time the four ways on the same scenes.

    Args:
        scenes: how many, shared out evenly to scenarios and levels.
        scenarios: names from the zoo.
        frames: of each scene.
        progress: called with batches done, batches in all, and a note.

    Returns:
        `reference`, `c_step`, `arrays` and `text`, each with `scenes_per_second` (of one core); the last two with
        `ratio` (to the reference), `fraction_of_c_step` and `bytes_per_scene`.

    Raises:
        UserError: an unknown scenario, or an impossible count.
    """
    plan = Plan("test", scenes, tuple(scenarios), frames=frames, shard_scenes=min(scenes, BATCH))
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    sizes: dict[str, int] = dict.fromkeys(WAYS, 0)
    with tempfile.TemporaryDirectory(prefix="gedanken-bench-") as name:
        folder = Path(name)
        warm = Plan("val", len(plan.scenarios), plan.scenarios, (1,), frames=2)
        for way in WAYS.values():
            way(warm, 0, folder)
        for batch in range(plan.shards):
            order = list(WAYS)[batch % len(WAYS) :] + list(WAYS)[: batch % len(WAYS)]
            for name in order:
                spent, written = WAYS[name](plan, batch, folder)
                seconds[name].append(spent)
                sizes[name] += written
            progress(batch + 1, plan.shards, "")
    return _summarise(plan, seconds, sizes)


def _summarise(plan: Plan, seconds: dict[str, list[float]], sizes: dict[str, int]) -> dict[str, Any]:
    speed = {name: plan.scenes / sum(seconds[name]) for name in WAYS}
    result: dict[str, Any] = {name: {"scenes_per_second": speed[name]} for name in WAYS}
    for name in ("arrays", "text"):
        by_batch = [theirs / ours for theirs, ours in zip(seconds["reference"], seconds[name], strict=True)]
        result[name] |= {
            "ratio": speed[name] / speed["reference"],
            "ratio_by_batch": [min(by_batch), statistics.median(by_batch), max(by_batch)],
            "fraction_of_c_step": speed[name] / speed["c_step"],
            "bytes_per_scene": sizes[name] / plan.scenes,
        }
    result["reference"]["bytes_per_scene"] = sizes["reference"] / plan.scenes
    bodies = sum(len(_pose(plan, number).bodies) for number in range(plan.scenes))
    result["scenes"] = plan.scenes
    result["scenarios"] = len(plan.scenarios)
    result["frames"] = plan.frames
    result["bodies_per_scene"] = bodies / plan.scenes
    result["reference"]["microseconds_per_body_and_frame"] = 1e6 * sum(seconds["reference"]) / (bodies * plan.frames)
    result["versions"] = versions(plan.scenarios)
    return result


def _pose(plan: Plan, number: int) -> Scene:
    scenario, level, split, index = plan.key(number)
    return scenarios.pose(scenario, level, split=split, index=index)


def _time_arrays(plan: Plan, batch: int, folder: Path) -> tuple[float, int]:
    start = time.process_time()
    receipt = write_shard(plan, batch, folder)
    return time.process_time() - start, receipt.bytes


def _time_text(plan: Plan, batch: int, folder: Path) -> tuple[float, int]:
    start = time.process_time()
    path = folder / "scenes.txt"
    with staged_file(path) as file:
        for number in plan.numbers(batch):
            scene = _pose(plan, number)
            states = record(scene, plan.frames).states
            file.write(v1.write_header(v1.Header(scene)).encode())
            file.write(v1.write_frames(states[1:], 1).encode())
    return time.process_time() - start, path.stat().st_size


def _time_step(plan: Plan, batch: int, folder: Path) -> tuple[float, int]:
    spent = 0.0
    for number in plan.numbers(batch):
        with Space(_pose(plan, number)) as space:
            start = time.process_time()
            space.step_only(plan.frames)
            spent += time.process_time() - start
    return spent, 0


def _time_reference(plan: Plan, batch: int, folder: Path) -> tuple[float, int]:
    start = time.process_time()
    written = 0
    for number in plan.numbers(batch):
        path = folder / f"scene-{number}.jsonl"
        export(_pose(plan, number), plan.frames, path)
        written += path.stat().st_size
    return time.process_time() - start, written


WAYS: dict[str, Callable[[Plan, int, Path], tuple[float, int]]] = {
    "reference": _time_reference,
    "c_step": _time_step,
    "arrays": _time_arrays,
    "text": _time_text,
}


def export(scene: Scene, frames: int, path: Path) -> None:
    """Simulate with Pymunk's objects and write a JSON record a frame: the reference."""
    space, bodies = build(scene)
    dt = DT / scene.solver.substeps
    with path.open("w") as file:
        header = {
            "type": "scene_header",
            "description": scene.description,
            "object_count": len(bodies),
            "gravity": {"x": scene.gravity[0], "y": scene.gravity[1]},
            "timestep": DT,
            "objects": [_object_of(number, body) for number, body in enumerate(bodies)],
            "scenario_type": scene.name,
            "difficulty": scene.level,
        }
        file.write(json.dumps(header) + "\n")
        for frame in range(1, frames + 1):
            for _ in range(scene.solver.substeps):
                space.step(dt)
            state = read_state(bodies)
            file.write(json.dumps(_record(frame, state)) + "\n")


def read_state(bodies: Sequence[pymunk.Body]) -> list[dict[str, Any]]:
    """Every body's state, attribute by attribute."""
    states = []
    for number, body in enumerate(bodies):
        shape = next(iter(body.shapes))
        states.append(
            {
                "id": number,
                "type": "circle" if isinstance(shape, pymunk.Circle) else "rectangle",
                "position": {"x": body.position.x, "y": body.position.y},
                "velocity": {"x": body.velocity.x, "y": body.velocity.y},
                "angle": body.angle,
                "angular_velocity": body.angular_velocity,
                "material": {"mass": body.mass, "friction": shape.friction, "elasticity": shape.elasticity},
            }
        )
    return states


def _record(frame: int, states: list[dict[str, Any]]) -> dict[str, Any]:
    objects = []
    moving = 0
    for state in states:
        rounded = {
            "id": state["id"],
            "type": state["type"],
            "position": {axis: round(value, 4) for axis, value in state["position"].items()},
            "velocity": {axis: round(value, 4) for axis, value in state["velocity"].items()},
            "angle": round(state["angle"], 6),
            "angular_velocity": round(state["angular_velocity"], 6),
            "material": {name: round(value, 4) for name, value in state["material"].items()},
        }
        moving += any(abs(value) > 1.0 for value in rounded["velocity"].values())
        objects.append(rounded)
    words = {0: "All objects are at rest.", len(objects): "All objects are in motion."}
    sentence = words.get(moving, f"{moving} of {len(objects)} objects are moving.")
    return {"frame": frame, "description": f"Frame {frame}: {sentence}", "objects": objects}


def _object_of(number: int, body: pymunk.Body) -> dict[str, Any]:
    shape = next(iter(body.shapes))
    size = {"radius": shape.radius} if isinstance(shape, pymunk.Circle) else {"vertices": shape.get_vertices()}
    return {
        "id": number,
        "position": {"x": round(body.position.x, 4), "y": round(body.position.y, 4)},
        "material": {"mass": round(body.mass, 4), "friction": shape.friction, "elasticity": shape.elasticity},
        **size,
    }


def build(scene: Scene) -> tuple[pymunk.Space, list[pymunk.Body]]:
    """The scene as Pymunk's objects, without its fields, speed cap and bounds."""
    space = pymunk.Space()
    space.gravity = scene.gravity
    space.iterations = scene.solver.iterations
    space.damping = scene.damping
    fixed = pymunk.ShapeFilter(categories=2, mask=0xFFFFFFFF ^ 2)
    moved = any(body.kinematic for body in scene.bodies)
    for static in scene.statics:
        shape: pymunk.Shape
        match static:
            case Segment():
                shape = pymunk.Segment(space.static_body, (static.ax, static.ay), (static.bx, static.by), static.radius)
                if static.belt:
                    length = ((static.bx - static.ax) ** 2 + (static.by - static.ay) ** 2) ** 0.5
                    speed = static.belt / length
                    shape.surface_velocity = ((static.bx - static.ax) * speed, (static.by - static.ay) * speed)
            case Peg():
                shape = pymunk.Circle(space.static_body, static.radius, (static.x, static.y))
            case Block():
                shape = pymunk.Poly(space.static_body, static.vertices)
        shape.friction, shape.elasticity = static.friction, static.elasticity
        if moved:
            shape.filter = fixed
        space.add(shape)
    bodies = [_add(space, body) for body in scene.bodies]
    for joint in scene.joints:
        space.add(_joint(joint, [*bodies, space.static_body]))
    return space, bodies


def _add(space: pymunk.Space, body: Body) -> pymunk.Body:
    if body.kinematic:
        made = pymunk.Body(body_type=pymunk.Body.KINEMATIC)
    else:
        made = pymunk.Body(body.mass, body.moment)
    made.position, made.velocity = (body.x, body.y), (body.vx, body.vy)
    made.angle, made.angular_velocity = body.angle, body.spin
    shape: pymunk.Shape
    if isinstance(body.shape, Circle):
        shape = pymunk.Circle(made, body.shape.radius)
    else:
        shape = pymunk.Poly(made, body.shape.core)
    shape.friction, shape.elasticity = body.friction, body.elasticity
    if body.kinematic:
        shape.filter = pymunk.ShapeFilter(group=body.group, categories=2, mask=0xFFFFFFFF ^ 2)
    elif body.group:
        shape.filter = pymunk.ShapeFilter(group=body.group)
    space.add(made, shape)
    return made


def _joint(joint: Joint, bodies: Sequence[pymunk.Body]) -> pymunk.Constraint:
    # The ground is the last of the bodies, which is where GROUND, -1, points.
    assert GROUND == -1
    a, b = bodies[joint.a], bodies[joint.b]
    made: pymunk.Constraint
    match joint:
        case Pin():
            made = pymunk.PinJoint(a, b, joint.anchor_a, joint.anchor_b)
            made.distance = joint.length
        case Pivot():
            made = pymunk.PivotJoint(a, b, joint.anchor_a, joint.anchor_b)
        case Slide():
            made = pymunk.SlideJoint(a, b, joint.anchor_a, joint.anchor_b, joint.minimum, joint.maximum)
        case Spring():
            spring = (joint.rest_length, joint.stiffness, joint.damping)
            made = pymunk.DampedSpring(a, b, joint.anchor_a, joint.anchor_b, *spring)
        case Motor():
            made = pymunk.SimpleMotor(a, b, -joint.rate)
            if joint.max_torque is not None:
                made.max_force = joint.max_torque
    made.collide_bodies = joint.collide
    return made


def render_markdown(result: dict[str, Any]) -> str:
    """The result as a table."""
    rows = []
    about = (
        f"{result['scenes']} scenes of {result['scenarios']} scenarios, {result['bodies_per_scene']:.1f} bodies, "
        f"{result['frames']} frames; CPU time of one core."
    )
    for name, label in (
        ("reference", "reference: attributes, dictionaries, JSONL"),
        ("arrays", "key to Parquet"),
        ("text", "key to v1 text"),
        ("c_step", "bare C step"),
    ):
        row = result[name]
        ratio = row.get("ratio", row["scenes_per_second"] / result["reference"]["scenes_per_second"])
        share = row["scenes_per_second"] / result["c_step"]["scenes_per_second"]
        size = f"{row['bytes_per_scene'] / 1000:.1f}" if "bytes_per_scene" in row else ""
        rows.append([label, f"{row['scenes_per_second']:.0f}", f"{ratio:.1f}", f"{share:.0%}", size])
    return "\n".join([about, "", *table(["", "scenes/s", "ratio", "of the bare C step", "KB a scene"], rows)])
