import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.loop import Turn, Verdict
from gedanken.own_data.discovery import Alternative, Finding, FittedLaw
from gedanken.own_data.record import Record
from gedanken.own_data.report.figure import draw_fit
from gedanken.own_data.report.limits import limits
from gedanken.own_data.report.page import to_markdown
from gedanken.own_data.report.write import to_json, write_report
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.law.answer import Answer
from gedanken.worlds.ode.law.law import Law
from gedanken.worlds.ode.trajectory import StateSpace, Trajectory

COMMAND = ("gedanken", "discover", "spring.csv")

OMEGA, DAMPING = 2.0, 0.3


def spring(t, x0):
    """The damped oscillator solved by hand: position and velocity, shape (m, 2)."""
    rate, frequency = DAMPING / 2, math.sqrt(OMEGA**2 - DAMPING**2 / 4)
    x = x0 * np.exp(-rate * t) * (np.cos(frequency * t) + rate / frequency * np.sin(frequency * t))
    v = -x0 * np.exp(-rate * t) * OMEGA**2 / frequency * np.sin(frequency * t)
    return np.stack([x, v], axis=1)


def make_finding(states, trials, predictions, equation, params, r2, standard_errors=None, **given):
    """A finding about trials, of which the last `held_out` were not fitted."""
    held_out = given.pop("held_out", 0)
    fitted = tuple(trials[: len(trials) - held_out])
    record_fields = ("title", "units", "time_unit", "source", "notes", "caveats")
    told = {name: given.pop(name) for name in record_fields if name in given}
    problem = DiscoverTask().pose_record(states, fitted, given.pop("hint", ""))
    record = Record(problem=problem, held_out=tuple(trials[len(fitted) :]), **{"title": "A record", **told})
    law = replace(Law.of(Answer(equation, params), states), rationale=given.pop("rationale", ""))
    starts = tuple(predicted[0] for predicted in predictions[: len(fitted)])
    solved = Verdict({"match": 1.0}, {"match": 1.0}, given.pop("solved", True), "")
    given.setdefault("turns", (Turn(equation, solved),))
    return Finding(
        record,
        given.pop("player", "sparse"),
        fitted=FittedLaw(law, standard_errors, starts, r2),
        predictions=tuple(predictions),
        **given,
    )


@pytest.fixture
def report():
    rng = np.random.default_rng(5)
    t, dense = np.sort(rng.uniform(0, 10, 60)), np.linspace(0, 10, 300)
    predictions = tuple(spring(t, x0) for x0 in (1.0, 2.0))
    values = [clean + 0.05 * rng.standard_normal(clean.shape) for clean in predictions]
    values[0][10:14, 0] = np.nan
    return make_finding(
        StateSpace.second_order(x="vx"),
        [Trajectory(t, v, name) for v, name in zip(values, ("first", "second"), strict=True)],
        predictions,
        "d2x/dt2 = -k*x - c*vx",
        {"k": OMEGA**2, "c": DAMPING},
        {"x": 0.987, "vx": 0.992},
        {"k": 0.01, "c": 0.004},
        title="A damped spring",
        hint="A mass on a spring.",
        curves=tuple(Trajectory(dense, spring(dense, x0)) for x0 in (1.0, 2.0)),
        alternatives=(
            Alternative("d2x/dt2 = -k*x", {"k": 4.0}, 150.0, 0.6),
            Alternative("d2x/dt2 = -k*x - c*vx + e*x**3", {"k": 4.0, "c": 0.3, "e": 0.01}, 12.5, 0.988),
        ),
        criterion=11.0,
        held_out=1,
        held_out_r2={"x": 0.99, "vx": 0.991},
        units={"x": "m", "vx": "m/s"},
        time_unit="s",
        source="made here",
        notes=("the rows were sorted",),
        seconds=0.7,
    )


def with_law(report, **changes):
    return replace(report, fitted=replace(report.fitted, **changes))


def with_record(report, **changes):
    """The finding with another record; `trials` and `hint` pose its problem anew."""
    record = report.record
    if "trials" in changes or "hint" in changes:
        trials = changes.pop("trials", record.fitted)
        hint = changes.pop("hint", record.problem.observation.hint)
        changes["problem"] = DiscoverTask().pose_record(report.states, trials, hint)
    return replace(report, record=replace(record, **changes))


def size_of_png(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_all_files_are_written_and_nothing_else(report, tmp_path):
    files = write_report(report, tmp_path / "runs" / "spring")
    assert sorted(files) == sorted(path.name for path in (tmp_path / "runs" / "spring").iterdir())
    assert list((tmp_path / "runs").iterdir()) == [tmp_path / "runs" / "spring"]
    width, height = size_of_png(files["fit.png"])
    assert 600 < width < 3000
    assert 400 < height < 3000


def test_the_page_says_what_was_found(report, tmp_path):
    page = to_markdown(report, COMMAND)
    assert r"\ddot{x} &= -k x - c \dot{x}" in page
    assert "| k | 4.000 | ± 0.020 | 0.49 % |" in page
    assert "| c | 0.3000 | ± 0.0078 | 2.6 % |" in page
    assert "| x (m) | 0.98700 |" in page
    assert "| +1.5 | 0.9880 | `d2x/dt2 = -k*x - c*vx + e*x**3` |" in page
    assert page.index("+1.5") < page.index("+139.0")
    assert "Held out of the fit and only predicted, from what was measured at its first sample: second." in page
    for part in (
        "gedanken discover spring.csv",
        "numpy " + np.__version__,
        "the rows were sorted",
        "made here",
        "0.7 s",
    ):
        assert part in page


def test_the_json_is_strict_and_holds_the_numbers(report, tmp_path):
    bad = replace(report, predictions=(np.full((60, 2), np.nan), report.predictions[1]))
    bad = with_law(bad, r2={"x": math.nan, "vx": 0.1})
    files = write_report(bad, tmp_path / "bad")
    found = json.loads(files["report.json"].read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert found["r2"] == {"x": None, "vx": 0.1}
    assert found["trials"][0]["observed"][10][0] is None
    assert found["trials"][1]["predicted"][3] == report.predictions[1][3].tolist()
    good = to_json(report)
    assert good["alternatives"][0]["delta"] == pytest.approx(1.5)
    assert good["half_widths_95"]["k"] == pytest.approx(0.0196, rel=1e-3)
    assert good["match"] == pytest.approx(0.9895)


# ---- what the data cannot tell ----


def said(report):
    return " ".join(limits(report))


def test_a_good_fit_still_names_its_limits(report):
    text = said(report)
    assert "Another law fits the data as well as this one: `d2x/dt2 = -k*x - c*vx + e*x**3`" in text
    assert "tested only where the data are: x from" in text
    for absent in ("may be zero", "not determined", "not noise", "one trial only", "not measured"):
        assert absent not in text


def test_parameters_that_may_be_absent_are_named(report):
    errors = {"k": math.inf, "c": 0.2}
    text = said(with_law(report, standard_errors=errors))
    assert "k is not determined" in text
    assert "c may be zero, and its term absent: its interval runs from -0.092 to 0.692" in text
    assert "known only roughly, 0.104 to 0.496" in said(with_law(report, standard_errors={"k": 0.01, "c": 0.1}))


def test_a_law_that_misses_something_is_told_by_its_residuals(report):
    t = report.trajectories[0].t
    wrong = (report.predictions[0] + 0.1 * np.sin(t)[:, None], report.predictions[1])
    text = said(replace(report, predictions=wrong))
    assert "What is left over in x is not noise" in text
    assert "What is left over in vx is not noise" in text


def test_noise_is_rarely_taken_for_structure(report):
    alarms = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        noisy = [clean + 0.05 * rng.standard_normal(clean.shape) for clean in report.predictions]
        trials = tuple(replace(t, values=v) for t, v in zip(report.trajectories, noisy, strict=True))
        alarms += "not noise" in said(with_record(report, trials=trials[:1], held_out=trials[1:]))
    assert alarms <= 4


def test_what_was_not_measured_and_not_tried_is_said(report):
    trial = report.trajectories[0]
    hidden = Trajectory(trial.t, np.where([[False, True]], np.nan, trial.values))
    alone = with_record(with_law(report, r2={"x": 0.9}), trials=(hidden,), held_out=())
    refused = Verdict({"match": 0.9}, {"match": 1.0}, False, "")
    alone = replace(alone, predictions=report.predictions[:1], curves=(), turns=(Turn("", refused),))
    text = said(alone)
    assert "vx was not measured" in text
    assert "one trial only" in text
    assert "No law was found that explains the record: the best of those tried has R2 0.900" in text
    short = with_record(alone, trials=(Trajectory(trial.t[:8], hidden.values[:8]),))
    assert "few for so many" in said(replace(short, predictions=(report.predictions[0][:8],)))
    assert "| vx (m/s) | not measured |" in to_markdown(alone)


def test_few_samples_are_fewer_than_five_for_each_free_constant(report):
    trial, predicted = report.trajectories[0], report.predictions[0]
    positions = np.where([[False, True]], np.nan, trial.values)
    positions[10:14, 0] = trial.values[0, 0]
    for samples, few in ((20, False), (19, True)):  # two constants and a start of two states
        short = with_record(report, trials=(Trajectory(trial.t[:samples], positions[:samples]),), held_out=())
        short = replace(with_law(short, r2={"x": 0.9}), predictions=(predicted[:samples],), curves=())
        assert ("numbers were fitted with 4 free constants" in said(short)) is few


# ---- bad days ----


def test_nothing_is_left_behind_when_drawing_fails(report, tmp_path, monkeypatch):
    target = tmp_path / "out"
    write_report(report, target)
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    broken = replace(report, predictions=report.predictions[:1])
    with pytest.raises((ValueError, IndexError)):
        write_report(broken, target)
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_cannot_be_written_is_one_sentence(report, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(UserError, match="taken is a file; a report needs a folder"):
        write_report(report, tmp_path / "taken")
    with pytest.raises(UserError, match="cannot be written to"):
        write_report(report, tmp_path / "taken" / "below")
    with pytest.raises(UserError, match="cannot be written to"):
        write_report(report, "/proc/none/report")


def test_text_from_outside_stays_text(report):
    verdict = Verdict({"match": 0.5}, {"match": 1.0}, False, "Too slow | `late`.\n\n# no")
    hostile = with_record(report, title="A <script>alert(1)</script>\n# spring", hint="`x` | y\n\n## Parameters")
    hostile = with_law(hostile, law=replace(report.law, rationale="<img src=x>\n# I win"))
    page = to_markdown(replace(hostile, turns=(Turn("{}", verdict, 0.1), Turn("{}", verdict, 0.1))))
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("\n# ") == 0
    assert page.count("\n## Parameters\n") == 1
    assert r"Too slow \| late" in page
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in page.splitlines() if line.startswith("| 1 |"))


@pytest.mark.parametrize("trials", [1, 2, 7])
@pytest.mark.parametrize("order", ["one column", "two columns", "eight columns", "position only"])
def test_every_shape_of_data_is_drawn(tmp_path, trials, order):
    t = np.linspace(0, 10, 40)
    names = {"one column": "y", "two columns": "xy", "eight columns": "abcdefgh", "position only": "x"}[order]
    states = StateSpace.second_order(x="vx") if order == "position only" else StateSpace.first_order(*names)
    clean = np.sin(t[:, None] + np.arange(states.size))
    values = clean + 0.1
    if order == "position only":
        values[:, 1] = np.nan
    right = "; ".join(f"{left} = 1" for left in states.left_sides)
    shown = make_finding(
        states,
        [Trajectory(t, values, str(i)) for i in range(trials)],
        (clean,) * trials,
        right,
        {},
        dict.fromkeys([c for c in states.columns if c != "vx"], 0.9),
        title="A title that is far too long for the width of its figure, " * 4 + "$x$",
        solved=False,
        player="scripted",
        held_out=1 if trials > 1 else 0,
    )
    draw_fit(shown, tmp_path / "fit.png")
    width, height = size_of_png(tmp_path / "fit.png")
    assert 100 < width < 3500
    assert 100 < height < 5500
