"""The image's recipe, as far as it can be tried without Docker: paths, user, server and health check."""

import fnmatch
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTEXTS = [ROOT, *sorted(path.parent for path in ROOT.glob("envs/*/Dockerfile"))]


def read(context):
    """The instructions of a Dockerfile as (name, arguments), continued lines joined and comments left out."""
    lines = [line for line in (context / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def find(context, name):
    return [arguments for instruction, arguments in read(context) if instruction == name]


def _matches(paths, pattern):
    return any(fnmatch.fnmatch(path, pattern) for path in paths)


def is_sent(context, path):
    """Whether Docker sees a path: the last pattern of .dockerignore that matches it or a folder above it decides."""
    sent = True
    above = [path, *(str(each) for each in Path(path).parents)][:-1]
    for pattern in (context / ".dockerignore").read_text().splitlines():
        if pattern and not pattern.startswith("#") and _matches(above, pattern.removeprefix("!")):
            sent = pattern.startswith("!")
    return sent


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda path: path.name)
def test_what_is_copied_exists_and_is_sent(context):
    copied = [arguments for arguments in find(context, "COPY") if not arguments.startswith("--from")]
    sources = [source for arguments in copied for source in arguments.split()[:-1]]
    assert sources
    for source in sources:
        if any(letter in source for letter in "*?["):
            continue  # a pattern may match nothing
        assert (context / source).exists(), source
        assert is_sent(context, source), source


@pytest.mark.parametrize("context", CONTEXTS, ids=lambda path: path.name)
def test_the_server_does_not_run_as_root(context):
    instructions = [name for name, _ in read(context)]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", find(context, "USER")[-1])
    assert instructions.index("USER") < len(instructions) - 1 - instructions[::-1].index("EXPOSE")
    assert set(instructions) <= {
        *("FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD")
    }


def test_a_package_is_built_from_what_is_sent():
    sent = [path.name for path in ROOT.iterdir() if is_sent(ROOT, path.name)]
    assert sorted(sent) == [
        "LICENSE",
        "README.md",
        "build_package.py",
        "constraints.txt",
        "pyproject.toml",
        "src",
        "web",
    ]
    project = (ROOT / "pyproject.toml").read_text()
    assert 'readme = "README.md"' in project
    assert 'license-files = ["LICENSE"]' in project


def test_the_images_server_is_healthy_by_the_images_own_check(run_server, tmp_path):
    """The entry point with another address and folder; everything else as in the image."""
    entry = json.loads(find(ROOT, "ENTRYPOINT")[0])
    check = json.loads(find(ROOT, "HEALTHCHECK")[0].partition("CMD ")[2])
    (tmp_path / "data").mkdir()
    settings = dict(re.findall(r"(\w+)=(\S+)", " ".join(find(ROOT, "ENV"))))
    environ = {name: value.replace("/data", str(tmp_path / "data")) for name, value in settings.items()}
    environ.pop("NUMBA_CACHE_DIR")  # or it would compile everything for the sake of a health check
    command = [Path(sys.executable).with_name(entry[0]), *entry[1:]]
    command = [str(part).replace("/data", str(tmp_path / "data")) for part in command]
    assert "--hosted" in entry
    with run_server(*command, "--host", "127.0.0.1", cwd=tmp_path, **environ) as (url, _):
        port = url.rpartition(":")[2]
        assert ":8000/" in check[-1]
        done = subprocess.run(
            [sys.executable, *check[1:-1], check[-1].replace(":8000/", f":{port}/")], capture_output=True
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "history.sqlite").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    broken = subprocess.run([sys.executable, *check[1:-1], check[-1].replace(":8000/", ":9/")], capture_output=True)
    assert broken.returncode != 0
