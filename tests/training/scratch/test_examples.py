from dataclasses import replace

import numpy as np
import pytest

from gedanken.data import load
from gedanken.data.generate import generate
from gedanken.data.local import Processes
from gedanken.data.shards import Plan
from gedanken.errors import UserError
from gedanken.seeding import stream
from gedanken.training.scratch.examples import (
    CONTEXT_WEIGHT,
    DIGIT_WEIGHTS,
    choose_frames,
    encode,
    find_deviations,
    prepare,
    teach,
    weigh,
)
from gedanken.training.scratch.tokenizer import build
from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.engine.simulate import record
from gedanken.worlds.rigid.text import corrections

pytest.importorskip("tokenizers")


@pytest.fixture(scope="module")
def lesson():
    recording = record(scenarios.pose("elastic_collision", 1, index=3))
    return prepare(recording.scene, recording.states, stream("test"))


def test_examples_are_prompts_of_the_task_with_their_answers(lesson):
    for example in lesson.examples:
        assert lesson.opening + example.text == corrections.write_prompt(example.prompt)
        reading = corrections.parse_frame(example.answer, example.prompt)
        assert not reading.complaints
        assert np.abs(reading.state - example.state).max() <= 0.001 + 1e-9


def test_deviating_frames_are_those_with_corrections(lesson):
    recording = record(scenarios.pose("elastic_collision", 1, index=3), frames=60)
    header = corrections.Header.of(recording.scene)
    found = find_deviations(header, recording.states)
    for number in range(2, 61):
        prompt = corrections.Prompt(header, recording.states[number - 2 : number], number - 2)
        assert found[number] == (corrections.write_target(prompt, recording.states[number]).count("\n") > 2)


def test_beginnings_come_first_and_some_frames_are_quiet():
    deviates = np.zeros(200, bool)
    deviates[[20, 21, 50, 51, 90, 91, 120, 121, 150, 151]] = True
    early = 0
    for k in range(50):
        chosen = choose_frames(deviates, stream("choice", k))
        assert len(chosen) == len(set(chosen)) == 8
        assert sum(n in (20, 50, 90, 120, 150) for n in chosen) == 4
        assert sum(n in (21, 51, 91, 121, 151) for n in chosen) == 2
        early += sum(n in (19, 49, 89, 119, 149) for n in chosen)
    assert 25 <= early <= 90
    assert all(n > 2 for n in choose_frames(np.ones(30, bool), stream("choice")))
    assert len(choose_frames(np.zeros(30, bool), stream("choice"))) == 1


def test_weights_fall_with_the_place_of_a_digit():
    first, second, third, late = DIGIT_WEIGHTS
    assert weigh(list("-123.45")) == [1, first, second, third, 1, late, late]
    assert weigh(list("0.0123,7.5")) == [1, 1, first, first, third, late, 1, first, 1, second]
    assert weigh(["0", ": ", "v", "1"]) == [1, 1, 1, 1]


def test_only_what_is_to_be_written_weighs_in_full(lesson):
    tokenizer = build()
    tokens = encode(lesson, tokenizer)
    assert tokens.count == len(tokens.opening) + sum(
        len(tokenizer.encode(example.text + example.answer).ids) + 1 for example in lesson.examples
    )
    for example, row, weights in zip(lesson.examples, tokens.branches, tokens.weights, strict=True):
        asked = len(tokenizer.encode(example.text).ids)
        assert tokenizer.decode(row.tolist()) == example.text + example.answer
        assert set(np.unique(weights[:asked])) == {0.0, np.float32(CONTEXT_WEIGHT)}
        assert weights[0] == 0.0
        said = tokenizer.decode(row[:asked][weights[:asked] > 0].tolist())
        assert said.startswith(f"Frame {example.prompt.next - 1}\n")
        assert said.count("\n") == 1 + len(example.state)
        assert (weights[asked : asked + len(tokenizer.encode(example.answer).ids) + 1] > 0).all()


@pytest.mark.parametrize(("split", "name"), [("test", "elastic_collision"), ("val", "pong")])
def test_what_is_not_for_training_is_refused(tmp_path, split, name):
    generate(Plan(split, 1, (name,), (1,), frames=12), tmp_path, Processes(1))
    with pytest.raises(UserError, match="not for training"):
        teach(load(tmp_path)[0], 0)


def test_raw_positions_and_held_out_scenarios_are_refused(tmp_path):
    generate(Plan("train", 1, ("billiards",), (1,), frames=12, labels="raw"), tmp_path, Processes(1))
    sample = load(tmp_path)[0]
    with pytest.raises(UserError, match="raw"):
        teach(sample, 0)
    with pytest.raises(UserError, match="not for training"):
        teach(replace(sample, row=sample.row | {"scenario": "bowling"}), 0)
