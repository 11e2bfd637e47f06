import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gedanken.data import manifest, provenance
from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan, shard_name
from gedanken.errors import UserError
from gedanken.files import TEMPORARY

PLAN = Plan("val", 60, ("billiards", "head_on"), (3, 4, 5), frames=60, shard_scenes=6)

PROGRAM = """
from pathlib import Path
from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan
if __name__ == "__main__":
    generate({plan!r}, Path({folder!r}), Processes({count}), resume={resume})
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    generate(PLAN, folder, Processes(1))
    return contents(folder)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def start(tmp_path, folder, count, resume=False):
    program = tmp_path / "run.py"
    program.write_text(PROGRAM.format(plan=PLAN, folder=str(folder), count=count, resume=resume))
    return subprocess.Popen([sys.executable, str(program)], stderr=subprocess.DEVNULL, start_new_session=True)


def wait_for_workers(process):
    """Until the killed process's workers have ended themselves; one in mid-shard may still write for a moment."""
    for _ in range(1000):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)


def test_order_of_shards_leaves_no_trace(tmp_path, whole):
    def backwards(plan, numbers, folder):
        yield from Processes(1)(plan, list(reversed(numbers)), folder)

    generate(PLAN, tmp_path, backwards)
    assert contents(tmp_path) == whole


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(tmp_path, whole):
    assert start(tmp_path, tmp_path / "two", 2).wait() == 0
    assert contents(tmp_path / "two") == whole


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_killed_at_any_moment_and_resumed_it_is_the_same(tmp_path, whole, count):
    folder = tmp_path / "killed"
    done = []
    for shards in (0, 2, 5):
        process = start(tmp_path, folder, count, resume=folder.exists())
        while len(list(folder.glob("shard-*"))) < shards or not (folder / manifest.NAME).exists():
            assert process.poll() is None
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_workers(process)
        done.append(len(manifest.read(folder).shards))
    assert done[-1] < PLAN.shards
    with pytest.raises(UserError, match="add --resume"):
        generate(PLAN, folder, Processes(1))
    (folder / f".{shard_name(9)}.abc{TEMPORARY}").write_bytes(b"half a shard")
    generate(PLAN, folder, Processes(1), resume=True)
    assert contents(folder) == whole


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
def test_workers_end_with_the_process_that_started_them(tmp_path):
    process = start(tmp_path, tmp_path / "out", 2)
    while not list((tmp_path / "out").glob("shard-*")):
        assert process.poll() is None
        time.sleep(0.01)
    children = [
        Path("/proc") / pid
        for task in Path(f"/proc/{process.pid}/task").iterdir()
        for pid in (task / "children").read_text().split()
    ]
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while alive := [child for child in children if runs(child)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)
    assert len(children) >= 2


def runs(process):
    try:
        return (process / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_resuming_a_complete_data_set_changes_nothing(tmp_path, whole):
    generate(PLAN, tmp_path, Processes(1))
    times = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("shard-*")}
    generate(PLAN, tmp_path, Processes(1), resume=True)
    assert contents(tmp_path) == whole
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("shard-*")} == times


def test_a_damaged_shard_is_made_again(tmp_path, whole):
    generate(PLAN, tmp_path, Processes(1))
    path = tmp_path / shard_name(3)
    path.write_bytes(path.read_bytes()[:-100])
    (tmp_path / shard_name(4)).unlink()
    generate(PLAN, tmp_path, Processes(1), resume=True)
    assert contents(tmp_path) == whole


def test_other_folders_are_left_alone(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(UserError, match="is not empty"):
        generate(PLAN, tmp_path, Processes(1))
    assert contents(tmp_path) == {"photo.jpg": b"mine"}


def test_another_plan_is_refused_and_nothing_is_touched(tmp_path, whole):
    generate(PLAN, tmp_path, Processes(1))
    shorter = Plan("val", 59, PLAN.scenarios, PLAN.levels, PLAN.frames, shard_scenes=6)
    with pytest.raises(UserError, match="its scenes is 60, not 59"):
        generate(shorter, tmp_path, Processes(1), resume=True)
    assert contents(tmp_path) == whole


def test_a_run_that_made_nothing_may_be_repeated(tmp_path, whole):
    def fails(plan, numbers, folder):
        raise UserError("no worker came")
        yield

    with pytest.raises(UserError, match="no worker came"):
        generate(PLAN, tmp_path, fails)
    generate(PLAN, tmp_path, Processes(1))
    assert contents(tmp_path) == whole


def test_another_version_of_the_code_is_not_mixed_in(tmp_path, monkeypatch):
    generate(PLAN, tmp_path, Processes(1))
    (tmp_path / shard_name(2)).unlink()
    before = contents(tmp_path)
    here = provenance.versions(PLAN.scenarios)
    monkeypatch.setattr(provenance, "versions", lambda names: here | {"pymunk": "8.0.0"})
    with pytest.raises(UserError, match=r"begun with other versions \(pymunk 7.3.1 is now 8.0.0\)"):
        generate(PLAN, tmp_path, Processes(1), resume=True)
    assert contents(tmp_path) == before


def test_impossible_numbers_of_workers():
    for count in (0, -1, 5000):
        with pytest.raises(UserError, match="number of workers"):
            Processes(count)
