"""The script that trains on a GPU, from data to files that can be carried away; here on a processor, for seconds."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "train_on_gpu.py"


@pytest.mark.slow
@pytest.mark.parametrize("what", ["contacts", "collisions", "laws"])
def test_a_run_ends_as_a_few_small_files(what, tmp_path):
    reinforced = "--reinforce-minutes 0.05 --problems 1 --validation-problems 0" if what == "laws" else ""
    stock = f"--what {what} --make-stock stock --minutes 0.01 --workers 1"
    words = f"--what {what} --out out --minutes 0.05 --device cpu --size tiny --workers 1 --batch-tokens 1500"
    more = "--stock stock --run-folder run --validation-minutes 0"
    for line in (stock, f"{words} {more} {reinforced}"):
        command = [sys.executable, str(SCRIPT), *line.split()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=280, cwd=tmp_path)
        assert done.returncode == 0, done.stderr[-3000:]
    assert list((tmp_path / "stock").glob("pools-*.npz"))
    assert (tmp_path / "run" / "config.json").is_file()
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == ["model.safetensors", "run.tar.gz"]
    assert all(path.stat().st_size < 16 * 2**20 for path in (tmp_path / "out").iterdir())
    with tarfile.open(tmp_path / "out" / "run.tar.gz") as archive:
        more = {"rl/config.json", "rl/metrics.jsonl", "rl/curves.png"} if reinforced else set()
        assert more | {"config.json", "metrics.jsonl", "README.md", "model/config.json"} <= set(archive.getnames())
