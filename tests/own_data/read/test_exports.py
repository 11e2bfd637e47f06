"""Exports of programs and spreadsheets, each made here after the layout that the program writes."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io

from gedanken.errors import UserError
from gedanken.own_data.read.formats import open_table
from gedanken.own_data.read.roles import find_roles
from gedanken.own_data.read.tables import read_trajectories

T = np.arange(40) * 0.05
X = 0.3 * np.cos(3.1 * T) + 0.02 * np.sin(17 * T)
V = np.gradient(X, T)


def write(folder: Path, text: str, name: str = "lab.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def lines(*columns, separator: str = ",", decimal: str = ".", digits: int = 5) -> str:
    cells = [[f"{value:.{digits}f}".replace(".", decimal) for value in column] for column in columns]
    return "\n".join(separator.join(row) for row in zip(*cells, strict=True)) + "\n"


def check(found, *columns, t=T):
    """One trial with these columns."""
    (trial,) = found.trajectories
    np.testing.assert_allclose(trial.t, t, atol=1e-9)
    assert trial.values.shape[1] == len(columns)
    for k, column in enumerate(columns):
        np.testing.assert_allclose(trial.values[:, k], column, atol=6e-6)


def said(found, *parts: str) -> bool:
    return any(all(part in note for part in parts) for note in found.notes)


# ---- one file, one run ----


@pytest.mark.parametrize(
    "head",
    [
        "mass_A\nt,x\n",
        "mass_A,,\nt,x\n",
        "Pendulum of group 7\nrecorded on a Tuesday\n\nt,x\n",
        "Experiment: pendulum\nSample rate (Hz),20\nt,x\n",
        "t,x\ns,m\n",
        "t,x\n(s),(m)\n",
        "s,m\nt,x\n",
        "# made by hand\nt,x\n",
        "# t,x\n",
        '"t","x"\r\n',
        "\ufefft,x\n",
    ],
    ids=range(11),
)
def test_lines_above_and_below_the_header_are_no_rows(tmp_path, head):
    found = read_trajectories(write(tmp_path, head + lines(T, X)))
    assert (found.time, found.states.columns) == ("t", ("x",))
    check(found, X)
    if "mass_A" in head:
        assert said(found, "'mass_A'")
    if head.count("m\n") and "s,m" in head:
        assert (found.time_unit, found.units) == ("s", {"x": "m"})


@pytest.mark.parametrize(
    ("separator", "decimal"),
    [(";", ","), ("\t", ","), ("\t", "."), (" ", ","), (" ", "."), ("|", "."), (", ", "."), (";", ".")],
)
def test_delimiters_and_decimal_marks(tmp_path, separator, decimal):
    text = separator.join(["Zeit (s)", "Weg (m)"]) + "\n" + lines(T, X, separator=separator, decimal=decimal)
    found = read_trajectories(write(tmp_path, text, "messung.txt"))
    assert (found.time, found.time_unit, found.states.columns) == ("Zeit", "s", ("Weg",))
    check(found, X)
    assert said(found, "decimal commas") is (decimal == ",")


def test_quoted_decimal_commas_between_commas(tmp_path):
    rows = "".join(f'"{a:.2f}","{b:.5f}"\n'.replace(".", ",") for a, b in zip(T, X, strict=True))
    check(read_trajectories(write(tmp_path, "t,x\n" + rows)), X)


def test_bare_decimal_commas_between_commas_are_refused_with_the_remedy(tmp_path):
    text = "t,x\n" + lines(T, X, decimal=",")
    with pytest.raises(UserError, match="save the file with semicolons"):
        read_trajectories(write(tmp_path, text))


def test_thousands_are_no_decimals(tmp_path):
    values = 12_000 + 1000.5 * T**2
    rows = "".join(f"{a:.2f};{b:,.2f}\n" for a, b in zip(T, values, strict=True))
    (trial,) = read_trajectories(write(tmp_path, "t;volume\n" + rows)).trajectories
    np.testing.assert_allclose(trial.values[:, 0], values, atol=0.0051)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    found = read_trajectories(write(tmp_path, "t (s),Höhe (µm)\n" + lines(T, X), encoding=encoding))
    assert found.states.columns == ("Hohe",)
    assert found.units == {"Hohe": "µm"}
    assert said(found, "Western European") is (encoding == "cp1252")


def test_western_bytes_below_the_part_that_is_looked_at(tmp_path):
    body = "".join(f"{k},{k % 7},ok\n" for k in range(60_000)) + "60000,3,défaut\n"
    found = read_trajectories(write(tmp_path, "t,x,note\n" + body, encoding="cp1252"))
    assert said(found, "Western European")


def test_a_file_without_header(tmp_path):
    found = read_trajectories(write(tmp_path, lines(T, X, V, separator="\t"), "cups.dat"))
    assert (found.time, found.states.columns) == ("t", ("x1", "x2"))
    assert said(found, "no header", "column 1 is the time", "column 3 is called x2")
    one = read_trajectories(write(tmp_path, lines(T, X, separator=";", decimal=","), "encoder.csv"), state=["2"])
    assert one.states.columns == ("x",)


def test_without_a_time_the_step_is_asked_for(tmp_path):
    path = write(tmp_path, "x,vx\n" + lines(X, V))
    with pytest.raises(UserError, match="name one with --time, or give the time between rows with --dt"):
        read_trajectories(path)
    found = read_trajectories(path, dt=0.05)
    assert found.states.left_sides == ("d2x/dt2",)
    check(found, X, V)
    single = read_trajectories(write(tmp_path, "x\n" + lines(X), "one.csv"), dt=0.05)
    check(single, X)
    with pytest.raises(UserError, match="--time and --dt exclude each other"):
        read_trajectories(path, dt=0.05, time="x")
    with pytest.raises(UserError, match="above 0"):
        read_trajectories(path, dt=-1)


def test_a_header_with_a_name_less_than_the_rows(tmp_path):
    """As R writes tables: the first cell of a row is its number."""
    text = "t x\n" + "".join(f"{k} {a:.2f} {b:.5f}\n" for k, (a, b) in enumerate(zip(T, X, strict=True), 1))
    found = read_trajectories(write(tmp_path, text))
    check(found, X)
    assert said(found, "the first column is a row number")
    with pytest.raises(UserError, match="has 5 cells where the header has 2; name every column"):
        read_trajectories(write(tmp_path, "t,x\n" + lines(T, X, X, X, X)))


# ---- what a column means ----


def test_codes_for_missing_values(tmp_path):
    x = X.copy()
    x[[3, 9]] = -999
    x[5] = np.nan
    text = "t,x\n" + lines(T, x).replace("nan", "OL").replace("-999.00000", "-999")
    found = read_trajectories(write(tmp_path, text))
    check(found, np.delete(X, [3, 5, 9]), t=np.delete(T, [3, 5, 9]))  # a row that holds nothing is no sample
    assert said(found, "2 cells of column 'x' hold -999, read as missing")
    kept = read_trajectories(write(tmp_path, text), missing=[])
    assert kept.trajectories[0].values.min() == -999
    told = read_trajectories(
        write(tmp_path, "t,x\n" + lines(T, np.where(x == -999, 0.125, x)).replace("nan", "")), missing=[0.125]
    )
    check(told, np.delete(X, [3, 5, 9]), t=np.delete(T, [3, 5, 9]))
    level = "t,x\n" + lines(T, -1000 + 10 * X)
    assert not said(read_trajectories(write(tmp_path, level)), "missing")


def test_a_logger_pro_export(tmp_path):
    a = np.gradient(V, T)
    head = "Latest: Time (s),Latest: Position (m),Latest: Velocity (m/s),Latest: Acceleration (m/s^2)\n"
    found = read_trajectories(write(tmp_path, head + lines(T, X, V, a)))
    assert found.states.columns == ("Position", "Velocity")
    assert found.states.left_sides == ("d2Position/dt2",)
    assert said(found, "Acceleration", "derivative of 'Velocity (m/s)'")


def test_an_acceleration_alone_is_a_state(tmp_path):
    found = read_trajectories(write(tmp_path, "t,ax,ay\n" + lines(T, X, np.sin(T))))
    assert found.states.columns == ("ax", "ay")


def test_a_phyphox_export_has_two_clocks(tmp_path):
    height, behind = np.cumsum(V) * 0.05, T + 0.02
    head = '"Time (s)"\t"Height (m)"\t"Time (velocity) (s)"\t"Velocity (m/s)"\n'
    found = read_trajectories(write(tmp_path, head + lines(T, height, behind, V, separator="\t"), "phyphox.csv"))
    assert "Time" not in " ".join(found.states.columns)
    (trial,) = found.trajectories
    np.testing.assert_allclose(trial.t, np.sort(np.concatenate([T, behind])), atol=1e-9)
    v = trial.values[:, found.states.columns.index("Velocity")]
    np.testing.assert_allclose(v[np.isfinite(v)], V, atol=6e-6)
    assert said(found, "second clock, not a state", "'Velocity (m/s)' is put at its times")


def test_a_clock_that_tells_the_same_is_left_out(tmp_path):
    found = read_trajectories(write(tmp_path, "time_s,time_ms,x\n" + lines(T, 1000 * T, X)))
    assert found.states.columns == ("x",)
    check(found, X)
    assert said(found, "'time_ms' is left out: it is a second clock")


def test_copies_are_left_out(tmp_path):
    rough = X + 0.01 * np.random.default_rng(3).standard_normal(len(T))
    text = "t,x,x_smooth,x [cm]\n" + lines(T, rough, X, 100 * np.round(rough, 5))
    found = read_trajectories(write(tmp_path, text))
    assert found.states.columns == ("x",)
    assert said(found, "'x_smooth' is left out: a cleaned copy of 'x'")
    assert said(found, "'x [cm]' is left out: it follows from 'x' exactly, as 100 times it")
    # Named, it is used.
    assert read_trajectories(write(tmp_path, text), state=["x_smooth"]).states.columns == ("x_smooth",)


def test_uncertainties_are_no_states(tmp_path):
    found = read_trajectories(write(tmp_path, "t,x,x_err\n" + lines(T, X, 0.01 + 0.001 * np.sin(50 * T))))
    assert found.states.columns == ("x",)
    assert said(found, "'x_err' is left out: it is named as the uncertainty of 'x'")


def test_units_may_stand_behind_in(tmp_path):
    found = read_trajectories(write(tmp_path, "Zeit in s;Weg in m;in situ\n" + lines(T, X, np.sin(T), separator=";")))
    assert (found.time, found.time_unit, found.units) == ("Zeit", "s", {"Weg": "m"})
    assert found.states.columns == ("Weg", "in_situ")


def test_what_only_looks_like_a_copy_stays(tmp_path):
    """Two compartments whose sum is constant, and two cups that cool alike, are states of their own."""
    decay = np.exp(-T)
    assert read_trajectories(write(tmp_path, "t,a,b\n" + lines(T, decay, 1 - decay, digits=9))).states.size == 2
    cups = read_trajectories(write(tmp_path, "t,T1,T2\n" + lines(T, 20 + 40 * decay, 20 + 55 * decay, digits=9)))
    assert cups.states.size == 2


def test_columns_that_are_computed_from_others(tmp_path):
    warm, room = 40 * np.exp(-T / 3) + 23, 23 + 0.1 * np.sin(T)
    text = "t,T hot,T room,ΔT,lnΔT\n" + lines(T, warm, room, warm - room, np.log(warm - room))
    found = read_trajectories(write(tmp_path, text))
    assert found.states.columns == ("T_hot", "T_room")
    assert said(found, "'ΔT' is left out: it is 'T hot' less 'T room'")
    assert said(found, "'lnΔT' is left out: it is the logarithm of 'ΔT'")


# ---- dates ----


@pytest.mark.parametrize(
    ("dates", "days", "spoken"),
    [
        (["1/14/2020", "1/15/2020", "1/17/2020", "1/18/2020", "1/19/2020"], [0, 1, 3, 4, 5], "month/day/year"),
        (["14/1/2020", "15/1/2020", "17/1/2020", "18/1/2020", "19/1/2020"], [0, 1, 3, 4, 5], "day/month/year"),
        (["1/2/20", "1/3/20", "1/4/20", "1/5/20", "1/6/20"], [0, 1, 2, 3, 4], "month/day/year"),
        (["1/2/2020", "2/2/2020", "3/2/2020", "4/2/2020", "5/2/2020"], [0, 1, 2, 3, 4], "day/month/year"),
        (["30.12.2019", "31.12.2019", "01.01.2020", "02.01.2020", "03.01.2020"], [0, 1, 2, 3, 4], ""),
        (["Jan 1, 2020", "Jan 2, 2020", "Jan 3, 2020", "Jan 4, 2020", "Feb 1, 2020"], [0, 1, 2, 3, 31], ""),
        (["1-Jan-20", "2-Jan-20", "3-Jan-20", "4-Jan-20", "1-Feb-20"], [0, 1, 2, 3, 31], ""),
        (["2020-01", "2020-02", "2020-03", "2020-04", "2020-05"], [0, 31, 60, 91, 121], ""),
    ],
)
def test_dates(tmp_path, dates, days, spoken):
    text = "date;cases\n" + "".join(f"{date};{k * k}\n" for k, date in enumerate(dates))
    found = read_trajectories(write(tmp_path, text))
    assert found.trajectories[0].t.tolist() == days
    assert found.time_unit == "days"
    assert not spoken or said(found, f"are read as {spoken}")


def test_a_day_and_a_time_of_day_in_two_columns(tmp_path):
    rows = "".join(f"2/{28 + k // 2}/2020,{12 * (k % 2) + 1}:30:00,{k * k}\n" for k in range(4))
    found = read_trajectories(write(tmp_path, "Date,Time,temp\n" + rows))
    assert found.trajectories[0].t.tolist() == [0, 43200, 86400, 129600]
    assert said(found, "'Date' and 'Time' together are read as the time")


def test_clocks(tmp_path):
    late = "time,x\n23:59:58,1\n23:59:59,2\n00:00:00,4\n00:00:01,3\n"
    found = read_trajectories(write(tmp_path, late))
    assert found.trajectories[0].t.tolist() == [0, 1, 2, 3]
    assert said(found, "passes midnight")
    twelve = "time,x\n11:59 AM,1\n12:00 PM,2\n12:01 PM,4\n1:00 PM,3\n"
    assert read_trajectories(write(tmp_path, twelve)).trajectories[0].t.tolist() == [0, 60, 120, 3660]


def test_stamps_since_1970(tmp_path):
    stamps = 1_700_000_000_000 + np.arange(40) * 50
    text = "timestamp,x\n" + "".join(f"{s},{x:.5f}\n" for s, x in zip(stamps, X, strict=True))
    found = read_trajectories(write(tmp_path, text))
    check(found, X)
    assert found.time_unit == "s"
    assert said(found, "milliseconds since 1970")


# ---- several runs ----


def runs(found):
    return {trial.name: trial for trial in found.trajectories}


@pytest.mark.parametrize(
    "head",
    [
        "Run #1,Run #1,Run #2,Run #2\nTime (s),Position (m),Time (s),Position (m)\n",
        "Run 1,,Run 2,\nTime (s),Position (m),Time (s),Position (m)\n",
        "Time (s) Run #1,Position (m) Run #1,Time (s) Run #2,Position (m) Run #2\n",
        "Run 1: Time (s),Run 1: Position (m),Run 2: Time (s),Run 2: Position (m)\n",
        "1 Time (s),1 Position (m),2 Time (s),2 Position (m)\n",
        "Time (s),Position (m),Time (s),Position (m)\n",
    ],
    ids=range(6),
)
def test_runs_side_by_side(tmp_path, head):
    second = np.where(T < 1.5, X * 0.5, np.nan)
    text = head + lines(T, X, np.where(T < 1.5, T + 0.01, np.nan), second).replace("nan", "")
    found = read_trajectories(write(tmp_path, text))
    assert (found.time, found.time_unit) == ("Time", "s")
    assert found.states.columns == ("Position",)
    assert found.units == {"Position": "m"}
    one, two = found.trajectories
    np.testing.assert_allclose(one.values[:, 0], X, atol=6e-6)
    np.testing.assert_allclose(two.t, T[:30] + 0.01, atol=1e-9)
    assert {"1", "2"} == {name[-1] for name in runs(found)}
    assert said(found, "2 runs stand side by side")


def test_runs_that_share_a_clock(tmp_path):
    text = "Time,Trial 1 (m),Trial 2 (m),Trial 3 (m)\n" + lines(T, X, X / 2, X / 3)
    found = read_trajectories(write(tmp_path, text))
    assert list(runs(found)) == ["Trial 1", "Trial 2", "Trial 3"]
    assert found.states.size == 1
    many = "1 Time," + ",".join(f"{k} Angle" for k in range(1, 13)) + "\n" + lines(T, *(X / k for k in range(1, 13)))
    found = read_trajectories(write(tmp_path, many))
    assert (len(found.trajectories), found.states.columns) == (12, ("Angle",))


def test_numbered_states_are_not_runs(tmp_path):
    found = read_trajectories(write(tmp_path, "t,x1,x2\n" + lines(T, X, np.sin(T))))
    assert (len(found.trajectories), found.states.columns) == (1, ("x1", "x2"))


def test_two_bodies_of_a_video(tmp_path):
    head = "mass_A,,,mass_B,,\nt,x,y,t,x,y\n"
    columns = [X, np.sin(T), np.cos(2 * T), np.sin(3 * T)]
    found = read_trajectories(write(tmp_path, head + lines(T, *columns[:2], T, *columns[2:])))
    assert found.states.columns == ("x_mass_A", "y_mass_A", "x_mass_B", "y_mass_B")
    check(found, *columns)


def test_trials_by_text_and_trials_of_one_sample(tmp_path):
    text = "patient,hours,gut\n"
    for name, count in (("P01", 6), ("P02", 1), ("P03", 5)):
        text += "".join(f"{name},{k},{9.0 / (k + 1):.4f}\n" for k in range(count))
    found = read_trajectories(write(tmp_path, text))
    assert list(runs(found)) == ["P01", "P03"]
    assert said(found, "trial P02", "left out, with 1 sample")


def test_a_trial_in_which_a_state_was_hardly_measured_is_named(tmp_path):
    text = "patient,hours,gut,blood\n"
    for name in ("P01", "P02"):
        text += "".join(f"{name},{k},{9.0 / (k + 1):.4f},{k if name == 'P01' or k == 2 else ''}\n" for k in range(5))
    found = read_trajectories(write(tmp_path, text))
    assert list(runs(found)) == ["P01"]
    assert said(found, "trial P02 left out: blood was measured there less than twice")


def test_trials_that_nothing_but_their_times_tells_apart(tmp_path):
    both = read_trajectories(write(tmp_path, "t,x\n" + lines(T, X) + lines(T[:30], X[:30] / 2)))
    assert [len(trial.t) for trial in both.trajectories] == [40, 30]
    assert said(both, "time starts anew once")
    text = "cup,t,x\n" + "".join(
        f"{cup},{a},{b * k}\n" for k, cup in ((1, "blue"), (2, "red")) for a, b in zip(T, X, strict=True)
    )
    found = read_trajectories(write(tmp_path, text))
    assert list(runs(found)) == ["blue", "red"]
    assert said(found, "'cup' tells the trials apart")


def test_tables_below_one_another(tmp_path):
    text = "Run 1\nt,x\n" + lines(T, X) + "\nRun 2\nt,x\n" + lines(T[:30], X[:30] / 2)
    found = read_trajectories(write(tmp_path, text))
    assert [(trial.name, len(trial.t)) for trial in found.trajectories] == [("Run 1", 40), ("Run 2", 30)]
    np.testing.assert_allclose(found.trajectories[1].values[:, 0], X[:30] / 2, atol=6e-6)
    assert said(found, "2 tables stand below one another")


def test_lines_below_the_table_are_left_out(tmp_path):
    found = read_trajectories(write(tmp_path, "t,x\n" + lines(T, X) + "Mean,0.12\nend of run\n"))
    check(found, X)
    assert said(found, "below the table of lab.csv stands 'Mean', 'end of run', which is left out")
    with pytest.raises(UserError, match=r"column 't' of lab.csv holds 'Mean' in line 22, not a number; correct"):
        read_trajectories(write(tmp_path, "t,x\n" + lines(T[:20], X[:20]) + "Mean,0.12\n" + lines(T[20:], X[20:])))


def test_labels_of_trials_without_any_header(tmp_path):
    text = "".join(f"P0{1 + k // 10} {k % 10} {10 / (1 + k % 10):.4f}\n" for k in range(30))
    found = read_trajectories(write(tmp_path, text))
    assert list(runs(found)) == ["P01", "P02", "P03"]
    assert said(found, "'column 2' is read as the time")


def test_two_columns_may_tell_trials_apart(tmp_path):
    text = "group,run,t,x\n"
    for group in "ab":
        for run in (1, 2):
            text += "".join(f"{group},{run},{k},{k * k + run}\n" for k in range(6))
    found = read_trajectories(write(tmp_path, text))
    assert list(runs(found)) == ["a 1", "a 2", "b 1", "b 2"]
    assert list(runs(read_trajectories(write(tmp_path, text), trial="group,run"))) == ["a 1", "a 2", "b 1", "b 2"]


def test_of_many_trials_some_are_drawn_and_named(tmp_path):
    text = "id,t,x\n" + "".join(f"{k},{t},{(k + 1) / (t + 1)}\n" for k in range(300) for t in range(5))
    found = read_trajectories(write(tmp_path, text))
    names = list(runs(found))
    assert len(names) == 50
    assert int(names[-1]) > 200
    assert said(found, "holds 300 trials; 50 of them are used", ", ".join(names))
    assert list(runs(read_trajectories(write(tmp_path, text)))) == names
    assert list(runs(read_trajectories(write(tmp_path, text), draw=1))) != names


# ---- other formats ----


def test_a_workbook(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "about"
    book.active.append(["measured by group 7"])
    sheet = book.create_sheet("run 1")
    for row in (["Cart on a spring"], [], ["t", "x"], ["s", "m"], *zip(T.tolist(), X.tolist(), strict=True)):
        sheet.append(row)
    other = book.create_sheet("run 2")
    for row in (["t", "x"], *zip(T.tolist(), (X / 2).tolist(), strict=True)):
        other.append(row)
    book.save(tmp_path / "lab.xlsx")
    found = read_trajectories(tmp_path / "lab.xlsx")
    check(found, X)
    assert (found.time_unit, found.units) == ("s", {"x": "m"})
    assert said(found, "sheet 'run 1' of lab.xlsx is read", "'run 2'", "--sheet")
    check(read_trajectories(tmp_path / "lab.xlsx", sheet="run 2"), X / 2)
    with pytest.raises(UserError, match="no sheet 'run 9'; its sheets are about, run 1, run 2"):
        read_trajectories(tmp_path / "lab.xlsx", sheet="run 9")
    with pytest.raises(UserError, match="holds no table of numbers"):
        read_trajectories(tmp_path / "lab.xlsx", sheet="about")


def test_matlab_and_numpy_files(tmp_path):
    scipy.io.savemat(tmp_path / "lab.mat", {"t": T[None, :], "x": X[:, None], "mass": 0.2, "note": "group 7"})
    found = read_trajectories(tmp_path / "lab.mat")
    check(found, X)
    assert said(found, "'mass' of lab.mat is left out")
    scipy.io.savemat(tmp_path / "struct.mat", {"data": {"t": T, "x": X}})
    check(read_trajectories(tmp_path / "struct.mat"), X)
    np.savez(tmp_path / "lab.npz", t=T, y=np.column_stack([X, V]))
    assert read_trajectories(tmp_path / "lab.npz").states.columns == ("y1", "y2")
    np.save(tmp_path / "lab.npy", np.column_stack([T, X]))
    check(read_trajectories(tmp_path / "lab.npy"), X)
    np.save(tmp_path / "objects.npy", np.array([{}, {}]), allow_pickle=True)
    with pytest.raises(UserError, match=r"objects\.npy is not a readable NumPy file"):
        read_trajectories(tmp_path / "objects.npy")


def test_a_zip_archive_with_one_table(tmp_path):
    with zipfile.ZipFile(tmp_path / "phyphox.zip", "w") as archive:
        archive.writestr("Raw Data.csv", "t,x\n" + lines(T, X))
        archive.writestr("meta/device.csv", "property,value\nversion,1\n")
    found = read_trajectories(tmp_path / "phyphox.zip")
    check(found, X)
    assert said(found, "Raw Data.csv is read from the archive phyphox.zip")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "t,x\n")
        archive.writestr("b.csv", "t,x\n")
    with pytest.raises(UserError, match=r"two.zip is a zip archive of a.csv, b.csv; unpack it and name one table"):
        read_trajectories(tmp_path / "two.zip")


def test_units_in_the_cells_are_taken_off(tmp_path):
    text = "t,x\n" + "".join(f"{a:.2f} s,{b:.5f} cm\n" for a, b in zip(T, X, strict=True))
    found = read_trajectories(write(tmp_path, text))
    check(found, X)
    assert (found.time_unit, found.units) == ("s", {"x": "cm"})


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"%PDF-1.7", "a PDF document; export"),
        (b"<?xml version", "an XML file"),
        (b"\xd0\xcf\x11\xe0", "old Excel workbook"),
    ],
)
def test_what_is_no_table_is_refused_with_the_remedy(tmp_path, head, what):
    (tmp_path / "lab.trk").write_bytes(head + bytes(50))
    with pytest.raises(UserError, match=what):
        read_trajectories(tmp_path / "lab.trk")


# ---- data in memory ----


def test_frames_mappings_and_arrays(tmp_path):
    frame = pd.DataFrame({"t": T, "x": X, "vx": V})
    for data in (frame, frame.set_index("t"), frame.to_dict("list"), {"t": T, "x": X, "vx": V}):
        found = read_trajectories(data)
        assert found.states.left_sides == ("d2x/dt2",)
        assert found.trajectories[0].values.shape == (40, 2)
    check(read_trajectories(X, time=T), X)
    check(read_trajectories(np.column_stack([X, V]), time=T), X, V)
    check(read_trajectories(np.column_stack([X, V]), time=T, state=["a", "b"]), X, V)
    check(read_trajectories(X, dt=0.05), X)
    check(read_trajectories(frame[["x"]], time=T), X)
    two = read_trajectories([X, X[:30] / 2], time=[T, T[:30]])
    assert [len(trial.t) for trial in two.trajectories] == [40, 30]
    cube = read_trajectories(np.stack([np.column_stack([X, V]), np.column_stack([X, V]) / 2]), time=T)
    assert [trial.values.shape for trial in cube.trajectories] == [(40, 2), (40, 2)]
    dates = pd.DataFrame({"x": X}, index=pd.date_range("2020-01-01", periods=40, freq="D"))
    assert read_trajectories(dates).trajectories[0].t.tolist() == list(range(40))


def test_polars(tmp_path):
    polars = pytest.importorskip("polars")
    check(read_trajectories(polars.DataFrame({"t": T, "x": X})), X)


@pytest.mark.parametrize(
    ("data", "options", "sentence"),
    [
        (X, {"time": T[:9]}, r"the times have shape \(9,\), but the data have 40 rows"),
        ([X, X], {"time": [T]}, "2 trials need as many arrays of times"),
        (np.zeros((2, 2, 2, 2)), {}, "is no table"),
        ([X, np.column_stack([X, X])], {"time": [T, T]}, "the same number of columns"),
        ({"t": T, "x": X[:9]}, {}, "no numeric column besides the time"),
        ({"mass": 2.0}, {}, "holds no array of numbers"),
        (pd.DataFrame({"t": [], "x": []}), {}, "the data holds no rows"),
        ([["a", "b"], ["c", "d"]], {}, "the data are no table"),
    ],
)
def test_data_in_memory_that_cannot_be_used(data, options, sentence):
    with pytest.raises(UserError, match=sentence):
        read_trajectories(data, **options)


def test_json_numbers_in_quotes_and_decimal_commas(tmp_path):
    rows = [{"t": f"{a:.2f}", "x": f"{b:.5f}".replace(".", ",")} for a, b in zip(T, X, strict=True)]
    check(read_trajectories(write(tmp_path, json.dumps(rows), "lab.json")), X)


def test_a_frame_reads_as_the_file_it_is_written_to(tmp_path):
    frame = pd.DataFrame({"t": T, "x": np.round(X, 5)})
    text = io.StringIO()
    frame.to_csv(text)
    found = read_trajectories(write(tmp_path, text.getvalue()))
    check(found, np.round(X, 5))
    assert said(found, "'column 1' is left out: it is a row number")


def test_columns_may_be_read_along_without_being_states(tmp_path):
    table = open_table(write(tmp_path, "t,x,U (V)\n" + lines(T, X, np.sin(T))))
    _, roles = find_roles(table, None, None, None, None, [], carried=["U"])
    assert (roles.states, roles.carried) == (("x", "U (V)"), {"U": "U (V)"})
    with pytest.raises(UserError, match="named twice, as an input and as another thing"):
        find_roles(table, None, ["x", "U"], None, None, [], carried=["U"])
