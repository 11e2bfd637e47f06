"""The decoder with numpy says what transformers' Llama says."""

import numpy as np
import pytest

from gedanken.models.collisions import decoder
from gedanken.models.collisions import vocabulary as v

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def model(perturb):
    from gedanken.training.scratch.collisions.decoder import make_decoder

    return perturb(make_decoder("tiny", 3))


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model.save_pretrained(folder)
    return folder


def says(model, text):
    """The same answer with transformers, without a cache."""
    answer = []
    while (span := v.span(answer))[1]:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([[*text, *answer]])).logits[0, -1, span[0] : span[1]].double()
        token = int(logits.argmax())
        if span[0] == v.AMOUNT and len(answer) in decoder.DEPTHS:
            token = int((torch.softmax(logits, 0).cumsum(0) < 0.5).sum())
        answer.append(span[0] + token)
    return answer


def texts(count):
    rng = np.random.default_rng(0)
    return [[v.PAIR, *rng.integers(v.KIND, v.COUNT, 6 + k % 9).tolist(), v.GAP] for k in range(count)]


def test_it_says_what_transformers_says(model, folder):
    asked = texts(24)
    answers = decoder.answer(decoder.load(folder), asked)
    expected = [says(model, text) for text in asked]
    assert len({len(answer) for answer in expected}) > 1
    # Two tokens that are all but equally likely may change places.
    assert sum(one == other for one, other in zip(answers, expected, strict=True)) >= 22


def test_side_by_side_or_one_by_one_is_the_same(folder, monkeypatch):
    weights, asked = decoder.load(folder), texts(20)
    together = decoder.answer(weights, asked)
    monkeypatch.setattr(decoder, "BATCH", 1)
    assert decoder.answer(weights, asked) == together


def test_nothing_asked_is_nothing_said(folder):
    assert decoder.answer(decoder.load(folder), []) == []
