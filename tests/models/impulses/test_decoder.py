"""The decoder with numpy says what transformers' Llama says, one text or many side by side."""

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.models.impulses import decoder
from gedanken.models.impulses import vocabulary as v

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def model(perturb):
    from gedanken.training.scratch.contacts.decoder import make_decoder

    return perturb(make_decoder("tiny", 3))


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model.save_pretrained(folder)
    return folder


def texts(rng, lengths):
    return [np.array([v.STEP, *rng.integers(6, v.COUNT, length), v.CHANGES]) for length in lengths]


def cue(rng, counts):
    """What stands before the answers to rows of so many numbers, and these."""
    cues = np.full((len(counts), v.CUE), -1)
    for k, count in enumerate(counts):
        due = v.NUMBER + rng.integers(0, v.COUNT - v.NUMBER, count)
        cues[k, : 4 + count] = [v.ROW + k, v.BODY, v.WORLD, *due, v.ADD]
    return cues, np.array(counts)


def says(model, text, cues, counts):
    """The same answers with transformers, one text at a time, without a cache."""
    ids, out = list(text), np.zeros((len(counts), 2))
    for k, count in enumerate(counts):
        ids += [token for token in cues[k] if token >= 0]
        for column in range(count):
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([ids])).logits[0, -1, v.NUMBER :]
            share = torch.softmax(logits.double()[torch.from_numpy(v.SAID)], 0).cumsum(0)
            token = int(v.SAID[int((share < 0.5).sum())])
            ids.append(v.NUMBER + token)
            out[k, column] = v.VALUES[token]
    return out


def test_it_says_what_transformers_says(model, folder):
    rng = np.random.default_rng(0)
    asked = texts(rng, (20, 33, 5, 20))
    cues, counts = zip(*(cue(rng, plan) for plan in ((2, 1), (2, 2, 2), (1,), (2, 2, 2, 2))), strict=True)
    answers = decoder.answer(decoder.load(folder), asked, cues, counts)
    for text, before, plan, answer in zip(asked, cues, counts, answers, strict=True):
        expected = says(model, text, before, plan)
        assert (answer[plan == 1, 1] == 0.0).all()
        # A median between two numbers may fall to either side.
        np.testing.assert_allclose(answer, expected, rtol=0.15, atol=2e-2)
        assert np.mean(np.isclose(answer, expected, rtol=1e-5)) > 0.7


def test_side_by_side_or_one_by_one_is_the_same(folder, monkeypatch):
    weights, rng = decoder.load(folder), np.random.default_rng(1)
    asked = texts(rng, range(4, 30, 3))
    cues, counts = zip(*(cue(rng, (2,) * (1 + k % 4)) for k in range(len(asked))), strict=True)
    together = decoder.answer(weights, asked, cues, counts)
    monkeypatch.setattr(decoder, "BATCH", 1)
    alone = decoder.answer(weights, asked, cues, counts)
    assert all((one == other).all() for one, other in zip(alone, together, strict=True))


def test_half_precision_is_read(model, folder, tmp_path):
    from gedanken.training.scratch.checkpoint import save_model

    save_model(model, tmp_path)
    whole, half = decoder.load(folder), decoder.load(tmp_path)
    np.testing.assert_allclose(half.qkv, whole.qkv, rtol=0.01, atol=1e-6)
    assert (tmp_path / "model.safetensors").stat().st_size < 0.6 * (folder / "model.safetensors").stat().st_size


def test_what_is_no_such_model_is_refused(folder, tmp_path):
    with pytest.raises(UserError, match="holds no model"):
        decoder.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "llama", "vocab_size": 5}')
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(UserError, match="train scratch"):
        decoder.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"nonsense" * 9)
    with pytest.raises(UserError, match="no model that can be read"):
        decoder.load(tmp_path)
