import numpy as np
import pytest

from gedanken import players
from gedanken.bench import predict
from gedanken.errors import UserError

FEW = {"scenarios": ["newtons_cradle", "pong"], "scenes": 1, "horizons": [1, 5]}


@pytest.fixture(scope="module")
def result():
    return predict.run("heldout6", ["restart10"], **FEW)


def lines(result, player, **where):
    return [row for row in result["rows"] if row["player"] == player and all(row[k] == v for k, v in where.items())]


def test_extrapolations_have_no_skill_and_the_restart_has(result):
    for player in ("hold", "linear", "accelerate"):
        assert all(row["skill"] == 0.0 for row in lines(result, player))
    assert all(row["skill"] > 0.9 for row in lines(result, "restart10", scenario="all"))


def test_a_restart_from_the_text_reaches_the_floor(result):
    p95 = [row["position_p95"] for row in lines(result, "restart10", horizon=1) if row["scenario"] != "all"]
    assert np.median(p95) <= 0.002


def test_every_line_has_its_interval_around_it(result):
    for row in result["rows"]:
        for name in ("position_rmse", "velocity_rmse", "skill"):
            low, high = row[f"{name}_ci"]
            assert low <= row[name] + 1e-9
            assert row[name] <= high + 1e-9
        assert row["coverage"] == 1.0


def test_a_run_resumes_and_gives_the_same_rows(result, tmp_path):
    assert predict.run("heldout6", ["restart10"], out=tmp_path, **FEW)["rows"] == result["rows"]
    path = tmp_path / "predict-heldout6-v1.jsonl"
    kept = path.read_bytes().splitlines(keepends=True)
    # Cut off in the middle of a row, as a kill would leave it.
    path.write_bytes(b"".join(kept[:6]) + kept[6][:40])
    assert predict.run("heldout6", ["restart10"], out=tmp_path, **FEW)["rows"] == result["rows"]
    with pytest.raises(UserError, match="another run"):
        predict.run("heldout6", ["restart10"], out=tmp_path, **{**FEW, "horizons": [1]})


def test_missing_answers_count(monkeypatch):
    class Half:
        name = "half"

        def answer(self, question):
            text = question.observation.write().splitlines()
            bodies = [line for line in text if line[:1].isdigit()]
            return f"Frame {question.observation.prompt.next}\n{bodies[-1]}"

    real = players._find_loader
    monkeypatch.setattr(players, "_find_loader", lambda name, task: Half if name == "half" else real(name, task))
    result = predict.run("heldout6", ["half"], **FEW)
    assert all(0 < row["coverage"] < 1 for row in lines(result, "half"))
    assert all(row["skill"] == 0.0 for row in lines(result, "half", scenario="all"))


def test_the_exact_suite_has_no_error_at_all():
    result = predict.run("exact", ["restart1"], scenarios=["tower", "billiards"])
    assert all(row["position_rmse"] == row["velocity_rmse"] == 0.0 for row in lines(result, "restart1"))


@pytest.mark.parametrize(
    "call, sentence",
    [
        ({"suite": "heldout7", "players": []}, "no suite 'heldout7'"),
        ({"suite": "heldout6", "players": ["oracle"]}, "no player 'oracle'"),
        ({"suite": "heldout6", "players": [], "scenarios": ["tower"]}, "tower is not in"),
        ({"suite": "heldout6", "players": [], "horizons": [0]}, "horizons must lie"),
        ({"suite": "heldout6", "players": [], "scenes": 0}, "at least 1"),
        ({"suite": "absent.toml", "players": []}, "no suite file"),
    ],
)
def test_what_cannot_be_run_is_the_users_fault(call, sentence):
    with pytest.raises(UserError, match=sentence):
        predict.run(**call)


def test_the_table_names_every_player(result):
    page = predict.render_markdown(result)
    assert all(player in page for player in result["players"])


def test_prior_coded_prompts_are_measured_beside_the_answer_that_corrects_nothing():
    result = predict.run("simple", ["prior"], scenes=1, horizons=[1], format="corrections")
    (row,) = lines(result, "prior", scenario="all")
    assert row["coverage"] == 1.0
    held = lines(result, "hold", scenario="all")[0]
    assert row["position_rmse"] < 0.1 * held["position_rmse"]
