import gzip
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gedanken.errors import UserError
from gedanken.own_data.read.headers import split_unit
from gedanken.own_data.read.tables import read_trajectories
from gedanken.worlds.ode.kernel.limits import MAX_STATES

FALL = "t (s),y [m],vy [m/s]\n" + "\n".join(f"{t / 10},{20 - 4.905 * t * t / 100},{-0.981 * t}" for t in range(20))
PARABOLA = "t,y\n" + "\n".join(f"{t},{t * t}" for t in range(10))


def table(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path: Path) -> str:
    try:
        read_trajectories(path)
    except UserError as error:
        return str(error)
    return ""


def wide(states: int) -> str:
    """A table of many states that have nothing to do with each other."""
    header = ",".join(["t", *(f"x{i}" for i in range(states))])
    return "\n".join(
        [header, *(",".join([str(t), *(f"{np.sin(t * (i + 1) / 9):.6f}" for i in range(states))]) for t in range(9))]
    )


def rows(*cells: str) -> str:
    return "t,y\n" + "\n".join(cells) + "\n"


# ---- what is read ----


def test_units_are_taken_off_the_header_and_kept(tmp_path):
    found = read_trajectories(table(tmp_path, FALL))
    assert found.states.columns == ("y", "vy")
    assert found.states.left_sides == ("d2y/dt2",)
    assert found.units == {"y": "m", "vy": "m/s"}
    assert (found.time, found.time_unit) == ("t", "s")
    assert found.trajectories[0].values[3] == pytest.approx([20 - 4.905 * 0.09, -0.981 * 3])


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("y [m]", "y", "m"),
        ("t (s)", "t", "s"),
        ("x / cm", "x", "cm"),
        ("x(t)", "x", ""),
        ("dy/dt", "dy/dt", ""),
        ("a", "a", ""),
    ],
)
def test_units_in_headers(header, name, unit):
    assert split_unit(header) == (name, unit)


def write(folder: Path, form: str) -> Path:
    t, y = np.arange(10) / 2, np.arange(10) ** 2 + 0.25
    plain = ["t,y", *(f"{a},{b}" for a, b in zip(t, y, strict=True))]
    text = "\n".join(plain)
    match form:
        case "csv" | "txt":
            return table(folder, text, f"data.{form}")
        case "tsv":
            return table(folder, text.replace(",", "\t"), "data.tsv")
        case "semicolons":
            return table(folder, text.replace(",", ";").replace(".", ","))
        case "spaces":
            return table(folder, "\n".join("  " + line.replace(",", "    ") for line in plain), "data.dat")
        case "commented":
            return table(
                folder, "# made by hand\n# t y\n" + "\n".join(line.replace(",", " ") for line in plain[1:]), "data.dat"
            )
        case "utf-16":
            return table(folder, text.encode("utf-16"))
        case "bom":
            return table(folder, text.encode("utf-8-sig"))
        case "windows lines":
            return table(folder, text.replace("\n", "\r\n") + "\r\n\r\n")
        case "quoted":
            return table(folder, text.replace("t,y", '"t","y"'))
        case "gzip":
            return table(folder, gzip.compress(text.encode()), "data.csv.gz")
        case "parquet":
            pa.parquet.write_table(pa.table({"t": t, "y": pa.array(y, pa.float32())}), folder / "data.parquet")
            return folder / "data.parquet"
        case "rows.json":
            return table(folder, json.dumps([{"t": a, "y": b} for a, b in zip(t, y, strict=True)]), "rows.json")
        case "columns.json":
            return table(folder, json.dumps({"t": t.tolist(), "y": y.tolist()}), "columns.json")
        case "jsonl":
            return table(
                folder, "\n".join(json.dumps({"t": a, "y": b}) for a, b in zip(t, y, strict=True)), "data.jsonl"
            )
    raise AssertionError(form)


FORMS = ["csv", "txt", "tsv", "semicolons", "spaces", "commented", "utf-16", "bom", "windows lines", "quoted", "gzip"]
FORMS += ["parquet", "rows.json", "columns.json", "jsonl"]


@pytest.mark.parametrize("form", FORMS)
def test_every_format_holds_the_same_numbers(tmp_path, form):
    found = read_trajectories(write(tmp_path, form))
    assert found.states.columns == ("y",)
    np.testing.assert_array_equal(found.trajectories[0].t, np.arange(10) / 2)
    np.testing.assert_array_equal(found.trajectories[0].values[:, 0], np.arange(10) ** 2 + 0.25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(-1e99, 1e99, allow_subnormal=False), min_size=4, max_size=30).filter(
        lambda y: len(set(y)) > 1 and max(map(abs, y)) > 1e-99
    )
)
def test_numbers_survive_to_the_last_bit(tmp_path, values):
    found = read_trajectories(table(tmp_path, rows(*(f"{t},{y!r}" for t, y in enumerate(values)))), missing=[])
    np.testing.assert_array_equal(found.trajectories[0].values[:, 0], values)


def test_gaps_stay_gaps(tmp_path):
    found = read_trajectories(table(tmp_path, "t,a,b\n0,1,2\n1,,3\n2,NaN,4\n3,NA,5\n4,7,\n5,8,1\n"))
    np.testing.assert_array_equal(
        np.isnan(found.trajectories[0].values), [[0, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 0]]
    )


def test_trials_by_column_and_by_file(tmp_path):
    one = "run,t,y\n" + "\n".join(f"{run},{t},{t * t + run}" for run in (1, 2) for t in range(6))
    found = read_trajectories(table(tmp_path, one))
    assert [trial.name for trial in found.trajectories] == ["1", "2"]
    assert any("run" in note for note in found.notes)
    assert read_trajectories(table(tmp_path, one), trial="run").trajectories[1].values[0, 0] == 2
    a = table(tmp_path, PARABOLA, "a.csv")
    b = table(tmp_path, "y [m],t\n" + "\n".join(f"{t * 3},{t}" for t in range(5)), "b.csv")
    both = read_trajectories([a, b])
    assert [(trial.name, len(trial.t)) for trial in both.trajectories] == [("a", 10), ("b", 5)]
    c = table(tmp_path, "t,y [mm]\n" + "\n".join(f"{t},{t * 3}" for t in range(5)), "c.csv")
    with pytest.raises(UserError, match=r"'y \[m\]' is in other units in c\.csv: m and mm"):
        read_trajectories([b, c])


def test_rows_out_of_order_are_sorted_and_it_is_said(tmp_path):
    found = read_trajectories(table(tmp_path, rows("0,1", "3,2", "1,5", "2,7")))
    assert found.trajectories[0].t.tolist() == [0, 1, 2, 3]
    assert found.trajectories[0].values[:, 0].tolist() == [1, 5, 7, 2]
    assert "sorted" in found.notes[0]


def test_exact_repeats_are_left_out(tmp_path):
    found = read_trajectories(table(tmp_path, rows("0,1", "1,2", "1,2", "2,7", "3,", "4,5")))
    assert found.trajectories[0].t.tolist() == [0, 1, 2, 4]
    assert found.notes == ("data.csv: 1 row left out, a repeat of the row before",)


def test_dates_become_days_and_times_of_day_seconds(tmp_path):
    days = read_trajectories(table(tmp_path, "date,y\n2020-02-27,1\n2020-02-29,2\n2020-03-01,3\n2020-03-02,5\n"))
    assert days.trajectories[0].t.tolist() == [0, 2, 3, 4]
    assert days.time_unit == "days"
    clock = read_trajectories(table(tmp_path, "time,y\n10:00:00,1\n10:00:01,2\n10:00:02.5,3\n10:01:00,5\n"))
    assert clock.trajectories[0].t.tolist() == [0, 1, 2.5, 60]
    assert clock.time_unit == "s"
    stamps = read_trajectories(
        table(tmp_path, "time,y\n" + "\n".join(f"2020-01-01T00:00:0{i}.5Z,{i * i}" for i in range(5)))
    )
    assert stamps.trajectories[0].t == pytest.approx(range(5))


def test_what_is_no_state_is_left_out_and_it_is_said(tmp_path):
    text = "index,t,y,mass,comment,blank\n" + "\n".join(f"{t},{t},{t * t},2.5,ok," for t in range(6))
    found = read_trajectories(table(tmp_path, text))
    assert found.states.columns == ("y",)
    said = " ".join(found.notes)
    for name in ("index", "mass", "comment", "blank"):
        assert repr(name) in said
    assert "always 2.5" in said


def test_a_setting_that_differs_between_trials_is_no_state(tmp_path):
    text = "trial,t,y,mass\n" + "\n".join(f"{run},{t},{t * t},{run + 1}" for run in (0, 1) for t in range(5))
    found = read_trajectories(table(tmp_path, text))
    assert found.states.columns == ("y",)
    assert any("constant in each trial (1 to 2)" in note for note in found.notes)


def test_names_become_identifiers(tmp_path):
    header = "t,angle θ (rad),sin,2nd,a b,température,S\n"
    found = read_trajectories(
        table(tmp_path, header + "\n".join(f"{t},{t},{t * 2},{t * 3},{t + 1},{t * t},{-t}" for t in range(5)))
    )
    assert found.states.columns == ("angle_theta", "sin_state", "x2nd", "a_b", "temperature", "S")
    assert found.sources["angle_theta"] == "angle θ (rad)"
    assert any("'sin' is called sin_state" in note for note in found.notes)


def test_susceptibles_are_not_seconds(tmp_path):
    found = read_trajectories(table(tmp_path, "day,S,I\n" + "\n".join(f"{t},{100 - t},{t}" for t in range(6))))
    assert (found.time, found.states.columns) == ("day", ("S", "I"))


# ---- order of the law ----


def second_order(folder: Path, noise: float = 0.0, factor: float = 1.0, names: str = "x,vx") -> Path:
    rng = np.random.default_rng(7)
    t = np.sort(rng.uniform(0, 10, 80))
    x = np.cos(2 * t) + noise * rng.standard_normal(80)
    v = factor * (-2 * np.sin(2 * t) + 2 * noise * rng.standard_normal(80))
    return table(folder, f"t,{names}\n" + "\n".join(f"{a},{b},{c}" for a, b, c in zip(t, x, v, strict=True)))


@pytest.mark.parametrize("names", ["x,vx", "theta,omega", "y,dy", "position,velocity", "x,v", "q,q_dot"])
def test_velocities_are_recognised_through_noise_and_uneven_sampling(tmp_path, names):
    found = read_trajectories(second_order(tmp_path, noise=0.1, names=names))
    position, velocity = names.split(",")
    assert [(c.name, c.velocity) for c in found.states.coordinates] == [(position, velocity)]
    assert any(f"{velocity} is read as the velocity of {position}" in note for note in found.notes)


def test_a_velocity_in_other_units_is_not_taken_for_one(tmp_path):
    found = read_trajectories(second_order(tmp_path, factor=100))
    assert [c.velocity for c in found.states.coordinates] == [None, None]
    assert any("changes 0.0" in note and "times as fast" in note for note in found.notes)


def test_the_order_can_be_told(tmp_path):
    path = second_order(tmp_path)
    assert read_trajectories(path, order=1).states.left_sides == ("dx/dt", "dvx/dt")
    assert read_trajectories(second_order(tmp_path, names="x,w"), velocities={"x": "w"}).states.left_sides == (
        "d2x/dt2",
    )
    positions = read_trajectories(path, state=["x"], order=2)
    assert positions.states.columns == ("x", "vx")
    assert np.isnan(positions.trajectories[0].values[:, 1]).all()
    assert positions.trajectories[0].observed.tolist() == [True, False]
    assert "vx" not in positions.sources


def test_velocities_follow_their_positions(tmp_path):
    text = "t,x,y,vx,vy\n" + "\n".join(f"{t},{3 * t},{t * t},3.0,{2 * t}" for t in np.arange(0, 5, 0.25))
    found = read_trajectories(
        table(tmp_path, text.replace("3.0,", "3,")), velocities={"y": "vy"}, state=["x", "y", "vy"]
    )
    assert found.states.columns == ("x", "y", "vy")
    np.testing.assert_array_equal(found.trajectories[0].values[:, 2], 2 * found.trajectories[0].t)


# ---- long tables ----


def test_long_tables_are_averaged_without_bias(tmp_path):
    t = np.linspace(0, 10, 25_000)
    noise = 0.1 * np.random.default_rng(3).standard_normal(t.size)
    pyarrow.csv.write_csv(pa.table({"t": t, "y": np.sin(t) + noise}), tmp_path / "long.csv")
    found = read_trajectories(tmp_path / "long.csv")
    kept = found.trajectories[0]
    assert kept.values.shape == (1000, 1)
    error = kept.values[:, 0] - np.sin(kept.t)
    assert abs(error.mean()) < 0.003
    assert error.std() == pytest.approx(0.1 / 5, rel=0.15)  # 25 rows a bin
    assert found.notes == ("long.csv: 25,000 rows are averaged down to 1,000, about 25 at a time",)


def test_windows_keep_the_motion_that_averages_would_hide(tmp_path):
    t = np.linspace(0, 100, 200_000)
    noise = 0.05 * np.random.default_rng(5).standard_normal(t.size)
    pyarrow.csv.write_csv(pa.table({"t": t, "y": np.sin(2 * np.pi * 8 * t) + noise}), tmp_path / "fast.csv")
    found = read_trajectories(tmp_path / "fast.csv")
    # 250 rows a swing: averages of 12 rows leave 20 samples of it, and four windows of 300 do not cover the record.
    assert [len(trial.t) for trial in found.trajectories] == [300] * 4
    assert found.trials == 1
    for trial in found.trajectories:
        clean = np.sin(2 * np.pi * 8 * trial.t)
        assert np.ptp(trial.values) > 1.9
        assert np.abs(trial.values[:, 0] - clean).max() < 0.15
    (note,) = found.notes
    starts = [trial.t[0] for trial in found.trajectories]
    assert "4 windows of 3,600 rows are used, which begin at 0, " in note
    assert all(f"{start:.3g}" in note for start in np.floor(starts))
    again = read_trajectories(tmp_path / "fast.csv")
    others = read_trajectories(tmp_path / "fast.csv", draw=1)
    assert [trial.t[0] for trial in again.trajectories] == starts
    assert [trial.t[0] for trial in others.trajectories] != starts


def test_a_record_that_is_a_little_too_long_is_read_whole_in_pieces(tmp_path):
    t = np.linspace(0, 30, 2_600)
    pyarrow.csv.write_csv(pa.table({"t": t, "y": np.sin(2 * np.pi * 8 * t)}), tmp_path / "fast.csv")
    found = read_trajectories(tmp_path / "fast.csv")
    np.testing.assert_array_equal(np.concatenate([trial.t for trial in found.trajectories]), t)
    assert "3 pieces" in found.notes[0]


@pytest.mark.parametrize(("share", "whole"), [(0.7, False), (0.3, False), (0.0, True)])
def test_noise_is_averaged_and_motion_is_not(tmp_path, share, whole):
    # An oscillation of 25 rows a period with this share of the variance, in white noise; averages of 20 rows.
    t = np.linspace(0, 10, 20_000)
    noise = np.random.default_rng(4).standard_normal(t.size)
    y = np.sqrt(2 * share) * np.sin(2 * np.pi * 80 * t) + np.sqrt(1 - share) * noise
    pyarrow.csv.write_csv(pa.table({"t": t, "y": y}), tmp_path / "fast.csv")
    assert (len(read_trajectories(tmp_path / "fast.csv").trajectories) == 1) is whole


def test_long_spaced_text_loses_no_digit(tmp_path):
    # Longer than the part that is looked at first, which ends in the middle of a line.
    lines = ["t   y", *(f"{t}     {t % 977}" for t in range(150_000))]
    found = read_trajectories(table(tmp_path, "\n".join(lines), "long.dat"), max_rows=150_000).trajectories[0]
    np.testing.assert_array_equal(found.t, np.arange(150_000))
    np.testing.assert_array_equal(found.values[:, 0], np.arange(150_000) % 977)


def test_what_happens_to_many_trials_is_said_once(tmp_path):
    text = "run,t,y\n" + "\n".join(f"{run},{9 - t},{t * run}" for run in range(1, 9) for t in range(9))
    found = read_trajectories(table(tmp_path, text))
    sorting = [note for note in found.notes if "sorted" in note]
    assert sorting == ["data.csv, trial 1, 2, 3 and 5 more: the rows were not in order of time and have been sorted"]


@pytest.mark.slow
def test_ten_million_rows(tmp_path):
    t = np.arange(10_000_000) * 1e-5
    pyarrow.csv.write_csv(pa.table({"t": t, "y": np.sin(t)}), tmp_path / "big.csv")
    tracemalloc.start()
    found = read_trajectories(tmp_path / "big.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found.trajectories[0].t) == 1000
    assert np.abs(found.trajectories[0].values[:, 0] - np.sin(found.trajectories[0].t)).max() < 0.01
    assert peak + pa.default_memory_pool().max_memory() < 2.5e9


# ---- what is refused ----

BAD = {
    "missing column": (PARABOLA, {"state": ["z"]}, "data.csv has no column 'z'; its columns are t, y"),
    "missing time column": (PARABOLA, {"time": "s"}, "data.csv has no column 's'; its columns are t, y"),
    "text in numbers": (
        rows("0,1", "1,abc", "2,3", "3,4"),
        {},
        "column 'y' of data.csv holds 'abc' in line 3, not a number",
    ),
    "text below blank lines": (rows("0,1", "", "", "1,abc", "2,3", "3,4"), {}, "'abc' in line 5"),
    "text in the time": (rows("0,1", "1,2", "two,3", "3,4"), {}, "column 't' of data.csv holds 'two' in line 4"),
    "units in the cells": (rows("0,1 m", "1,2", "2,3", "3,4"), {}, "holds '1 m' in line 2, not a number"),
    "NaN everywhere": (rows("0,", "1,NaN", "2,", "3,nan"), {}, "no numeric column besides the time (y is empty)"),
    "NaN everywhere in a named column": (
        rows("0,", "1,", "2,", "3,"),
        {"state": ["y"]},
        "column 'y' of data.csv is empty",
    ),
    "no time in any row": ("t,y\n,1\n,2\n,3\n,4\n", {"time": "t"}, "column 't' of data.csv is empty"),
    "duplicate times": (
        rows("0,1", "0,2", "1,3", "1,4", "2,5", "2,4", "3,1", "4,1"),
        {},
        "time 0 occurs twice in data.csv with different values (line 2 and line 3)",
    ),
    "one row": (rows("0,1"), {}, "data.csv holds 1 row with a time; a law needs at least 4"),
    "constant": (rows(*(f"{t},5" for t in range(9))), {}, "column 'y' of data.csv is always 5"),
    "constant and named": (
        "t,y,g\n0,1,9\n1,2,9\n2,4,9\n3,5,9\n",
        {"state": ["y", "g"]},
        "column 'g' of data.csv is always 9",
    ),
    "infinity": (rows("0,1", "1,inf", "2,3", "3,4"), {}, "column 'y' of data.csv holds infinity in line 3"),
    "negative infinity": (rows("0,1", "1,2", "2,-Infinity", "3,4"), {}, "holds infinity in line 4"),
    "half of UTF-16": (b"\xff\xfet", {}, "data.csv is not a table"),
    "empty": ("", {}, "data.csv is empty"),
    "blank": ("\n  \n\n", {}, "data.csv holds no rows"),
    "comments only": ("# t,y\n# 0,1\n", {}, "data.csv holds no rows"),
    "header only": ("t,y\n", {}, "data.csv holds a header line and no rows"),
    "prose": ("Dear all,\nthe data is attached.\n", {}, "data.csv"),
    "one column": (
        "y\n1\n2\n3\n4\n",
        {},
        "its columns are y: name one with --time, or give the time between rows with --dt",
    ),
    "ragged": (rows("0,1", "1,2,3", "2,3", "3,4"), {}, "line 3 of data.csv has 3 cells where the header has 2"),
    "binary": (bytes(range(256)) * 9, {}, "data.csv is not a table: it holds binary data"),
    "spreadsheet": (b"PK\x03\x04" + bytes(99), {}, "data.csv is a damaged or encrypted zip archive"),
    "not a date": (
        "date,y\n2020-01-01,1\n2020-01-02,2\nsoon,3\n2020-01-04,4\n",
        {},
        "holds 'soon' in line 4, which is not a date",
    ),
    "impossible date": (
        "date,y\n2020-01-01,1\n2020-02-30,2\n2020-03-01,4\n2020-03-02,5\n",
        {},
        "'2020-02-30' in line 3",
    ),
    "text for times": ("time,y\nnow,1\nlater,2\nsoon,4\nnever,8\n", {"time": "time"}, "is not numeric; use numbers or"),
    "no time": ("a,b\n3,1\n1,2\n2,2\n5,1\n", {}, "no column that looks like a time; its columns are a, b"),
    "a state named twice": (PARABOLA, {"state": ["y", "t"]}, "column 't' of data.csv is named twice"),
    "too many states": (
        wide(MAX_STATES + 1),
        {},
        f"data.csv makes {MAX_STATES + 1} states (x0, x1, x2, x3",
    ),
    "too many positions": (
        wide(MAX_STATES // 2 + 1),
        {"order": 2},
        f"at most {MAX_STATES} can be used; name the ones to use with --state",
    ),
    "too large": (
        rows("0,1e120", "1,2e120", "2,3e120", "3,5e120"),
        {},
        "runs up to 5e+120; numbers between 1e-100 and",
    ),
    "order": (PARABOLA, {"order": 3}, "the order of the law is 1 or 2, not 3"),
    "velocity of nothing": (
        PARABOLA,
        {"velocities": {"y": "w"}},
        "'w' is named in the velocities but is not one of the states y",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_clear_sentence(tmp_path, case):
    content, options, expected = BAD[case]
    with pytest.raises(UserError) as caught:
        read_trajectories(table(tmp_path, content), **options)
    message = str(caught.value)
    assert expected in message
    assert "\n" not in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.json",
            '[{"t":0,"y":1},{"t":1,"y":2},{"t":2,"y":"x"},{"t":3,"y":3}]',
            "column 'y' of a.json holds 'x' in row 3",
        ),
        ("a.json", '[{"t":0,"y":1},{"t":1,"y":[2]},{"t":2,"y":2},{"t":3,"y":3}]', "holds '[2]' in row 2"),
        ("a.json", '[{"t":0,"y":true},{"t":1,"y":2},{"t":2,"y":2},{"t":3,"y":3}]', "holds 'True' in row 1"),
        ("a.json", '{"t":[0,1,2,3],"y":[1,2]}', "the columns of a.json differ in length: t has 4, y has 2"),
        ("a.json", '{"t":0,"y":1}', "a.json is not a table"),
        ("a.json", "[]", "a.json is not a table"),
        ("a.json", "{", "a.json is not JSON"),
        ("a.json", "[" * 100_000, "a.json is not JSON"),
        ("a.jsonl", '{"t":0,"y":1}\n{"t":', "a.jsonl is not JSON in line 2"),
        ("a.json", '[{"t":0,"y":1},{"t":1,"y":Infinity},{"t":2,"y":2},{"t":3,"y":3}]', "holds infinity in row 2"),
        ("a.parquet", "PAR1 and nothing more", "a.parquet is not a Parquet file, or it is damaged"),
        ("a.parquet", "t,y\n0,1\n", "a.parquet is not a Parquet file"),
        ("a.csv.gz", b"\x1f\x8b and nothing more", "a.csv.gz cannot be unpacked"),
        ("a.xlsx", b"PK\x03\x04 and nothing more", "a.xlsx is a damaged or encrypted zip archive"),
        ("a.mat", b"MATLAB 5.0 and nothing more", "a.mat is not a readable MATLAB file"),
        ("a.mat", b"\x89HDF and nothing more", "a.mat is an HDF5 file; save the table as CSV or Parquet"),
        ("a.npy", b"\x93NUMPY and nothing more", "a.npy is not a readable NumPy file"),
    ],
)
def test_bad_files_of_other_formats(tmp_path, name, content, expected):
    with pytest.raises(UserError) as caught:
        read_trajectories(table(tmp_path, content, name))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_directory(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        read_trajectories(tmp_path / "none.csv")
    with pytest.raises(UserError, match="is a directory"):
        read_trajectories(tmp_path)
    with pytest.raises(UserError, match="no file was named"):
        read_trajectories([])


def test_parquet_text_is_located(tmp_path):
    pa.parquet.write_table(pa.table({"t": [0, 1, 2, 3], "y": ["1", "2", "x", "4"]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"column 'y' of a\.parquet holds 'x' in row 3, not a number"):
        read_trajectories(tmp_path / "a.parquet")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.parquet", "a.dat", "a.csv.gz"]))
def test_garbage_is_refused_or_read_but_never_crashes(tmp_path, content, name):
    assert "\n" not in refusal(table(tmp_path, content, name))


CELLS = st.sampled_from(
    ["0", "1", "2.5", "-3e4", "nan", "", "inf", "x", "2020-01-01", '"', "1,2", "\t", ";", "10:00", "é", "1e999"]
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=12))
def test_odd_tables_are_refused_or_read_but_never_crash(tmp_path, cells):
    assert "\n" not in refusal(table(tmp_path, "t,y,z\n" + "\n".join(",".join(row) for row in cells)))
