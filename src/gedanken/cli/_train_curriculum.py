"""`gedanken train curriculum`."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli._options import FORMATS, ConditionOption, parse_conditions
from gedanken.cli._train_options import (
    AccumulateOption,
    AlphaOption,
    BatchOption,
    CheckpointingOption,
    DeviceOption,
    DropoutOption,
    DryRunOption,
    DtypeOption,
    LearningRateOption,
    MergeOption,
    OptimizerOption,
    OutputOption,
    PushOption,
    RankOption,
    RepositoryOption,
    ResumeOption,
    SaveOption,
    SeedOption,
    TrackerOption,
    WarmupOption,
    check_push,
    push_result,
    run_training,
    split_names,
)

CURRICULUM_EXAMPLES = (
    "gedanken train curriculum --output-dir runs/curriculum --stages 5 --optimizer adamw_8bit",
    "gedanken train curriculum --model smollm2 --format v1 --output-dir runs/c --stages 2 --scenarios pong --context 2",
    "gedanken train curriculum --data data/train --output-dir runs/curriculum --resume",
)


def curriculum(
    output_dir: OutputOption,
    model: Annotated[
        str, typer.Option(help="A folder, a Hub id or smollm2; with +ADAPTER to go on from an adapter.")
    ] = "LiquidAI/LFM2-350M",
    stages: Annotated[int, typer.Option(min=1, max=5, help="The last stage; stage K has the bodies of level K.")] = 5,
    from_stage: Annotated[int, typer.Option(min=1, max=5, help="The first stage.")] = 1,
    data: Annotated[
        Path | None, typer.Option(help="A data set's folder; without it, scenes are simulated while training.")
    ] = None,
    scenarios: Annotated[list[str] | None, typer.Option(help="Scenarios, separated by commas; repeatable.")] = None,
    scenes: Annotated[int, typer.Option(min=1, help="Simulated scenes of each scenario in a stage.")] = 2000,
    format: Annotated[
        str | None, typer.Option(help=f"Text format: {FORMATS}. Default: lfm for LFM models, else v1.")
    ] = None,
    context: Annotated[int, typer.Option(min=1, help="Most frames shown; fewer where they do not fit.")] = 10,
    conditions: ConditionOption = None,
    epochs: Annotated[float, typer.Option(help="Passes over a stage's scenes.")] = 1.0,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Steps of a stage, instead of epochs.")] = None,
    batch_size: BatchOption = 4,
    grad_accum: AccumulateOption = 8,
    learning_rate: LearningRateOption = 2e-4,
    warmup_steps: WarmupOption = 10,
    max_seq_length: Annotated[int, typer.Option(min=8, help="Most tokens of an example, answer included.")] = 8192,
    lora_r: RankOption = 32,
    lora_alpha: AlphaOption = 64,
    lora_dropout: DropoutOption = 0.05,
    optimizer: OptimizerOption = "auto",
    gradient_checkpointing: CheckpointingOption = False,
    loader_workers: Annotated[int, typer.Option(min=0, help="Processes that make examples while training.")] = 0,
    seed: SeedOption = 0,
    device: DeviceOption = None,
    dtype: DtypeOption = "auto",
    save_steps: SaveOption = 25,
    eval_problems: Annotated[int, typer.Option(min=0, help="Problems of each level to answer after each stage.")] = 8,
    eval_examples: Annotated[int, typer.Option(min=1, help="Scenes of each level for the loss after each stage.")] = 32,
    report_to: TrackerOption = "none",
    resume: ResumeOption = False,
    merge: MergeOption = False,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Next-frame prediction in stages of more and more bodies, examined on every stage's level after each."""
    from gedanken.training.curriculum import CurriculumOptions, train_curriculum

    check_push(push_to_hub, hub_repo_id)
    options = CurriculumOptions(
        model=model,
        output_dir=output_dir,
        stages=stages,
        from_stage=from_stage,
        data=data,
        subjects=split_names(scenarios),
        instances=scenes,
        format=format,
        context=context,
        conditions=parse_conditions(conditions),
        epochs=epochs,
        max_steps=max_steps,
        batch_size=batch_size,
        grad_accum=grad_accum,
        learning_rate=learning_rate,
        warmup_steps=warmup_steps,
        max_seq_length=max_seq_length,
        lora_r=lora_r,
        lora_alpha=lora_alpha,
        lora_dropout=lora_dropout,
        optimizer=optimizer,
        gradient_checkpointing=gradient_checkpointing,
        loader_workers=loader_workers,
        seed=seed,
        device=device,
        dtype=dtype,
        save_steps=save_steps,
        eval_problems=eval_problems,
        eval_examples=eval_examples,
        report_to=report_to,
        resume=resume,
        merge=merge,
    )
    run_training("curriculum", train_curriculum, options)
    push_result(output_dir, push_to_hub, hub_repo_id, dry_run)
