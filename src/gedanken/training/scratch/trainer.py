"""The training run of a decoder from nothing: steps, measurements, checkpoints, and a model that every tool loads."""

import ctypes
import math
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gedanken.errors import UserError
from gedanken.models.backends.hf import fast_dtype
from gedanken.training.report import write_report
from gedanken.training.run import END, require_one_process
from gedanken.training.scratch.checkpoint import Run, begin, save
from gedanken.training.scratch.lesson import Lesson
from gedanken.training.scratch.llama import ATTENTION, use_attention
from gedanken.training.scratch.loader import Batch, Loader
from gedanken.training.scratch.optimizer import Optimizers, make_optimizer
from gedanken.training.scratch.options import DecoderOptions, TrainerOptions
from gedanken.training.scratch.stock import Mixed, Stock

CLIP = 1.0
"""Largest norm of a step's gradient."""

Progress = Callable[[int, int, str], None]


@dataclass
class _Window:
    """Sums since the last line of metrics."""

    loss: float = 0.0
    weight: float = 0.0
    tokens: int = 0
    waiting: float = 0.0
    start: float = field(default_factory=time.perf_counter)


def train(options: DecoderOptions, lesson: Lesson, progress: Progress = lambda done, total, note: None) -> Path:
    """Train a decoder from nothing.

    Args:
        options: how, for how long.
        lesson: what.
        progress: called with seconds (or steps) done, in all, and a note of the figures.

    Returns:
        The folder of the model, for `AutoModelForCausalLM.from_pretrained`.

    Raises:
        UserError: the examples cannot be made, the folder holds another run, or the loss stopped being a number; the
            last good checkpoint is kept.
    """
    import torch
    import transformers

    require_one_process(lesson.kind)
    if options.threads:
        torch.set_num_threads(options.threads)
    _keep_memory()
    device = choose_device(options.device)
    if options.stock is not None:
        # Refused here, before anything is written, and not by each loader.
        Stock(options.stock, lesson.vocabulary)
    model = lesson.make_model().to(device)
    optimizer = make_optimizer(model, options)
    run = begin(options, lesson.kind, model, optimizer, lesson.describe())
    if options.progress(run.step, run.seconds) >= 1.0 and options.folder.end() is not None:
        return options.folder.model
    use_attention(model, ATTENTION if device == "cpu" else "sdpa")
    logging: Any = transformers.utils.logging
    logging.disable_progress_bar()
    window = _Window()
    model.train()

    def keep() -> None:
        save(options, run, model, optimizer, lesson.save_words)

    def examine() -> None:
        nonlocal window
        _examine(options, run, lesson)
        window = _Window()

    source = Mixed(lesson.source, lesson.vocabulary, options.pools, options.stock, options.stock_share)
    with Loader(source, options.batch_tokens, (run.pool, run.batch), options.loader_workers) as loader:

        def take_step(rate: float) -> float:
            asked = time.perf_counter()
            batch = next(loader)
            waited = time.perf_counter() - asked
            done = options.progress(run.step, run.seconds)
            loss, numbers = _step(model, optimizer, batch, rate, done, options, lesson)
            run.pool, run.batch = batch.place
            run.tokens += batch.count
            run.waiting += waited
            window.loss += loss * numbers
            window.weight += numbers
            window.tokens += batch.count
            window.waiting += waited
            return loss

        def log(rate: float) -> None:
            nonlocal window
            if run.step % options.log_steps == 0:
                _log(options, run, window, rate, progress)
                window = _Window()

        take_steps(options, run, take_step, log, keep, examine)
    return finish(options, run, keep, examine)


def take_steps(
    options: TrainerOptions,
    run: Run,
    take_step: Callable[[float], float],
    log: Callable[[float], None],
    keep: Callable[[], None],
    examine: Callable[[], None],
) -> None:
    """Take steps until the run is done, with checkpoints and evaluations on the way.

    Args:
        options: how long, and how often.
        run: how far it is.
        take_step: one optimizer step at a learning rate; its loss.
        log: called after each step with its rate.
        keep: writes checkpoint and model.
        examine: measures the model that was written last.

    Raises:
        UserError: a loss is no number.
    """
    validated = run.seconds
    clock = time.perf_counter()
    while options.progress(run.step, run.seconds) < 1.0:
        rate = options.rate(run.step, run.seconds)
        if not math.isfinite(take_step(rate)):
            raise UserError(
                f"the loss of step {run.step + 1} is no number; the checkpoint in {options.output_dir} is from before. "
                "Train again with a lower learning rate"
            )
        run.step += 1
        now = time.perf_counter()
        run.seconds += now - clock
        clock = now
        log(rate)
        if options.validation_minutes and run.seconds - validated > 60 * options.validation_minutes:
            keep()
            examine()
            validated = run.seconds
            run.seconds += time.perf_counter() - clock
            clock = time.perf_counter()
        if run.step % options.checkpoint_steps == 0:
            keep()


def finish(options: TrainerOptions, run: Run, keep: Callable[[], None], examine: Callable[[], None]) -> Path:
    """Write and examine what came out, and the report; returns the model's folder."""
    keep()
    examine()
    write_report(options.folder)
    options.folder.log(run.step, {"kind": END})
    return options.folder.model


def tell(options: TrainerOptions, run: Run, note: str, progress: Progress) -> None:
    """Report progress, in seconds or, where no time is set, in steps."""
    if options.minutes is None:
        progress(run.step, options.steps or 0, note)
    else:
        progress(round(run.seconds), round(60 * options.minutes), note)


def _keep_memory() -> None:
    """Freed memory stays with the process.

    glibc hands large blocks back to the system and asks for them again, which on a CPU was a quarter of a step's time.
    """
    malloc = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if malloc is not None:
        # M_MMAP_MAX: no block of its own; M_TRIM_THRESHOLD and M_TOP_PAD: the heap does not shrink, and grows in steps.
        for parameter, value in ((-4, 0), (-1, 2**31 - 1), (-2, 1 << 28)):
            malloc(parameter, value)


def choose_device(name: str) -> str:
    """The device that an option names.

    Raises:
        UserError: a GPU is asked for and there is none.
    """
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("there is no GPU that torch can use; leave --device out, or say cpu")
    return name


def _step(
    model: Any, optimizer: Optimizers, batch: Batch, rate: float, done: float, options: DecoderOptions, lesson: Lesson
) -> tuple[float, int]:
    """One optimizer step: its weighted loss (nats) over how many tokens. Where that is no number nothing changes."""
    import torch

    device = model.device
    ids = torch.from_numpy(batch.ids.astype("int64")).to(device)
    asked = torch.from_numpy(batch.asked).to(device)
    model.zero_grad()
    bf16 = fast_dtype(device.type) == "bfloat16" if options.bf16 is None else options.bf16
    with torch.autocast(device.type, torch.bfloat16) if bf16 else nullcontext():
        total, weight, numbers = lesson.measure(model, ids, asked, done)
    loss = total / max(weight, 1e-6)
    loss.backward()
    value = float(loss.detach())
    norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP))
    if not math.isfinite(value) or not math.isfinite(norm):
        return math.nan, numbers
    optimizer.step(rate)
    return value, numbers


def _log(options: DecoderOptions, run: Run, window: _Window, rate: float, progress: Progress) -> None:
    seconds = time.perf_counter() - window.start
    line = {
        "kind": "train",
        "loss": window.loss / window.weight,
        "tokens_per_s": window.tokens / seconds,
        "waiting": window.waiting / seconds,
        "learning_rate": rate,
        "tokens": run.tokens,
        "seconds": run.seconds,
    }
    options.folder.log(run.step, line)
    note = (
        f"loss {window.loss / window.weight:.3f}, {window.tokens / seconds:,.0f} tokens/s, "
        f"waiting {window.waiting / seconds:.1%}"
    )
    tell(options, run, note, progress)


def _examine(options: DecoderOptions, run: Run, lesson: Lesson) -> None:
    figures = lesson.examine(options.folder.model)
    if figures:
        options.folder.log(run.step, {"kind": "validation", "seconds": run.seconds, "tokens": run.tokens, **figures})
