"""Inputs and knowledge on a file of one's own: the same law and the same refusal on the command line and in Python."""

import json

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.loop import Question
from gedanken.own_data.discovery import run
from gedanken.own_data.read.inputs import InputColumns
from gedanken.own_data.record import read_record
from gedanken.own_data.report.write import to_json, write_report
from gedanken.tasks.discover.players.sparse import Sparse
from gedanken.tasks.discover.show import show_problem
from gedanken.tasks.discover.task import DiscoverTask
from gedanken.worlds.ode.knowledge import Knowledge


@pytest.fixture(scope="module")
def oven(tmp_path_factory):
    """A heater that is switched: dT/dt = -0.5*T + 2*heater, exactly from reading to reading."""
    rng = np.random.default_rng(0)
    heater = np.repeat(rng.integers(0, 2, 12), 8)
    heat = [0.0]
    for on in heater[:-1]:
        heat.append(4.0 * on + (heat[-1] - 4.0 * on) * np.exp(-0.05))
    measured = np.array(heat) + 0.01 * rng.normal(size=len(heat))
    path = tmp_path_factory.mktemp("oven") / "oven.csv"
    rows = "".join(f"{0.1 * k:.1f},{T:.4f},{on}\n" for k, (T, on) in enumerate(zip(measured, heater, strict=True)))
    path.write_text("time (s),T (K),heater\n" + rows)
    return path


def read(path, **said):
    return read_record(str(path), inputs=InputColumns(hold=("heater",)), knowledge=Knowledge.read(**said))


def test_the_report_holds_law_inputs_units_and_what_was_known(oven, tmp_path):
    record = read(oven, known="dT/dt = -k*T + ?", bound="k=0:", terms="heater")
    finding = run(record, Sparse(), 1)
    assert finding.law.text == "dT/dt = -k*T + c1*heater"
    assert abs(finding.params["k"] - 0.5) < 0.05
    assert abs(finding.params["c1"] - 2.0) < 0.2
    told = to_json(finding)
    assert told["inputs"] == {"heater": "hold"}
    assert told["knowledge"]["known"] == "dT/dt = -k*T + ?"
    assert told["param_units"]["k"] == "1/s"
    assert set(np.unique(told["trials"][0]["inputs"])) == {0.0, 1.0}
    write_report(finding, tmp_path / "report")
    page = (tmp_path / "report" / "report.md").read_text()
    assert "`heater` is an input (each reading holds until the next)" in page
    assert "k is at least 0." in page
    assert "| 1/s" in page


def test_every_door_gives_the_same_verdict(oven, tmp_path, monkeypatch, capsys):
    """A law that agrees and one that breaks a bound, from Python and from the command line."""
    import sys

    from gedanken.cli.main import run as command

    record = read(oven, bound="T=:0", forbid="t")
    task = DiscoverTask()
    answers = [
        '{"equation": "dT/dt = -k*T + a*heater", "params": {"k": 0.5, "a": 2.0}}',
        '{"equation": "dT/dt = k*T + a*heater", "params": {"k": 0.5, "a": 2.0}}',
    ]
    verdicts = [task.verify(record.problem, answer) for answer in answers]
    assert verdicts[0].solved
    assert verdicts[1].error == "in dT/dt the coefficient of T is 0.5, which is known to be at most 0"
    assert all(value == 0 for value in verdicts[1].terms.values())
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(answer) + "\n" for answer in answers[::-1]))
    words = f"gedanken discover {oven} --hold heater --bound T=:0 --forbid t --turns 2 --json"
    monkeypatch.setattr(sys, "argv", [*words.split(), "--player", f"scripted:{tmp_path / 'answers.jsonl'}"])
    with pytest.raises(SystemExit) as stopped:
        command()
    told = capsys.readouterr().out
    assert not stopped.value.code
    turns = json.loads(told)["turns"]
    assert [turn["error"] for turn in turns] == [verdicts[1].error, None]
    assert turns[1]["reward"] == pytest.approx(verdicts[0].reward)


def test_players_are_told_and_pages_show_it(oven):
    record = read(oven, forbid="t", units="T=K, t=s")
    assert "KNOWN: These do not occur: t. Units: T in K, t in s." in record.problem.prompt
    shown = show_problem(record.problem)
    assert shown["inputs"] == [{"name": "heater", "between": "hold"}]
    assert shown["trials"][0]["inputs"].shape == (96, 1)
    assert shown["known"][0] == "These do not occur: t."
    question = Question(DiscoverTask().ask(record.problem), record.problem.observation)
    assert "heater" in json.dumps(question.messages)


def test_a_problem_of_the_zoo_is_named_with_what_is_known():
    task = DiscoverTask()
    problem = task.pose("simple_pendulum", split="test", index=1, forbid="t, cos", bound="dtheta=:0")
    again = task.pose("simple_pendulum", split="test", index=1, **problem.key.options)
    assert again.prompt == problem.prompt
    assert (
        again.observation.knowledge
        == problem.observation.knowledge
        == Knowledge.read(forbid="t, cos", bound="dtheta=:0")
    )
    plain = task.pose("simple_pendulum", split="test", index=1)
    assert not set(plain.key.options) & {"forbid", "bound", "known"}
    truth = json.loads(task.solve(problem))
    assert task.verify(problem, json.dumps(truth)).solved
    truth["equation"] += " + 0*cos(theta)"
    assert task.verify(problem, json.dumps(truth)).error == "cos is known not to occur"
    with pytest.raises(UserError, match="is not an equation"):
        task.pose("simple_pendulum", known="theta is small")


@pytest.mark.timeout(60)
def test_a_law_that_is_known_whole_is_fitted_and_the_search_ends(tmp_path):
    """With the room's temperature held, one term has both constants inside: nothing can be left out of it."""
    t = np.arange(0.0, 36.0, 3.0)
    flask = 22.0 + 63.2 * np.exp(-0.054 * t) + 0.1 * np.random.default_rng(1).normal(size=t.size)
    path = tmp_path / "flask.csv"
    path.write_text("t,T\n" + "".join(f"{a:.0f},{b:.1f}\n" for a, b in zip(t, flask, strict=True)))
    knowledge = Knowledge.read(known="dT/dt = -k*(T - A)", fix="A=22")
    finding = run(read_record(str(path), knowledge=knowledge), Sparse(), 1)
    assert finding.law.text == "dT/dt = -k*(T - A)"
    assert finding.params["A"] == 22.0
    assert abs(finding.params["k"] - 0.054) < 0.002
