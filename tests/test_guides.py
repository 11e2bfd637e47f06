"""The documents do what they say: every block and every command in them is run, or says why it is not.

A mark `<!-- not run: reason -->` on a line of its own holds for the block or paragraph below it. A block below a mark
`<!-- run with: inspect -->` is run where that library is, which is in the environments of `.ci/adapters`.
"""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer.main

from gedanken.cli.main import build_app

ROOT = Path(__file__).parents[1]
FOLDERS = ("docs", "docs/guide", "docs/tutorials", "envs/*")
GENERATED = {ROOT / "docs/cli.md", ROOT / "docs/log.md"}  # and what tells of the past
PAGES = sorted({ROOT / "README.md", *(page for folder in FOLDERS for page in ROOT.glob(f"{folder}/*.md"))} - GENERATED)
LIBRARIES = ("reasoning-gym", "inspect", "verifiers", "openreward")
MARK = re.compile(r"<!-- not run: (.+?) -->")
LIBRARY_MARK = re.compile(r"<!-- run with: (.+?) -->")
# What is run instead, so that a test takes seconds: an endpoint of the tests, a model of a few thousand weights, fewer
# scenes. A line that installs something is left out.
SHORTER = {
    "http://localhost:11434/v1": "{url}",
    "http://localhost:8000/v1": "{url}",
    "--select.limit 20": "--select.limit 2",
    "gedanken-predict --frames 190": "gedanken-predict --frames 15",
    "gedanken-predict --frames 60": "gedanken-predict --frames 15",
    "--suite heldout6 --scenes 2 --horizon 1 --horizon 5 --horizon 20": "--suite heldout6 --scenes 1 --horizon 1",
    "--scenes 50000": "--scenes 10 --scenarios billiards",
    "--scenes 1000 ": "--scenes 40 ",
}
# Appended to a training command: the last value of an option counts.
TINY = {
    "sft": "--max-steps 1 --instances-per-system 1 --batch-size 1 --with rows=4 --max-seq-length 4096 --lora-r 4 "
    "--max-new-tokens 4 --eval-problems 1 --bench-problems 0",
    "grpo": "--num-steps 1 --batch-size 2 --num-generations 2 --with rows=4 --lora-r 4 --max-new-tokens 4 "
    "--replace-flat 0 --eval-problems 1 --bench-problems 0",
    "curriculum": "--stages 1 --max-steps 1 --batch-size 1 --grad-accum 1 --lora-r 4 --scenes 2 --context 1 "
    "--scenarios billiards --eval-problems 1 --eval-examples 1 --loader-workers 0",
    "evaluate": "--with rows=4 --problems 1 --turns 1 --max-new-tokens 4",
}


@dataclass(frozen=True)
class Entry:
    """One block or command of a page.

    Attributes:
        page: the page.
        line: where it begins.
        language: of a block: what stands behind its fence; `command` in running text.
        source: its text.
        reason: why it is not run; empty where it is.
    """

    page: Path
    line: int
    language: str
    source: str
    reason: str

    @property
    def id(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def entries(page):
    """Every fenced block of a page, and every command in backticks that begins with `gedanken `."""
    text = page.read_text()
    fences = list(re.finditer(r"^```(.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    for fence in fences:
        before = text[: fence.start()].rstrip("\n").rpartition("\n")[2]
        mark = MARK.fullmatch(before)
        library = LIBRARY_MARK.fullmatch(before)
        language = f"{fence[1]} {library[1]}" if library else fence[1]
        yield Entry(page, text[: fence.start()].count("\n") + 1, language, fence[2], mark[1] if mark else "")
    # Blocks become empty lines, so that lines keep their numbers.
    prose = re.sub(r"^```.*?^```$", lambda m: "\n" * m[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL)
    for paragraph in re.finditer(r"(?:^.+\n?)+", prose, re.MULTILINE):
        mark = MARK.search(paragraph[0])
        for command in re.finditer(r"`(gedanken [^`]+)`", paragraph[0]):
            line = prose[: paragraph.start() + command.start()].count("\n") + 1
            yield Entry(page, line, "command", " ".join(command[1].split()), mark[1] if mark else "")


ALL = [entry for page in PAGES for entry in entries(page)]
TRAINING = ROOT / "docs/guide/train.md"  # its blocks go on from each other's models
CONTINUED = [ROOT / "docs/guide/contacts.md"]  # each of its Python blocks goes on from those before it
SERVED = {page: page.parent.name for page in PAGES if page.parent.name.endswith("_env")}  # a server, then its client
RUN = [
    entry
    for entry in ALL
    if not entry.reason
    and (entry.language == "command" or entry.language in ("python", "bash"))
    and (entry.language == "command" or entry.page not in {TRAINING, *SERVED})
    and (entry.language != "python" or entry.page not in CONTINUED)
]
LIBRARY = [entry for entry in ALL if entry.language.partition(" ")[2] in LIBRARIES and not entry.reason]


def test_every_block_and_command_is_run_or_says_why_not():
    for entry in ALL:
        of_a_page = entry.page in {TRAINING, *SERVED} and entry.language in ("python", "bash")
        of_a_page |= entry.page in CONTINUED and entry.language == "python"
        plain = not entry.language and "gedanken " not in entry.source  # what a program prints
        assert entry in RUN or entry in LIBRARY or entry.reason or of_a_page or plain, entry.id
    for page in PAGES:
        # A mark that marks nothing would hide that a block has moved away from it.
        reasons = [entry.reason for entry in ALL if entry.page == page]
        assert all(mark in reasons for mark in MARK.findall(page.read_text())), page
    for library in LIBRARIES:
        assert any(entry.language.endswith(f" {library}") for entry in LIBRARY)
    assert all(any(long in entry.source for entry in ALL) for long in SHORTER)


def test_marks_and_commands_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "Say `gedanken zoo list` and\n`gedanken pose discover\nlorenz`.\n\n<!-- not run: slow -->\n"
        "| `gedanken bench fuzz` |\n| `gedanken demo` |\n\n```bash\na\n```\n\n"
        "<!-- not run: no network -->\n```bash\nb\n```\n"
    )
    assert [(each.language, each.source, each.reason, each.line) for each in entries(page)] == [
        ("bash", "a\n", "", 9),
        ("bash", "b\n", "no network", 14),
        ("command", "gedanken zoo list", "", 1),
        ("command", "gedanken pose discover lorenz", "", 2),
        ("command", "gedanken bench fuzz", "slow", 6),
        ("command", "gedanken demo", "slow", 7),
    ]


@pytest.fixture
def workplace(tmp_path):
    """A folder with what a reader would have: data of his own, and a virtual environment to activate."""
    rows = [(t / 10, 50 - 4.905 * (t / 10) ** 2, -0.981 * t) for t in range(30)]
    (tmp_path / "my.csv").write_text("t,y,vy\n" + "".join(f"{t},{y:.4f},{vy:.4f}\n" for t, y, vy in rows))
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/activate").write_text("")
    return tmp_path


def environment(*first):
    """That of a reader who has installed the package and is in `envs/`; with these folders first on the path."""
    paths = [str(ROOT / "envs"), *filter(None, [os.environ.get("PYTHONPATH")])]
    path = os.pathsep.join([*map(str, first), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


def shorten(source, url=""):
    for long, short in SHORTER.items():
        source = source.replace(long, short.format(url=url))
    return re.sub(r"^pip install .*$", "", source, flags=re.MULTILINE)


def run(language, source, folder, commands):
    if language.startswith("python"):
        done = commands.run(source, folder, environment(commands.folder))
    else:
        shell = ["bash", "-euo", "pipefail", "-c", source]
        environs = environment(commands.folder)
        done = subprocess.run(shell, cwd=folder, env=environs, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def is_name(command):
    """Whether this only names a command (`gedanken serve`, `gedanken discover ...`) and does not say what to do."""
    found = typer.main.get_command(build_app())
    for word in command.removesuffix(" ...").split()[1:]:
        found = getattr(found, "commands", {}).get(word)
        if found is None:
            return False
    return True


def train_tiny(source, tiny_model):
    """Training commands with models of a few thousand weights and a step each."""
    source = source.replace("Qwen/Qwen2.5-3B-Instruct", str(tiny_model("qwen2"))).replace("smollm2", str(tiny_model()))
    lines = []
    for line in source.splitlines():
        kind = re.match(r"gedanken train (\w+)", line)
        if kind and kind[1] in TINY:
            line += f" {TINY[kind[1]]}" + ("" if "--model" in line else f" --model {tiny_model('lfm2')}")
        lines.append(line)
    return "\n".join(lines)


@pytest.mark.parametrize("entry", RUN, ids=lambda entry: entry.id)
def test_it_runs(entry, workplace, endpoint, commands, request):
    source = entry.source
    if entry.language == "command" and is_name(source):
        source = source.removesuffix(" ...") + " --help"
    asks = "openai:" in source
    if asks:
        pytest.importorskip("openai")
    if "gedanken train" in source:
        source = train_tiny(source, request.getfixturevalue("tiny_model"))
    assert run(entry.language, shorten(source, endpoint.url), workplace, commands).strip()
    assert bool(endpoint.bodies) == asks


# Blocks that go on from each other share what they name.
CONTINUED_BLOCKS = """
import contextlib, io, json, sys

names, told = {"__name__": "__main__"}, []
for block in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(block, names)
    told.append(out.getvalue())
print(json.dumps(told))
"""


@pytest.mark.parametrize("page", CONTINUED, ids=lambda page: page.name)
def test_python_blocks_that_go_on_from_each_other(page, workplace):
    blocks = [entry.source for entry in entries(page) if entry.language == "python" and not entry.reason]
    done = subprocess.run(
        [sys.executable, "-c", CONTINUED_BLOCKS],
        input=json.dumps(blocks), cwd=workplace, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told) == len(blocks) > 1
    # Some only say what must hold.
    assert all(said.strip() or "assert" in block for said, block in zip(told, blocks, strict=True))


# A command that trains takes ten seconds to begin, and the page has twenty: one process plays them all.
ONE_AFTER_THE_OTHER = """
import contextlib, io, json, shlex, sys
from gedanken.cli.main import run

commands, told = json.load(sys.stdin), []
for command in commands:
    sys.argv, out, err = shlex.split(command), io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run()
            code = 0
        except SystemExit as end:
            code = end.code or 0
    told.append([command, code, out.getvalue(), err.getvalue()])
print(json.dumps(told))
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_blocks_of_the_training_page_run_one_after_the_other(workplace, tiny_model):
    pytest.importorskip("trl")
    blocks = [entry.source for entry in entries(TRAINING) if entry.language == "bash" and not entry.reason]
    lines = shorten(train_tiny("\n".join(blocks), tiny_model)).split("\n")
    commands = [line for line in lines if line]
    assert all(line.startswith("gedanken ") for line in commands)
    done = subprocess.run(
        [sys.executable, "-c", ONE_AFTER_THE_OTHER],
        input=json.dumps(commands), cwd=workplace, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert [command for command, *_ in told] == commands
    for command, code, out, err in told:
        if "--dry-run" in command:
            # The finished run is found, and its base, a folder of this test, is what nobody else could load.
            assert code == 2, out + err
            assert "train from its Hub id" in err
        else:
            assert code == 0, f"{command}\n{out}{err}"
            assert (out + err).strip(), command


@pytest.mark.parametrize("entry", LIBRARY, ids=lambda entry: entry.id)
def test_a_block_of_a_library_runs(entry, workplace, endpoint, commands):
    modules = {
        "reasoning-gym": "reasoning_gym",
        "inspect": "inspect_ai",
        "verifiers": "verifiers",
        "openreward": "openreward",
    }
    pytest.importorskip(modules[entry.language.partition(" ")[2]])
    assert run(entry.language, shorten(entry.source, endpoint.url), workplace, commands).strip()
    assert bool(endpoint.bodies) == ("MODEL" in entry.source)


@pytest.mark.parametrize("page", SERVED, ids=SERVED.get)
def test_the_server_and_the_client_of_an_environments_page_run(page, workplace, commands):
    pytest.importorskip("openenv.core")
    (bash, start), (python, client) = [
        (entry.language, entry.source) for entry in entries(page) if entry.language in ("bash", "python")
    ]
    assert (bash, python) == ("bash", "python")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    assert "8000" in start
    assert "8000" in client
    command = shorten(start).strip().replace("8000", port)
    with open(workplace / "log", "wb") as log:
        server = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=workplace, env=environment(), stdout=log, stderr=log
        )
    try:
        for _ in range(600):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            assert server.poll() is None, (workplace / "log").read_text()
            time.sleep(0.2)
        assert run(python, client.replace("8000", port), workplace, commands).strip()
    finally:
        server.terminate()
        server.wait()
