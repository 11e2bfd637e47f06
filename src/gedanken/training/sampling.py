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

MOST_OPEN = 32
"""Failed answers that wait for their next turn."""


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
        turn: mean number of the turn that the answers of the last call are of.
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
        turns: int = 1,
        longest: int | None = None,
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
            turns: answers of an episode: a group may answer what was said to a failed answer of an earlier group, and
                each turn gets as many groups as the first.
            longest: prompt in tokens that leaves room for an answer.
            options: of generation, as transformers takes them.
        """
        self._policy, self._tokenizer, self._scorer = policy, tokenizer, scorer
        self._rows = rows
        self._row_of = {(row["subject"], row["index"]): number for number, row in enumerate(rows)}
        self._tries, self._seed, self._options = tries, seed, options
        self._turns, self._longest = turns, longest
        # Failed answers that wait for a group: what was posed, and the answers so far. A resumed run begins without.
        self._open: list[_Place] = []
        self.replaced = 0
        self.turn = 1.0
        self.asked: dict[str, float] = {}

    def __call__(self, prompts: Sequence[Sequence[Message]], trainer: Any) -> dict[str, Any]:
        """Token ids of prompts and answers, and the problems that they belong to, for a step's prompts.

        Args:
            prompts: as TRL gives them; which problems they are is read from the trainer.
            trainer: with `batch_keys`, subject and index of every prompt, and `num_generations` answers to each.
        """
        count = trainer.num_generations
        model = self._policy.model()
        step = trainer.state.global_step
        places = self._take_open([_Place(self._row_of[key]) for key in trainer.batch_keys[::count]], step)
        training = model.training
        model.eval()
        groups: dict[int, _Group] = {}
        flat = list(range(len(places)))
        self.replaced = 0
        for attempt in range(self._tries + 1):
            for at, group in zip(flat, self._sample(model, [places[at] for at in flat], count), strict=True):
                groups[at] = group
            if attempt == 0:
                firsts = [groups[at] for at in flat if not groups[at].place.earlier] or list(groups.values())
                self.asked = _summarise([verdict for group in firsts for verdict in group.verdicts])
            flat = [at for at in flat if is_flat(groups[at].verdicts)]
            if not flat or attempt == self._tries:
                break
            # One stream for each attempt of each step: a resumed run draws the same problems.
            rng = stream("grpo replacement", self._seed, step, attempt)
            for at in flat:
                places[at] = _Place(int(rng.integers(len(self._rows))))
            self.replaced += len(flat)
        model.train(training)
        chosen = [groups[at] for at in range(len(places))]
        self._put_open(chosen, step)
        self.turn = 1.0 + sum(len(group.place.earlier) for group in chosen) / len(chosen)
        result: dict[str, Any] = {"prompt_ids": [], "completion_ids": [], "subject": [], "index": [], "earlier": []}
        for group in chosen:
            row = self._rows[group.place.row]
            result["prompt_ids"] += [group.prompt] * count
            result["completion_ids"] += group.answers
            result["subject"] += [row["subject"]] * count
            result["index"] += [row["index"]] * count
            result["earlier"] += [list(group.place.earlier)] * count
        return {**result, "logprobs": None}

    def _take_open(self, places: list["_Place"], step: int) -> list["_Place"]:
        """The places of a step, some of them given to episodes that wait for their next turn."""
        if self._turns == 1:
            return places
        rng = stream("grpo turns", self._seed, step)
        later = 1.0 - 1.0 / self._turns
        return [self._open.pop(0) if self._open and rng.random() < later else place for place in places]

    def _put_open(self, groups: Sequence["_Group"], step: int) -> None:
        """Let one failed answer of each group wait for its next turn."""
        rng = stream("grpo failures", self._seed, step)
        for group in groups:
            failed = [k for k, verdict in enumerate(group.verdicts) if not verdict.solved]
            # More is said to a law that can be simulated.
            failed = [k for k in failed if group.verdicts[k].error is None] or failed
            if len(group.place.earlier) + 1 >= self._turns or not failed:
                continue
            answer = self._tokenizer.decode(group.answers[int(rng.choice(failed))], skip_special_tokens=True)
            place = _Place(group.place.row, (*group.place.earlier, answer))
            if self._longest is None or len(self._encode(self._ask(place))) <= self._longest:
                self._open.append(place)
        # The oldest are of a policy that is no more.
        del self._open[:-MOST_OPEN]

    def _sample(self, model: Any, places: Sequence["_Place"], count: int) -> list["_Group"]:
        """`count` judged answers at each place, all sampled side by side."""
        prompts = [self._encode(self._ask(place)) for place in places]
        answers = prefix.generate(model, self._tokenizer, prompts, count, **self._options)
        shares = [answers[at * count : (at + 1) * count] for at in range(len(places))]
        return [
            _Group(place, prompt, share, self._judge(place, share))
            for place, prompt, share in zip(places, prompts, shares, strict=True)
        ]

    def _ask(self, place: "_Place") -> Sequence[Message]:
        row = self._rows[place.row]
        if not place.earlier:
            prompt: Sequence[Message] = row["prompt"]
            return prompt
        asked: Sequence[Message] = self._scorer.ask(row["subject"], row["index"], place.earlier)
        return asked

    def _encode(self, messages: Sequence[Message]) -> list[int]:
        text = hf.write_chat(self._tokenizer, messages)
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _judge(self, place: "_Place", answers: Sequence[Sequence[int]]) -> list[Verdict]:
        texts = self._tokenizer.batch_decode(answers, skip_special_tokens=True)
        row, count = self._rows[place.row], len(texts)
        verdicts: list[Verdict] = self._scorer.judge(
            texts, [row["subject"]] * count, [row["index"]] * count, [place.earlier] * count
        )
        return verdicts


@dataclass(frozen=True)
class _Place:
    """What a group answers: a problem, and the answers before."""

    row: int
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    """All answers at one place, as token ids, with their verdicts."""

    place: _Place
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
