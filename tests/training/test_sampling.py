"""Answers of a step: written by the merged policy, about problems whose answers differ."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")
pytest.importorskip("trl")

from gedanken import tasks  # noqa: E402
from gedanken.cli.main import build_app  # noqa: E402
from gedanken.models import loading  # noqa: E402
from gedanken.models.backends import hf  # noqa: E402
from gedanken.training import lora, pairs, sampling, scorer, trainer  # noqa: E402
from gedanken.training.options import GRPOOptions  # noqa: E402
from gedanken.training.run import RunFolder  # noqa: E402


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

    def judge(self, answers, subject, index, earlier):
        self.asked.append(index[0])
        return [
            SimpleNamespace(
                reward=0.5 if index[0] in self.flat else float(at), terms={"match": 0.25}, solved=False, error=None
            )
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
    trainer = SimpleNamespace(num_generations=2, batch_keys=keys, state=SimpleNamespace(global_step=0))
    assert sampler([prompt] * 4, trainer)["index"] == [8, 8, 7, 7]


def test_no_tries_keep_what_was_asked(tiny_model):
    result, sample, *_ = roll(tiny_model("llama"), {0, 1}, 0)
    assert result["index"] == [0, 0, 1, 1]
    assert sample.replaced == 0
    assert sample.asked == {"reward": 0.5, "match": 0.25}


WRONG = '{"equation": "d2x/dt2 = -w**2*x - 2*c*vx", "params": {"w": 9.0, "c": 0.3}}'
DROP = '{"edit": [{"drop": "2*c*vx"}]}'


class Scripted(sampling.GroupSampler):
    """Writes given answers instead of a model's, so that what follows them can be seen."""

    script = ()

    def _sample(self, model, places, count):
        groups = []
        for place in places:
            prompt = self._encode(self._ask(place))
            answers = [self._tokenizer(text, add_special_tokens=False)["input_ids"] for text in self.script[:count]]
            groups.append(sampling._Group(place, prompt, answers, self._judge(place, answers)))
        return groups


def scripted(folder, script, turns=3, **options):
    _, tokenizer, merged = policy_of(folder)
    source = pairs.Source("discover", ("spring_mass",), 2, options={"rows": 4, "noise": 0.0})
    rows = list(pairs.write_rows(source))
    judge = scorer.Scorer(tasks.load("discover", mode="training"), source)
    sample = Scripted(merged, tokenizer, judge, rows, tries=0, seed=0, turns=turns, **options)
    sample.script = script
    return sample, judge, rows


def step(sample, rows, number, count=2):
    keys = [(rows[0]["subject"], rows[0]["index"])] * count
    return sample(
        [rows[0]["prompt"]] * count,
        SimpleNamespace(num_generations=count, batch_keys=keys, state=SimpleNamespace(global_step=number)),
    )


def test_a_failed_answer_is_answered_by_a_later_group(tiny_model):
    sample, judge, rows = scripted(tiny_model("llama"), (WRONG, DROP))
    first = step(sample, rows, 0)
    assert first["earlier"] == [[], []]
    assert sample.turn == 1.0
    later = next(result for k in range(1, 20) if (result := step(sample, rows, k))["earlier"][0])
    # The edit alone cannot be read at the first turn, so the law that can was the one to wait.
    assert later["earlier"] == [[WRONG], [WRONG]]
    assert sample.turn == 2.0
    text = sample._tokenizer.decode(later["prompt_ids"][0])
    assert WRONG in text
    assert "wanted is more than" in text, "what the simulator said stands in the prompt"
    verdicts = judge.score(
        [WRONG, DROP], later["subject"], later["index"], later["completion_ids"], earlier=later["earlier"]
    )
    assert verdicts[0].error == "this law was proposed before"
    assert verdicts[0].reward == 0.0
    assert verdicts[1].error is None, "an edit is read as a change of the law before"
    assert verdicts[1].details["equation"] == "d2x/dt2 = -w**2*x"


def test_an_episode_ends_at_its_last_turn_and_where_the_context_does(tiny_model):
    answers = tuple(f'{{"equation": "d2x/dt2 = -w*x", "params": {{"w": {w}}}}}' for w in (50.0, 60.0))
    sample, _, rows = scripted(tiny_model("llama"), answers, turns=2)
    seen = [step(sample, rows, k)["earlier"][0] for k in range(30)]
    assert {len(earlier) for earlier in seen} == {0, 1}
    assert 5 < sum(map(bool, seen)) < 25, "each turn gets as many groups as the first, by and large"
    short, _, rows = scripted(tiny_model("llama"), answers, turns=2, longest=10)
    assert not any(step(short, rows, k)["earlier"][0] for k in range(10))


def test_samples_of_later_turns_say_what_was_before_and_teach(tiny_model, tmp_path):
    source = pairs.Source("discover", ("spring_mass",), 1, options={"rows": 4, "noise": 0.0})
    judge = scorer.Scorer(tasks.load("discover", mode="training"), source, RunFolder(tmp_path))
    judge.score([DROP], ["spring_mass"], [0], step=1, earlier=[(WRONG,)])
    [row] = [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]
    assert row["earlier"] == [WRONG]
    again = CliRunner().invoke(build_app(), ["score", "discover", str(tmp_path / "samples.jsonl")])
    assert "all 1 recorded rewards are the same" in again.stderr
    taught = [pair for pair in pairs.write_pairs(source, [str(tmp_path / "samples.jsonl")]) if len(pair["prompt"]) > 2]
    assert taught[0]["prompt"][-4]["content"] == WRONG
    assert taught[0]["prompt"][-2]["content"] == DROP
    assert "scale" in taught[0]["completion"][0]["content"]
