"""How GRPO samples answers: from a merged copy of the policy, and again where all answers to a problem earn alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gedanken.loop import Message, Verdict
from gedanken.models import loading
from gedanken.models.backends import hf
from gedanken.seeding import stream
from gedanken.training import prefix
from gedanken.training.options import Options

# A group whose rewards differ by less is flat: the rewards of right laws differ by as much for the noise in the record.
FLAT = 0.05


class MergedPolicy:
    """A copy of the policy with its adapter merged, which generates faster; for a policy without adapter, itself."""

    def __init__(self, policy: Any, weights: loading.Weights, options: Options):
        """A copy of `policy`, which started from `weights`."""
        self._policy = policy
        self._copy: Any = None
        if hasattr(policy, "peft_config"):
            plain = loading.Weights(weights.base, None, weights.name)
            self._copy, _ = hf.open_model(plain, device=options.device, dtype=options.dtype)

    def model(self) -> Any:
        """The model with the policy's weights as they are now; call it again after every update."""
        if self._copy is None:
            return self._policy
        import torch

        # From the base's weights each time: merging and unmerging in place would round them again and again.
        with torch.no_grad():
            for name, layer in self._policy.named_modules():
                if hasattr(layer, "get_delta_weight") and layer.active_adapters:
                    target = self._copy.get_submodule(name.removeprefix("base_model.model."))
                    merged = layer.base_layer.weight.float()
                    for adapter in layer.active_adapters:
                        merged = merged + layer.get_delta_weight(adapter).float()
                    target.weight.copy_(merged)
        return self._copy


class GroupSampler:
    """TRL's `rollout_func`: samples the answers of a step, and replaces problems whose answers all earn the same.

    A group of equal rewards has no advantages, so its update would change nothing (Yu et al., DAPO, 2025, section 3.2,
    leaves such groups out, too).

    Attributes:
        replaced: problems that were replaced in the last call, for the log.
        asked: mean reward and match of the first answers of the last call, to the problems whose turn it was. What is
            learnt from is selected, so its mean is not how good the policy is.
    """

    def __init__(
        self,
        policy: MergedPolicy,
        tokenizer: Any,
        scorer: Any,
        rows: Sequence[Mapping[str, Any]],
        *,
        tries: int,
        seed: int,
        **options: Any,
    ):
        """A sampler of answers to the problems of `rows`.

        Args:
            policy: what answers are sampled from.
            tokenizer: the policy's.
            scorer: the judge (`scorer.Scorer`).
            rows: the data set: `prompt`, `subject` and `index` of every problem.
            tries: other problems that are tried in place of a flat one; 0 keeps it.
            seed: names the choice of the others.
            options: of generation, as transformers takes them.
        """
        self._policy, self._tokenizer, self._scorer = policy, tokenizer, scorer
        self._rows = rows
        self._row_of = {(row["subject"], row["index"]): number for number, row in enumerate(rows)}
        self._tries, self._seed, self._options = tries, seed, options
        self.replaced = 0
        self.asked: dict[str, float] = {}

    def __call__(self, prompts: Sequence[Sequence[Message]], trainer: Any) -> dict[str, Any]:
        """Token ids of prompts and answers, and the problems that they belong to, for a step's prompts.

        Args:
            prompts: as TRL gives them; which problems they are is read from the trainer.
            trainer: with `batch_keys`, subject and index of every prompt, and `num_generations` answers to each.
        """
        count = trainer.num_generations
        model = self._policy.model()
        rows = [self._row_of[key] for key in trainer.batch_keys[::count]]
        training = model.training
        model.eval()
        groups: dict[int, _Group] = {}
        flat = list(range(len(rows)))
        self.replaced = 0
        for attempt in range(self._tries + 1):
            for place, group in zip(flat, self._sample(model, [rows[place] for place in flat], count), strict=True):
                groups[place] = group
            if attempt == 0:
                self.asked = _summarise([verdict for place in flat for verdict in groups[place].verdicts])
            flat = [place for place in flat if is_flat(groups[place].verdicts)]
            if not flat or attempt == self._tries:
                break
            # One stream for each attempt of each step: a resumed run draws the same problems.
            rng = stream("grpo replacement", self._seed, trainer.state.global_step, attempt)
            for place in flat:
                rows[place] = int(rng.integers(len(self._rows)))
            self.replaced += len(flat)
        model.train(training)
        result: dict[str, Any] = {"prompt_ids": [], "completion_ids": [], "subject": [], "index": []}
        for place in range(len(rows)):
            group = groups[place]
            result["prompt_ids"] += [group.prompt] * count
            result["completion_ids"] += group.answers
            result["subject"] += [self._rows[group.row]["subject"]] * count
            result["index"] += [self._rows[group.row]["index"]] * count
        return {**result, "logprobs": None}

    def _sample(self, model: Any, rows: Sequence[int], count: int) -> list["_Group"]:
        """`count` judged answers to the problem of each row, all sampled side by side."""
        prompts = [self._encode(self._rows[row]["prompt"]) for row in rows]
        answers = prefix.generate(model, self._tokenizer, prompts, count, **self._options)
        shares = [answers[place * count : (place + 1) * count] for place in range(len(rows))]
        return [
            _Group(row, prompt, share, self._judge(row, share))
            for row, prompt, share in zip(rows, prompts, shares, strict=True)
        ]

    def _encode(self, messages: Sequence[Message]) -> list[int]:
        text = hf.write_chat(self._tokenizer, messages)
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _judge(self, number: int, answers: Sequence[Sequence[int]]) -> list[Verdict]:
        texts = self._tokenizer.batch_decode(answers, skip_special_tokens=True)
        row = self._rows[number]
        verdicts: list[Verdict] = self._scorer.judge(texts, [row["subject"]] * len(texts), [row["index"]] * len(texts))
        return verdicts


@dataclass(frozen=True)
class _Group:
    """All answers to one problem, as token ids, with their verdicts."""

    row: int
    prompt: list[int]
    answers: list[list[int]]
    verdicts: list[Verdict]


def is_flat(verdicts: Sequence[Verdict]) -> bool:
    """Whether all rewards are the same, up to `FLAT`."""
    rewards = [verdict.reward for verdict in verdicts]
    return max(rewards) - min(rewards) < FLAT


def _summarise(verdicts: Sequence[Verdict]) -> dict[str, float]:
    names = ["match"] if "match" in verdicts[0].terms else []
    means = {name: sum(verdict.terms[name] for verdict in verdicts) / len(verdicts) for name in names}
    return {"reward": sum(verdict.reward for verdict in verdicts) / len(verdicts), **means}
