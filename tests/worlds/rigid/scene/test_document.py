"""Scenes as plain data and in files: the same scene comes back, and every fault is told with its place."""

import dataclasses
import json

import pytest

import gedanken
from gedanken.errors import UserError
from gedanken.worlds.rigid import Scene, scenarios
from gedanken.worlds.rigid.scene.document import from_document, read_scene, to_document, write_scene
from gedanken.worlds.rigid.scene.scene import settle_step


@pytest.mark.parametrize("name", ["pinball", "trampoline", "conveyor", "solar_system", "fluid_sim", "wind", "pong"])
def test_a_scenario_comes_back_from_a_file(tmp_path, name):
    scene = scenarios.pose(name, 3, split="test")
    write_scene(scene, tmp_path / "a.json")
    again = read_scene(tmp_path / "a.json")
    assert again == scene
    assert [body.role for body in again.bodies] == [body.role for body in scene.bodies]


WRITTEN = """
# A swing and a ball, as one writes them by hand.
gravity: [0, -500]
walls: {elasticity: 0.9}
solver: {dt: 1/120, iterations: 20}
bodies:
  - {shape: box, width: 80, height: 10, x: 400, y: 295, mass: 2}
  - {shape: {kind: circle, radius: 12}, x: 420, y: 330, role: ball}
joints:
  - {kind: pivot, a: ground, b: 0, at: [400, 295]}
"""


def test_what_is_written_by_hand_is_read(tmp_path):
    pytest.importorskip("yaml")
    (tmp_path / "my swing.yaml").write_text(WRITTEN)
    scene = read_scene(tmp_path / "my swing.yaml")
    assert scene.name == "my_swing"
    assert len(scene.statics) == 4
    assert scene.statics[0].elasticity == 0.9
    assert scene.joints[0].anchor_b == (0.0, 0.0)
    assert scene.solver.dt == 1 / 120
    assert from_document(to_document(scene)) == scene


GOOD = {"bodies": [{"shape": "circle", "radius": 12, "x": 400, "y": 300}]}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"bodies": []}, "at least one body"),
        ({"bodies": 3}, "bodies is a list, not 3"),
        ({"bodies": [{"shape": "circle", "x": 1}]}, "the shape of body 0, a circle: it needs radius"),
        ({"bodies": [{"shape": "ball"}]}, "body 0 needs a shape"),
        ({"bodies": [{"shape": "circle", "radius": 1, "weight": 3}]}, "body 0 has no 'weight'"),
        ({"bodies": [{"shape": "circle", "radius": "big", "x": 9}]}, "radius of a circle must be a finite number"),
        ({"bodies": [{"shape": "circle", "radius": 12, "mass": -1}]}, "body 0: a body's mass must be positive"),
        ({"gravty": [0, 1]}, "a scene has no 'gravty'; did you mean 'gravity'"),
        ({"joints": [{"kind": "pin", "a": 0, "b": 7}]}, "joint 0 needs b: a body from 0 to 0, or ground"),
        ({"joints": [{"kind": "rope", "a": 0, "b": "ground"}]}, "joint 0 needs a kind"),
        ({"statics": [{"kind": "segment", "ax": 0}]}, "static 0, a segment: it needs ay, bx, by"),
        ({"solver": {"dt": 0}}, "a solver's dt is a number of seconds"),
        ({"walls": {"colour": "red"}}, "walls has no 'colour'"),
        ({"bodies": [{"shape": "circle", "radius": 12, "x": -400}]}, "starts outside the canvas"),
        ({"level": {}}, "level is 1 to 5"),
    ],
)
def test_a_fault_is_told_with_its_place(change, sentence):
    assert from_document(GOOD).bodies[0].x == 400
    with pytest.raises(UserError, match=sentence):
        from_document({**GOOD, **change})


@pytest.mark.parametrize("content", ["{", "[1]", '"a"', "[" * 5000, '{"bodies": [[]]}', "nul\0l"])
def test_files_that_hold_no_scene_are_refused(tmp_path, content):
    for suffix in ("json", "yaml"):
        if suffix == "yaml":
            pytest.importorskip("yaml")
        (tmp_path / f"a.{suffix}").write_text(content)
        with pytest.raises(UserError):
            read_scene(tmp_path / f"a.{suffix}")


def test_a_scene_has_as_many_bodies_as_it_likes():
    grid = [{"shape": "circle", "radius": 2, "x": 5 + 6 * (k % 130), "y": 5 + 6 * (k // 130)} for k in range(3000)]
    scene = from_document({"bodies": grid, "level": 2})
    assert len(scene.bodies) == 3000
    from gedanken.worlds.rigid.engine.simulate import record
    from gedanken.worlds.rigid.text import Prompt, v1

    states = record(scene, 2).states
    prompt = Prompt(v1.Header.of(scene), states[:2])
    again = v1.parse_prompt(v1.write_prompt(prompt))
    assert again.states.shape == (2, 3000, 6)
    assert v1.parse_frame(v1.write_target(prompt, states[2]), prompt).answered.all()


def test_a_step_is_read_back_as_it_is_printed():
    for dt in (1 / 60, 1 / 120, 1 / 30, 0.005, 0.0123, 0.016667, 1e-5, 1.0, 1 / 59.94):
        solver = gedanken.Solver(dt=dt)
        assert settle_step(solver.step) == solver.dt
    assert gedanken.Solver(dt=0.016667) == gedanken.Solver()
    for wrong in (0, -1, 2, "fast", "1/0", float("nan"), None):
        with pytest.raises(UserError, match="a solver's dt"):
            settle_step(wrong)


def test_a_scene_is_had_from_the_package_itself():
    scene = gedanken.Scene([gedanken.Body(gedanken.Circle(10), x=400, y=300)], gedanken.Solver and (), name="one")
    assert isinstance(scene, Scene)
    assert gedanken.record(scene, 3).states.shape == (4, 1, 6)
    assert json.dumps(to_document(dataclasses.replace(scene, open=True)))
