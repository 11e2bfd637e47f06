import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gedanken.data import load, manifest
from gedanken.data.dataset import Sample
from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan, shard_name
from gedanken.data.verify import verify
from gedanken.errors import UserError

PLAN = Plan("test", 24, ("billiards", "pong", "orbit"), (1, 2), frames=20, shard_scenes=10)


@pytest.fixture
def folder(tmp_path):
    generate(PLAN, tmp_path / "data", Processes(1))
    return tmp_path / "data"


def test_random_access_and_iteration_agree(folder):
    data = load(folder)
    in_order = list(data)
    assert len(in_order) == len(data) == 24
    for number in (23, 0, 11, -1):
        assert data[number].hash == in_order[number].hash
        np.testing.assert_array_equal(data[number].states, in_order[number].states)
    assert [sample.hash for sample in data[3:6]] == [sample.hash for sample in in_order[3:6]]
    with pytest.raises(IndexError):
        data[24]


def test_one_scene_is_read_without_the_other_shards(folder):
    data = load(folder)
    for number in (0, 2):
        (folder / shard_name(number)).write_bytes(b"gone")
    assert data[15].key == PLAN.key(15)


def test_a_sample_is_a_recording(folder):
    sample = load(folder)[5]
    assert sample.recording.scene == sample.scene
    assert sample.states.shape == (PLAN.frames + 1, len(sample.scene.bodies), 6)
    assert sample.first == 0
    assert sample.unknown == ()


@pytest.mark.filterwarnings("ignore")
def test_datasets_reads_the_shards(folder, tmp_path):
    datasets = pytest.importorskip("datasets")
    files = [str(folder / receipt.file) for receipt in manifest.read(folder).receipts()]
    rows = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert len(rows) == 24
    mine = load(folder)[13]
    theirs = Sample.of(rows[13])
    assert theirs.key == mine.key
    assert theirs.scene == mine.scene
    np.testing.assert_array_equal(theirs.states, mine.states)


@pytest.mark.parametrize("size", [0, 100, -200, -1])
def test_a_truncated_shard_is_told(folder, size):
    path = folder / shard_name(1)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match=r"shard-00001.parquet is not a readable shard"):
        load(folder)
    found = verify([folder], sample=0)
    assert not found["ok"]
    assert "bytes, not" in found["data_sets"][0]["faults"][0]


def test_a_flipped_bit_is_found(folder):
    path = folder / shard_name(1)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    faults = verify([folder])["data_sets"][0]["faults"]
    assert faults == [f"{path} does not have the checksum of the manifest"]


def test_a_missing_shard_is_told(folder):
    (folder / shard_name(2)).unlink()
    with pytest.raises(UserError, match="is missing"):
        load(folder)
    assert "is missing" in verify([folder])["data_sets"][0]["faults"][0]


def edit(folder, **changes):
    path = folder / manifest.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema": 3}, "has schema version 3; this gedanken reads 1 and 2"),
        ({"format": "other"}, "not the manifest of a rigid data set"),
        ({"shards": [{"number": 0}]}, "is damaged"),
        ({"shards": [{"number": 0, "file": "../a", "scenes": 1, "bytes": 1, "sha256": ""}]}, "outside its folder"),
        ({"shards": []}, "has no finished shard"),
    ],
)
def test_manifests_that_do_not_fit_are_told(folder, changes, sentence):
    edit(folder, **changes)
    with pytest.raises(UserError, match=sentence):
        load(folder)


def test_a_manifest_that_counts_other_scenes_is_told(folder):
    shards = json.loads((folder / manifest.NAME).read_text())["shards"]
    shards[0]["scenes"] = 9
    edit(folder, shards=shards)
    with pytest.raises(UserError, match="has 10 scenes, the manifest 9"):
        load(folder)


def test_folders_that_are_no_data_set_are_told(tmp_path):
    with pytest.raises(UserError, match="there is no such folder"):
        load(tmp_path / "none")
    with pytest.raises(UserError, match=r"has no manifest.json"):
        load(tmp_path)
    (tmp_path / manifest.NAME).write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path)


def test_a_parquet_file_with_other_columns_is_told(folder):
    pq.write_table(pa.table({"x": [1]}), folder / shard_name(0))
    with pytest.raises(UserError, match="was written as 'nothing'"):
        load(folder)


def test_verify_finds_a_recording_that_the_simulator_does_not_give(folder):
    assert verify([folder], sample=24)["ok"]
    # A manifest that claims another split: files and checksums fit, the keys do not.
    plan = json.loads((folder / manifest.NAME).read_text())["plan"]
    edit(folder, plan=plan | {"split": "val"})
    faults = verify([folder], sample=24)["data_sets"][0]["faults"]
    assert len(faults) == 24
    assert "its key is" in faults[0]


def test_verify_finds_frames_that_were_changed(folder):
    path = folder / shard_name(0)
    with pq.ParquetFile(path) as file:
        table = file.read()
    vx = table.column("vx").to_pylist()
    vx[4][7] += 2
    index = table.column_names.index("vx")
    field = table.schema.field("vx")
    pq.write_table(table.set_column(index, field, pa.array(vx, type=field.type)), path)
    shards = json.loads((folder / manifest.NAME).read_text())["shards"]
    from gedanken.data.shards import Receipt

    shards[0] |= Receipt.of(path.name, 10, path.read_bytes()).as_json()
    edit(folder, shards=shards)
    faults = verify([folder], sample=24)["data_sets"][0]["faults"]
    assert len(faults) == 1
    assert faults[0].startswith("scene 4: simulating")
    assert faults[0].endswith("differs from frame 7 on")


def test_verify_finds_a_scene_in_two_splits(folder, tmp_path):
    generate(PLAN, tmp_path / "again", Processes(1))
    found = verify([folder, tmp_path / "again"], sample=0)
    assert "is the same scene as" in found["data_sets"][1]["faults"][0]


def test_verify_wants_the_simulator_of_the_manifest(folder):
    versions = json.loads((folder / manifest.NAME).read_text())["versions"]
    edit(folder, versions=versions | {"pymunk": "6.0.0"})
    with pytest.raises(UserError, match=r"simulated by pymunk 6.0.0, and here is 7.3.1"):
        verify([folder])
