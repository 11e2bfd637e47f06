"""The training run of a decoder from nothing: steps, measurements, checkpoints, and a model that every tool loads."""

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gedanken.data import load, manifest
from gedanken.errors import UserError
from gedanken.training.report import write_report
from gedanken.training.run import END
from gedanken.training.scratch.checkpoint import Run, begin, save
from gedanken.training.scratch.decoder import ATTENTION, make_decoder, measure_loss, use_attention
from gedanken.training.scratch.examples import CONTEXT, CONTEXT_WEIGHT, DIGIT_WEIGHTS, MOST, QUIET_WEIGHT
from gedanken.training.scratch.loader import Loader
from gedanken.training.scratch.optimizer import Optimizers, make_optimizer
from gedanken.training.scratch.options import ScratchOptions
from gedanken.training.scratch.tokenizer import build
from gedanken.training.scratch.validation import pose_lessons, validate
from gedanken.worlds.rigid import scenarios

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


def train_scratch(options: ScratchOptions, progress: Progress = lambda done, total, note: None) -> Path:
    """Train a decoder from nothing on the prior-coded text of a data set.

    Args:
        options: what, on what, for how long.
        progress: called with seconds (or steps) done, in all, and a note of the figures.

    Returns:
        The folder of the model, for `AutoModelForCausalLM.from_pretrained` and `AutoTokenizer.from_pretrained`.

    Raises:
        UserError: the data cannot be used, the folder holds another run, or the loss stopped being a number; the last
            good checkpoint is kept.
    """
    import torch
    import transformers

    if options.threads:
        torch.set_num_threads(options.threads)
    folder = options.output_dir
    tokenizer = build()
    model = make_decoder(options.size, tokenizer, options.seed)
    optimizer = make_optimizer(model, options)
    cells = _cells(options.data)
    run = begin(options, model, optimizer, _describe_data(cells))
    if options.progress(run.step, run.seconds) >= 1.0 and options.folder.end() is not None:
        return options.folder.model
    use_attention(model, ATTENTION)
    logging: Any = transformers.utils.logging
    logging.disable_progress_bar()
    lessons = pose_lessons(cells, options.validation_scenes)
    window = _Window()
    validated = run.seconds
    model.train()
    with Loader(options.data, tokenizer.to_str(), options.batch_tokens, run.position) as loader:
        clock = time.perf_counter()
        while options.progress(run.step, run.seconds) < 1.0:
            asked = time.perf_counter()
            batch = next(loader)
            waited = time.perf_counter() - asked
            rate = options.rate(run.step, run.seconds)
            loss = _step(model, optimizer, batch, rate, options)
            if not math.isfinite(loss):
                raise UserError(
                    f"the loss of step {run.step + 1} is no number; the checkpoint in {folder} is from before. "
                    "Train again with a lower learning rate"
                )
            run.step += 1
            run.position = batch.position
            run.tokens += batch.count
            run.waiting += waited
            window.loss += loss * batch.weight
            window.weight += batch.weight
            window.tokens += batch.count
            window.waiting += waited
            now = time.perf_counter()
            run.seconds += now - clock
            clock = now
            if run.step % options.log_steps == 0:
                _log(options, run, window, rate, progress)
                window = _Window()
            if options.validation_minutes and run.seconds - validated > 60 * options.validation_minutes:
                _validate(options, run, model, tokenizer, lessons)
                validated = run.seconds
                run.seconds += time.perf_counter() - clock
                clock = time.perf_counter()
                window = _Window()
            if run.step % options.checkpoint_steps == 0:
                save(options, run, model, optimizer, tokenizer)
    save(options, run, model, optimizer, tokenizer)
    _validate(options, run, model, tokenizer, lessons)
    write_report(options.folder)
    options.folder.log(run.step, {"kind": END})
    return options.folder.model


def _cells(data: Path) -> list[tuple[str, int]]:
    """Scenarios and levels of a data set, to be validated on."""
    plan = manifest.plan_of(load(data).manifest)
    if plan.split != "train":
        raise UserError(f"{data} is not a data set of the training split")
    return [(scenario, level) for scenario in plan.scenarios for level in plan.levels]


def _describe_data(cells: list[tuple[str, int]]) -> dict[str, Any]:
    """What a run learns from, for its `config.json`."""
    return {
        "text": {
            "format": "corrections",
            "context": CONTEXT,
            "examples_of_a_scene": MOST,
            "context_weight": CONTEXT_WEIGHT,
            "quiet_weight": QUIET_WEIGHT,
            "digit_weights": DIGIT_WEIGHTS,
        },
        "cells": cells,
        "held_out": scenarios.HELD_OUT,
    }


def _step(model: Any, optimizer: Optimizers, batch: Any, rate: float, options: ScratchOptions) -> float:
    """One optimizer step; its loss a token (nats). Nothing changes where the loss or the gradient is no number."""
    import torch

    model.zero_grad()
    total = 0.0
    for lesson in batch.lessons:
        with torch.autocast("cpu", torch.bfloat16) if options.bf16 else nullcontext():
            loss = measure_loss(model, lesson) / batch.weight
        loss.backward()
        total += float(loss.detach())
    norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP))
    if not math.isfinite(total) or not math.isfinite(norm):
        return math.nan
    optimizer.step(rate)
    return total


def _log(options: ScratchOptions, run: Run, window: _Window, rate: float, progress: Progress) -> None:
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
    total = options.steps if options.minutes is None else round(60 * options.minutes)
    progress(run.step if options.minutes is None else round(run.seconds), total or 0, note)


def _validate(options: ScratchOptions, run: Run, model: Any, tokenizer: Any, lessons: Any) -> None:
    if not lessons:
        return
    figures = asdict(validate(model, tokenizer, lessons))
    options.folder.log(run.step, {"kind": "validation", "seconds": run.seconds, **figures})
