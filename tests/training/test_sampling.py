"""Answers of a step: written by the merged policy, about problems whose answers differ."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
pytest.importorskip("trl")

from gedanken.models import loading  # noqa: E402
from gedanken.models.backends import hf  # noqa: E402
from gedanken.training import lora, pairs, sampling, trainer  # noqa: E402
from gedanken.training.options import GRPOOptions  # noqa: E402


def options(folder, **changes):
    return GRPOOptions(model=str(folder), output_dir=folder, dtype="float32", device="cpu", **changes)


def policy_of(folder, rank=4):
    trainer.quiet_libraries()
    chosen = options(folder, lora_r=rank)
    weights = loading.find(str(folder))
    model, tokenizer = lora.open_trainable(chosen, weights)
    return model, tokenizer, sampling.MergedPolicy(model, weights, chosen)


def test_the_merged_copy_is_the_policy_as_it_is_now(tiny_model):
    model, tokenizer, merged = policy_of(tiny_model("llama"))
    ids = torch.tensor([tokenizer("A spring swings about.")["input_ids"]])
    seen = []
    for _ in range(2):
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if "lora_B" in name:
                    parameter.add_(0.05)
            wanted = model.eval()(input_ids=ids).logits
            given = merged.model()(input_ids=ids).logits
        assert torch.allclose(wanted, given, atol=1e-4)
        seen.append(given)
    assert not torch.allclose(*seen, atol=1e-3), "it follows the policy"


def test_a_policy_without_adapter_is_its_own_copy(tiny_model):
    model, _, merged = policy_of(tiny_model("llama"), rank=0)
    assert merged.model() is model


class Judge:
    """Gives some problems equal rewards, which is all that a rollout asks about."""

    def __init__(self, flat):
        self.flat, self.asked = flat, []

    def judge(self, answers, subject, index):
        self.asked.append(index[0])
        return [
            SimpleNamespace(reward=0.5 if index[0] in self.flat else float(at), terms={"match": 0.25})
            for at, _ in enumerate(answers)
        ]


def roll(folder, flat, tries, step=3):
    _, tokenizer, merged = policy_of(folder)
    source = pairs.Source("discover", ("free_fall",), 6, options={"rows": 4})
    rows = list(pairs.write_rows(source))
    judge = Judge(flat)
    sample = sampling.GroupSampler(
        merged, tokenizer, judge, rows, tries=tries, seed=0, max_new_tokens=4, do_sample=False
    )
    turn = (0, 0, 1, 1)
    trainer = SimpleNamespace(
        num_generations=2,
        state=SimpleNamespace(global_step=step),
        batch_keys=[(rows[k]["subject"], rows[k]["index"]) for k in turn],
    )
    result = sample([rows[k]["prompt"] for k in turn], trainer)
    return result, sample, judge, rows, tokenizer


def test_problems_without_differences_give_way(tiny_model):
    result, sample, judge, rows, tokenizer = roll(tiny_model("llama"), {0}, 2)
    assert result["index"][2:] == [1, 1], "the one that differs stays"
    assert sample.replaced >= 1
    assert result["index"][0] == result["index"][1] == judge.asked[-1] != 0, "an other problem, judged and not flat"
    assert result["subject"] == ["free_fall"] * 4
    for row in range(4):
        text = hf.write_chat(tokenizer, rows[result["index"][row]]["prompt"])
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == result["prompt_ids"][row]
    assert all(0 < len(ids) <= 4 for ids in result["completion_ids"])
    assert result["logprobs"] is None


def test_the_replacement_is_the_same_after_a_resume_and_another_at_another_step(tiny_model):
    flat = set(range(6))
    first, again = (roll(tiny_model("llama"), flat, 2)[0]["index"] for _ in range(2))
    assert first == again
    others = [roll(tiny_model("llama"), flat, 2, step)[0]["index"] for step in (4, 5, 6)]
    assert any(other != first for other in others)


@pytest.mark.parametrize(
    ("rewards", "flat"),
    [([1.0, 1.0], True), ([1.0, 1.04], True), ([1.0, 1.06], False), ([0.0, 0.03, 0.06], False), ([0.06, 0.0], False)],
)
def test_rewards_that_differ_by_noise_alone_are_one_reward(rewards, flat):
    assert sampling.is_flat([SimpleNamespace(reward=reward) for reward in rewards]) is flat


def test_problems_with_the_same_prompt_are_told_apart(tiny_model):
    _, tokenizer, merged = policy_of(tiny_model("llama"))
    prompt = [{"role": "user", "content": "What falls?"}]
    rows = [{"prompt": prompt, "subject": "free_fall", "index": index} for index in (7, 8)]
    sampler = sampling.GroupSampler(
        merged, tokenizer, Judge(set()), rows, tries=0, seed=0, max_new_tokens=2, do_sample=False
    )
    keys = [("free_fall", 8), ("free_fall", 8), ("free_fall", 7), ("free_fall", 7)]
    trainer = SimpleNamespace(num_generations=2, batch_keys=keys)
    assert sampler([prompt] * 4, trainer)["index"] == [8, 8, 7, 7]


def test_no_tries_keep_what_was_asked(tiny_model):
    result, sample, *_ = roll(tiny_model("llama"), {0, 1}, 0)
    assert result["index"] == [0, 0, 1, 1]
    assert sample.replaced == 0
    assert sample.asked == {"reward": 0.5, "match": 0.25}
