"""The tutorials say what they do, and do it: every block of every guide is run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDES = Path(__file__).parents[1] / "docs" / "guide"
BLOCK = re.compile(r"^```(python|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks():
    for page in sorted(GUIDES.glob("*.md")):
        text = page.read_text()
        if "Every block on this page is run by the tests." not in text:
            continue
        for number, match in enumerate(BLOCK.finditer(text), 1):
            yield pytest.param(match[1], match[2], id=f"{page.stem}-{number}")


@pytest.mark.parametrize("language, source", list(blocks()))
def test_a_block_runs(language, source, tmp_path):
    binaries = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-c", source] if language == "python" else ["bash", "-euo", "pipefail", "-c", source]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
