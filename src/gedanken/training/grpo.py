"""Reinforcement with the simulator's reward: TRL's GRPO, one reward function a term, all from the task's own scorer."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gedanken import tasks
from gedanken.errors import UserError
from gedanken.loop import Problem, Task, Verdict
from gedanken.models import loading
from gedanken.training import lora, prefix, session
from gedanken.training.options import Options
from gedanken.training.pairs import Source, write_rows
from gedanken.training.rollout import Rollout, Writer
from gedanken.training.run import RunFolder, open_run

Reward = Callable[..., list[float]]


@dataclass(frozen=True, kw_only=True)
class GRPOOptions(Options):
    """Options of `train grpo`.

    Attributes:
        sft_checkpoint: run folder, adapter or merged model of the warm start; None to start from the base.
        num_steps: optimizer steps.
        num_generations: answers to each problem, which are compared with each other.
        temperature: of sampling.
        top_p: of sampling.
        replace_flat: other problems that are tried in place of one whose answers all got the same reward; 0 keeps it.
        scale_rewards: what advantages are divided by: the spread of the `group`'s rewards or of the `batch`'s, or
            nothing (`none`; Liu et al., Understanding R1-Zero-like training, 2025, section 3). `group` makes a slightly
            shorter law among right ones weigh as much as a right one among wrong ones.
        beta: weight of the divergence from the start; 0 keeps no reference model.
        multi_turn: play whole episodes through the environment instead of single answers; needs a chat template with
            tools.
        vllm: `auto` uses vLLM where it is installed beside a GPU, else `on` or `off`.
    """

    sft_checkpoint: Path | None = None
    num_steps: int = 200
    num_generations: int = 4
    temperature: float = 1.0
    top_p: float = 1.0
    replace_flat: int = 2
    scale_rewards: str = "group"
    beta: float = 0.0
    multi_turn: bool = False
    vllm: str = "auto"

    def __post_init__(self) -> None:
        Options.__post_init__(self)
        session.check_steps(self.num_steps, "--num-steps")
        if self.num_generations < 2:
            raise UserError(
                f"--num-generations must be at least 2, since answers are compared; not {self.num_generations}"
            )
        if self.replace_flat < 0:
            raise UserError(f"--replace-flat must be 0 or more, not {self.replace_flat}")
        answers = self.batch_size * self.grad_accum
        if answers % self.num_generations:
            raise UserError(
                f"a step takes {answers} answers (--batch-size times --grad-accum), which must be a "
                f"multiple of --num-generations {self.num_generations}"
            )
        if self.scale_rewards not in ("group", "batch", "none"):
            raise UserError(f"--scale-rewards is group, batch or none, not {self.scale_rewards!r}")
        if self.vllm not in ("auto", "on", "off"):
            raise UserError(f"--vllm is auto, on or off, not {self.vllm!r}")


class Scorer:
    """Judges the answers of a step in one batch call, once, however many terms ask.

    Attributes:
        seconds: time spent on scoring since `take_seconds`.
    """

    def __init__(self, task: Task, source: Source, folder: RunFolder | None = None):
        """A scorer of `source`'s problems; with a folder, answers and rewards are kept in its `samples.jsonl`."""
        self.task, self.source, self.folder = task, source, folder
        self.seconds = 0.0
        self._problems: dict[tuple[str, int], Problem] = {}
        self._last: tuple[object, list[Verdict]] = (None, [])

    def rewards(self) -> list[Reward]:
        """One function a term that carries a weight, named after it."""
        return [self._reward(name) for name in self.task.weights]

    def weights(self) -> list[float]:
        """The terms' weights, in the order of `rewards`."""
        return list(self.task.weights.values())

    def score(self, completions: Sequence[Any], subject: Sequence[str], index: Sequence[int]) -> list[Verdict]:
        """The verdicts on a batch of completions; repeated questions about the same batch cost nothing."""
        answers = [read_completion(completion) for completion in completions]
        asked = (tuple(answers), tuple(subject), tuple(index))
        if self._last[0] != asked:
            self._last = (asked, self.judge(answers, subject, index))
            self._keep(answers, subject, index, self._last[1])
        return self._last[1]

    def judge(self, answers: Sequence[str], subject: Sequence[str], index: Sequence[int]) -> list[Verdict]:
        """The verdicts on answers that need not count: nothing is kept, only the clock runs."""
        start = time.perf_counter()
        problems = [self._pose(name, int(k)) for name, k in zip(subject, index, strict=True)]
        verdicts = self.task.verify_batch(problems, answers)
        self.seconds += time.perf_counter() - start
        return verdicts

    def take_seconds(self) -> float:
        """Time spent since the last call."""
        spent, self.seconds = self.seconds, 0.0
        return spent

    def _pose(self, subject: str, index: int) -> Problem:
        key = (subject, index)
        if key not in self._problems:
            self._problems[key] = self.source.pose(self.task, subject, index)
        return self._problems[key]

    def _reward(self, term: str) -> Reward:
        def reward(
            prompts: Sequence[Any], completions: Sequence[Any], subject: Sequence[str], index: Sequence[int], **_: Any
        ) -> list[float]:
            # A term that raises stops the run: TRL passes the exception on, and nothing here catches it.
            return [float(verdict.terms[term]) for verdict in self.score(completions, subject, index)]

        reward.__name__ = term
        return reward

    def _keep(
        self, answers: Sequence[str], subject: Sequence[str], index: Sequence[int], verdicts: Sequence[Verdict]
    ) -> None:
        if self.folder is None:
            return
        with (self.folder.path / "samples.jsonl").open("ab") as file:
            for answer, name, k, verdict in zip(answers, subject, index, verdicts, strict=True):
                line = {"subject": name, "index": k, "answer": answer, "reward": verdict.reward, "error": verdict.error}
                file.write(orjson.dumps(line) + b"\n")


def read_completion(completion: Any) -> str:
    """The text of a completion: plain, or the last message of a conversation."""
    if isinstance(completion, str):
        return completion
    return str(completion[-1].get("content") or "") if completion else ""


def train_grpo(options: GRPOOptions, progress: session.Progress = lambda done, total, note: None) -> Path:
    """Train on the simulator's reward; returns the folder of the trained adapter or model.

    Raises:
        UserError: a library is missing, the model is unknown, or memory ran out.
        TrainingStopped: the loss became NaN.
    """
    for library in ("torch", "transformers", "trl", "peft", "datasets"):
        loading.require(library)
    session.quiet_libraries()
    source = Source(options.task, options.subjects or (), options.instances, options=options.conditions)
    weights, base = lora.find_start(options.model, options.sft_checkpoint)
    folder = open_run(options.output_dir, "grpo", options.to_dict(), options.resume)
    import datasets
    import trl
    import trl.chat_template_utils

    progress(0, options.num_steps, "posing problems")
    rows = datasets.Dataset.from_list(list(write_rows(source)))
    model, tokenizer = lora.open_trainable(options, weights)
    tokenizer.padding_side = "left"
    judge = tasks.load(options.task, mode="training")
    scorer = Scorer(judge, source, folder)
    config = trl.GRPOConfig(
        **session.arguments(options, folder),
        max_steps=options.num_steps,
        num_generations=options.num_generations,
        max_completion_length=options.max_new_tokens,
        temperature=options.temperature,
        top_p=options.top_p,
        beta=options.beta,
        scale_rewards=options.scale_rewards,
        reward_weights=None if options.multi_turn else scorer.weights(),
        max_tool_calling_iterations=8 if options.multi_turn else None,
        use_vllm=_use_vllm(options.vllm),
    )
    what: dict[str, Any] = {"reward_funcs": scorer.rewards()}
    if options.multi_turn:
        from gedanken.adapters import trl as adapter

        if not trl.chat_template_utils.supports_tool_calling(tokenizer):
            raise UserError(
                f"--multi-turn needs a chat template with tools, such as Qwen2.5's; {options.model}'s does not"
            )
        what = {"environment_factory": adapter.environment_of(options.task)}
        rows = datasets.Dataset.from_list(list(write_episodes(source, adapter.request(options.task))))
    elif not config.use_vllm and config.world_size == 1:
        # With several processes a group's answers may lie in more than one of them, which TRL's own way knows.
        what["rollout_func"] = Rollout(
            Writer(model, weights, options),
            tokenizer,
            scorer,
            list(rows),
            tries=options.replace_flat,
            seed=options.seed,
            max_new_tokens=options.max_new_tokens,
            do_sample=True,
            temperature=options.temperature,
            top_p=options.top_p,
            top_k=0,
        )
    trainer = _trainer_class(scorer)(
        model=model,
        args=config,
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=[session.make_callback(options, folder, tokenizer, progress)],
        **what,
    )
    session.remove_printer(trainer)
    if options.eval_problems and folder.last_checkpoint() is None:
        progress(0, options.num_steps, "evaluating the start")
        session.run_evaluation(options, folder, model, tokenizer, 0)
    session.run_trainer(trainer, folder, options)
    return session.finish(trainer, tokenizer, folder, options, base, progress)


def write_episodes(source: Source, request: str) -> Iterator[dict[str, Any]]:
    """Rows for multi-turn training: a request, and the problem's name as the environment's `reset` takes it."""
    keys = source.keys()
    for subject, index in keys:
        yield {
            "prompt": [{"role": "user", "content": request}],
            "subject": subject,
            "split": source.split,
            "index": index,
            **source.options,
        }


def _trainer_class(scorer: Scorer) -> Any:
    """TRL's trainer with a clock (what a step spends on generation and on scoring), reading each prompt once."""
    import trl

    class ClockedGRPOTrainer(trl.GRPOTrainer):  # type: ignore[misc]
        generation_seconds = 0.0

        def _generate(self, *arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return super()._generate(*arguments, **options)
            finally:
                self.generation_seconds += time.perf_counter() - start

        def _get_per_token_logps_and_entropies(
            self, model: Any, input_ids: Any, attention_mask: Any, logits_to_keep: int, *arguments: Any, **options: Any
        ) -> Any:
            if not prefix.can_share(model):
                return super()._get_per_token_logps_and_entropies(
                    model, input_ids, attention_mask, logits_to_keep, *arguments, **options
                )
            inputs, group_of, begin = prefix.pack(input_ids, attention_mask, logits_to_keep)
            with self.accelerator.autocast():
                found = model(**inputs, fused_lm_head=True)
            entropy = options.get("compute_entropy", False)
            return (
                prefix.unpack(found.log_probs, group_of, begin, logits_to_keep),
                prefix.unpack(found.entropy, group_of, begin, logits_to_keep) if entropy else None,
                None,
            )

        def log(self, logs: dict[str, Any], *arguments: Any, **options: Any) -> None:
            if "loss" in logs:
                logs["time/generation"], self.generation_seconds = self.generation_seconds, 0.0
                logs["time/scoring"] = scorer.take_seconds()
                if isinstance(self.rollout_func, Rollout):
                    logs["replaced"] = self.rollout_func.replaced
                    logs |= {f"asked/{name}": value for name, value in self.rollout_func.asked.items()}
            super().log(logs, *arguments, **options)

    return ClockedGRPOTrainer


def _use_vllm(choice: str) -> bool:
    import importlib.util

    import torch

    there = importlib.util.find_spec("vllm") is not None and torch.cuda.is_available()
    if choice == "on" and not there:
        raise UserError("--vllm on needs a GPU and vLLM; install it with: pip install vllm")
    return there and choice != "off"
