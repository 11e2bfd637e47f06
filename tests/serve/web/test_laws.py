"""Trying a law without answering, and the pictures of laws."""

import numpy as np
import orjson
import pytest

from gedanken import tasks
from gedanken.loop import Turn
from gedanken.serve.web.laws import find_params
from gedanken.worlds.ode.trajectory import StateSpace

PROBLEM = {"subject": "free_fall_drag", "index": 3}


@pytest.fixture(scope="module")
def posed():
    task = tasks.load("discover")
    return task, task.pose("free_fall_drag", split="test", index=3)


def test_a_tried_law_is_judged_as_an_answer_is(reader, posed):
    task, problem = posed
    law = {"equation": "d2y/dt2 = -g + k*vy**2", "params": {"g": 9.0, "k": 0.02}}
    verdict = task.verify(problem, orjson.dumps(law).decode())
    tried = reader.post("/api/simulate", {"problem": PROBLEM, **law})
    assert tried["match"] == pytest.approx(verdict.match, abs=1e-9)
    assert tried["terms"] == pytest.approx(dict(verdict.terms), abs=1e-9)
    assert tried["r2"] == pytest.approx(verdict.details["r2"], abs=1e-9)
    assert tried["error"] is None
    drawing = tried["drawing"]
    assert r"-\htmlData{param=g}{g} + \htmlData{param=k}{k}" in drawing["latex"]
    curve, trial = drawing["curves"][0], problem.truth.scored[0]
    off = np.array(curve["values"]) - trial.values
    assert tried["residual_sd"]["y"] == pytest.approx(off[:, 0].std(), rel=1e-4)
    dense = drawing["dense"][0]
    assert len(dense["t"]) == 300
    assert dense["reached"] == pytest.approx(trial.t[-1])
    # The same motion, only at other times.
    assert np.interp(trial.t, dense["t"], np.array(dense["values"])[:, 0]) == pytest.approx(
        np.array(curve["values"])[:, 0], abs=0.05
    )


def test_a_law_that_blows_up_is_drawn_up_to_there(reader):
    tried = reader.post("/api/simulate", {"problem": PROBLEM, "equation": "d2y/dt2 = y**3", "params": {}})
    assert tried["match"] == 0.0
    assert "blows up" in tried["error"]["text"]
    assert 0.0 < tried["error"]["reached"] < tried["drawing"]["dense"][0]["t"][-1]
    assert tried["drawing"]["curves"] == []
    heights = [row[0] for row in tried["drawing"]["dense"][0]["values"]]
    assert heights[0] is not None
    assert heights[-1] is None


def test_a_law_that_cannot_be_read_says_where(reader):
    tried = reader.post("/api/simulate", {"problem": PROBLEM, "equation": "d2y/dt2 = -g + k*vy**", "params": {"g": 9}})
    assert tried["drawing"] is None
    assert tried["params_found"] == ["g", "k"]
    assert tried["error"]["position"] is not None
    undeclared = reader.post("/api/simulate", {"problem": PROBLEM, "equation": "d2y/dt2 = -q", "params": {}})
    assert undeclared["error"]["position"] == 11
    assert undeclared["params_found"] == ["q"]


def test_names_on_the_right_that_are_nothing_else_are_parameters():
    states = StateSpace.second_order(y="vy")
    assert find_params("d2y/dt2 = -g*sin(w*t) + k*dy**2; dy/dt = vy", states) == ["g", "w", "k"]
    assert find_params("", states) == []


def test_strangers_may_try_so_many_laws_in_a_minute(open_reader):
    reader = open_reader(hosted=True, simulations_per_minute=3)
    body = {"problem": PROBLEM, "equation": "d2y/dt2 = -g", "params": {"g": 9.8}}
    for _ in range(3):
        reader.post("/api/simulate", body)
    assert reader.post("/api/simulate", body, 429)["code"] == "busy"


def test_the_truth_is_drawn_as_an_answer_is():
    task = tasks.load("discover")
    for subject in ("lorenz", "simple_pendulum", "foucault_pendulum"):
        problem = task.pose(subject, split="test")
        shown = task.show_truth(problem)
        turn = Turn("", task.verify(problem, task.solve(problem)))
        assert shown["latex"] == task.show_answer(problem, turn)["latex"]
        assert all(curve["reached"] == pytest.approx(curve["t"][-1]) for curve in shown["dense"])
    anonymous = task.pose("simple_pendulum", split="test", hint="anonymous")
    assert "theta" not in str(task.show_truth(anonymous)["equation"])
