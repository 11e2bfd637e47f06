import json

import numpy as np
import pandas as pd
import pytest

import gedanken
from gedanken.errors import UserError
from gedanken.models.backends.scripted import ScriptedPlayer
from gedanken.own_data.estimator import LawEstimator
from gedanken.own_data.record import read_record
from gedanken.tasks.discover.hidden import follow
from gedanken.worlds.ode.knowledge import Knowledge

T = np.linspace(0.0, 4.0, 60)
X = 2.0 * np.exp(-0.7 * T) + 0.01 * np.random.default_rng(2).standard_normal(len(T))
DECAY = json.dumps({"equation": "dx/dt = -k*x", "params": {"k": 0.5}})


@pytest.fixture(scope="module")
def result():
    return gedanken.discover({"t": T, "x": X}, player=ScriptedPlayer([DECAY]), turns=1)


def test_the_result_holds_the_law_and_its_constants(result):
    assert result.found
    assert result.solved
    assert result.equation == "dx/dt = -k*x"
    assert result.law.text == result.equation
    assert result.latex().startswith(r"\dot{x}")
    low, high = result.intervals["k"]
    assert low < 0.7 < high < low + 0.05
    assert result.params["k"] == pytest.approx(0.7, abs=0.02)
    assert result.r2["x"] > 0.999
    assert repr(result) == "Result('dx/dt = -k*x')"


def test_it_predicts_from_any_start(result):
    times = np.linspace(1.0, 3.0, 5)
    k = result.params["k"]
    for start in ([3.0], {"x": 3.0}):
        found = result.predict(times, start)
        assert list(found.columns) == ["x"]
        np.testing.assert_allclose(found.index, times)
        np.testing.assert_allclose(found["x"], 3.0 * np.exp(-k * (times - 1.0)), rtol=1e-5)
    np.testing.assert_allclose(result.predict(T)["x"], X, atol=0.05)
    # More times than the simulator takes at once.
    long = result.predict(np.linspace(0, 4, 5000), [2.0])
    np.testing.assert_allclose(long["x"], 2.0 * np.exp(-k * long.index.to_numpy()), rtol=1e-5)
    for wrong in ([2.0, 1.0], {"y": 1.0}, [np.nan]):
        with pytest.raises(UserError):
            result.predict(T, wrong)
    with pytest.raises(UserError, match="increasing"):
        result.predict([1.0, 0.0])


def test_a_solution_that_ends_is_not_a_number_from_there_on():
    blows_up = json.dumps({"equation": "dx/dt = k*x**2", "params": {"k": 1.0}})
    t = np.linspace(0.0, 0.8, 40)
    found = gedanken.discover(1 / (1 - t), time=t, player=ScriptedPlayer([blows_up]), turns=1)
    values = follow(found.law, np.array([1.0]), np.linspace(0, 3, 3000))
    assert np.isfinite(values[:800]).all()
    assert np.isnan(values[-1]).all()


def test_residuals_are_data_less_prediction(result):
    left = result.residuals
    assert list(left.columns) == ["trial", "t", "x"]
    np.testing.assert_allclose(left["x"], X - result.predict(T)["x"].to_numpy(), atol=1e-9)


def test_it_shows_and_writes_itself(result, tmp_path):
    assert "<pre>dx/dt = -k*x</pre>" in result._repr_html_()
    assert isinstance(result.ladder, pd.DataFrame)
    assert result.ladder["equation"].tolist() == ["dx/dt = -k*x"]
    assert result.plot().get_axes()
    files = result.report(tmp_path / "report")
    told = json.loads(files["report.json"].read_text())
    assert told["equation"] == result.equation
    assert result.to_dict()["params"] == told["params"] == result.params


def test_what_was_read_is_shown_before_the_search(tmp_path):
    (tmp_path / "a.csv").write_text(
        "t;x\n" + "".join(f"{t:.4f};{x:.4f}\n".replace(".", ",") for t, x in zip(T, X, strict=True))
    )
    seen = []
    found = gedanken.discover(
        tmp_path / "a.csv", player=ScriptedPlayer([DECAY]), turns=1, on_record=seen.append, hint="it <b>cools</b>"
    )
    assert seen[0].notes == found.notes == ("a.csv is read with decimal commas",)
    assert seen[0].problem.observation.hint == "it <b>cools</b>"


def test_the_estimator_has_the_methods_of_scikit_learn():
    model = LawEstimator(state=["x"])
    assert model.set_params(order=1).get_params() == {"state": ["x"], "order": 1, "hint": None, "player": "sparse"}
    with pytest.raises(ValueError, match="no option 'depth'"):
        model.set_params(depth=3)
    with pytest.raises(UserError, match="has not been fitted yet"):
        model.predict(T)
    assert model.fit(X, T) is model
    assert model.score(X, T) > 0.99
    assert model.predict(T[:5]).shape == (5, 1)
    with pytest.raises(UserError, match="a column for each of x"):
        model.score(np.column_stack([X, X]), T)


def test_inputs_and_what_is_known_in_python():
    """dT/dt = -0.5*T + 2*heater, from reading to reading; the law then follows another heating."""
    t = 0.1 * np.arange(96)
    heater = np.repeat([1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0], 8)
    heat = [0.0]
    for on in heater[:-1]:
        heat.append(4.0 * on + (heat[-1] - 4.0 * on) * np.exp(-0.05))
    data = {"t": t, "T": np.array(heat), "heater": heater}
    result = gedanken.discover(data, hold="heater", known="dT/dt = -k*T + ?", bound={"k": (0, None)}, forbid="t")
    assert result.params == pytest.approx({"k": 0.5, "c1": 2.0}, rel=0.01)
    later = result.predict([0.0, 1.0, 2.0], [1.0], {"heater": [1.0, 0.0, 0.0]})["T"]
    first = 4.0 - 3.0 * np.exp(-0.5)
    assert later.to_numpy() == pytest.approx([1.0, first, first * np.exp(-0.5)], rel=0.01)
    assert result.predict(t)["T"].to_numpy() == pytest.approx(heat, abs=0.02)
    with pytest.raises(UserError, match="the inputs of the law are heater, not fan"):
        result.predict(t, inputs={"fan": 1.0})
    with pytest.raises(UserError, match="one finite number"):
        result.predict(t, inputs={"heater": [1.0, 2.0]})


def test_equations_that_are_known_name_the_order():
    x = np.cos(0.2 * np.arange(60))
    record = read_record({"t": 0.1 * np.arange(60), "x": x}, knowledge=Knowledge.read("d2x/dt2 = -k*x + ?"))
    assert record.problem.observation.states.columns == ("x", "vx")
    assert not record.order_open
    assert Knowledge.read(forbid="dx/dt: x**2").order == 1
    assert Knowledge.read(conserve="energy").order == 2
    assert Knowledge.read(forbid="t").order is None
