"""What SFT, GRPO and the curriculum share while a trainer runs: its arguments, its callbacks, its end."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gedanken.errors import GedankenError, PlayerError, UserError
from gedanken.models import loading
from gedanken.models.backends import hf
from gedanken.seeding import digest
from gedanken.training.evaluate import evaluate, evaluation_sources, summarise, summarise_subjects
from gedanken.training.options import Options
from gedanken.training.run import RunFolder

Progress = Callable[[int, int, str], None]

# The frozen suite of each task, of which a run plays some at its end.
SUITES = {"discover": "seed8", "predict": "heldout6"}


class TrainingStopped(GedankenError):
    """A run that must not go on: its loss is not a number any more."""


def arguments(options: Options, folder: RunFolder) -> dict[str, Any]:
    """Arguments of transformers' trainers that all runs share."""
    import torch

    device = torch.device(options.device or hf.best_device())
    tracker = options.report_to
    if tracker != "none":
        _require_tracker(tracker)
    half = hf.fast_dtype(device.type) if options.dtype == "auto" else options.dtype
    return {
        "output_dir": str(folder.checkpoints),
        "learning_rate": options.learning_rate,
        "warmup_steps": options.warmup_steps,
        "per_device_train_batch_size": options.batch_size,
        "gradient_accumulation_steps": options.grad_accum,
        "gradient_checkpointing": options.gradient_checkpointing,
        "optim": _optimizer(options.optimizer, device.type),
        "bf16": half == "bfloat16",
        "fp16": half == "float16",
        "use_cpu": device.type == "cpu",
        "seed": digest("training", options.task, options.seed) % 2**31,
        "save_steps": options.save_steps,
        "save_total_limit": 3,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
        "dataloader_pin_memory": device.type == "cuda",
        "report_to": [] if tracker == "none" else [tracker],
    }


def make_callback(options: Options, folder: RunFolder, tokenizer: Any, progress: Progress) -> Any:
    """A callback that records every measurement, evaluates on held-out problems, and stops a run whose loss is NaN."""
    import transformers

    class Recorder(transformers.TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.began = 0.0
            self.loss = float("nan")

        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.began = time.perf_counter()

        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            self.seconds = time.perf_counter() - self.began
            if options.eval_steps and state.global_step % options.eval_steps == 0:
                run_evaluation(options, folder, model, tokenizer, state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if not logs or "loss" not in logs:
                return
            if not math.isfinite(logs["loss"]) or not math.isfinite(logs.get("grad_norm", 0.0)):
                last = folder.last_checkpoint()
                kept = f"the last good checkpoint is {last}" if last else "there is no checkpoint yet"
                raise TrainingStopped(
                    f"the loss or its gradient is not a number at step {state.global_step}; {kept}; "
                    "lower --learning-rate and resume"
                )
            folder.log(state.global_step, {"kind": "train", **logs, "step_seconds": round(self.seconds, 3)})
            note = f"loss {logs['loss']:.3f}" + (f"  reward {logs['reward']:.3f}" if "reward" in logs else "")
            progress(state.global_step, state.max_steps, f"{note}  {self.seconds:.1f} s/step")

    return Recorder()


def run_evaluation(
    options: Options, folder: RunFolder, model: Any, tokenizer: Any, step: int, turns: int = 1
) -> dict[str, Any]:
    """Play the fixed held-out problems with the model as it is, and record how it did."""
    if not options.eval_problems:
        return {}
    training = model.training
    model.eval()
    side, cache = tokenizer.padding_side, model.config.use_cache
    model.config.use_cache = True
    try:
        player = hf.HFPlayer(model, tokenizer, max_tokens=options.max_new_tokens)
        outcomes = evaluate(
            player, evaluation_sources(options.task, options.eval_problems, options.conditions), turns=turns
        )
    finally:
        tokenizer.padding_side, model.config.use_cache = side, cache
        model.train(training)
    summary = summarise(outcomes)
    groups = {
        "trained": [outcome for outcome in outcomes if not outcome.held_out],
        "held_out": [outcome for outcome in outcomes if outcome.held_out],
    }
    parts = {name: summarise(some) for name, some in groups.items() if some}
    folder.log(step, {"kind": "eval", **summary, **parts, "subjects": summarise_subjects(outcomes)})
    with (folder.path / "samples.jsonl").open("ab") as file:
        import orjson

        for outcome in outcomes:
            file.write(orjson.dumps({"step": step, **asdict(outcome)}) + b"\n")
    return summary


def run_trainer(trainer: Any, folder: RunFolder, options: Options) -> None:
    """Train, from the last checkpoint when the options say so.

    Raises:
        UserError: memory ran out.
        TrainingStopped: the loss became NaN.
    """
    checkpoint = folder.last_checkpoint() if options.resume else None
    with memory_advice(options):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


@contextmanager
def memory_advice(options: Options) -> Iterator[None]:
    """Turn running out of memory into a sentence that says which option to lower."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError) as error:
        said = str(error).lower()
        if not isinstance(error, torch.OutOfMemoryError) and not (
            "out of memory" in said or "can't allocate memory" in said or "not enough memory" in said
        ):
            raise
        raise UserError(
            f"memory ran out; lower --batch-size (now {options.batch_size}) and raise --grad-accum, shorten the "
            "prompts (--with rows=8), or use --gradient-checkpointing"
        ) from error


def check_steps(value: int, name: str) -> int:
    """A number of steps that makes sense.

    Raises:
        UserError: it is below 1.
    """
    if value < 1:
        raise UserError(f"{name} must be at least 1, not {value}")
    return value


def _optimizer(name: str, device: str) -> str:
    """The trainer's name of the optimizer."""
    import importlib.util

    if name != "auto":
        return name
    return "adamw_8bit" if device == "cuda" and importlib.util.find_spec("bitsandbytes") else "adamw_torch"


def _require_tracker(name: str) -> None:
    import importlib.util
    import os

    if importlib.util.find_spec(name) is None:
        raise UserError(f"--report-to {name} needs {name}; install it with: pip install {name}")
    # Trackers write to files here unless their own variables say otherwise.
    os.environ.setdefault("WANDB_MODE", "offline")


def quiet_libraries() -> None:
    """Leave the terminal to the progress bar."""
    import logging
    import os
    import warnings

    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    loading.require("transformers").utils.logging.set_verbosity_error()
    for name in ("trl", "accelerate", "peft"):
        logging.getLogger(name).setLevel(logging.ERROR)
    loading.require("datasets").disable_progress_bars()
    for category in (FutureWarning, DeprecationWarning):
        warnings.filterwarnings("ignore", category=category, module=r"(transformers|trl|peft|accelerate|torch)(\..*)?")
    warnings.filterwarnings("ignore", message="Unable to fetch remote file|Could not find a config file", module="peft")


def remove_printer(trainer: Any) -> None:
    """Without a bar of its own, a trainer prints every measurement; ours are in the folder and in the progress bar."""
    import transformers

    trainer.remove_callback(transformers.PrinterCallback)


def finish(trainer: Any, tokenizer: Any, folder: RunFolder, options: Options, base: str, progress: Progress) -> Path:
    """Save what was trained, evaluate it, and write curves and model card."""
    from gedanken.training import lora
    from gedanken.training.report import write_report

    model = trainer.accelerator.unwrap_model(trainer.model)
    step = trainer.state.global_step
    progress(step, trainer.state.max_steps, "saving")
    saved = lora.save_model(model, tokenizer, folder, base)
    if not options.eval_steps or step % options.eval_steps:
        progress(step, trainer.state.max_steps, "evaluating")
        with memory_advice(options):
            run_evaluation(options, folder, model, tokenizer, step)
    if options.merge:
        lora.save_merged(model, tokenizer, folder)
    if options.bench_problems:
        progress(step, trainer.state.max_steps, "benchmark")
        with memory_advice(options):
            run_bench(options, folder, saved, base)
    write_report(folder)
    return saved


def run_bench(options: Options, folder: RunFolder, saved: Path, base: str) -> None:
    """Play some of the task's frozen suite with what was trained, by the code of `gedanken bench`; rows go to `bench/`.

    A model that cannot play it (its context is too short for ten frames, say) has that recorded instead.
    """
    player = f"hf:{base}+{saved}" if (saved / "adapter_config.json").is_file() else f"hf:{saved}"
    suite, conditions = SUITES[options.task], options.conditions
    line: dict[str, Any] = {"kind": "bench", "suite": suite}
    last = max((each["step"] for each in folder.metrics()), default=0)
    try:
        if options.task == "discover":
            from gedanken.bench import discover

            result = discover.run(
                suite,
                player,
                noise=float(conditions.get("noise", 0.05)),
                rows=conditions.get("rows"),
                problems=options.bench_problems,
                out=folder.path / "bench",
            )
            line |= {name: result[name] for name in ("n", "solved", "generalises", "form")}
        else:
            from gedanken.bench import predict

            result = predict.run(
                suite,
                [player],
                scenes=options.bench_problems,
                horizons=(1,),
                format=str(conditions.get("format", "v1")),
                out=folder.path / "bench",
            )
            kept = ("coverage", "velocity_rmse", "velocity_rmse_ci", "skill", "skill_ci")
            line |= {"n": result["n"], "players": {}}
            for row in result["rows"]:
                if row["scenario"] == "all":
                    name = "this model" if row["player"] == player else row["player"]
                    line["players"][name] = {key: row[key] for key in kept}
    except PlayerError as fault:
        line["error"] = str(fault)
    folder.log(last, line)
