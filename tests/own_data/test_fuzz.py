"""Any table whatever leads to a report or to one sentence, on the whole path from the file to the report.

By default a few dozen tables are tried; `GEDANKEN_FUZZ=2000 pytest tests/own_data/test_fuzz.py` tries as many as it
says.
"""

import json
import os
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gedanken
from gedanken.errors import UserError
from gedanken.models.backends.scripted import ScriptedPlayer
from gedanken.own_data.record import read_record

EXAMPLES = int(os.environ.get("GEDANKEN_FUZZ", "60"))
PROFILE = dict(deadline=None, suppress_health_check=list(HealthCheck), derandomize="GEDANKEN_FUZZ" not in os.environ)

NAMES = st.one_of(
    st.sampled_from(
        [
            *(
                "t",
                "time",
                "Time (s)",
                "x",
                "y",
                "v",
                "vx",
                "theta",
                "omega",
                "S",
                "id",
                "run",
                "Run #1: x",
                "1 Time",
                "2 x",
            ),
            *(
                "sin",
                "c1",
                "c2",
                "pi",
                "d2x/dt2",
                "a b",
                "x(t)",
                "θ (rad)",
                "",
                " ",
                "#",
                "x;y",
                'say "hi"',
                "trial",
                "date",
            ),
            *(
                "position " * 9,
                "Geschwindigkeit der Kugel in der Rinne (m/s)",
                "温度",
                "_",
                "1",
                "2.5",
                "-",
                "nan",
                "m",
                "s",
            ),
            *("x_smooth", "lnx", "acceleration", "velocity", "t_2", "X", "T", "dx", "=cmd()", "e", "E", "exp"),
        ]
    ),
    st.text(max_size=12),
)
SHAPES = (
    lambda t, k: np.exp(-0.3 * t * (k + 1)),
    lambda t, k: np.cos(t * (1 + k)) * 10.0 ** (3 * k - 3),
    lambda t, k: np.zeros_like(t),
    lambda t, k: np.full_like(t, 1e12),
    lambda t, k: t * (k + 1),
    lambda t, k: 20 - 4.9 * t**2,
    lambda t, k: np.where(t > t.mean(), 1.0, 0.0),
    lambda t, k: np.random.default_rng(k).standard_normal(len(t)),
    lambda t, k: np.exp(40 * t / (t.max() or 1)),
    lambda t, k: np.round(np.cos(t)),
    lambda t, k: 1e-300 * np.cos(t),
    lambda t, k: 1e300 * np.cos(t),
)
SPOILED = st.sampled_from(
    ["", "NaN", "-999", "abc", "inf", "1e999", "1,5", "OL", "#REF!", "2020-01-01", '"', "0x1", "1_0", "−3"]
)


@st.composite
def tables(draw):
    """Text of a table: a clock of some kind, columns of some shapes, with gaps, repeats, odd headers and odd lines."""
    rows = draw(st.integers(0, 40))
    width = draw(st.integers(1, 5))
    t = np.arange(rows) * draw(st.sampled_from([1.0, 0.1, 1e-6, 1e6]))
    clock = draw(st.sampled_from(["even", "uneven", "late", "restart", "repeats", "back", "dates", "none", "constant"]))
    if clock == "uneven":
        t = t**1.5
    elif clock == "late":
        t = t + 1.7e9
    elif clock == "restart":
        t = t[np.arange(rows) % max(rows // 2, 1)] if rows else t
    elif clock == "repeats":
        t = np.sort(np.concatenate([t, t]))[:rows]
    elif clock == "back":
        t = t[::-1]
    elif clock == "constant":
        t = np.zeros_like(t)
    decimal = draw(st.sampled_from([".", ".", ","]))
    separator = draw(st.sampled_from([",", ";", "\t", " ", "|"]))
    shapes = [draw(st.sampled_from(SHAPES)) for _ in range(width)]
    columns = [shape(t - t.min(), k) if rows else t for k, shape in enumerate(shapes)]
    cells = [[f"{value:.7g}".replace(".", decimal) for value in column] for column in columns]
    if clock == "dates":
        cells.insert(0, [f"2020-{1 + k // 28 % 12:02d}-{1 + k % 28:02d}" for k in range(rows)])
    elif clock != "none":
        cells.insert(0, [f"{value:.10g}".replace(".", decimal) for value in t])
    if draw(st.booleans()):
        labels = draw(st.sampled_from([["a", "b"], ["1", "2", "3"], ["P 01"], ["", "x"]]))
        cells.insert(draw(st.integers(0, len(cells))), [labels[k * len(labels) // max(rows, 1)] for k in range(rows)])
    lines = [list(row) for row in zip(*cells, strict=True)]
    for _ in range(draw(st.integers(0, 4)) if lines else 0):
        line = lines[draw(st.integers(0, len(lines) - 1))]
        line[draw(st.integers(0, len(line) - 1))] = draw(SPOILED)
    quoted = separator in ",;|" and decimal == separator
    text = [separator.join(f'"{cell}"' if quoted else cell for cell in line) for line in lines]
    header = [draw(NAMES) for _ in cells]
    first = draw(st.sampled_from([["t", "time", "run"], []]))
    header = [*first[: len(header)], *header[len(first) :]] if clock != "none" else header
    if draw(st.integers(0, 5)):
        text.insert(0, separator.join(f'"{name.replace(chr(34), "")}"' for name in header))
    for _ in range(draw(st.integers(0, 2))):
        text.insert(
            draw(st.integers(0, len(text))),
            draw(st.sampled_from(["", "# note", "mass_A", "s,m", "a;b;c", "end of data"])),
        )
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return ending.join(text).encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])), errors="replace")


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "order": st.sampled_from([1, 2]),
        "dt": st.sampled_from([0.1]),
        "hold_out": st.just(True),
        "fit_until": st.sampled_from([1.0, 5.0]),
        "state": st.sampled_from([["x"], ["x", "v"], ["2"]]),
        "time": st.sampled_from(["t", "1"]),
        "trial": st.sampled_from(["run", "id"]),
    },
)


def law_for(record):
    """A law that any record has: every state stays as it is, or falls back to where it was."""
    states = record.problem.observation.states
    sides = [f"{side} = k" for side in states.left_sides]
    return json.dumps({"equation": "; ".join(sides), "params": {"k": 0.1}})


def report_or_sentence(path, options, folder, player=None):
    """The result with its report written, or None where a `UserError` said in one sentence why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = gedanken.discover(path, player=player(path, options) if player else "sparse", **options)
            result.report(folder)
            json.dumps(result.to_dict(), default=lambda array: array.tolist())
            assert result._repr_html_()
            assert len(result.residuals)
            assert len(result.ladder)
            return result
    except UserError as error:
        sentence = str(error)
        assert sentence.strip()
        assert "\n" not in sentence
        assert len(sentence) < 500
        return None


def scripted(path, options):
    return ScriptedPlayer([law_for(read_record(path, **options))], loop=True)


@settings(max_examples=EXAMPLES, **PROFILE)
@given(content=tables(), options=OPTIONS, name=st.sampled_from(["lab.csv", "lab.txt", "lab.tsv", "a b (1).csv", "lab"]))
def test_any_table_gives_a_report_or_a_sentence(tmp_path_factory, content, options, name):
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / name
    path.write_bytes(content)
    report_or_sentence(path, options, folder / "report", scripted)


@pytest.mark.slow
@settings(max_examples=max(EXAMPLES // 10, 6), **PROFILE)
@given(content=tables(), options=OPTIONS)
def test_any_table_gives_a_report_or_a_sentence_with_the_search(tmp_path_factory, content, options):
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "lab.csv"
    path.write_bytes(content)
    report_or_sentence(path, options, folder / "report")
