"""What a run from nothing can be told, whatever it learns."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from gedanken.errors import UserError
from gedanken.training.options import MACHINE, PROBLEMS, REPORTS, STEPS, check_ranges, option
from gedanken.training.run import RunFolder

FREE = (
    "minutes",
    "steps",
    "threads",
    "loader_workers",
    "device",
    "checkpoint_steps",
    "log_steps",
    "validation_minutes",
    "output_dir",
    "resume",
)
"""Options that a resumed run may change: the rest decides what it learns from."""


@dataclass(frozen=True, kw_only=True)
class TrainerOptions:
    """Options that all runs of small decoders share.

    Attributes:
        output_dir: The run's folder.
        minutes: Training time over all resumptions; the learning rate follows it.
        steps: Optimizer steps, instead of minutes or beside them: whichever is reached first ends the run.
        learning_rate: Learning rate at its peak; from there it falls as a cosine to a twentieth.
        warmup_steps: Steps of linear warm-up.
        weight_decay: Of matrices; norms and embeddings have none.
        optimizer: `muon` (AdamW for what is not a matrix within a layer) or `adamw`.
        threads: Of the model; 0 for as many as processors.
        device: `auto` (a GPU if there is one), `cpu` or `cuda`.
        checkpoint_steps: Steps between checkpoints.
        validation_minutes: Minutes between evaluations; 0 for one at the end.
        seed: Of the first weights and of what is drawn.
        resume: Go on from the last checkpoint.
    """

    free: ClassVar[tuple[str, ...]] = FREE

    output_dir: Path
    minutes: float | None = option(STEPS, None)
    steps: int | None = option(STEPS, None, min=1)
    learning_rate: float = option(STEPS, 2e-3)
    warmup_steps: int = option(STEPS, 100, min=0)
    weight_decay: float = option(STEPS, 0.1, min=0)
    optimizer: str = option(STEPS, "muon")
    threads: int = option(MACHINE, 0, min=0)
    device: str = option(MACHINE, "auto")
    checkpoint_steps: int = option(REPORTS, 50, min=1)
    validation_minutes: float = option(REPORTS, 10.0, min=0)
    seed: int = 0
    resume: bool = option(REPORTS, False)

    def __post_init__(self) -> None:
        if self.minutes is None and self.steps is None:
            raise UserError("say how long to train: minutes, steps or both")
        if self.device not in ("auto", "cpu", "cuda"):
            raise UserError(f"device is auto, cpu or cuda, not {self.device!r}")
        if self.optimizer not in ("muon", "adamw"):
            raise UserError(f"optimizer is muon or adamw, not {self.optimizer!r}")
        check_ranges(self)
        for name in ("minutes", "learning_rate"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UserError(f"{name} must be more than 0, not {value}")

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


@dataclass(frozen=True, kw_only=True)
class DecoderOptions(TrainerOptions):
    """Options of runs that learn from examples.

    Attributes:
        size: `tiny`, `0.4M`, `1M`, `3M`, `6M` or `13M` parameters, besides the vectors of the tokens.
        batch_tokens: Tokens of a step, pads included.
        pools: Pools of examples that are sorted by length and cut into steps together: a step has at most one pool's
            tokens (some 100,000 of contacts and 25,000 of laws).
        stock: A folder of examples made ahead (`benchmarks/train_on_gpu.py --make-stock`), for machines that learn
            faster than their processors make examples.
        stock_share: Share of the examples that come from the stock, where there is one; 1 makes no fresh ones.
        loader_workers: Processes that make examples, besides.
        bf16: Matrix products with 16 bits, weights and optimizer with 32; by default where the device has instructions
            for it, since elsewhere it is many times slower.
        log_steps: Steps that one line of metrics sums up.
    """

    size: str = "3M"
    batch_tokens: int = option(STEPS, 6000, min=1)
    pools: int = option(STEPS, 1, min=1)
    stock: Path | None = field(default=None, metadata={"group": PROBLEMS})
    stock_share: float = option(PROBLEMS, 0.5, min=0, max=1)
    loader_workers: int = option(MACHINE, 1, min=1)
    bf16: bool | None = option(MACHINE, None, flags=("--bf16/--fp32",))
    log_steps: int = field(default=10, metadata={"flags": (), "min": 1})

    def __post_init__(self) -> None:
        from gedanken.training.scratch.llama import SIZES

        if self.size not in SIZES:
            raise UserError(f"there is no size {self.size!r}; there are {', '.join(SIZES)}")
        super().__post_init__()
