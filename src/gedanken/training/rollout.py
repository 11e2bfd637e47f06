"""How GRPO's answers are written: by a merged copy of the policy, to problems that can teach something."""

from collections.abc import Mapping, Sequence
from typing import Any

from gedanken.loop import Message, Verdict
from gedanken.models import loading
from gedanken.models.backends import hf
from gedanken.seeding import stream
from gedanken.training import prefix
from gedanken.training.options import Options

# Rewards closer than this are one reward: between laws that are all right, what differs is the noise in the record.
SAME = 0.05


class Writer:
    """A copy of the policy with its adapter merged, which writes faster; for a policy without adapter, itself."""

    def __init__(self, policy: Any, weights: loading.Weights, options: Options):
        """A writer for `policy`, which started from `weights`."""
        self._policy = policy
        self._copy: Any = None
        if hasattr(policy, "peft_config"):
            plain = loading.Weights(weights.base, None, weights.name)
            self._copy, _ = hf.open_model(plain, device=options.device, dtype=options.dtype)

    def model(self) -> Any:
        """The model as it writes now: call it again after every update."""
        if self._copy is None:
            return self._policy
        import torch

        # The base's weights are added to anew each time: merging and unmerging in place would wear them off.
        with torch.no_grad():
            for name, layer in self._policy.named_modules():
                if hasattr(layer, "get_delta_weight") and layer.active_adapters:
                    place = self._copy.get_submodule(name.removeprefix("base_model.model."))
                    changed = layer.base_layer.weight.float()
                    for adapter in layer.active_adapters:
                        changed = changed + layer.get_delta_weight(adapter).float()
                    place.weight.copy_(changed)
        return self._copy


class Rollout:
    """TRL's `rollout_func`: the answers of a step, where problems whose answers all got one reward give way to others.

    A group of equal rewards has no advantages, so its update would change nothing (Yu et al., DAPO, 2025, section 3.2,
    leaves such groups out, too).

    Attributes:
        replaced: problems that gave way in the last call, for the log.
        asked: mean reward and match of the first answers of the last call, to the problems whose turn it was. What is
            learnt from is selected, so its mean is not how good the policy is.
    """

    def __init__(
        self,
        writer: Writer,
        tokenizer: Any,
        scorer: Any,
        rows: Sequence[Mapping[str, Any]],
        *,
        tries: int,
        seed: int,
        **options: Any,
    ):
        """Answers to the problems of `rows`.

        Args:
            writer: who writes.
            tokenizer: the policy's.
            scorer: who judges (`grpo.Scorer`).
            rows: the data set: `prompt`, `subject` and `index` of every problem.
            tries: other problems that are tried in place of one without differences; 0 keeps it.
            seed: names the choice of the others.
            options: of generation, as transformers takes them.
        """
        self._writer, self._tokenizer, self._scorer = writer, tokenizer, scorer
        self._rows = rows
        self._key_of = {_text(row["prompt"]): k for k, row in enumerate(rows)}
        self._tries, self._seed, self._options = tries, seed, options
        self.replaced = 0
        self.asked: dict[str, float] = {}

    def __call__(self, prompts: Sequence[Sequence[Message]], trainer: Any) -> dict[str, Any]:
        """Token ids of prompts and answers, and the problems that they belong to, for a step's prompts."""
        count = trainer.num_generations
        model = self._writer.model()
        chosen = [self._key_of[_text(prompt)] for prompt in prompts[::count]]
        training = model.training
        model.eval()
        written: dict[int, tuple[int, list[int], list[list[int]]]] = {}
        waiting = list(range(len(chosen)))
        self.replaced = 0
        for attempt in range(self._tries + 1):
            asked = [self._encode(self._rows[chosen[group]]["prompt"]) for group in waiting]
            answers = prefix.generate(model, self._tokenizer, asked, count, **self._options)
            for place, group in enumerate(waiting):
                written[group] = (chosen[group], asked[place], answers[place * count : (place + 1) * count])
            verdicts = [self._judge(chosen[group], written[group][2]) for group in waiting]
            if attempt == 0:
                self.asked = _summarise([verdict for group in verdicts for verdict in group])
            waiting = [group for group, found in zip(waiting, verdicts, strict=True) if _is_flat(found)]
            if not waiting or attempt == self._tries:
                break
            # One stream for each attempt of each step: a resumed run draws the same problems.
            rng = stream("grpo replacement", self._seed, trainer.state.global_step, attempt)
            for group in waiting:
                chosen[group] = int(rng.integers(len(self._rows)))
            self.replaced += len(waiting)
        model.train(training)
        result: dict[str, Any] = {"prompt_ids": [], "completion_ids": [], "subject": [], "index": []}
        for group in range(len(chosen)):
            key, asked_ids, group_answers = written[group]
            result["prompt_ids"] += [asked_ids] * count
            result["completion_ids"] += group_answers
            result["subject"] += [self._rows[key]["subject"]] * count
            result["index"] += [self._rows[key]["index"]] * count
        return {**result, "logprobs": None}

    def _encode(self, messages: Sequence[Message]) -> list[int]:
        text = hf.write_chat(self._tokenizer, messages)
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _judge(self, key: int, answers: Sequence[Sequence[int]]) -> list[Verdict]:
        texts = self._tokenizer.batch_decode(answers, skip_special_tokens=True)
        row = self._rows[key]
        verdicts: list[Verdict] = self._scorer.judge(texts, [row["subject"]] * len(texts), [row["index"]] * len(texts))
        return verdicts


def _is_flat(verdicts: Sequence[Verdict]) -> bool:
    rewards = [verdict.reward for verdict in verdicts]
    return max(rewards) - min(rewards) < SAME


def _summarise(verdicts: Sequence[Verdict]) -> dict[str, float]:
    names = ["match"] if "match" in verdicts[0].terms else []
    means = {name: sum(verdict.terms[name] for verdict in verdicts) / len(verdicts) for name in names}
    return {"reward": sum(verdict.reward for verdict in verdicts) / len(verdicts), **means}


def _text(messages: Sequence[Message]) -> str:
    return "\n".join(message["content"] for message in messages)
