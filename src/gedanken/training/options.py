"""What a training run can be told: one dataclass for each kind of run, every option declared once.

`gedanken.cli` makes the commands' options of these fields: name, type and default from the field, help from the
`Attributes:` of the docstring. A field's metadata holds the rest: `flags`, where the command line has another name or,
if empty, none; `min` and `max`, which Python and command line both hold a number to; and `group`, the heading under
which the help lists it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from gedanken.errors import UserError
from gedanken.training.run import processes

# Headings of the help; an option without one is listed first.
PROBLEMS = "Problems"
SAMPLING = "Sampling"
STEPS = "Steps and optimizer"
ADAPTER = "Adapter"
MACHINE = "Machine"
REPORTS = "Checkpoints and reports"

TRACKERS = ("none", "tensorboard", "wandb", "trackio")
# Conditions of a problem that the curriculum sets itself.
CURRICULUM_CONDITIONS = ("level", "format", "context")
# Options of a curriculum that may differ when it is resumed: a folder may get more stages later.
CURRICULUM_FREE = ("stages", "from_stage", "loader_workers")


def option(group: str, default: Any = MISSING, **metadata: Any) -> Any:
    """A field that the help lists under `group`; an immutable `default`, and more metadata (`flags`, `min`, `max`)."""
    return field(default=default, metadata={"group": group, **metadata})


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options that SFT, GRPO and the curriculum share.

    Attributes:
        model: A folder, a Hub id or `smollm2`; with `+ADAPTER` to go on from an adapter.
        output_dir: The run's folder.
        task: `discover` or `predict`.
        subjects: Systems or scenarios, separated by commas; repeatable; `all` for all that are not held out. The
            task's training subjects if not given.
        instances: Problems of each system or scenario.
        conditions: A condition of the problem (noise=0.1, level=4, ...); repeatable.
        learning_rate: Learning rate at its peak.
        warmup_steps: Steps of linear warm-up.
        batch_size: Examples (for GRPO: answers) that go through the model at once.
        grad_accum: Batches of an optimizer step.
        lora_r: Rank of the LoRA adapter; 0 trains all weights.
        lora_alpha: Scale of the adapter; twice its rank if not given.
        lora_dropout: Dropout of the adapter.
        optimizer: `auto` (8-bit AdamW where a GPU has it), or a name that transformers knows.
        gradient_checkpointing: Less memory for a third more time.
        seed: Seed of the adapter's first weights, the order of the problems, dropout and sampling.
        device: `cpu`, `cuda`, ...; the best there is by default.
        dtype: Of the base's weights: `auto`, `float32`, `bfloat16` or `float16`.
        save_steps: Steps between checkpoints; the newest three are kept.
        report_to: Tracker: `tensorboard`, `wandb`, `trackio` or `none`. `metrics.jsonl` is always written.
        resume: Go on from the last checkpoint.
        merge: Write the merged model, too.
    """

    model: str
    output_dir: Path
    task: str = "discover"
    subjects: Sequence[str] | None = option(PROBLEMS, None, flags=("--system-ids", "--scenarios"))
    instances: int = option(PROBLEMS, 32, flags=("--instances-per-system",), min=1)
    conditions: Mapping[str, Any] = field(default_factory=dict, metadata={"group": PROBLEMS, "flags": ("--with",)})
    learning_rate: float = option(STEPS, 2e-4)
    warmup_steps: int = option(STEPS, 10, min=0)
    batch_size: int = option(STEPS, 4, min=1)
    grad_accum: int = option(STEPS, 1, min=1)
    lora_r: int = option(ADAPTER, 32, min=0)
    lora_alpha: int | None = option(ADAPTER, None)
    lora_dropout: float = option(ADAPTER, 0.05, min=0, max=1)
    optimizer: str = option(STEPS, "auto")
    gradient_checkpointing: bool = option(STEPS, False)
    seed: int = 0
    device: str | None = option(MACHINE, None)
    dtype: str = option(MACHINE, "auto")
    save_steps: int = option(REPORTS, 25, min=1)
    report_to: str = option(REPORTS, "none")
    resume: bool = option(REPORTS, False)
    merge: bool = option(REPORTS, False)

    def __post_init__(self) -> None:
        check_ranges(self)
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


@dataclass(frozen=True, kw_only=True)
class MeasuredOptions(Options):
    """Options of runs that play held-out problems while they train, and a frozen suite at their end.

    Attributes:
        eval_steps: Steps between evaluations; 0 for one at the end.
        eval_problems: Test problems of each subject in an evaluation, held-out subjects included; 0 for no evaluation.
        bench_problems: Problems of each subject of the task's frozen suite, played at the end; 0 for none.
        max_new_tokens: Longest answer in tokens.
    """

    eval_steps: int = option(REPORTS, 0, min=0)
    eval_problems: int = option(REPORTS, 2, min=0)
    bench_problems: int = option(REPORTS, 1, min=0)
    max_new_tokens: int = option(SAMPLING, 256, min=1)


@dataclass(frozen=True, kw_only=True)
class SFTOptions(MeasuredOptions):
    """Options of `train sft`.

    Attributes:
        epochs: Passes over the pairs.
        max_steps: Optimizer steps, instead of epochs.
        max_seq_length: Longest example in tokens; a longer one is an error, because cutting it would cut the answer.
        mistakes: A model's own answers (`outcomes.jsonl` of `train evaluate --split train --out`); repeatable. Each
            wrong one is followed by what the simulator said and the teacher's next step.
        recoveries: Wrong answers from far off to recover from, for each problem in the mean.
    """

    epochs: float = option(STEPS, 3.0)
    max_steps: int | None = option(STEPS, None, min=1)
    max_seq_length: int = option(STEPS, 2048, min=8)
    mistakes: Sequence[str] | None = option(PROBLEMS, None, flags=("--mistakes",))
    recoveries: float = option(PROBLEMS, 0.0, min=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_epochs(self.epochs)


@dataclass(frozen=True, kw_only=True)
class GRPOOptions(MeasuredOptions):
    """Options of `train grpo`.

    Learning rate and scaling are those of the run that was measured; dropout is none, since the answers are written by
    the policy without it (`docs/decisions/0006-training.md`).

    Attributes:
        sft_checkpoint: Run folder, adapter or merged model of the warm start; the base itself if not given.
        num_steps: Optimizer steps.
        num_generations: Answers to each problem, compared with each other.
        temperature: Of sampling.
        top_p: Of sampling: least share of probability to sample from.
        replace_flat: Other problems tried in place of one whose answers all got one reward; 0 keeps it.
        scale_rewards: What advantages are divided by: the standard deviation of the `group`'s rewards or of the
            `batch`'s, or `none` (Liu et al., Understanding R1-Zero-like training, 2025, section 3).
        beta: Weight of the KL divergence from the start; 0 keeps no reference model.
        turns: Answers of an episode. A failed answer is followed by what the simulator said to it, and a group of next
            answers, which are compared with each other.
        multi_turn: Play whole episodes; needs a chat template with tools.
        vllm: `auto` (where vLLM is installed beside a GPU), `on` or `off`.
        dead_steps: A run is dead, and says so, when for as many steps all answers are cut at the token limit, or all
            answers to each problem earn the same.
        stop_when_dead: Stop a dead run.
    """

    sft_checkpoint: Path | None = None
    num_steps: int = option(STEPS, 200, min=1)
    num_generations: int = option(SAMPLING, 4, min=2)
    learning_rate: float = option(STEPS, 5e-5)
    temperature: float = option(SAMPLING, 1.0, min=0)
    top_p: float = option(SAMPLING, 1.0, min=0, max=1)
    replace_flat: int = option(SAMPLING, 2, min=0)
    scale_rewards: str = option(STEPS, "none")
    beta: float = option(STEPS, 0.0, min=0)
    turns: int = option(SAMPLING, 1, min=1)
    multi_turn: bool = option(SAMPLING, False)
    vllm: str = option(SAMPLING, "auto")
    dead_steps: int = option(REPORTS, 10, min=1)
    stop_when_dead: bool = option(REPORTS, False)
    lora_dropout: float = option(ADAPTER, 0.0, min=0, max=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        answers = self.batch_size * self.grad_accum * processes()
        if answers % self.num_generations:
            shared = f" times {processes()} processes" if processes() > 1 else ""
            raise UserError(
                f"a step takes {answers} answers (--batch-size times --grad-accum{shared}), which must be a "
                f"multiple of --num-generations {self.num_generations}"
            )
        if self.turns > 1 and (self.multi_turn or self.vllm == "on"):
            raise UserError("--turns plays by the merged policy; leave out --multi-turn and --vllm on")
        if self.scale_rewards not in ("group", "batch", "none"):
            raise UserError(f"--scale-rewards is group, batch or none, not {self.scale_rewards!r}")
        if self.vllm not in ("auto", "on", "off"):
            raise UserError(f"--vllm is auto, on or off, not {self.vllm!r}")


@dataclass(frozen=True, kw_only=True)
class CurriculumOptions(Options):
    """Options of `train curriculum`; the defaults are those of the published adapter.

    Attributes:
        stages: The last stage; stage K has the bodies of level K.
        from_stage: The first stage. It goes on from the adapter of the stage before where the folder has one, else from
            the model as it is.
        data: A data set's folder, all of whose scenes of a level are used; without it, scenes are simulated while
            training.
        subjects: Scenarios, separated by commas; repeatable. All training scenarios if not given.
        instances: Simulated scenes of each scenario in a stage.
        format: Text format of the frames; `lfm` for LFM models and `v1` for others if
            not given.
        context: Most frames shown; fewer where they do not fit.
        epochs: Passes over a stage's scenes.
        max_steps: Optimizer steps of a stage, instead of epochs.
        max_seq_length: Most tokens of an example, answer included.
        eval_problems: Problems of each level to answer after each stage; 0 for none.
        eval_examples: Scenes of each level for the loss after each stage.
        loader_workers: Processes that make examples while training; 0 makes them in between.
    """

    model: str = "LiquidAI/LFM2-350M"
    task: str = field(default="predict", metadata={"flags": ()})
    stages: int = option(STEPS, 5, min=1, max=5)
    from_stage: int = option(STEPS, 1, min=1, max=5)
    data: Path | None = field(default=None, metadata={"group": PROBLEMS})
    subjects: Sequence[str] | None = option(PROBLEMS, None, flags=("--scenarios",))
    instances: int = option(PROBLEMS, 2000, flags=("--scenes",), min=1)
    format: str | None = option(PROBLEMS, None)
    context: int = option(PROBLEMS, 10, min=1)
    epochs: float = option(STEPS, 1.0)
    max_steps: int | None = option(STEPS, None, min=1)
    max_seq_length: int = option(STEPS, 8192, min=8)
    grad_accum: int = option(STEPS, 8, min=1)
    lora_alpha: int | None = option(ADAPTER, 64)
    eval_problems: int = option(REPORTS, 8, min=0)
    eval_examples: int = option(REPORTS, 32, min=1)
    loader_workers: int = option(STEPS, 0, min=0)

    def __post_init__(self) -> None:
        from gedanken.worlds.rigid import text
        from gedanken.worlds.rigid.scene.scene import LEVELS

        if self.task != CurriculumOptions.task:
            raise UserError(f"a curriculum trains predict, not {self.task}")
        if not 1 <= self.from_stage <= self.stages <= max(LEVELS):
            raise UserError(
                f"stages go from 1 to {max(LEVELS)}, and --from-stage is at most --stages; not {self.from_stage} to "
                f"{self.stages}"
            )
        super().__post_init__()
        _check_epochs(self.epochs)
        text.load(self.text_format)
        for name in CURRICULUM_CONDITIONS:
            if name in self.conditions:
                raise UserError(f"the curriculum sets {name} itself; leave it out of --with")

    def pinned(self) -> dict[str, Any]:
        """The options that must not change when the run is resumed, as JSON-able data."""
        return {name: value for name, value in self.to_dict().items() if name not in CURRICULUM_FREE}

    @property
    def text_format(self) -> str:
        """The format of the frames."""
        return self.format or ("lfm" if "lfm" in self.model.lower() else "v1")


def check_ranges(options: Any) -> None:
    """Hold every number to the `min` and `max` of its field's metadata.

    Raises:
        UserError: one lies outside.
    """
    for each in fields(options):
        value = getattr(options, each.name)
        if value is None:
            continue
        if "min" in each.metadata and not value >= each.metadata["min"]:
            raise UserError(f"{each.name} must be at least {each.metadata['min']}, not {value}")
        if "max" in each.metadata and not value <= each.metadata["max"]:
            raise UserError(f"{each.name} must be at most {each.metadata['max']}, not {value}")


def _check_epochs(epochs: float) -> None:
    if not epochs > 0:
        raise UserError(f"epochs must be positive, not {epochs}")
