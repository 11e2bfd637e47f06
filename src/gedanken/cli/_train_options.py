"""Options and steps that the commands of `gedanken train` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from gedanken.cli._show import progress_bar
from gedanken.errors import UserError

TaskOption = Annotated[str, typer.Option("--task", help="discover or predict.")]
ModelOption = Annotated[
    str, typer.Option("--model", help="A folder, a Hub id or smollm2; with +ADAPTER to go on from an adapter.")
]
OutputOption = Annotated[Path, typer.Option("--output-dir", help="The run's folder.")]
SubjectsOption = Annotated[
    list[str] | None,
    typer.Option("--system-ids", "--scenarios", help="Systems or scenarios, separated by commas; repeatable."),
]
InstancesOption = Annotated[
    int, typer.Option("--instances-per-system", min=1, help="Problems of each system or scenario.")
]
LearningRateOption = Annotated[float, typer.Option("--learning-rate", help="Learning rate at its peak.")]
BatchOption = Annotated[int, typer.Option("--batch-size", min=1, help="Examples that go through the model at once.")]
AccumulateOption = Annotated[int, typer.Option("--grad-accum", min=1, help="Batches of an optimizer step.")]
RankOption = Annotated[int, typer.Option("--lora-r", min=0, help="Rank of the LoRA adapter; 0 trains all weights.")]
AlphaOption = Annotated[
    int | None, typer.Option("--lora-alpha", help="Scale of the adapter; twice its rank if not given.")
]
DropoutOption = Annotated[float, typer.Option("--lora-dropout", min=0, max=1, help="Dropout of the adapter.")]
WarmupOption = Annotated[int, typer.Option("--warmup-steps", min=0, help="Steps of linear warm-up.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Names the order of the problems and the sampling.")]
DeviceOption = Annotated[str | None, typer.Option("--device", help="cpu, cuda, ...; the best there is by default.")]
DtypeOption = Annotated[str, typer.Option("--dtype", help="auto, float32, bfloat16 or float16.")]
OptimizerOption = Annotated[
    str, typer.Option("--optimizer", help="auto (8-bit AdamW where a GPU has it), or a name that transformers knows.")
]
CheckpointingOption = Annotated[
    bool, typer.Option("--gradient-checkpointing", help="Less memory for a third more time.")
]
SaveOption = Annotated[int, typer.Option("--save-steps", min=1, help="Steps between checkpoints.")]
EvalStepsOption = Annotated[
    int, typer.Option("--eval-steps", min=0, help="Steps between evaluations; 0 for one at the end.")
]
EvalProblemsOption = Annotated[
    int, typer.Option("--eval-problems", min=0, help="Held-out problems of each subject in an evaluation.")
]
BenchOption = Annotated[
    int,
    typer.Option("--bench-problems", min=0, help="Problems a subject of the task's frozen suite, played at the end."),
]
TrackerOption = Annotated[str, typer.Option("--report-to", help="tensorboard, wandb, trackio or none.")]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")]
MergeOption = Annotated[bool, typer.Option("--merge", help="Write the merged model, too.")]
PushOption = Annotated[bool, typer.Option("--push-to-hub", help="Upload the result.")]
RepositoryOption = Annotated[str | None, typer.Option("--hub-repo-id", help="OWNER/NAME on the Hub.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="With --push-to-hub: say what would be sent.")]
LengthOption = Annotated[int, typer.Option("--max-new-tokens", min=1, help="Longest answer.")]


def run_training(title: str, train: Callable[..., Path], options: Any) -> None:
    """Train under a progress bar, and say where the result is."""
    with progress_bar(title) as advance:
        saved = train(options, advance)
    print(f"wrote {saved}; curves and model card are in {options.output_dir}")


def split_names(names: list[str] | None) -> tuple[str, ...] | None:
    """`a,b` and repeated options alike."""
    return tuple(name for part in names for name in part.split(",") if name) if names else None


def check_push(push: bool, repository: str | None) -> None:
    """Refuse an upload without a destination before hours of training.

    Raises:
        UserError: there is none.
    """
    if push and not repository:
        raise UserError("--push-to-hub needs --hub-repo-id OWNER/NAME")


def push_result(folder: Path, push: bool, repository: str | None, dry_run: bool) -> None:
    """Upload a run's result where that was asked for."""
    if not push or repository is None:
        return
    from gedanken.training import hub

    for line in hub.push(folder, repository, dry_run=dry_run):
        print(line)
