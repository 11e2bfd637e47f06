"""Trials of one form with different constants are told apart, and trials that share them are not."""

import json

import numpy as np
import pytest

from gedanken.models.backends.scripted import ScriptedPlayer
from gedanken.own_data import discovery
from gedanken.own_data.record import read_record
from gedanken.own_data.report.write import write_report
from gedanken.own_data.result import Result
from gedanken.players import load_player
from gedanken.seeding import stream


def springs(path, stiffness):
    """Positions of a swinging body, a column for each of several springs."""
    t = np.linspace(0.0, 5.0, 90)
    rng = stream("test", "groups", "springs")
    columns = [t]
    for k in stiffness:
        x = rng.uniform(0.04, 0.08) * np.cos(np.sqrt(k) * t + rng.uniform(0.0, 3.0))
        columns.append(x + 0.001 * rng.standard_normal(len(t)))
    header = "time," + ",".join(f"run{n} position" for n in range(1, len(stiffness) + 1))
    np.savetxt(path, np.stack(columns, 1), delimiter=",", fmt="%.6f", header=header, comments="")
    return path


def test_runs_of_three_springs_are_grouped_and_the_law_is_that_of_the_largest_group(tmp_path):
    stiffness = (40.0, 40.0, 22.0, 40.0, 22.0, 75.0)
    record = read_record(springs(tmp_path / "springs.csv", stiffness))
    assert len(record.fitted) == len(stiffness)
    finding = discovery.run(record, load_player("sparse", "discover"))
    (name,) = finding.law.params
    assert finding.law.text.startswith(f"d2{finding.states.columns[0]}/dt2 = -{name}*")
    assert finding.params[name] == pytest.approx(40.0, rel=0.02)
    assert finding.solved
    assert len(finding.record.fitted) == 3
    values = [each.params[name] for each in finding.groups]
    assert values == pytest.approx([40.0, 22.0, 75.0], rel=0.02)
    assert [len(each.trials) for each in finding.groups] == [3, 2, 1]
    assert [each.reported for each in finding.groups] == [True, False, False]
    assert all(each.r2 > 0.99 for each in finding.groups)
    (sentence,) = [each for each in finding.observations if "No law with the same constants" in each]
    assert "= 21.9" in sentence or "= 22" in sentence
    assert "= 75" in sentence
    table = Result(finding).groups
    assert table["trials"].map(len).tolist() == [3, 2, 1]
    assert table["reported"].tolist() == [True, False, False]
    files = write_report(finding, tmp_path / "report")
    told = json.loads(files["report.json"].read_text())
    assert [len(each["trials"]) for each in told["groups"]] == [3, 2, 1]
    assert "## Trials with other constants" in files["report.md"].read_text()


def test_runs_of_one_spring_are_one_record(tmp_path):
    record = read_record(springs(tmp_path / "springs.csv", (40.0, 40.0, 40.0)))
    finding = discovery.run(record, load_player("sparse", "discover"))
    assert finding.groups == ()
    assert len(finding.record.fitted) == 3
    assert finding.solved


def test_noise_in_every_trial_makes_no_groups(tmp_path):
    t = np.arange(40.0)
    noise = stream("test", "groups", "noise").standard_normal((3, len(t)))
    rows = [f"{k},{a},{x:.5f}" for k, trial in enumerate(noise) for a, x in zip(t, trial, strict=True)]
    (tmp_path / "noise.csv").write_text("run,t,x\n" + "\n".join(rows) + "\n")
    record = read_record(tmp_path / "noise.csv", trial="run", order=1)
    assert len(record.fitted) == 3
    assert discovery.run(record, load_player("sparse", "discover")).groups == ()


def test_a_player_that_ranks_no_laws_sees_every_trial(tmp_path):
    record = read_record(springs(tmp_path / "springs.csv", (40.0, 22.0)), order=2)
    name = record.problem.observation.states.columns[0]
    player = ScriptedPlayer([json.dumps({"equation": f"d2{name}/dt2 = -k*{name}", "params": {"k": 30.0}})])
    finding = discovery.run(record, player, turns=1)
    assert len(finding.record.fitted) == 2
    assert finding.groups == ()
