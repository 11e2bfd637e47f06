"""`gedanken train scratch`."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli._train_options import (
    DryRunOption,
    OutputOption,
    PushOption,
    RepositoryOption,
    ResumeOption,
    SeedOption,
    check_push,
    push_result,
    run_training,
)

SCRATCH_EXAMPLES = (
    "gedanken train scratch --data data/train --output-dir runs/scratch --size 3M --minutes 60",
    "gedanken train scratch --data data/train --output-dir runs/scratch --size 3M --minutes 120 --resume",
    "gedanken bench predict --suite simple --format corrections --player prior --player hf:runs/scratch/model",
)


def scratch(
    data: Annotated[Path, typer.Option(help="A data set's folder, of the training split.")],
    output_dir: OutputOption,
    size: Annotated[str, typer.Option(help="tiny, 2M, 3M, 6M or 15M parameters.")] = "3M",
    minutes: Annotated[
        float | None, typer.Option(help="Training time over all resumptions; the learning rate follows it.")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps, instead of minutes or beside them.")] = None,
    batch_tokens: Annotated[int, typer.Option(min=1, help="Tokens of a step.")] = 6000,
    learning_rate: Annotated[float, typer.Option(help="Learning rate at its peak.")] = 2e-3,
    warmup_steps: Annotated[int, typer.Option(min=0, help="Steps of linear warm-up.")] = 100,
    weight_decay: Annotated[float, typer.Option(min=0, help="Of matrices.")] = 0.1,
    optimizer: Annotated[str, typer.Option(help="muon (AdamW for what is not a matrix) or adamw.")] = "muon",
    threads: Annotated[int, typer.Option(min=0, help="Of the model; 0 for as many as processors.")] = 0,
    bf16: Annotated[bool, typer.Option("--bf16/--fp32", help="Matrix products with 16 bits.")] = True,
    checkpoint_steps: Annotated[int, typer.Option(min=1, help="Steps between checkpoints.")] = 50,
    validation_scenes: Annotated[int, typer.Option(min=0, help="Scenes of an evaluation.")] = 24,
    validation_minutes: Annotated[
        float, typer.Option(min=0, help="Minutes between evaluations; 0 for one at the end.")
    ] = 10.0,
    seed: SeedOption = 0,
    resume: ResumeOption = False,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """A small Llama from nothing, on text that says only what deviates from the extrapolation."""
    from gedanken.training.scratch import Options, train

    check_push(push_to_hub, hub_repo_id)
    options = Options(
        data=data,
        output_dir=output_dir,
        size=size,
        minutes=minutes,
        steps=steps,
        batch_tokens=batch_tokens,
        learning_rate=learning_rate,
        warmup_steps=warmup_steps,
        weight_decay=weight_decay,
        optimizer=optimizer,
        threads=threads,
        bf16=bf16,
        checkpoint_steps=checkpoint_steps,
        validation_scenes=validation_scenes,
        validation_minutes=validation_minutes,
        seed=seed,
        resume=resume,
    )
    run_training("scratch", train, options)
    push_result(output_dir, push_to_hub, hub_repo_id, dry_run)
