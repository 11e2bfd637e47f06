import json
import subprocess
import sys

import pytest

from gedanken import models, zoo
from gedanken.errors import PlayerError, UserError
from gedanken.loop import Player, Question
from gedanken.models import backends
from gedanken.players import load_player, share_options
from gedanken.tasks.discover.task import DiscoverTask

QUESTION = Question([{"role": "user", "content": "What falls?"}], observation=None)


def script(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return f"scripted:{path}"


@pytest.mark.parametrize("spec", ["gpt-4o-mini", "anthropic:x", "openai:", ":x", "", "__init__:x"])
def test_unknown_backends_are_refused_with_the_list(spec):
    with pytest.raises(UserError, match=r"is not a model; write one of .*openai:\.\.\., scripted:\.\.\."):
        models.load(spec)


def test_unknown_options_are_refused_with_the_list(tmp_path):
    with pytest.raises(UserError, match="scripted: has no option 'temprature'; it takes loop"):
        models.load(script(tmp_path, "a.json", '["x"]'), temprature=1)
    models.load(script(tmp_path, "a.json", '["x"]'), base_url=None)


def test_what_the_caller_offers_is_passed_on_only_to_those_who_take_it(tmp_path):
    """The user did not ask for it, so a backend without such an option is no mistake of his."""
    player = load_player(script(tmp_path, "a.json", '["x"]'), "discover", {"progress": print, "seconds": 1.0})
    assert player.answer(QUESTION) == "x"
    looped = load_player(script(tmp_path, "a.json", '["x"]'), "predict", {"loop": True})
    assert [looped.answer(QUESTION) for _ in range(3)] == ["x"] * 3
    heard = []
    sparse = load_player("sparse", "discover", {"progress": heard.append, "loop": True})
    problem = DiscoverTask().pose("free_fall", noise=0.0)
    sparse.answer(Question([], problem.observation))
    assert heard


def test_an_option_of_the_user_that_a_built_in_player_does_not_take_is_refused():
    with pytest.raises(UserError, match="sparse has no option 'base_url'; it takes progress, seconds"):
        load_player("sparse", "discover", base_url="http://127.0.0.1:1/v1")
    with pytest.raises(UserError, match="hold has no option 'temperature'; it takes none"):
        load_player("hold", "predict", temperature=0.5)
    assert load_player("hold", "predict", temperature=None).name == "hold"


def test_options_for_several_players_go_to_those_who_take_them():
    url = "http://127.0.0.1:1/v1"
    shared = share_options(["sparse", "openai:m"], "discover", base_url=url, api_key=None)
    assert shared == {"sparse": {}, "openai:m": {"base_url": url}}
    with pytest.raises(UserError, match="none of the players sparse, scripted:x has an option 'base_url'"):
        share_options(["sparse", "scripted:x"], "discover", base_url=url)


def test_only_the_backend_that_is_asked_for_is_imported(tmp_path):
    spec = script(tmp_path, "a.txt", "x")
    code = f"import sys; from gedanken import models; models.load({spec!r}); print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("name", "text", "answers"),
    [
        ("a.json", json.dumps(["one", {"equation": "dx/dt = x"}]), ["one", '{"equation":"dx/dt = x"}']),
        ("a.jsonl", '"one"\n\n{"answer": "two", "reward": 1}\n', ["one", "two"]),
        ("a.txt", "first line\nsecond line\n---\ntwo\n---\n", ["first line\nsecond line", "two"]),
        ("a.md", "\ufeffone\n", ["one"]),
    ],
)
def test_scripts_are_said_in_order_and_then_end(tmp_path, name, text, answers):
    player = models.load(script(tmp_path, name, text))
    assert isinstance(player, Player)
    assert player.name == f"scripted:{name}"
    assert [player.answer(QUESTION) for _ in answers] == answers
    with pytest.raises(PlayerError, match=f"has given all of its {len(answers)} answers"):
        player.answer(QUESTION)


def test_a_script_can_begin_again(tmp_path):
    player = models.load(script(tmp_path, "a.json", '["a", "b"]'), loop=True)
    assert [player.answer(QUESTION) for _ in range(5)] == ["a", "b", "a", "b", "a"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "a.json is not JSON"),
        ("a.json", "{}", "one JSON value; a script is a list"),
        ("a.json", "[]", "holds no answer"),
        ("a.jsonl", '"one"\nnot json\n', "a.jsonl is not JSON in line 2"),
        ("a.txt", "\n---\n\n", "holds no answer"),
    ],
)
def test_bad_scripts_are_refused(tmp_path, name, text, message):
    with pytest.raises(UserError, match=message):
        models.load(script(tmp_path, name, text))


def test_missing_and_binary_scripts_are_refused(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        models.load(f"scripted:{tmp_path}/none.json")
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as text"):
        models.load(f"scripted:{tmp_path}/b.txt")
    with pytest.raises(UserError, match="cannot be read as text"):
        models.load(f"scripted:{tmp_path}")


def test_a_new_backend_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "parrot.py").write_text(
        '"""Repeats the last message."""\n\n\n'
        "class Parrot:\n"
        "    def __init__(self, model, volume):\n"
        '        self.name, self.volume = f"parrot:{model}", volume\n\n'
        "    def answer(self, question):\n"
        '        return question.messages[-1]["content"] * self.volume\n\n\n'
        "def load(model, *, volume=1):\n"
        "    return Parrot(model, volume)\n"
    )
    monkeypatch.setattr(backends, "__path__", [*backends.__path__, str(tmp_path)])
    zoo.names.cache_clear()
    try:
        assert "parrot" in models.names()
        player = load_player("parrot:grey", "discover", volume=2)
        assert player.name == "parrot:grey"
        assert player.answer(Question([{"role": "user", "content": "no"}], None)) == "nono"
        with pytest.raises(UserError, match=r"and any model as .*parrot:"):
            load_player("lion", "discover")
    finally:
        monkeypatch.undo()
        zoo.names.cache_clear()
