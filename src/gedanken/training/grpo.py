"""Reinforcement with the simulator's reward: TRL's GRPO, one reward function a term, all from the task's own scorer."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gedanken import tasks
from gedanken.errors import UserError
from gedanken.models.backends import hf
from gedanken.training import lora, prefix, session, trainer
from gedanken.training.options import GRPOOptions
from gedanken.training.pairs import Source, write_rows
from gedanken.training.report import write_report
from gedanken.training.run import open_run
from gedanken.training.sampling import GroupSampler, MergedPolicy
from gedanken.training.scorer import Scorer


def train_grpo(options: GRPOOptions, progress: trainer.Progress = trainer.silence) -> Path:
    """Train on the simulator's reward; returns the folder of the trained adapter or model.

    A run that has come to its end is left as it is.

    Raises:
        UserError: a library is missing, the model is unknown, or memory ran out.
        TrainingStopped: the loss became NaN, or the run is dead and should be stopped then.
    """
    trainer.require_libraries()
    source = Source(options.task, options.subjects or (), options.instances, options=options.conditions)
    weights, base = lora.find_start(options.model, options.sft_checkpoint)
    folder = open_run(options.output_dir, "grpo", options.to_dict(), options.resume)
    if finished := session.find_finished(options, folder, base):
        return finished
    import datasets
    import trl
    import trl.chat_template_utils

    progress(0, options.num_steps, "posing problems")
    rows = datasets.Dataset.from_list(list(write_rows(source)))
    model, tokenizer = lora.open_trainable(options, weights)
    tokenizer.padding_side = "left"
    if not options.multi_turn:
        check_prompts(model, tokenizer, rows, options.max_new_tokens)
    judge = tasks.load(options.task, mode="training")
    ends = hf.end_tokens(model, tokenizer)
    scorer = Scorer(judge, source, folder, lambda ids: len(ids) >= options.max_new_tokens and ids[-1] not in ends)
    config = trl.GRPOConfig(
        **trainer.arguments(options, folder),
        max_steps=options.num_steps,
        num_generations=options.num_generations,
        max_completion_length=options.max_new_tokens,
        temperature=options.temperature,
        top_p=options.top_p,
        beta=options.beta,
        scale_rewards=options.scale_rewards,
        # An adapter of a warm start brings the dropout that it was trained with.
        disable_dropout=options.lora_dropout == 0,
        reward_weights=None if options.multi_turn else scorer.weights(),
        max_tool_calling_iterations=8 if options.multi_turn else None,
        use_vllm=_use_vllm(options.vllm),
    )
    mode: dict[str, Any] = {"reward_funcs": scorer.rewards()}
    if options.multi_turn:
        from gedanken.adapters import trl as adapter

        if not trl.chat_template_utils.supports_tool_calling(tokenizer):
            raise UserError(
                f"--multi-turn needs a chat template with tools, such as Qwen2.5's; {options.model}'s does not"
            )
        mode = {"environment_factory": adapter.environment_of(options.task)}
        rows = datasets.Dataset.from_list(list(write_episodes(source, adapter.request(options.task))))
    elif options.turns > 1 and (config.use_vllm or config.world_size > 1):
        raise UserError("--turns needs one process and --vllm off")
    elif not config.use_vllm and config.world_size == 1:
        # With several processes a group's answers may be spread over them, which TRL's own generation handles.
        mode["rollout_func"] = GroupSampler(
            MergedPolicy(model, weights, options),
            tokenizer,
            scorer,
            list(rows),
            tries=options.replace_flat,
            seed=options.seed,
            turns=options.turns,
            longest=_room(model, options.max_new_tokens),
            max_new_tokens=options.max_new_tokens,
            do_sample=True,
            temperature=options.temperature,
            top_p=options.top_p,
            top_k=0,
        )
    grpo = _trainer_class(scorer)(
        model=model,
        args=config,
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=[session.make_recorder(options, folder, tokenizer, progress)],
        **mode,
    )
    trainer.remove_printer(grpo)
    if options.eval_problems and folder.last_checkpoint() is None:
        progress(0, options.num_steps, "evaluating the start")
        session.run_evaluation(options, folder, model, tokenizer, 0)
    try:
        trainer.run_trainer(grpo, folder, options)
    except trainer.TrainingStopped:
        write_report(folder)
        raise
    return session.finish(grpo, tokenizer, folder, options, base, progress)


def _room(model: Any, answer: int) -> int | None:
    """The longest prompt that leaves room for an answer, in tokens; None where the model knows no limit."""
    limit = getattr(model.config, "max_position_embeddings", None)
    return None if limit is None else limit - answer


def check_prompts(model: Any, tokenizer: Any, rows: Iterable[Mapping[str, Any]], answer: int) -> None:
    """Refuse prompts that leave the model no room for an answer: its failure would be learnt from as rewards of 0.

    Raises:
        UserError: the longest prompt and `answer` tokens are more than the model reads; the message says how many.
    """
    room = _room(model, answer)
    if room is None:
        return
    texts = [hf.write_chat(tokenizer, row["prompt"]) for row in rows]
    longest = max(len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts)
    if longest > room:
        raise UserError(
            f"the longest prompt has {longest} tokens and an answer up to {answer} (--max-new-tokens), but the model "
            f"reads {room + answer}; show less (--with rows=10) or shorten the answers"
        )


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
        batch_keys: Sequence[tuple[str, int]] = ()

        def _generate_and_score_completions(self, inputs: Any) -> Any:
            # TRL hands a rollout function the prompts alone.
            if isinstance(self.rollout_func, GroupSampler):
                self.batch_keys = [(row["subject"], row["index"]) for row in inputs]
            return super()._generate_and_score_completions(inputs)

        def _generate(self, *arguments: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return super()._generate(*arguments, **options)
            finally:
                self.generation_seconds += time.perf_counter() - start

        def _get_per_token_logps_and_entropies(
            self, model: Any, input_ids: Any, attention_mask: Any, logits_to_keep: int, *arguments: Any, **options: Any
        ) -> Any:
            # Of several processes each wraps the model to share gradients.
            if not prefix.can_share(self.accelerator.unwrap_model(model)):
                return super()._get_per_token_logps_and_entropies(
                    model, input_ids, attention_mask, logits_to_keep, *arguments, **options
                )
            inputs, group_of, begin = prefix.pack(input_ids, attention_mask, logits_to_keep)
            with self.accelerator.autocast():
                output = model(**inputs, fused_lm_head=True)
            entropy = options.get("compute_entropy", False)
            return (
                prefix.unpack(output.log_probs, group_of, begin, logits_to_keep),
                prefix.unpack(output.entropy, group_of, begin, logits_to_keep) if entropy else None,
                None,
            )

        def log(self, logs: dict[str, Any], *arguments: Any, **options: Any) -> None:
            if "loss" in logs:
                logs["time/generation"], self.generation_seconds = self.generation_seconds, 0.0
                logs["time/scoring"] = scorer.take_seconds()
                if isinstance(self.rollout_func, GroupSampler):
                    logs["replaced"] = self.rollout_func.replaced
                    logs["turn"] = self.rollout_func.turn
                    logs |= {f"asked/{name}": value for name, value in self.rollout_func.asked.items()}
            super().log(logs, *arguments, **options)

    return ClockedGRPOTrainer


def _use_vllm(choice: str) -> bool:
    import importlib.util

    import torch

    usable = importlib.util.find_spec("vllm") is not None and torch.cuda.is_available()
    if choice == "on" and not usable:
        raise UserError("--vllm on needs a GPU and vLLM; install it with: pip install vllm")
    return usable and choice != "off"
