import io

import numpy as np
import orjson
import pytest

from gedanken.data import load
from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan
from gedanken.data.training import Writer, write
from gedanken.errors import UserError
from gedanken.worlds.rigid import text

FORMATS = text.names()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    generate(Plan("test", 6, ("billiards", "pendulum", "pong"), (1, 2), frames=15), folder, Processes(1))
    return load(folder)


@pytest.mark.parametrize("name", FORMATS)
def test_a_whole_scene_reads_back(data, name):
    for sample in data:
        read = text.load(name).parse_prompt(Writer(name).scene(sample))
        assert not isinstance(read, list), read
        assert len(read.states) == len(sample.states)
        prompt = text.Prompt(Writer(name).header(sample), sample.states)
        np.testing.assert_allclose(read.states, text.load(name).visible(prompt), atol=1e-9)


@pytest.mark.parametrize("name", FORMATS)
def test_examples_are_prompts_with_the_frame_that_follows(data, name):
    writer = Writer(name, context=4, examples=3)
    for sample in data:
        pairs = list(writer.pairs(sample))
        assert len({number for number, _, _ in pairs}) == 3
        for number, prompt, completion in pairs:
            asked = text.load(name).parse_prompt(prompt)
            assert asked.next == number
            answer = text.load(name).parse_frame(completion, asked)
            assert answer.answered.all()
            np.testing.assert_allclose(answer.state[:, :4], sample.states[number][:, :4], atol=0.006)


def test_examples_are_the_same_every_time(data):
    writer = Writer("v1", context=2, examples=2)
    assert list(writer.pairs(data[0])) == list(writer.pairs(data[0]))


def test_lines_are_json_with_the_key(data):
    file = io.BytesIO()
    write(Writer("v1", context=3), data, file, as_json=True)
    rows = [orjson.loads(line) for line in file.getvalue().splitlines()]
    assert [(row["scenario"], row["level"], row["split"], row["index"]) for row in rows] == [s.key for s in data]
    assert all(row["prompt"] and row["completion"] for row in rows)


def test_plain_text_has_an_empty_line_after_every_scene(data):
    file = io.BytesIO()
    write(Writer("v1"), data, file, as_json=False)
    scenes = file.getvalue().decode().split("\n\n")
    assert scenes[-1] == ""
    assert len(scenes) == len(data) + 1


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"format": "v9"}, "no text called 'v9'"),
        ({"context": 0}, "context must be at least one frame"),
        ({"examples": 0}, "number of examples"),
    ],
)
def test_impossible_orders(given, sentence):
    with pytest.raises(UserError, match=sentence):
        Writer(**given)


def test_more_context_than_frames(data):
    with pytest.raises(UserError, match="16 frames do not give 1 examples with 16 of context"):
        list(Writer("v1", context=16).pairs(data[0]))
