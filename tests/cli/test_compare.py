"""`gedanken compare`: the file that it writes is a comparison as the API tells it."""

import pytest

pytest.importorskip("fastapi")

from typer.testing import CliRunner

from gedanken import UserError
from gedanken.cli.main import build_app
from gedanken.serve.web.models.episodes import Comparison
from gedanken.serve.web.recorded import RECORDED


def compare(*options):
    return CliRunner().invoke(build_app(), ["compare", *map(str, options)])


def test_two_players_are_written_as_the_page_reads_them(tmp_path):
    script = tmp_path / "laws.txt"
    script.write_text('{"equation": "d2y/dt2 = -1", "params": {}}')
    out = tmp_path / "comparison.json"
    options = ("--player", f"a=scripted:{script}", "--player", f"b=scripted:{script}", "--turns", 2, "--out", out)
    done = compare("discover", "free_fall", *options, "--index", 2, "--with", "noise=0.1")
    assert done.exit_code == 0, done.output
    told = Comparison.model_validate_json(out.read_bytes())
    assert [episode.player.name for episode in told.episodes] == ["a", "b"]
    # A script of one answer has none for the second turn: the first stays.
    assert [(episode.status, episode.played) for episode in told.episodes] == [("failed", 1)] * 2
    assert told.problem.options == {"noise": 0.1}
    assert told.law.equation == "d2y/dt2 = -g"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("discover", "free_fall", "--player", "a=sparse"), "two players"),
        (("discover", "nowhere", "--player", "a=sparse", "--player", "b=sparse"), "nowhere"),
        (("chess", "free_fall", "--player", "a=sparse", "--player", "b=sparse"), "chess"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(tmp_path, options, sentence):
    done = compare(*options, "--out", tmp_path / "x.json")
    assert isinstance(done.exception, UserError)
    assert sentence in str(done.exception)
    assert not (tmp_path / "x.json").exists()


def test_the_comparison_that_comes_along_is_one():
    told = Comparison.model_validate_json(RECORDED.read_bytes())
    assert told.recorded.note
    assert told.law is not None
    assert all(episode.turns for episode in told.episodes)
