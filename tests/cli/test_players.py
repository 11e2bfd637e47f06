"""Every command that offers --player takes a model behind an endpoint, one in this process, and a script."""

import json

import pytest

from gedanken.tasks.discover.task import DiscoverTask
from gedanken.tasks.predict.task import PredictTask


@pytest.fixture
def data(tmp_path):
    """A fall, thrice measured."""
    path = tmp_path / "fall.csv"
    rows = [(t / 10, 50 - 4.905 * (t / 10) ** 2, -0.981 * t) for t in range(30)]
    path.write_text("t,y,vy\n" + "".join(f"{t},{y:.4f},{vy:.4f}\n" for t, y, vy in rows))
    return path


@pytest.fixture
def script(tmp_path):
    def write(*answers):
        path = tmp_path / "answers.jsonl"
        path.write_text("".join(json.dumps(answer) + "\n" for answer in answers))
        return f"scripted:{path}"

    return write


LAW = '{"equation": "d2y/dt2 = -g", "params": {"g": 9.8}}'


def test_discover_by_a_model_behind_an_endpoint(gedanken, endpoint, data):
    pytest.importorskip("openai")
    words = ("--player", "openai:MODEL", "--base-url", endpoint.url, "--turns", 2)
    code, out, err = gedanken("discover", data, *words, "--json")
    assert (code, json.loads(out)["player"]) == (0, "openai:MODEL"), err
    assert len(endpoint.bodies) == 2
    code, out, err = gedanken("discover", "free_fall", *words)
    assert code == 0, err


def test_discover_by_a_model_in_this_process(gedanken, tiny_model, data):
    code, out, err = gedanken("discover", data, "--player", f"hf:{tiny_model()}", "--turns", 1, "--json")
    # A model of a few thousand random weights writes no law: the report says so.
    assert (code, json.loads(out)["outcome"]) == (0, "no law found"), err
    assert json.loads(out)["turns"][0]["error"]


def test_discover_by_a_script(gedanken, script, data):
    code, out, err = gedanken("discover", data, "--player", script(LAW), "--json")
    assert (code, json.loads(out)["solved"]) == (0, True), err
    poor = '{"equation": "d2y/dt2 = -k*y", "params": {"k": 0.1}}'
    code, out, err = gedanken("discover", data, "--player", script(poor), "--json")
    assert (code, json.loads(out)["solved"]) == (2, False)
    assert err.endswith("has given all of its 1 answers; the law above is the best of 1 turn before that\n")


def test_play_by_a_model_and_by_a_script(gedanken, endpoint, script):
    pytest.importorskip("openai")
    model = ("--player", "openai:MODEL", "--base-url", endpoint.url, "--temperature", 0.5)
    code, out, err = gedanken("play", "discover", "free_fall", *model, "--turns", 2, "--json")
    assert (code, len(out.splitlines())) == (0, 2), err
    assert endpoint.bodies[-1]["temperature"] == 0.5
    code, out, err = gedanken("play", "predict", "billiards", *model, "--json")
    assert code == 0, err
    law = DiscoverTask().solve(DiscoverTask().pose("free_fall", split="test"))
    code, out, err = gedanken("play", "discover", "free_fall", "--player", script("no", law), "--json")
    assert [json.loads(line)["solved"] for line in out.splitlines()] == [False, True], err


def test_predict_by_a_model_and_by_a_script(gedanken, endpoint, script):
    pytest.importorskip("openai")
    model = ("--player", "openai:MODEL", "--base-url", endpoint.url)
    code, out, err = gedanken("predict", "billiards", "--level", 1, "--frames", 2, *model, "--json")
    assert (code, len(endpoint.bodies)) == (0, 2), err
    task = PredictTask()
    frame = task.solve(task.pose("billiards", split="test", level=1, at=10))
    code, out, err = gedanken("predict", "billiards", "--level", 1, "--frames", 1, "--player", script(frame), "--json")
    assert code == 0, err
    assert json.loads(out)["coverage"]


SPARSE_TAKES = "it takes progress, seconds, improved, check"


@pytest.mark.parametrize(
    "words, sentence",
    [
        ("discover us_census --base-url ollama", f"sparse has no option 'base_url'; {SPARSE_TAKES}"),
        ("discover us_census --player scripted:{} --api-key x", "scripted: has no option 'api_key'; it takes loop"),
        ("play discover free_fall --temperature 1", f"sparse has no option 'temperature'; {SPARSE_TAKES}"),
        ("predict billiards --base-url vllm", "restart10 has no option 'base_url'; it takes none"),
    ],
)
def test_an_option_that_the_player_does_not_take_is_refused(gedanken, script, words, sentence):
    spec = script(LAW).removeprefix("scripted:")
    code, _, err = gedanken(*words.format(spec).split())
    assert (code, err) == (2, f"gedanken: {sentence}\n")


def bench(*words, out=None):
    small = {"discover": ("--subject", "free_fall", "--problems", 7, "--noise", 0), "predict": ("--scenario", "tower")}
    folder = () if out is None else ("--out", out)
    return ("bench", words[0], *small[words[0]], *words[1:], *folder, "--json")


SMALL_PREDICT = ("--suite", "seen", "--scenes", 1, "--horizon", 2, "--horizon", 3)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_bench_discover_by_a_served_model(gedanken, endpoint, tmp_path, workers):
    pytest.importorskip("openai")
    model = ("--player", "openai:MODEL", "--base-url", endpoint.url, "--api-key", "sk-secret-0123456789")
    code, out, err = gedanken(*bench("discover", *model, "--workers", workers, out=tmp_path))
    result = json.loads(out)
    assert (code, result["n"], len(endpoint.bodies)) == (0, 7, 7), err
    assert result["player"] == f"openai:MODEL at {endpoint.url}"
    assert "missing" not in result
    assert not any("sk-secret" in path.read_text() for path in tmp_path.iterdir())


def test_bench_predict_by_a_served_model(gedanken, endpoint, tmp_path):
    pytest.importorskip("openai")
    model = ("--player", "openai:MODEL", "--base-url", endpoint.url)
    code, out, err = gedanken(*bench("predict", *SMALL_PREDICT, *model, out=tmp_path))
    assert code == 0, err
    lines = [row for row in json.loads(out)["rows"] if row["player"] == f"openai:MODEL at {endpoint.url}"]
    assert {row["coverage"] for row in lines} == {1.0}


def test_bench_by_a_script(gedanken, script, tmp_path):
    """The script begins anew at each problem, so a row does not depend on the rows before it."""
    code, out, err = gedanken(*bench("discover", "--player", script("no", LAW), "--turns", 2))
    assert (code, json.loads(out)["n"], json.loads(out)["mean_turns"]) == (0, 7, 2.0), err
    code, out, err = gedanken(*bench("predict", *SMALL_PREDICT, "--player", script("0: 1,2 v 3,4 a 0 w 0")))
    assert code == 0, err


def test_an_endpoint_that_fails_is_no_wrong_answer(gedanken, endpoint, tmp_path):
    pytest.importorskip("openai")
    model = ("--player", "openai:MODEL", "--base-url", endpoint.url)
    endpoint.fails = lambda number: 2 < number <= 2 + 3 * 3  # three problems, three tries each
    code, out, err = gedanken(*bench("discover", *model, out=tmp_path))
    result = json.loads(out)
    assert code == 2
    assert (result["n"], result["missing"]["problems"], result["missing"]["of"]) == (4, 3, 7)
    assert len(result["keys"]) == 4
    assert "gedanken: 3 of 7 problems are missing, since openai:MODEL at" in err
    assert err.endswith("the same command asks for these alone\n")
    before = len(endpoint.bodies)
    code, out, err = gedanken(*bench("discover", *model, out=tmp_path))
    assert (code, json.loads(out)["n"], len(endpoint.bodies) - before) == (0, 7, 3), err


def test_an_endpoint_that_is_down_is_given_up(gedanken, endpoint, tmp_path):
    pytest.importorskip("openai")
    endpoint.fails = lambda number: True
    model = ("--player", "openai:MODEL", "--base-url", endpoint.url)
    code, out, err = gedanken(*bench("discover", *model, "--player", "linear", out=tmp_path))
    assert (code, json.loads(out)["player"]) == (2, "linear")
    assert "could answer none of 7 problems: 127.0.0.1 failed with status 503" in err
    assert len(endpoint.bodies) == 5 * 3, "five problems, three tries each"
    code, out, err = gedanken(*bench("predict", *SMALL_PREDICT, *model))
    result = json.loads(out)
    assert (code, result["missing"][0]["problems"]) == (2, result["missing"][0]["of"])
    assert {row["player"] for row in result["rows"]} == {
        "hold",
        "linear",
        "accelerate",
        "free",
        "warm",
        "each_alone",
        "each_alone_rounds",
    }


def test_an_option_that_no_player_takes_is_refused(gedanken):
    for words in (bench("discover", "--base-url", "vllm"), bench("predict", *SMALL_PREDICT, "--base-url", "vllm")):
        code, _, err = gedanken(*words)
        assert code == 2
        assert "has an option 'base_url'" in err
