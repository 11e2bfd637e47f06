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
    code, _, err = gedanken("discover", data, "--player", f"hf:{tiny_model()}", "--turns", 1)
    # A model of a few thousand random weights writes no law.
    assert code == 2
    assert "gedanken: hf:tiny-llama gave no answer that could be scored" in err


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
    code, out, err = gedanken(
        "predict", "billiards", "--level", 1, "--frames", 1, "--player", script(frame), "--json"
    )
    assert code == 0, err
    assert json.loads(out)["coverage"]


@pytest.mark.parametrize(
    "words, sentence",
    [
        (("discover", "us_census", "--base-url", "ollama"), "sparse has no option 'base_url'; it takes progress, seconds"),
        (("discover", "us_census", "--player", "scripted:{}", "--api-key", "x"), "scripted: has no option 'api_key'; it takes loop"),
        (("play", "discover", "free_fall", "--temperature", "1"), "sparse has no option 'temperature'; it takes progress, seconds"),
        (("predict", "billiards", "--base-url", "vllm"), "restart10 has no option 'base_url'; it takes none"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)  # fmt: skip
def test_an_option_that_the_player_does_not_take_is_refused(gedanken, script, words, sentence):
    spec = script(LAW).removeprefix("scripted:")
    code, out, err = gedanken(*(word.format(spec) for word in words))
    assert (code, err) == (2, f"gedanken: {sentence}\n")
