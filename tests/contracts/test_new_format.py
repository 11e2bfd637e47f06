"""A text format is one file: with nothing else touched it is found, posed, judged, written from data and documented."""

import importlib
import sys

import numpy as np
import pytest

from gedanken import zoo
from gedanken.cli._options import FORMATS
from gedanken.data.training import Writer
from gedanken.players import load_player
from gedanken.tasks.predict import rollout
from gedanken.tasks.predict.task import PredictTask
from gedanken.worlds.rigid import scenarios, text
from gedanken.worlds.rigid.engine.simulate import record

TABLE = '''
"""A table: v1's header, then a row for each body of each frame."""

import numpy as np

from gedanken.worlds.rigid.text import Prompt, Reading, v1

LABELS = "pushed"
Header = v1.Header


def write_header(header):
    return v1.write_header(header)


def write_frames(states, first=0):
    units = states if states.dtype.kind == "i" else np.rint(states * 10_000).astype(int)
    rows = []
    for number, frame in enumerate(units, first):
        rows += [" ".join(["row", str(number), *(f"{value / 10_000:.4f}" for value in body)]) for body in frame]
    return "\\n".join(rows) + "\\n"


def write_prompt(prompt):
    return write_header(prompt.header) + write_frames(prompt.states, prompt.first) + f"Predict frame {prompt.next}\\n"


def write_target(prompt, state):
    return write_frames(state[None], prompt.next)


def visible(prompt):
    return prompt.states


def _rows(lines):
    return [(int(line.split()[1]), [float(word) for word in line.split()[2:]]) for line in lines]


def parse_prompt(text):
    lines = text.splitlines()
    header = v1.parse_prompt("\\n".join(line for line in lines if not line.startswith(("row", "Predict"))))
    if isinstance(header, list):
        return header
    rows = _rows(line for line in lines if line.startswith("row"))
    if not rows:
        return ["there is no row"]
    states = np.array([state for _, state in rows]).reshape(-1, len(header.header.scene.bodies), 6)
    return Prompt(header.header, states, rows[0][0])


def parse_frame(text, prompt):
    rows = _rows(line for line in text.splitlines() if line.startswith("row"))
    state = np.full(prompt.states.shape[1:], np.nan)
    for body, (_, values) in enumerate(rows):
        state[body] = values
    return Reading(state, rows[0][0] if rows else None, [] if len(rows) == len(state) else ["rows are missing"])
'''

OWN_GRAMMAR = """

def write_grammar(prompt):
    return 'start: "row" /.*/'
"""


@pytest.fixture
def table(tmp_path, monkeypatch):
    """The format `table`, in a folder beside the package's; yields its file."""
    monkeypatch.setattr(text, "__path__", [*text.__path__, str(tmp_path)])
    file = tmp_path / "table.py"
    file.write_text(TABLE)
    forget()
    yield file
    monkeypatch.undo()
    forget()


def forget():
    sys.modules.pop(f"{text.PACKAGE}.table", None)
    importlib.invalidate_caches()
    zoo.names.cache_clear()


def test_it_is_listed(table):
    assert "table" in text.names()


def test_it_poses_and_judges_a_problem(table):
    task = PredictTask()
    problem = task.pose("billiards", split="test", format="table")
    assert problem.prompt.count("row") == 10 * len(problem.truth.frames[0])
    assert task.verify(problem, task.solve(problem)).reward == pytest.approx(1.0)
    assert task.verify(problem, "row 11 1 2 3 4 5 6").error is None
    assert task.verify(problem, "no").reward == 0.0


def test_it_round_trips(table):
    form = text.load("table")
    states = record(scene := scenarios.pose("pendulum", 1, split="test"), 6).states
    prompt = text.Prompt(form.Header.of(scene), states[2:-1], 2)
    read = form.parse_prompt(form.write_prompt(prompt))
    assert (read.header, read.first) == (prompt.header, 2)
    np.testing.assert_array_equal(read.states, prompt.states)


def test_built_in_players_answer_in_it(table, tmp_path):
    task = PredictTask()
    problem = task.pose("tower", split="test", level=1, format="table")
    file = tmp_path / "prompt.txt"
    file.write_text(problem.prompt)
    for name in ("hold", "prior", "restart10"):
        continued = rollout.run("tower", problem, load_player(name, "predict"), 2)
        assert continued.coverage.tolist() == [1.0, 1.0]
    _, read = rollout.read_problem(str(file), frames=2)
    assert read.observation.format == "table"


def test_its_grammar_is_its_newest_frame_unless_it_brings_one(table):
    problem = PredictTask().pose("billiards", split="test", level=1, format="table")
    rows = len(problem.truth.frames[0])
    grammar = problem.observation.grammar()
    assert grammar.splitlines()[0].count('"row ') == rows
    assert grammar.splitlines()[0].count("NUMBER") == 6 * rows
    table.write_text(TABLE + OWN_GRAMMAR)
    forget()
    assert problem.observation.grammar() == 'start: "row" /.*/'


def test_training_text_is_written_in_it(table):
    assert Writer("table").format == "table"


def test_help_texts_name_the_formats_there_are():
    assert FORMATS.split(", ") == text.names()
