"""The training run: steps, figures, checkpoints that survive a kill, and a model that every tool loads."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from gedanken.data import load, manifest
from gedanken.errors import UserError
from gedanken.files import staged_folder, write_atomically
from gedanken.training.report import write_report
from gedanken.training.run import CONFIG, LIBRARIES, METRICS, RunFolder, machine
from gedanken.training.scratch.decoder import ATTENTION, SIZES, make_decoder, measure_loss, use_attention
from gedanken.training.scratch.evaluate import evaluate, pose_lessons
from gedanken.training.scratch.examples import CONTEXT, CONTEXT_WEIGHT, DIGIT_WEIGHTS, MOST, QUIET_WEIGHT
from gedanken.training.scratch.loader import Loader
from gedanken.training.scratch.tokenizer import build, wrap
from gedanken.versions import versions
from gedanken.worlds.rigid import scenarios

CHECKPOINT = "checkpoint.pt"

CLIP = 1.0
"""Largest norm of a step's gradient."""

BETAS = (0.9, 0.95)

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Options:
    """What to train, on what, for how long.

    Attributes:
        data: folder of a data set of the training split (`gedanken data generate`).
        output_dir: folder for config, metrics, checkpoint and model.
        size: one of `SIZES`, by its parameters.
        minutes: training time, over all resumptions; the learning rate follows it.
        steps: optimizer steps; of `minutes` and `steps` the first to be reached ends the run, one must be given.
        batch_tokens: tokens of a step.
        learning_rate: at its highest.
        warmup_steps: steps until it is reached; from there it falls as a cosine to a twentieth.
        weight_decay: of matrices; norms and embeddings have none.
        optimizer: `muon` (for the matrices within layers, AdamW for the rest), or `adamw`.
        threads: of the model; 0 is as many as processors. The loader is a process besides.
        bf16: matrix products with 16 bits; weights and optimizer keep 32.
        checkpoint_steps: steps from one checkpoint to the next.
        log_steps: steps that one line of metrics sums up.
        validation_scenes: scenes of the validation split, of the scenarios and levels of the data.
        validation_minutes: between two evaluations; 0 evaluates at the end only.
        seed: of the first weights.
        resume: go on from the folder's checkpoint.
    """

    data: Path
    output_dir: Path
    size: str = "3M"
    minutes: float | None = None
    steps: int | None = None
    batch_tokens: int = 6000
    learning_rate: float = 2e-3
    warmup_steps: int = 100
    weight_decay: float = 0.1
    optimizer: str = "muon"
    threads: int = 0
    bf16: bool = True
    checkpoint_steps: int = 50
    log_steps: int = 10
    validation_scenes: int = 24
    validation_minutes: float = 10.0
    seed: int = 0
    resume: bool = False

    def __post_init__(self) -> None:
        if self.minutes is None and self.steps is None:
            raise UserError("say how long to train: minutes, steps or both")
        if self.size not in SIZES:
            raise UserError(f"there is no size {self.size!r}; there are {', '.join(SIZES)}")
        if self.optimizer not in ("muon", "adamw"):
            raise UserError(f"optimizer is muon or adamw, not {self.optimizer!r}")
        for name in ("minutes", "steps", "batch_tokens", "learning_rate", "checkpoint_steps", "log_steps"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UserError(f"{name} must be more than 0, not {value}")
        for name in ("warmup_steps", "weight_decay", "threads", "validation_scenes", "validation_minutes"):
            if not getattr(self, name) >= 0:
                raise UserError(f"{name} must not be negative")

    @property
    def folder(self) -> RunFolder:
        """The run's folder."""
        return RunFolder(self.output_dir)

    def progress(self, step: int, seconds: float) -> float:
        """Share of the run that is done, from 0 to 1."""
        shares = [step / self.steps] if self.steps else []
        shares += [seconds / 60 / self.minutes] if self.minutes else []
        return min(1.0, max(shares))

    def rate(self, step: int, seconds: float) -> float:
        """Learning rate of a step, counted from 0."""
        warm = min(1.0, (step + 1) / (self.warmup_steps + 1))
        return self.learning_rate * warm * (0.525 + 0.475 * math.cos(math.pi * self.progress(step, seconds)))


FREE = ("minutes", "steps", "threads", "checkpoint_steps", "log_steps", "validation_minutes", "output_dir", "resume")
"""Options that a resumed run may change: the rest decides what it learns from."""


@dataclass
class Run:
    """Where a run is. All of it but the model and optimizer, which a checkpoint keeps beside it.

    Attributes:
        step: optimizer steps taken.
        position: the loader's; see `loader.Batch`.
        tokens: tokens seen.
        seconds: time trained, evaluations included.
        waiting: seconds of it spent waiting for data.
    """

    step: int = 0
    position: int = 0
    tokens: int = 0
    seconds: float = 0.0
    waiting: float = 0.0


@dataclass
class _Window:
    """Sums since the last line of metrics."""

    loss: float = 0.0
    weight: float = 0.0
    tokens: int = 0
    waiting: float = 0.0
    start: float = field(default_factory=time.perf_counter)


def train(options: Options, progress: Progress = lambda done, total, note: None) -> Path:
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
    optimizer = _make_optimizer(model, options)
    run = _begin(options, model, optimizer)
    use_attention(model, ATTENTION)
    logging: Any = transformers.utils.logging
    logging.disable_progress_bar()
    lessons = pose_lessons(_cells(options.data), options.validation_scenes)
    window = _Window()
    evaluated = run.seconds
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
            if options.validation_minutes and run.seconds - evaluated > 60 * options.validation_minutes:
                _evaluate(options, run, model, tokenizer, lessons)
                evaluated = run.seconds
                run.seconds += time.perf_counter() - clock
                clock = time.perf_counter()
                window = _Window()
            if run.step % options.checkpoint_steps == 0:
                _save(options, run, model, optimizer, tokenizer)
    _save(options, run, model, optimizer, tokenizer)
    _evaluate(options, run, model, tokenizer, lessons)
    write_report(options.folder)
    return options.folder.model


def _cells(data: Path) -> list[tuple[str, int]]:
    """Scenarios and levels of a data set, to be validated on."""
    plan = manifest.plan_of(load(data).manifest)
    if plan.split != "train":
        raise UserError(f"{data} is not a data set of the training split")
    return [(scenario, level) for scenario in plan.scenarios for level in plan.levels]


class _Optimizers:
    """Several optimizers as one."""

    def __init__(self, members: Sequence[Any]):
        self._members = members

    def step(self, rate: float) -> None:
        """One step of each at a learning rate."""
        for member in self._members:
            for group in member.param_groups:
                group["lr"] = rate
            member.step()

    def state_dict(self) -> list[Any]:
        """What `load_state_dict` takes."""
        return [member.state_dict() for member in self._members]

    def load_state_dict(self, states: list[Any]) -> None:
        """Go on from there."""
        for member, state in zip(self._members, states, strict=True):
            member.load_state_dict(state)


def _make_optimizer(model: Any, options: Options) -> _Optimizers:
    import torch

    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    rate, decay = options.learning_rate, options.weight_decay
    adam = partial(torch.optim.AdamW, lr=rate, betas=BETAS, fused=True)
    if options.optimizer == "adamw":
        return _Optimizers([adam(inner, weight_decay=decay), adam(rest, weight_decay=0.0)])
    # Steps scaled to the size of AdamW's, so that one learning rate serves both (Liu et al. 2025, arXiv 2502.16982).
    muon = torch.optim.Muon(inner, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
    return _Optimizers([muon, adam(rest, weight_decay=0.0)])


def _step(model: Any, optimizer: Any, batch: Any, rate: float, options: Options) -> float:
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


def _begin(options: Options, model: Any, optimizer: Any) -> Run:
    """A new run's folder, or the state of the run that is there."""
    import torch

    folder = options.output_dir
    checkpoint = folder / CHECKPOINT
    told = orjson.loads(orjson.dumps(asdict(options), default=str))
    if checkpoint.is_file():
        if not options.resume:
            raise UserError(f"{folder} holds a run; go on with it (resume) or choose another folder")
        # Our own file, and plain containers only: nothing in it is executed.
        state = torch.load(checkpoint, weights_only=True)
        changed = [name for name, value in told.items() if name not in FREE and state["options"].get(name) != value]
        if changed:
            raise UserError(f"the run in {folder} was begun with other options: {', '.join(changed)}")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        return Run(**state["run"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / METRICS).unlink(missing_ok=True)
    config = {
        "kind": "scratch",
        "options": told,
        "text": {
            "format": "corrections",
            "context": CONTEXT,
            "examples_of_a_scene": MOST,
            "context_weight": CONTEXT_WEIGHT,
            "quiet_weight": QUIET_WEIGHT,
            "digit_weights": DIGIT_WEIGHTS,
        },
        "cells": _cells(options.data),
        "held_out": scenarios.HELD_OUT,
        "parameters": sum(p.numel() for p in model.parameters()),
        "versions": versions(*LIBRARIES),
        "machine": machine(),
    }
    write_atomically(folder / CONFIG, orjson.dumps(config, option=orjson.OPT_INDENT_2))
    return Run()


def _log(options: Options, run: Run, window: _Window, rate: float, progress: Progress) -> None:
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


def _evaluate(options: Options, run: Run, model: Any, tokenizer: Any, lessons: Any) -> None:
    if not lessons:
        return
    figures = asdict(evaluate(model, tokenizer, lessons))
    options.folder.log(run.step, {"kind": "validation", "seconds": run.seconds, **figures})


def _save(options: Options, run: Run, model: Any, optimizer: Any, tokenizer: Any) -> None:
    """Checkpoint and model, each complete or as it was before."""
    import io

    import torch

    folder = options.output_dir
    state = {
        "options": orjson.loads(orjson.dumps(asdict(options), default=str)),
        "run": asdict(run),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(folder / CHECKPOINT, buffer.getvalue())
    with staged_folder(options.folder.model) as staged:
        model.save_pretrained(staged)
        wrap(tokenizer).save_pretrained(staged)
