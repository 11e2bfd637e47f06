import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from gedanken.errors import PlayerError, UserError
from gedanken.models.backends.scripted import ScriptedPlayer
from gedanken.own_data import discovery
from gedanken.own_data.record import read_record
from gedanken.own_data.report.write import write_report
from gedanken.players import load_player
from gedanken.worlds.ode.fit import fit


def write_fall(path: Path, noise: float = 0.0, stop: float = 3.0) -> Path:
    """A stone thrown up, positions only."""
    t = np.linspace(0.0, stop, 60)
    y = 20.0 + 6.0 * t - 0.5 * 9.81 * t**2 + noise * np.random.default_rng(1).standard_normal(len(t))
    path.write_text("t,y\n" + "".join(f"{a:.4f},{b:.4f}\n" for a, b in zip(t, y, strict=True)))
    return path


def test_the_built_in_player_finds_free_fall_in_positions(tmp_path):
    record = read_record(str(write_fall(tmp_path / "fall.csv", 0.05)), order=2)
    finding = discovery.run(record, load_player("sparse", "discover"))
    assert finding.solved
    assert finding.fitted is not None
    (g,) = finding.law.params.values()
    error = finding.standard_errors["c1"]
    assert abs(abs(g) - 9.81) < 4 * error < 1.0
    files = write_report(finding, tmp_path / "report")
    assert {path.name for path in files.values()} == {"report.md", "report.json", "fit.png"}
    told = json.loads((tmp_path / "report" / "report.json").read_text())
    assert told["solved"] is True
    assert told["equation"] == finding.law.text


def test_a_language_models_law_gets_intervals_by_the_same_fit(tmp_path):
    record = read_record(str(write_fall(tmp_path / "fall.csv", 0.05)), order=2)
    player = ScriptedPlayer([json.dumps({"equation": "d2y/dt2 = -g", "params": {"g": 9.0}})])
    finding = discovery.run(record, player, turns=1)
    assert finding.fitted is not None
    assert finding.law.params["g"] == pytest.approx(9.81, abs=0.2)
    assert 0 < finding.standard_errors["g"] < 0.2


def test_a_player_that_fails_in_a_later_turn_leaves_the_laws_before(tmp_path):
    record = read_record(str(write_fall(tmp_path / "fall.csv", 0.05)), order=2)
    poor = json.dumps({"equation": "d2y/dt2 = -k*y", "params": {"k": 0.1}})
    finding = discovery.run(record, ScriptedPlayer([poor]), turns=3)
    assert finding.fitted is not None
    assert finding.broken_off == "scripted has given all of its 1 answers"
    assert not discovery.run(record, ScriptedPlayer([poor]), turns=1).broken_off
    with pytest.raises(PlayerError, match="has given all"):
        discovery.run(record, ScriptedPlayer(["no law"]), turns=3)


def test_the_verdict_is_on_the_law_as_it_is_reported_and_its_r2_is_that_of_its_curve(tmp_path):
    record = read_record(str(write_fall(tmp_path / "fall.csv", 0.05)), order=2)
    poor = json.dumps({"equation": "d2y/dt2 = -g", "params": {"g": 11.0}})
    finding = discovery.run(record, ScriptedPlayer([poor]), turns=1)
    assert finding.solved
    assert finding.doubts == ()
    files = write_report(finding, tmp_path / "report")
    (trial,) = json.loads(files["report.json"].read_text())["trials"]
    y, curve = (np.array(trial[key], float)[:, 0] for key in ("observed", "predicted"))
    assert finding.r2["y"] == pytest.approx(1 - ((y - curve) ** 2).sum() / ((y - y.mean()) ** 2).sum(), abs=1e-12)
    assert [rung.reported for rung in finding.ladder] == [True]


def test_a_trial_of_a_single_value_is_left_out_with_a_note(tmp_path):
    t = np.linspace(0.0, 4.0, 30)
    rows = [(k, a, x0 * np.exp(-0.5 * a)) for k, x0 in enumerate((1.0, 2.0)) for a in t]
    rows += [(2, 0.0, 3.0), (3, 0.0, 1.0), (3, 1.0, ""), (3, 2.0, ""), (3, 3.0, ""), (3, 4.0, "")]
    (tmp_path / "decay.csv").write_text("run,t,x\n" + "".join(f"{k},{a},{x}\n" for k, a, x in rows))
    record = read_record(str(tmp_path / "decay.csv"), trial="run")
    assert len(record.fitted) == 2
    assert any("trial 2, 3: left out, with 1 sample" in note for note in record.notes)
    finding = discovery.run(record, load_player("sparse", "discover"))
    assert finding.law.text == "dx/dt = -c1*x"
    assert finding.params["c1"] == pytest.approx(0.5, rel=1e-3)


def test_later_samples_are_predicted_not_fitted(tmp_path):
    path = write_fall(tmp_path / "fall.csv", 0.01)
    record = read_record(str(path), order=2, fit_until=2.0)
    assert record.problem.observation.trajectories[0].t[-1] <= 2.0
    finding = discovery.run(record, load_player("sparse", "discover"))
    assert finding.held_out_r2["y"] > 0.99
    assert list(finding.held_out) == [1]
    assert write_report(finding, tmp_path / "report")["fit.png"].stat().st_size > 10_000


def test_a_start_may_be_proposed_where_it_is_unknown(tmp_path):
    # From the first samples alone the fitted start of this stiff growth ends in the wrong place.
    t = np.linspace(0.0, 6.0, 40)
    (tmp_path / "growth.csv").write_text("t,x\n" + "".join(f"{a},{0.001 * np.exp(2 * a)}\n" for a in t))
    record = read_record(str(tmp_path / "growth.csv"))
    law = {"equation": "dx/dt = c*x", "params": {"c": 2.0}, "initial": {"x": 0.001}}
    finding = discovery.run(record, ScriptedPlayer([json.dumps(law)]), turns=1)
    assert finding.solved
    assert finding.fitted.starts[0] == pytest.approx([0.001], rel=1e-2)


def test_a_trial_is_held_out_and_predicted_from_its_own_start(tmp_path):
    t = np.linspace(0.0, 4.0, 50)
    rows = [(k, a, x0 * np.cos(2 * a)) for k, x0 in enumerate((1.0, 0.5, -0.8)) for a in t]
    (tmp_path / "spring.csv").write_text("run,t,x\n" + "".join(f"{k},{a},{x}\n" for k, a, x in rows))
    record = read_record(str(tmp_path / "spring.csv"), trial="run", order=2, hold_out=True)
    assert len(record.problem.observation.trajectories) == 2
    finding = discovery.run(record, load_player("sparse", "discover"))
    assert finding.held_out_r2["x"] > 0.999


def test_an_episode_without_a_readable_answer_is_reported_with_what_needs_no_law(tmp_path):
    record = read_record(str(write_fall(tmp_path / "fall.csv")), order=2)
    finding = discovery.run(record, ScriptedPlayer(["It falls."]), turns=1)
    assert finding.fitted is None
    assert finding.outcome == "no law found"
    assert finding.baselines["mean"]["y"] == pytest.approx(0.0, abs=1e-9)
    assert 0.5 < finding.baselines["straight line"]["y"] < 1.0
    with pytest.raises(UserError, match="no answer that could be scored"):
        _ = finding.law
    write_report(finding, tmp_path / "report")
    told = json.loads((tmp_path / "report" / "report.json").read_text())
    assert told["equation"] is None
    assert told["solved"] is False
    assert told["baselines"]["straight line"]["y"] == pytest.approx(finding.baselines["straight line"]["y"])
    assert "No law found" in (tmp_path / "report" / "report.md").read_text()


@pytest.mark.parametrize(
    "call, sentence",
    [
        ({"data": "nothing_here"}, "no file, example or system"),
        ({"data": "absent.csv"}, "absent.csv"),
        ({"data": "free_fall", "fit_until": 1.0}, "is a system of the zoo"),
        ({"data": "free_fall", "hint": "it falls"}, "the hint of a system is"),
        ({"data": "us_census", "fit_until": 1600.0}, "leaves 0 samples"),
        ({"data": "us_census", "hold_out": True}, "one trial"),
    ],
)
def test_what_cannot_be_read_is_the_users_fault(call, sentence):
    with pytest.raises(UserError, match=sentence):
        read_record(**call)


@pytest.mark.parametrize(("loss", "kept"), [(0.001, True), (0.01, False)])
def test_a_fit_that_is_worse_than_the_answer_is_not_taken_over(tmp_path, monkeypatch, loss, kept):
    """The answer's own law is reported, without intervals, where fitting loses more R2 than column weights explain."""
    record = read_record(str(write_fall(tmp_path / "fall.csv", 0.05)), order=2)
    answer = json.dumps({"equation": "d2y/dt2 = -g", "params": {"g": 9.81}})

    def spoiled(*arguments, **options):
        fitted = fit(*arguments, **options)
        return dataclasses.replace(fitted, r2=fitted.r2 - loss)

    monkeypatch.setattr(discovery, "fit", spoiled)
    finding = discovery.run(record, ScriptedPlayer([answer]), turns=1)
    assert (finding.standard_errors is not None) is kept
    assert (finding.params["g"] == 9.81) is not kept
