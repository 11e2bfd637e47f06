"""What every training run can be told; each kind of run adds its own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gedanken.errors import UserError

TRACKERS = ("none", "tensorboard", "wandb", "trackio")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options that all kinds of runs share.

    Attributes:
        model: the base: a folder, a Hub id or a short name (`smollm2`), with `+ADAPTER` to go on from an adapter.
        output_dir: the run's folder.
        task: `discover` or `predict`.
        subjects: systems or scenarios; None for the task's training subjects.
        instances: problems of each subject.
        conditions: how problems are posed, as for `pose` (`rows`, `noise`, `context`, `format`, ...).
        learning_rate: at its peak.
        warmup_steps: steps of linear warm-up.
        batch_size: examples (for GRPO: answers) that go through the model at once.
        grad_accum: such batches an optimizer step.
        lora_r: rank of the adapter; 0 trains all weights.
        lora_alpha: its scale; twice the rank when None.
        lora_dropout: its dropout.
        optimizer: `auto` takes 8-bit AdamW where bitsandbytes and a GPU are there, else AdamW.
        gradient_checkpointing: less memory for a third more time.
        seed: names the order of the problems, dropout and sampling.
        device: `cpu`, `cuda`, ...; the best there is by default.
        dtype: of the base's weights.
        save_steps: steps between checkpoints; three are kept.
        eval_steps: steps between evaluations; 0 for one at the end only.
        eval_problems: problems of each subject in an evaluation, held-out subjects included; 0 for no evaluation.
        bench_problems: problems of each subject (scenes of each scenario) of the task's frozen suite that are played at
            the end, by the same code as `gedanken bench`; 0 for none.
        max_new_tokens: longest answer, in evaluations and for GRPO.
        report_to: tracker: `tensorboard`, `wandb`, `trackio` or `none`. The folder's own metrics are always written.
        resume: go on from the last checkpoint.
        merge: write the base with the adapter merged, too (`merged/`).
    """

    model: str
    output_dir: Path
    task: str = "discover"
    subjects: Sequence[str] | None = None
    instances: int = 32
    conditions: Mapping[str, Any] = field(default_factory=dict)
    learning_rate: float = 2e-4
    warmup_steps: int = 10
    batch_size: int = 4
    grad_accum: int = 1
    lora_r: int = 32
    lora_alpha: int | None = None
    lora_dropout: float = 0.05
    optimizer: str = "auto"
    gradient_checkpointing: bool = False
    seed: int = 0
    device: str | None = None
    dtype: str = "auto"
    save_steps: int = 25
    eval_steps: int = 0
    eval_problems: int = 2
    bench_problems: int = 1
    max_new_tokens: int = 256
    report_to: str = "none"
    resume: bool = False
    merge: bool = False

    def __post_init__(self) -> None:
        for name in ("instances", "batch_size", "grad_accum", "save_steps", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("lora_r", "warmup_steps", "eval_steps", "eval_problems", "bench_problems"):
            if getattr(self, name) < 0:
                raise UserError(f"{name} must be 0 or more, not {getattr(self, name)}")
        if not self.learning_rate > 0:
            raise UserError(f"learning_rate must be positive, not {self.learning_rate}")
        if self.report_to not in TRACKERS:
            raise UserError(f"report_to is one of {', '.join(TRACKERS)}, not {self.report_to!r}")

    def to_dict(self) -> dict[str, Any]:
        """As JSON-able data, for the run's folder."""
        return {
            name: str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }
