import json
from pathlib import Path

import numpy as np
import pytest

from gedanken.data import load, manifest
from gedanken.data.importers import ANGLE_DECIMALS, import_jsonl
from gedanken.data.training import Writer
from gedanken.data.verify import verify
from gedanken.errors import UserError
from gedanken.worlds.rigid.text import Prompt, lfm

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = [GOLDEN / f"lfm_{name}.jsonl" for name in ("billiards", "pendulum", "tower")]


@pytest.fixture
def data(tmp_path):
    import_jsonl(FILES, tmp_path / "data")
    return load(tmp_path / "data")


def test_every_number_of_the_files_is_there(data):
    for sample, path in zip(data, FILES, strict=True):
        header, *frames = map(json.loads, path.read_text().splitlines())
        assert sample.key == (header["scenario_type"], header["difficulty"], "imported", header["seed"])
        assert sample.first == 1
        for state, frame in zip(sample.states, frames, strict=True):
            for body, record in zip(state, frame["objects"], strict=True):
                place, speed = record["position"], record["velocity"]
                told = [place["x"], place["y"], speed["x"], speed["y"], record["angle"], record["angular_velocity"]]
                np.testing.assert_array_equal(body, np.array(told) + 0.0)
        for number, body in enumerate(header["objects"]):
            assert sample.row["body_mass"][number] == body["material"]["mass"]
            assert sample.row["body_radius"][number] == body.get("radius")
            assert sample.row["body_width"][number] == body.get("width")
            assert sample.row["body_start"][number] == [body["position"]["x"], body["position"]["y"]]


def test_what_the_files_do_not_tell_is_null_and_named(data):
    pendulum = data[1]
    assert {"static_radius", "joint_anchor_a", "joint_values", "body_rotates", "iterations"} <= set(pendulum.unknown)
    assert pendulum.row["static_radius"] == [None]
    assert pendulum.row["joint_values"] == [[None]] * 6
    assert pendulum.row["joint_anchor_a"][0] is None
    assert pendulum.row["joint_anchor_a"][1] == [0.0, 0.0]
    assert "body_radius" not in pendulum.unknown
    with pytest.raises(UserError, match=r"does not tell its .*static_radius"):
        _ = pendulum.scene


def test_imported_scenes_give_the_published_text(data):
    writer = Writer("lfm", context=3)
    for sample, name in zip(data, ("billiards", "pendulum", "tower"), strict=True):
        prompt = Prompt(writer.header(sample), sample.states[:3], sample.first)
        # The one thing that whole numbers do not keep is the sign of a zero.
        expected = (GOLDEN / f"lfm_{name}.prompt.txt").read_text().replace("-0.0000", "0.0000")
        assert lfm.write_prompt(prompt).replace("-0.0000", "0.0000") == expected
        assert lfm.write_target(prompt, sample.states[3]) == (GOLDEN / f"lfm_{name}.target.txt").read_text()


def test_an_imported_data_set_verifies_but_is_not_simulated(tmp_path, data):
    found = verify([data.folder])
    assert found["ok"]
    assert found["data_sets"][0]["simulated_again"] == 0
    assert data.manifest.made_by == "import"


def test_the_same_files_resume_and_others_are_refused(tmp_path, data):
    before = (data.folder / manifest.NAME).read_bytes()
    import_jsonl(FILES, data.folder, resume=True)
    with pytest.raises(UserError, match="holds another data set"):
        import_jsonl(FILES[:2], data.folder, resume=True)
    assert (data.folder / manifest.NAME).read_bytes() == before


def change(records, where):
    match where:
        case "frame":
            del records[2]
        case "bodies":
            records[2]["objects"].pop()
        case "velocity":
            del records[2]["objects"][1]["velocity"]
        case "nan":
            records[2]["objects"][1]["position"]["x"] = 1e300
        case "size":
            del records[0]["objects"][1]["radius"]
        case "header":
            del records[0]
        case "gravity":
            records[0]["gravity"] = 9.81
        case "frames":
            del records[1:]
    return records


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("frame", "line 3 is not a frame: frame 3 follows frame 1"),
        ("bodies", "line 3 is not a frame: its bodies are not those of the header"),
        ("velocity", "line 3 is not a frame: KeyError 'velocity'"),
        ("nan", "line 3 has a number that is not finite or too large"),
        ("header", "line 1 is not a scene header"),
        ("gravity", "line 1 is not a scene header: TypeError"),
        ("frames", "has no frames"),
    ],
)
def test_damaged_files_are_told_by_line(tmp_path, where, sentence):
    records = change([json.loads(line) for line in FILES[0].read_text().splitlines()], where)
    path = tmp_path / "scene.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    with pytest.raises(UserError, match=sentence):
        import_jsonl([path], tmp_path / "data")


def test_a_missing_size_is_unknown(tmp_path):
    records = change([json.loads(line) for line in FILES[0].read_text().splitlines()], "size")
    path = tmp_path / "scene.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    import_jsonl([path], tmp_path / "data")
    sample = load(tmp_path / "data")[0]
    assert "body_radius" in sample.unknown
    assert sample.row["body_radius"][1] is None


def test_files_that_are_no_files(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        import_jsonl([tmp_path / "none.jsonl"], tmp_path / "data")
    with pytest.raises(UserError, match="no file to import"):
        import_jsonl([], tmp_path / "data")
    (tmp_path / "a.jsonl").write_text('{"type": "scene_header"\n')
    with pytest.raises(UserError, match="line 1 is not JSON"):
        import_jsonl([tmp_path / "a.jsonl"], tmp_path / "data")


def test_angles_keep_six_decimals(data):
    assert ANGLE_DECIMALS == 6
    angles = data[2].fixed[:, :, 4]
    assert (angles % 100 != 0).any()
