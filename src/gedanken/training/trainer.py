"""What SFT, GRPO and the curriculum share of transformers' trainers: arguments, a callback, errors, output."""

import importlib.util
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gedanken.errors import GedankenError, UserError
from gedanken.models import loading
from gedanken.models.backends import hf
from gedanken.seeding import digest
from gedanken.training.options import Options
from gedanken.training.run import RunFolder

Progress = Callable[[int, int, str], None]
LIBRARIES = ("torch", "transformers", "trl", "peft", "datasets")
# What PyTorch says when an allocation fails; on a processor it is a plain RuntimeError.
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def silence(done: int, total: int, note: str) -> None:
    """Report no progress."""


class TrainingStopped(GedankenError):
    """A run was stopped: its loss or gradient became NaN or infinite, or it is dead and should be stopped then."""


def require_libraries() -> None:
    """Import what training needs, and keep the libraries from printing over the progress bar.

    Raises:
        UserError: one is not installed.
    """
    for library in LIBRARIES:
        loading.require(library)
    quiet_libraries()


def quiet_libraries() -> None:
    """Keep the libraries from printing over the progress bar."""
    import logging
    import warnings

    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    loading.require("transformers").utils.logging.set_verbosity_error()
    for name in ("trl", "accelerate", "peft"):
        logging.getLogger(name).setLevel(logging.ERROR)
    loading.require("datasets").disable_progress_bars()
    for category in (FutureWarning, DeprecationWarning):
        warnings.filterwarnings("ignore", category=category, module=r"(transformers|trl|peft|accelerate|torch)(\..*)?")
    warnings.filterwarnings("ignore", message="Unable to fetch remote file|Could not find a config file", module="peft")


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


def make_callback(
    folder: RunFolder,
    progress: Progress,
    evaluate: Callable[[Any, int], None] = lambda model, step: None,
    watch: Callable[[int, Mapping[str, Any]], str] = lambda step, logs: "",
) -> Any:
    """A callback that records every step in the run's folder and stops a run whose loss is NaN.

    Args:
        folder: the run's.
        progress: told of every step.
        evaluate: called with the model and the number of steps taken, after each.
        watch: called with the step and its measurements once they are recorded; its note is shown by `progress`.
    """
    import transformers

    class Recorder(transformers.TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.began = 0.0
            self.seconds = 0.0

        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.began = time.perf_counter()

        def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            self.seconds = time.perf_counter() - self.began
            evaluate(model, state.global_step)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            if not logs or "loss" not in logs:
                return
            if not math.isfinite(logs["loss"]) or not math.isfinite(logs.get("grad_norm", 0.0)):
                last = folder.last_checkpoint()
                where = f"the last good checkpoint is {last}" if last else "there is no checkpoint yet"
                raise TrainingStopped(
                    f"the loss or its gradient is not a number at step {state.global_step}; {where}; "
                    "lower --learning-rate and resume"
                )
            folder.log(state.global_step, {"kind": "train", **logs, "step_seconds": round(self.seconds, 3)})
            note = f"loss {logs['loss']:.3f}" + (f"  reward {logs['reward']:.3f}" if "reward" in logs else "")
            warning = watch(state.global_step, logs)
            note += f"  {self.seconds:.1f} s/step" + (f"  {warning}" if warning else "")
            progress(state.global_step, state.max_steps, note)

    return Recorder()


def remove_printer(trainer: Any) -> None:
    """Keep a trainer from printing every measurement; they are in the run's folder and in the progress bar."""
    import transformers

    trainer.remove_callback(transformers.PrinterCallback)


def run_trainer(trainer: Any, folder: RunFolder, options: Options) -> None:
    """Train, from the last checkpoint when the options say so.

    Raises:
        UserError: memory ran out.
        TrainingStopped: the loss became NaN, or the run is dead and should be stopped then.
    """
    import transformers

    checkpoint = folder.last_checkpoint() if options.resume else None
    if checkpoint is not None:
        state = transformers.TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
        if state.global_step >= state.max_steps:
            # The trainer looks for the end behind a step, so it would train one step more.
            trainer._load_from_checkpoint(str(checkpoint))
            trainer.state = state
            return
    with memory_advice(options):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


@contextmanager
def memory_advice(options: Options) -> Iterator[None]:
    """Turn running out of memory into a sentence that says which option to lower."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, RuntimeError) as error:
        message = str(error).lower()
        if not isinstance(error, torch.OutOfMemoryError) and not any(words in message for words in OUT_OF_MEMORY):
            raise
        raise UserError(
            f"memory ran out; lower --batch-size (now {options.batch_size}) and raise --grad-accum, shorten the "
            "prompts (--with rows=8), or use --gradient-checkpointing"
        ) from error


def _optimizer(name: str, device: str) -> str:
    """The trainer's name of the optimizer."""
    if name != "auto":
        return name
    return "adamw_8bit" if device == "cuda" and importlib.util.find_spec("bitsandbytes") else "adamw_torch"


def _require_tracker(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        raise UserError(f"--report-to {name} needs {name}; install it with: pip install {name}")
    # Trackers write to files here unless their own variables say otherwise.
    os.environ.setdefault("WANDB_MODE", "offline")
