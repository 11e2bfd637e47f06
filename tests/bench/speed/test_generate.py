import json

import numpy as np
import pytest

from gedanken.bench.speed.generate import README_TYPES, WAYS, export, render_markdown, run
from gedanken.errors import UserError
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record


# Of polygons Pymunk reorders the corners, after which a collision may go another way in the last digit.
@pytest.mark.parametrize("name", ["billiards", "tower", "pendulum", "chain", "conveyor"])
def test_the_reference_simulates_the_same_scene(tmp_path, name):
    scene = scenarios.pose(name, 2)
    assert not scene.fields
    export(scene, 60, tmp_path / "scene.jsonl")
    header, *frames = map(json.loads, (tmp_path / "scene.jsonl").read_text().splitlines())
    assert header["object_count"] == len(scene.bodies)
    places = [[[body["position"]["x"], body["position"]["y"]] for body in frame["objects"]] for frame in frames]
    np.testing.assert_allclose(places, record(scene, 60, labels="raw").positions[1:], atol=1.1e-4)


def test_all_readme_types_are_in_the_zoo():
    assert len(set(README_TYPES)) == 30
    assert set(README_TYPES) <= set(scenarios.names())


def test_run_times_the_four_ways_on_the_same_scenes():
    found = run(scenes=4, scenarios=("billiards", "pendulum"), frames=20)
    assert set(WAYS) == {"reference", "c_step", "arrays", "text"}
    for name in WAYS:
        assert found[name]["scenes_per_second"] > 0
    for name in ("arrays", "text"):
        ratio = found[name]["scenes_per_second"] / found["reference"]["scenes_per_second"]
        assert found[name]["ratio"] == pytest.approx(ratio)
        share = found[name]["scenes_per_second"] / found["c_step"]["scenes_per_second"]
        assert found[name]["fraction_of_c_step"] == pytest.approx(share)
        assert found[name]["bytes_per_scene"] > 1000
    assert "| bare C step |" in render_markdown(found)


def test_impossible_runs():
    with pytest.raises(UserError, match="number of scenes"):
        run(scenes=0)
    with pytest.raises(UserError, match="no scenario called"):
        run(scenarios=("billiard",))


@pytest.mark.slow
def test_arrays_and_text_are_many_times_faster_than_the_reference():
    found = run(scenes=150)
    # The targets are 14 and 12 in a quiet run; half of that must hold on any machine under any load.
    assert found["arrays"]["ratio"] > 7
    assert found["text"]["ratio"] > 6
    assert found["arrays"]["fraction_of_c_step"] > 0.4
