"""A third task is one folder: it plays through every way in, and no other file is touched for it."""

import json
import pickle
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gedanken
from gedanken import LocalEnv, UserError, play, tasks
from gedanken.cli.main import build_app
from gedanken.players import load_player

FOLDER = Path(__file__).parent / "folder"


@pytest.fixture(autouse=True)
def forces(monkeypatch):
    """The folder of the third task beside those of the package."""
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(FOLDER)])


@pytest.fixture
def command():
    """Run a command of the command line; its standard output."""

    def run(*words, code=0):
        result = CliRunner().invoke(build_app(), list(words))
        if code == 0 and result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_it_is_found():
    assert tasks.names() == ("discover", "forces", "predict")
    assert tasks.players("forces") == ("cautious",)


def test_it_plays_the_loop():
    task = tasks.load("forces")
    turns = list(play(task, load_player("cautious", "forces"), task.pose("gravity", index=3)))
    assert [turn.answer for turn in turns] == ["nothing", "gravity"]
    assert [turn.verdict.solved for turn in turns] == [False, True]
    with pytest.raises(UserError, match=r"forces has cautious, and any model as .*hf:"):
        load_player("bold", "forces")


def test_it_plays_in_a_local_environment():
    env = LocalEnv("forces", reward_mode="improvement")
    start = env.reset(force="wind", index=2, frames=12)
    assert start.observation.prompt.count("\n") == 14
    assert env.state()["split"] == "test", "wind is held out from training"
    assert env.step("gravity").reward == 0.0
    last = env.step("wind")
    assert (last.reward, last.done) == (1.0, True)
    assert env.state()["force"] == "wind"
    assert LocalEnv("forces").reset(seed=1, noise=0.1).metadata["ignored"] == ["noise"]
    with pytest.raises(UserError, match="frames must be int"):
        env.reset(frames="many")
    with pytest.raises(UserError, match="held out"):
        env.reset(force="wind", split="train")


def test_it_plays_on_the_command_line(command, tmp_path):
    turns = [json.loads(line) for line in command("play", "forces", "gravity", "--json").splitlines()]
    assert [turn["answer"] for turn in turns] == ["nothing", "gravity"]
    assert turns[0]["key"] == {
        "subject": "gravity", "split": "test", "index": 0, "level": 1, "options": {"frames": 30},
    }  # fmt: skip
    assert "gravity" in command("pose", "forces", "gravity", "--with", "frames=5", "--answer")
    listed = json.loads(command("zoo", "list", "forces", "--json"))
    assert [(row["name"], row["held_out"]) for row in listed][-1] == ("wind", True)
    assert "Which force acts" in command("zoo", "show", "attraction")
    answers = tmp_path / "answers.jsonl"
    answers.write_text(json.dumps({"subject": "wind", "index": 4, "answer": "wind"}) + "\n")
    assert json.loads(command("score", "forces", str(answers)))["reward"] == 1.0


def test_an_unknown_task_is_refused_everywhere_with_the_list(command):
    every = "there is no task 'chess'; there are discover, forces, predict"
    with pytest.raises(UserError, match=every):
        tasks.load("chess")
    with pytest.raises(UserError, match=every):
        LocalEnv("chess")
    with pytest.raises(UserError, match=every):
        load_player("sparse", "chess")
    for words in (("play", "chess", "x"), ("pose", "chess", "x"), ("zoo", "list", "chess"), ("score", "chess", "-")):
        result = CliRunner().invoke(build_app(), list(words))
        assert isinstance(result.exception, UserError)
        assert str(result.exception) == every
    from gedanken.adapters import problems, trl
    from gedanken.training.pairs import Source

    for refused in (
        lambda: trl.environment_of("chess"),
        lambda: problems.draw("chess", 0),
        lambda: Source("chess"),
    ):
        with pytest.raises(UserError, match=every):
            refused()


def test_it_plays_over_rest(tmp_path):
    testing = pytest.importorskip("fastapi.testclient")
    from gedanken.serve.web.app import create_app
    from gedanken.serve.web.settings import Settings

    with testing.TestClient(create_app(Settings(database=f"sqlite:///{tmp_path}/history.sqlite", hosted=True))) as web:
        assert [row["name"] for row in web.get("/api/subjects/forces").json()] == list(tasks.load("forces").subjects())
        assert [player["name"] for player in web.get("/api/players/forces").json()] == ["you", "cautious"]
        problem = {"task": "forces", "subject": "gravity", "index": 3, "options": {"frames": 9}}
        assert "Which force" in web.post("/api/problems", json=problem).json()["prompt"]
        begun = web.post("/api/episodes", json={"problem": problem, "player": {"name": "cautious"}}).json()
        assert "turn_started" in web.get(begun["events"]).text
        episode = web.get(begun["url"]).json()
        assert [turn["answer"] for turn in episode["turns"]] == ["nothing", "gravity"]
        assert episode["solved"] is True
        wrong = web.post("/api/problems", json={"task": "chess"})
        assert wrong.status_code == 422
        assert "there are discover, forces, predict" in wrong.json()["detail"]
        assert web.get("/api/subjects/chess").status_code == 404
        wrong = web.post("/api/problems", json={**problem, "options": {"noise": 0.1}})
        assert wrong.json()["detail"] == "forces has no option 'noise'; it has frames"


def test_it_plays_as_an_openenv_environment():
    pytest.importorskip("openenv")
    from gedanken.serve.openenv.environment import environment_of

    env = environment_of("forces")()
    assert "Which force" in env.reset(force="gravity", index=1).prompt
    assert env.state.force == "gravity"
    seen = env.step(gedanken.ForcesAction(answer="gravity"))
    assert (seen.reward, seen.done, seen.components) == (1.0, True, {"match": 1.0})
    assert env.get_task("test", 2)["force"] == "nothing"
    assert env.get_metadata().description == "Name the force that acts on a moving body."
    assert gedanken.ForcesEnv.__name__ == "ForcesEnv"
    env.close()


def test_it_plays_through_trls_environment_factory():
    pytest.importorskip("datasets")
    from gedanken.adapters import trl

    kind = trl.environment_of("forces")
    assert pickle.loads(pickle.dumps(kind)) is kind
    rows = trl.make_dataset("val", 3, task="forces", frames=8)
    env = kind()
    for row in rows:
        assert "Which force" in env.reset(**row)
        assert "Call the tool submit_answer" in row["prompt"][0]["content"]
        env.submit_answer("nothing")
        env.submit_answer("gravity") if env.get_reward() == 0 else None
        assert env.get_reward() == float(row["force"] in ("nothing", "gravity"))


def test_it_can_be_trained_on():
    from gedanken.training.pairs import Source, write_pairs

    pairs = list(write_pairs(Source("forces", instances=1)))
    assert sorted(pair["completion"][0]["content"] for pair in pairs) == ["attraction", "gravity", "nothing"]
