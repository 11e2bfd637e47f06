"""What reading a prompt once saves in a GRPO step: generation and update, with and without, side by side.

python benchmarks/grpo_step.py                          # SmolLM2-135M, 4 and 8 answers to a problem
python benchmarks/grpo_step.py --model PATH --rounds 5

"Apart" is what TRL does by itself: the policy with its adapter unmerged writes every answer behind a prompt of its own,
and the update reads the prompt once an answer. "Shared" is `gedanken.training.prefix` with a merged copy of the
policy. Rounds take turns and the median counts; both ways see the same tokens, and the largest difference of their log
probabilities is printed beside the ratio (in bfloat16, so it is rounding).
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gedanken import tasks
from gedanken.models import loading
from gedanken.models.backends import hf
from gedanken.training import lora, prefix, trainer
from gedanken.training.options import GRPOOptions
from gedanken.training.pairs import Source
from gedanken.training.sampling import MergedPolicy


def clock(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def measure(model: str, count: int, rounds: int, length: int) -> dict[str, Any]:
    options = GRPOOptions(model=model, output_dir=Path("unused"), lora_r=16)
    weights = loading.find(model)
    policy, tokenizer = lora.open_trainable(options, weights)
    if not prefix.can_share(policy):
        raise SystemExit(f"{model} has other layers than full attention, so its prompts are not shared")
    merged = MergedPolicy(policy, weights, options)
    source = Source("discover", ("damped_spring",), 1, options={"rows": 8, "noise": 0.02})
    judge = tasks.load("discover", mode="training")
    text = hf.write_chat(tokenizer, judge.ask(source.pose(judge, *source.keys()[0])))
    prompt = tokenizer(text, add_special_tokens=False)["input_ids"]
    # All answers have the full length, so that both ways write equally much.
    sampling = {"max_new_tokens": length, "min_new_tokens": length, "do_sample": True, "top_k": 0}
    alone = torch.tensor([prompt] * count, device=policy.device)

    def write_apart() -> Any:
        with torch.inference_mode():
            return policy.eval().generate(
                input_ids=alone, attention_mask=torch.ones_like(alone), pad_token_id=tokenizer.pad_token_id, **sampling
            )

    def write_shared() -> Any:
        return prefix.generate(merged.model(), tokenizer, [prompt], count, **sampling)

    ids = torch.cat([alone, torch.tensor(write_shared(), device=policy.device)], 1)
    mask = torch.ones_like(ids)

    def update(shared: bool) -> torch.Tensor:
        policy.train().zero_grad()
        with torch.autocast(policy.device.type, torch.bfloat16):
            if shared:
                inputs, group_of, begin = prefix.pack(ids, mask, length)
                labels = inputs.pop("shift_labels")
                hidden = policy.base_model.model.model(**inputs, use_cache=False).last_hidden_state
                chosen = _log_probs(policy, hidden, labels)
                found = prefix.unpack(chosen, group_of, begin, length)
            else:
                labels = torch.full_like(ids, prefix.IGNORED)
                labels[:, -length - 1 : -1] = ids[:, -length:]
                hidden = policy.base_model.model.model(input_ids=ids, use_cache=False).last_hidden_state
                found = _log_probs(policy, hidden, labels)[:, -length - 1 : -1]
        found.sum().backward()
        return found.detach()

    ways: dict[str, Callable[[], Any]] = {
        "write apart": write_apart,
        "write shared": write_shared,
        "update apart": lambda: update(False),
        "update shared": lambda: update(True),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    made: dict[str, Any] = {}
    for turn in range(rounds + 1):
        for name, work in ways.items():
            spent, made[name] = clock(work)
            if turn:  # the first warms up
                seconds[name].append(spent)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    whole = {way: median[f"write {way}"] + median[f"update {way}"] for way in ("apart", "shared")}
    return {
        "answers": count,
        "prompt tokens": len(prompt),
        "answer tokens": length,
        "seconds": {name: round(value, 3) for name, value in median.items()},
        "ratio of writing": round(median["write apart"] / median["write shared"], 2),
        "ratio of the update": round(median["update apart"] / median["update shared"], 2),
        "ratio of the step": round(whole["apart"] / whole["shared"], 2),
        "largest difference": float((made["update apart"] - made["update shared"]).abs().max()),
    }


def _log_probs(policy: Any, hidden: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Of the labels where there are any; the head reads those positions only, as TRL's does."""
    there = labels != prefix.IGNORED
    logits = policy.get_output_embeddings()(hidden[there]).float()
    chosen = logits.log_softmax(-1).gather(-1, labels[there][:, None])[:, 0]
    return torch.zeros(labels.shape, device=labels.device).masked_scatter(there, chosen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--answers", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--length", type=int, default=48, help="tokens of an answer")
    options = parser.parse_args()
    trainer.quiet_libraries()
    for count in options.answers:
        print(json.dumps(measure(options.model, count, options.rounds, options.length)), flush=True)


if __name__ == "__main__":
    main()
