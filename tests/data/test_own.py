"""Data sets of one's own: scenarios in a file, growing, archives, plain tables, token limits, stores, sizes."""

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from gedanken.data import load, manifest
from gedanken.data.generate import estimate, generate, make_plan
from gedanken.data.importers import import_jsonl
from gedanken.data.info import describe
from gedanken.data.local import Processes
from gedanken.data.nearest import measure
from gedanken.data.places import place
from gedanken.data.plain import write as write_plain
from gedanken.data.training import Writer, load_tokenizer
from gedanken.data.verify import verify
from gedanken.errors import UserError
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.foreign import Assumptions

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = [GOLDEN / f"lfm_{name}.jsonl" for name in ("billiards", "pendulum", "tower")]

OWN = '''"""Balls fall, each for itself, with a step of 1/120 s."""
from gedanken.worlds.rigid import Body, Circle, Scene, Solver, walls


def build(rng, level):
    balls = [Body(Circle(5), x=60 + 20 * k, y=300 + 200 * rng.random(), vx=rng.normal()) for k in range(7)]
    return Scene(balls, walls(), solver=Solver(dt=1 / 120), description="Balls fall.")
'''


def make(folder, scenes, split="train", scenarios=("billiards", "fluid_sim"), resume=False, **rest):
    plan = make_plan(split, scenes, scenarios, (1,), frames=20, **rest)
    generate(plan, folder, Processes(1), resume=resume)
    return folder


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "falling.py"
    path.write_text(OWN)
    return str(path)


def test_a_scenario_of_ones_own_is_generated_verified_and_read(tmp_path, own):
    folder = make(tmp_path / "data", 5, scenarios=(own,))
    data = load(folder)
    assert data[0].key == ("falling", 1, "train", 0)
    assert data[0].scene.solver.dt == 1 / 120
    np.testing.assert_array_equal(record(data[2].scene, 20).states, data[2].states)
    assert verify([folder], 5) == {**verify([folder], 5), "ok": True}
    # A file that has changed is another data set: nothing is mixed.
    Path(own).write_text(OWN.replace("Circle(5)", "Circle(6)"))
    assert verify([folder], 5)["ok"] is False
    with pytest.raises(UserError, match="there is no file"):
        make(tmp_path / "other", 5, scenarios=("nowhere.py",))


def test_a_set_grows_to_the_bytes_of_the_longer_plan(tmp_path):
    grown = make(tmp_path / "grown", 7, shard_scenes=4)
    with pytest.raises(UserError, match="holds 7 scenes of this plan, not 11; add --resume"):
        make(grown, 11, shard_scenes=4)
    make(grown, 11, shard_scenes=4, resume=True)
    whole = make(tmp_path / "whole", 11, shard_scenes=4)
    for file in sorted(whole.iterdir()):
        assert (grown / file.name).read_bytes() == file.read_bytes()
    with pytest.raises(UserError, match="holds another data set"):
        make(grown, 5, shard_scenes=4, resume=True)


def test_info_counts_what_is_there(tmp_path):
    folder = make(tmp_path / "data", 6)
    told = describe(folder, context=3)
    assert told["scenes"] == sum(told["levels"].values()) == sum(told["scenarios"].values()) == 6
    assert told["bytes"] == sum(path.stat().st_size for path in folder.glob("*.parquet"))
    assert told["frames"] == 6 * 21
    data = load(folder)
    bodies = [len(sample.scene.bodies) for sample in data]
    assert told["bodies"] == {"least": min(bodies), "mean": np.mean(bodies), "most": max(bodies)}
    assert told["text"]["tokens"] == pytest.approx(told["text"]["characters"] / 1.8, rel=0.01)
    import_jsonl(FILES, tmp_path / "foreign")
    assert "does not tell" in describe(tmp_path / "foreign", context=2)["text"]["reason"]


def test_plain_tables_hold_every_number(tmp_path):
    folder = make(tmp_path / "data", 4)
    rows = write_plain(load(folder), tmp_path / "plain")
    frames = pq.read_table(tmp_path / "plain" / "frames.parquet").to_pandas()
    assert rows["frames"] == len(frames)
    for number, sample in enumerate(load(folder)):
        mine = frames[frames.scene == number].sort_values(["frame", "body"])
        shape = sample.states.shape
        np.testing.assert_array_equal(
            mine[["x", "y", "vx", "vy", "angle", "spin"]].to_numpy().reshape(shape), sample.states
        )
    scenes = pq.read_table(tmp_path / "plain" / "scenes.parquet").to_pylist()
    assert [row["scenario"] for row in scenes] == [sample.key[0] for sample in load(folder)]
    with pytest.raises(UserError, match="is not empty"):
        write_plain(load(folder), tmp_path / "plain")


def test_prompts_stay_below_a_limit_of_tokens(tmp_path):
    data = load(make(tmp_path / "data", 4))
    free = [record for sample in data for record in Writer("v1", 8).records(sample)]
    longest = max(len(record["prompt"] + record["completion"]) for record in free)
    limit = int(0.7 * longest / 1.8)
    cut = [record for sample in data for record in Writer("v1", 8, max_tokens=limit).records(sample)]
    assert all(len(record["prompt"] + record["completion"]) / 1.8 <= limit for record in cut)
    kept = {(r["scenario"], r["index"]): r for r in cut}
    for long in free:
        if (long["scenario"], long["index"]) in kept:
            same = kept[long["scenario"], long["index"]]
            # The answer is the same, and the newest frames are there.
            assert same["completion"] == long["completion"]
            assert same["prompt"].endswith(long["prompt"][-300:])
    assert not [record for sample in data for record in Writer("v1", 8, max_tokens=50).records(sample)]
    with pytest.raises(UserError, match="a limit of tokens is for prompts"):
        Writer("v1", max_tokens=100)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match="there is no tokenizer"):
        load_tokenizer(str(tmp_path))


def test_an_estimate_is_near_what_it_takes(tmp_path):
    plan = make_plan("train", 300, ("billiards",), (1, 2), frames=60)
    told = estimate(plan, tmp_path / "not" / "there")
    generate(plan, tmp_path / "data", Processes(1))
    assert told.bytes == pytest.approx(manifest.read(tmp_path / "data").bytes, rel=0.25)
    assert told.free > 0


def test_near_duplicates_are_found(tmp_path):
    train = make(tmp_path / "train", 12, scenarios=("billiards",))
    itself = measure(train, train)["billiards"]
    assert itself["recording"]["median"] == 0
    other = measure(make(tmp_path / "test", 12, "test", ("billiards",)), train)["billiards"]
    assert other["recording"]["least"] > 1
    with pytest.raises(UserError, match="no two scenes"):
        measure(make(tmp_path / "pong", 4, "test", ("pong",)), train)


def broken(path):
    path.write_bytes(FILES[0].read_bytes()[:3000])
    return path


def test_archives_folders_and_packed_files_give_the_same_scenes(tmp_path):
    folder = tmp_path / "scenes"
    (folder / "deep").mkdir(parents=True)
    for path in FILES[:2]:
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "deep" / f"{FILES[2].name}.gz").write_bytes(gzip.compress(FILES[2].read_bytes()))
    (folder / "readme.txt").write_text("not a scene")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        for path in FILES:
            archive.add(path, path.name)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in FILES:
            archive.write(path, path.name)
    expected = {sample.hash for sample in load(import_to(tmp_path / "files", FILES))}
    for k, source in enumerate((folder, tmp_path / "a.tar.gz", tmp_path / "a.zip")):
        assert {sample.hash for sample in load(import_to(tmp_path / str(k), [source]))} == expected


def import_to(folder, sources, **options):
    import_jsonl(sources, folder, **options)
    return folder


def test_one_truncated_file_is_named_and_the_others_are_there(tmp_path):
    files = [FILES[0], broken(tmp_path / "half.jsonl"), FILES[2]]
    with pytest.raises(UserError, match=r"half.jsonl line 1 is not JSON"):
        import_to(tmp_path / "strict", files)
    left = []
    folder = import_to(tmp_path / "data", files, on_skip=left.append)
    assert len(load(folder)) == 2
    assert [one.file for one in left] == [str(tmp_path / "half.jsonl")]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    import_to(folder, files, on_skip=left.append, resume=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    # An archive that ends too early gives what came before.
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        for path in FILES:
            archive.add(path, path.name)
    (tmp_path / "cut.tar").write_bytes(whole.getvalue()[: FILES[0].stat().st_size + 4000])
    left.clear()
    assert len(load(import_to(tmp_path / "cut", [tmp_path / "cut.tar"], on_skip=left.append))) == 1
    assert "damaged" in left[0].reason
    with pytest.raises(UserError, match=r"half\.jsonl line 1"):
        import_to(tmp_path / "nothing", [tmp_path / "half.jsonl"], on_skip=left.append)


def test_joints_of_other_kinds_are_imported_as_unknown(tmp_path):
    head, *frames = [json.loads(line) for line in FILES[1].read_text().splitlines()]
    head["constraints"][0]["type"] = "DampedSpring"
    path = tmp_path / "spring.jsonl"
    path.write_text("\n".join(map(json.dumps, [head, *frames])))
    (sample,) = load(import_to(tmp_path / "data", [path]))
    assert sample.row["joint_kind"][0] == "spring"
    assert sample.row["joint_values"][0] == [None] * 3


def test_assumed_recordings_are_scenes(tmp_path):
    assumed = Assumptions.parse("wall_radius=2, iterations=10, damping=1")
    folder = import_to(tmp_path / "data", [FILES[0], FILES[2]], assumed=assumed)
    for sample in load(folder):
        assert not sample.unknown
        assert sample.scene.solver.iterations == 10
        assert all(static.radius == 2 for static in sample.scene.statics if type(static).__name__ == "Segment")
    assert manifest.read(folder).plan["assumed"].startswith("wall_radius=2.0")


def test_sets_lie_in_any_store_that_fsspec_knows(tmp_path):
    pytest.importorskip("upath")
    there = place("memory://bucket/scenes")
    generate(make_plan("train", 6, ("billiards",), (1,), frames=10, shard_scenes=3), there, Processes(2))
    here = make_here(tmp_path)
    assert [sample.hash for sample in load("memory://bucket/scenes")] == [sample.hash for sample in load(here)]
    assert (there / "shard-00001.parquet").read_bytes() == (here / "shard-00001.parquet").read_bytes()
    with pytest.raises(UserError, match="holds this data set already, complete"):
        generate(make_plan("train", 6, ("billiards",), (1,), frames=10, shard_scenes=3), there, Processes(1))


def make_here(tmp_path):
    plan = make_plan("train", 6, ("billiards",), (1,), frames=10, shard_scenes=3)
    generate(plan, tmp_path / "here", Processes(1))
    return tmp_path / "here"


def test_a_store_that_cannot_be_reached_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "upath", None)
    with pytest.raises(UserError, match=r"s3://b/x needs universal-pathlib: pip install 'gedanken\[remote\]'"):
        place("s3://b/x")


def test_a_set_without_a_column_for_the_step_is_still_read(tmp_path):
    folder = make(tmp_path / "data", 3)
    before = [(sample.scene, sample.hash, sample.states) for sample in load(folder)]
    path = folder / "shard-00000.parquet"
    old = pq.read_table(path).drop_columns(["dt"]).replace_schema_metadata({"gedanken": "rigid 1"})
    pq.write_table(old, path)
    told = json.loads((folder / manifest.NAME).read_text())
    told["schema"] = 1
    (folder / manifest.NAME).write_text(json.dumps(told))
    for sample, (scene, hash_, states) in zip(load(folder), before, strict=True):
        assert (sample.scene, sample.hash) == (scene, hash_)
        np.testing.assert_array_equal(sample.states, states)
