"""The decoder with numpy says what transformers' Llama says, one text or many side by side."""

import numpy as np
import pytest

from gedanken.errors import UserError
from gedanken.models.impulses import decoder
from gedanken.models.impulses import vocabulary as v

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def model():
    from gedanken.training.scratch.decoder import make_decoder

    made = make_decoder("tiny", 3)
    with torch.no_grad():
        for name, value in made.named_parameters():
            value += 0.05 * torch.randn(value.shape, generator=torch.Generator().manual_seed(len(name)))
    return made.eval()


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model.save_pretrained(folder)
    return folder


def texts(rng, lengths):
    return [np.array([v.STEP, *rng.integers(5, v.COUNT, length), v.CHANGES]) for length in lengths]


def says(model, text, plan):
    """The same answers with transformers, one text at a time, without a cache."""
    ids, out = list(text), []
    for k, count in enumerate(plan):
        ids.append(v.ROW + k)
        out.append([])
        for _ in range(count):
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([ids])).logits[0, -1, v.NUMBER :]
            share = torch.softmax(logits.double()[torch.from_numpy(v.SAID)], 0).cumsum(0)
            token = int(v.SAID[int((share < 0.5).sum())])
            ids.append(v.NUMBER + token)
            out[-1].append(float(v.VALUES[token]))
    return out


def test_it_says_what_transformers_says(model, folder):
    rng = np.random.default_rng(0)
    asked = texts(rng, (20, 33, 5, 20))
    plans = [(2, 1), (3, 3, 2), (1,), (2, 2, 2, 2)]
    answers = decoder.answer(decoder.load(folder), asked, plans)
    for text, plan, answer in zip(asked, plans, answers, strict=True):
        expected = says(model, text, plan)
        assert [len(numbers) for numbers in answer] == list(plan)
        # A median between two numbers may fall to either side.
        np.testing.assert_allclose(np.concatenate(answer), np.concatenate(expected), rtol=0.02, atol=2e-3)


def test_side_by_side_or_one_by_one_is_the_same(folder, monkeypatch):
    weights = decoder.load(folder)
    asked = texts(np.random.default_rng(1), range(4, 30, 3))
    plans = [(2,) * (1 + k % 4) for k in range(len(asked))]
    together = decoder.answer(weights, asked, plans)
    monkeypatch.setattr(decoder, "BATCH", 1)
    assert decoder.answer(weights, asked, plans) == together


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
