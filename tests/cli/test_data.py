import json
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"
GENERATE = (
    *("data", "generate", "--split", "test", "--scenes", "8", "--frames", "10", "--workers", "1"),
    *("--scenarios", "billiards,pong", "--levels", "1,2", "--shard-scenes", "4"),
)


@pytest.fixture
def folder(tmp_path, gedanken):
    assert gedanken(*GENERATE, "--out", tmp_path / "data")[0] == 0
    return tmp_path / "data"


def test_generate_verify_and_text(folder, gedanken):
    code, out, _ = gedanken("data", "verify", folder, "--sample", 8, "--json")
    assert code == 0
    assert json.loads(out)["data_sets"][0]["simulated_again"] == 8
    code, out, _ = gedanken("data", "text", folder, "--context", 3, "--out", folder.parent / "text.jsonl")
    rows = [json.loads(line) for line in (folder.parent / "text.jsonl").read_text().splitlines()]
    assert len(rows) == 8
    assert rows[0]["prompt"].startswith("Rigid scene v1")


def test_generate_says_what_it_wrote(tmp_path, gedanken):
    code, out, _ = gedanken(*GENERATE, "--out", tmp_path / "data", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["scenes"], told["shards"]) == (8, 2)
    assert told["bytes"] == sum(path.stat().st_size for path in (tmp_path / "data").glob("*.parquet"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--scenarios", "billiard"], "there is no scenario called 'billiard'; did you mean billiards"),
        (["--levels", "9"], "levels are 1 to 5, not 9"),
        (["--levels", "one"], "--levels wants whole numbers"),
        (["--scenes", "-3"], "the number of scenes must be from 1"),
        (["--split", "train"], "pong is held out"),
        (["--workers", "0"], "the number of workers"),
        (["--ray"], "--workers and --ray exclude each other"),
        (["--ray", "10.0.0.1:6379"], "--workers and --ray exclude each other"),
    ],
)
def test_bad_orders_are_one_sentence(tmp_path, gedanken, words, sentence):
    code, out, err = gedanken(*GENERATE, "--out", tmp_path / "data", *words)
    assert code == 2
    assert not out
    assert err.strip().startswith(f"gedanken: {sentence}")
    assert not (tmp_path / "data").exists()


def test_a_second_run_wants_resume(folder, gedanken):
    code, _, err = gedanken(*GENERATE, "--out", folder)
    assert code == 2
    assert "holds this data set already, complete; add --resume" in err
    assert gedanken(*GENERATE, "--out", folder, "--resume")[0] == 0


def test_verify_of_a_damaged_set_exits_with_1(folder, gedanken):
    path = folder / "shard-00001.parquet"
    path.write_bytes(path.read_bytes()[:-5])
    code, out, _ = gedanken("data", "verify", folder)
    assert code == 1
    assert "1 faults" in out
    assert "bytes, not" in out
    code, _, err = gedanken("data", "text", folder)
    assert code == 2
    assert "is not a readable shard" in err


def test_import_and_push(tmp_path, gedanken):
    files = sorted(GOLDEN.glob("lfm_*.jsonl"))
    code, out, _ = gedanken("data", "import", *files, "--out", tmp_path / "data", "--json")
    assert code == 0
    assert json.loads(out)["scenes"] == 3
    code, out, _ = gedanken("data", "push", tmp_path / "data", "--repo", "me/scenes", "--dry-run", "--json")
    assert code == 0
    told = json.loads(out)
    assert [file["path"] for file in told["files"]] == [
        "README.md",
        "data/imported/manifest.json",
        "data/imported/shard-00000.parquet",
    ]
    assert told["card"].startswith("---\npretty_name: scenes")


def test_a_full_disk_is_one_sentence_and_resumes(tmp_path, gedanken):
    pytest.importorskip("resource")
    words = [*GENERATE[:3], "test", "--scenes", "6", "--scenarios", "pong", "--levels", "1,5", "--workers", "1"]
    words += ["--shard-scenes", "1", "--frames", "50", "--out", str(tmp_path / "data")]
    # Scenes of level 5 do not fit into the 20 kB that a file may have.
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        f"sys.argv = ['gedanken', *{words!r}]; from gedanken.cli.main import run; run()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.strip().endswith("cannot be written: the disk is full")
    assert "Traceback" not in done.stderr
    kept = {path.name: path.read_bytes() for path in (tmp_path / "data").glob("shard-*")}
    assert kept
    assert gedanken(*words, "--resume")[0] == 0
    assert {name: (tmp_path / "data" / name).read_bytes() for name in kept} == kept
    assert gedanken("data", "verify", tmp_path / "data", "--sample", 6)[0] == 0


def test_help_shows_examples(gedanken):
    code, out, _ = gedanken("data", "generate", "--help")
    assert code == 0
    assert "[ADDRESS]" in out
    assert "gedanken data generate --split train" in out


def test_a_set_is_described_grown_and_written_plainly(folder, gedanken, tmp_path):
    code, out, _ = gedanken("data", "info", folder, "--context", 3, "--json")
    assert (code, json.loads(out)["scenes"]) == (0, 8)
    code, out, _ = gedanken("data", "info", folder, "--context", 3)
    assert "levels 1: 4, 2: 4" in out
    more = [*GENERATE, "--out", folder, "--scenes", "12"]
    code, _, err = gedanken(*more)
    assert (code, "add --resume to go on from them" in err) == (2, True)
    assert gedanken(*more, "--resume")[0] == 0
    code, out, _ = gedanken("data", "plain", folder, "--out", tmp_path / "plain", "--json")
    assert json.loads(out)["rows"]["scenes"] == 12
    code, out, err = gedanken(
        "data", "text", folder, "--context", 3, "--max-tokens", 400, "--out", tmp_path / "a.jsonl"
    )
    assert code == 0
    assert "of 12 examples do not fit 400 tokens" in err


def test_a_broken_recording_among_others_is_left_out_unless_strict(tmp_path, gedanken):
    (tmp_path / "half.jsonl").write_bytes((GOLDEN / "lfm_tower.jsonl").read_bytes()[:500])
    files = [GOLDEN / "lfm_billiards.jsonl", tmp_path / "half.jsonl"]
    code, out, err = gedanken("data", "import", *files, "--out", tmp_path / "a", "--json")
    assert code == 0
    assert json.loads(out)["skipped"][0]["file"].endswith("half.jsonl")
    assert "left out" in err
    assert gedanken("data", "import", *files, "--out", tmp_path / "b", "--strict")[0] == 2


def test_a_place_that_is_no_folder_is_refused_or_written_to_but_never_a_local_name(tmp_path, gedanken, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = gedanken(*GENERATE, "--out", "nowhere://bucket/x")
    assert code == 2
    assert "nowhere://bucket/x" in err
    assert not list(tmp_path.iterdir())
