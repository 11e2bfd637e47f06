"""The blocks of the guide that name a library, where that library is; the others are run by tests/test_guides.py."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "environments.md"
BLOCK = re.compile(r"^```(python|bash) ([\w-]+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LIBRARIES = {"reasoning-gym": "reasoning_gym", "inspect": "inspect_ai", "verifiers": "verifiers"}
BLOCKS = {match[2]: (match[1], match[3]) for match in BLOCK.finditer(GUIDE.read_text())}


def test_every_library_has_its_block():
    assert set(BLOCKS) == set(LIBRARIES)


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_block_runs(name, tmp_path):
    pytest.importorskip(LIBRARIES[name])
    language, source = BLOCKS[name]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-c", source] if language == "python" else ["bash", "-euo", "pipefail", "-c", source]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
