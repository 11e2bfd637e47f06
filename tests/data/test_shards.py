import io
import subprocess
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest

from gedanken.data import load, schema
from gedanken.data.generate import generate, make_plan
from gedanken.data.local import Processes
from gedanken.data.shards import Plan, make_shard, shard_name, write_shard
from gedanken.errors import UserError
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record

PLAN = Plan("val", 25, ("billiards", "pendulum", "pong"), (1, 2), frames=30, shard_scenes=10)


def test_keys_share_out_scenes_evenly_and_never_repeat():
    keys = [PLAN.key(number) for number in range(PLAN.scenes)]
    assert len(set(keys)) == PLAN.scenes
    counts = [sum(key[:2] == (name, level) for key in keys) for name in PLAN.scenarios for level in PLAN.levels]
    assert max(counts) - min(counts) <= 1
    assert [number for shard in range(PLAN.shards) for number in PLAN.numbers(shard)] == list(range(25))


def test_a_shard_is_the_same_bytes_in_another_process_that_did_other_work_before():
    content, receipt = make_shard(PLAN, 1)
    program = (
        "from gedanken.data.shards import Plan, make_shard;"
        f"plan = {PLAN!r}; make_shard(plan, 2); print(make_shard(plan, 1)[1].sha256)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == receipt.sha256
    assert receipt.bytes == len(content)


def test_rows_are_the_scenes_that_the_keys_name(tmp_path):
    data = write_and_load(tmp_path)
    assert len(data) == PLAN.scenes
    for number in (0, 7, 24):
        scenario, level, split, index = PLAN.key(number)
        scene = scenarios.pose(scenario, level, split=split, index=index)
        assert data[number].key == (scenario, level, split, index)
        assert data[number].scene == scene
        assert data[number].hash == schema.digest(scene)
        np.testing.assert_array_equal(data[number].states, record(scene, PLAN.frames).states)


def write_and_load(folder):
    generate(PLAN, folder, Processes(1))
    return load(folder)


def test_frames_are_byte_stream_split_and_zstd():
    content, _ = make_shard(PLAN, 0)
    group = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(0)
    columns = {group.column(k).path_in_schema: group.column(k) for k in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    for name in schema.STATE:
        assert "BYTE_STREAM_SPLIT" in columns[f"{name}.list.element"].encodings


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"split": "training"}, "splits are train, val, test"),
        ({"scenes": 0}, "number of scenes must be from 1"),
        ({"scenes": 10**12}, "number of scenes must be from 1"),
        ({"frames": -1}, "number of frames"),
        ({"levels": (6,)}, "levels are 1 to 5, not 6"),
        ({"levels": ()}, "at least one scenario and one level"),
        ({"levels": (1, 1)}, "named twice"),
        ({"scenarios": ("billiard",)}, "did you mean billiards"),
        ({"labels": "true"}, "labels are pushed or raw"),
        ({"split": "train"}, "pong is held out"),
    ],
)
def test_impossible_plans_are_refused_in_a_sentence(change, sentence):
    fields = {name: getattr(PLAN, name) for name in ("split", "scenes", "scenarios", "levels", "frames", "labels")}
    with pytest.raises(UserError, match=sentence):
        Plan(**(fields | change))


def test_training_plans_leave_out_what_is_held_out():
    assert not set(make_plan("train", 10).scenarios) & set(scenarios.HELD_OUT)
    assert not set(make_plan("train", 10, ["minigame"]).scenarios) & set(scenarios.HELD_OUT)
    assert set(make_plan("test", 10).scenarios) == set(scenarios.names())
    assert set(make_plan("test", 10, ["heldout"]).scenarios) == set(scenarios.HELD_OUT)
    with pytest.raises(UserError, match="held out"):
        make_plan("train", 10, ["heldout"])


def test_splits_share_no_scene(tmp_path):
    hashes = []
    for split in ("train", "val", "test"):
        plan = Plan(split, 40, ("billiards", "pendulum"), (1, 2), frames=2)
        generate(plan, tmp_path / split, Processes(1))
        hashes += [sample.hash for sample in load(tmp_path / split)]
    assert len(set(hashes)) == 120


def test_a_scenario_that_repeats_itself_is_refused(tmp_path, monkeypatch):
    same = scenarios.pose("billiards", 1)
    monkeypatch.setattr(scenarios, "pose", lambda *key, **more: same)
    with pytest.raises(UserError, match="is the same scene as billiards level 1 index 0"):
        generate(Plan("val", 3, ("billiards",), (1,), frames=2), tmp_path, Processes(1))


def test_a_scene_that_cannot_be_posed_is_told_with_its_key(monkeypatch):
    def pose(*key, **more):
        raise UserError("body 3 starts outside the canvas")

    monkeypatch.setattr(scenarios, "pose", pose)
    with pytest.raises(UserError, match="billiards level 1 index 0 of val: body 3 starts outside"):
        make_shard(PLAN, 0)


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path):
    resource = pytest.importorskip("resource")
    write_shard(PLAN, 0, tmp_path)
    before = (tmp_path / shard_name(0)).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(UserError, match="cannot be written: the disk is full"):
            write_shard(PLAN, 0, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == [shard_name(0)]
    assert (tmp_path / shard_name(0)).read_bytes() == before
