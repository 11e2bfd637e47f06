import json
from pathlib import Path

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.worlds.rigid import GROUND, Body, Box, Circle, Peg, Pin, Scene, pivot_at, walls
from gedanken.worlds.rigid.text import Prompt, lfm

GOLDEN = Path(__file__).parents[3] / "golden"


@pytest.mark.parametrize("name", ["billiards", "pendulum", "tower"])
def test_published_scenes_give_the_published_text(name):
    records = [json.loads(line) for line in (GOLDEN / f"lfm_{name}.jsonl").read_text().splitlines()]
    scene = lfm.read_records(records)
    prompt = Prompt(scene.header, scene.states[:3], scene.first)
    text, target = ((GOLDEN / f"lfm_{name}.{part}.txt").read_bytes().decode() for part in ("prompt", "target"))
    assert lfm.write_prompt(prompt) == text
    assert lfm.write_target(prompt, scene.states[3]) == target
    read = lfm.parse_prompt(text)
    assert (read.header, read.first) == (scene.header, 1)
    np.testing.assert_array_equal(read.states, lfm.visible(prompt))
    assert lfm.parse_frame(target, prompt).answered.all()


def test_numbers_are_printed_as_python_prints_them():
    # Six-decimal values whose last two digits are 50 are ties for four decimals; the double decides which way they go.
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(0, 3, 4000), 4) + np.where(rng.random(4000) < 0.5, 0.00005, rng.random(4000) * 1e-4)
    values[:6] = (0.0, -0.0, -0.00003, 0.0010004, 0.00100051, -0.00095)
    states = np.zeros((1, len(values), 6))
    states[0, :, 4] = states[0, :, 5] = values
    states[0, :, 2] = states[0, :, 3] = np.round(values, 4)
    lines = lfm.write_frames(states).split("\n")[1:-1]
    for value, speed, line in zip(values.tolist(), states[0, :, 2].tolist(), lines, strict=True):
        turn = round(value, 6)
        expected = f"pos=(0.0000, 0.0000), vel=({speed:.4f}, {speed:.4f})"
        expected += f", a={turn:.4f}, av={turn:.4f}" if abs(turn) > 0.001 else ""
        assert line.split(": ")[1] == expected


@pytest.mark.parametrize("gravity", ["(0, -981)", "(0.0, -981.0)"])
def test_both_spellings_of_gravity_are_read(gravity):
    read = lfm.parse_prompt(f"Scene: s\nGravity: {gravity}\nFrame 1: Frame 1: x\n  obj_0: pos=(1, 2), vel=(3, 4)\n")
    assert read.header.gravity == (0.0, -981.0)
    assert read.states.tolist() == [[[1, 2, 3, 4, 0, 0]]]


def test_a_scene_of_ours_is_told_in_their_words():
    bodies = (Body(Circle(10), x=400, y=300), Body(Box(80, 10), x=600, y=100))
    joints = (Pin(GROUND, 0, (400, 400)), Pin(0, 1), pivot_at(bodies, GROUND, 1, 600, 100))
    scene = Scene(
        bodies, (*walls(sides=("bottom",)), Peg(99.6, 200.4, 7.5)), joints, description="Two things.", level=1
    )
    assert lfm.write_header(lfm.Header.of(scene)) == (
        "Scene: Two things.\nGravity: (0.0, -981.0)\nTimestep: 0.01667\nDifficulty: 1\n"
        "Static: seg (10,0)-(790,0); peg (100,200) r=8\n"
        "Constraints: PinJoint static->0; PinJoint 0->1; PivotJoint static->1\n"
    )


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("Gravity: down\n", "gravity must be"),
        ("Gravity: (0, 0)\nTimestep: soon\n", "timestep must be a number"),
        ("Gravity: (0, 0)\nDifficulty: hard\n", "difficulty must be a whole number"),
        ("Gravity: (0, 0)\nStatic: box (1,1)\n", "is no `seg"),
        ("Gravity: (0, 0)\nConstraints: PinJoint 0\n", "is no `PinJoint a->b`"),
        ("Gravity: (0, 0)\nWeather: fine\n", "cannot make sense"),
        ("Scene: nothing\n", "no line `Gravity"),
        ("Gravity: (0, 0)\n", "there is no frame"),
    ],
)
def test_a_fault_in_a_prompt_is_named(text, sentence):
    complaints = lfm.parse_prompt(text)
    assert isinstance(complaints, list)
    assert any(sentence in line for line in complaints), complaints


@pytest.mark.parametrize(
    "records",
    [[], [{}], [{"gravity": {"x": 0, "y": 0}}], [{"gravity": 3}, {}], [{"gravity": {"x": 0, "y": 0}}, {"frame": 1}]],
)
def test_records_of_something_else_are_the_users_fault(records):
    with pytest.raises(UserError, match="records of a published scene"):
        lfm.read_records(records)
