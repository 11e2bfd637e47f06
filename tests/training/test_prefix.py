"""Reading a prompt once for all of its answers changes the cost and nothing else."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")

from gedanken.models import loading  # noqa: E402
from gedanken.models.backends import hf  # noqa: E402
from gedanken.training import prefix  # noqa: E402

PROMPTS = ["A ball falls from a tower of 20 m.", "A spring swings.", "A spring swings."]
ANSWERS = ["d2y/dt2 = -g", "d2x/dt2 = -k*x and more", "no"]


def opened(folder):
    return hf.open_model(loading.find(str(folder)), device="cpu", dtype="float32")


def batch(tokenizer):
    """Three rows as the trainer has them: prompts padded on the left, answers on the right."""
    pairs = [(tokenizer(p)["input_ids"], tokenizer(a)["input_ids"]) for p, a in zip(PROMPTS, ANSWERS, strict=True)]
    long, width = (max(len(pair[k]) for pair in pairs) for k in (0, 1))
    rows = [[0] * (long - len(p)) + p + a + [0] * (width - len(a)) for p, a in pairs]
    mask = [[0] * (long - len(p)) + [1] * (len(p) + len(a)) + [0] * (width - len(a)) for p, a in pairs]
    return torch.tensor(rows), torch.tensor(mask), width


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])
def test_packed_log_probabilities_are_those_of_single_rows(tiny_model, architecture):
    model, tokenizer = opened(tiny_model(architecture))
    ids, mask, width = batch(tokenizer)
    inputs, group_of, begin = prefix.pack(ids, mask, width)
    labels = inputs.pop("shift_labels")
    assert inputs["input_ids"].shape[0] == 2, "two different prompts"
    log_probs = model(**inputs).logits.log_softmax(-1)
    chosen = log_probs.gather(-1, labels.clamp(min=0)[..., None])[..., 0].masked_fill(labels == prefix.IGNORED, 0.0)
    packed = prefix.unpack(chosen, group_of, begin, width)
    for row in range(3):
        counts = mask[row].bool()
        alone = model(input_ids=ids[row][counts][None]).logits.log_softmax(-1)[0]
        length = int(mask[row, -width:].sum())
        wanted = [alone[len(alone) - 1 - length + k, ids[row][counts][len(alone) - length + k]] for k in range(length)]
        assert packed[row, :length].tolist() == pytest.approx([each.item() for each in wanted], abs=1e-4)
        assert (packed[row, length:] == 0).all()


def test_gradients_are_those_of_single_rows(tiny_model):
    model, tokenizer = opened(tiny_model("llama"))
    ids, mask, width = batch(tokenizer)
    weight = model.model.layers[0].self_attn.q_proj.weight

    def total(packed):
        if packed:
            inputs, *_ = prefix.pack(ids, mask, width)
            labels = inputs.pop("shift_labels")
            logits = model(**inputs).logits
        else:
            labels = ids.masked_fill(mask == 0, prefix.IGNORED)
            labels[:, :-width] = prefix.IGNORED
            positions = (mask.cumsum(1) - 1).clamp(min=0)
            logits = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits[:, :-1]
            labels = labels[:, 1:]
        chosen = logits.log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
        return chosen[labels != prefix.IGNORED].sum()

    found = [torch.autograd.grad(total(packed), weight)[0] for packed in (True, False)]
    assert torch.allclose(*found, atol=1e-4), (found[0] - found[1]).abs().max()
    assert found[0].abs().max() > 1e-3


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "lfm2"])
def test_answers_are_those_of_an_ordinary_generation(tiny_model, architecture):
    model, tokenizer = opened(tiny_model(architecture))
    prompts = [tokenizer(text)["input_ids"] for text in PROMPTS[:2]]
    written = prefix.generate(model, tokenizer, prompts, 2, max_new_tokens=12, do_sample=False)
    assert len(written) == 4
    for k, prompt in enumerate(prompts):
        alone = model.generate(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=12,
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
        )[0, len(prompt) :].tolist()
        assert written[2 * k] == written[2 * k + 1] == alone[: len(written[2 * k])]


@pytest.mark.parametrize("at", [0, 3])
def test_an_answer_goes_up_to_and_with_its_first_end(tiny_model, at):
    model, tokenizer = opened(tiny_model("llama"))
    prompt = tokenizer(PROMPTS[0])["input_ids"]
    (whole,) = prefix.generate(model, tokenizer, [prompt], 1, max_new_tokens=8, do_sample=False)
    assert len(whole) == 8, "without an end, all tokens"
    # A model may name several ends; the tokenizer's own counts, too.
    model.generation_config.eos_token_id = [tokenizer.pad_token_id, whole[at]]
    (answer,) = prefix.generate(model, tokenizer, [prompt], 1, max_new_tokens=8, do_sample=False)
    assert answer == whole[: whole.index(whole[at]) + 1]


def test_only_full_attention_under_a_mask_of_ours_shares(tiny_model):
    model, _ = opened(tiny_model("llama"))
    assert prefix.can_share(model)
    for name, value in (("model_type", "mamba"), ("layer_types", ["full_attention", "sliding_attention"])):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(model.config, name, value, raising=False)
            assert not prefix.can_share(model), name
    model.set_attn_implementation("eager")
    assert not prefix.can_share(model)


def test_convolutions_do_not_share(tiny_model):
    assert prefix.can_share(opened(tiny_model("qwen2"))[0])
    assert not prefix.can_share(opened(tiny_model("lfm2"))[0])
