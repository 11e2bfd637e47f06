"""`gedanken train`: teach language models the tasks, with the simulator's answers and then with its reward."""

from pathlib import Path
from typing import Annotated

import typer

from gedanken.cli._options import ConditionOption, parse_conditions
from gedanken.cli._show import print_json, progress_bar
from gedanken.cli._train_curriculum import CURRICULUM_EXAMPLES, curriculum
from gedanken.cli._train_options import (
    AccumulateOption,
    AlphaOption,
    BatchOption,
    BenchOption,
    CheckpointingOption,
    DeviceOption,
    DropoutOption,
    DryRunOption,
    DtypeOption,
    EvalProblemsOption,
    EvalStepsOption,
    InstancesOption,
    LearningRateOption,
    LengthOption,
    MergeOption,
    ModelOption,
    OptimizerOption,
    OutputOption,
    PushOption,
    RankOption,
    RepositoryOption,
    ResumeOption,
    SaveOption,
    SeedOption,
    SubjectsOption,
    TaskOption,
    TrackerOption,
    WarmupOption,
    check_push,
    push_result,
    run_training,
    split_names,
)
from gedanken.cli._train_scratch import SCRATCH_EXAMPLES, scratch
from gedanken.cli._train_submit import SUBMIT_EXAMPLES, submit

app = typer.Typer(help="Train language models: sft, grpo, curriculum, evaluate, report, ...", no_args_is_help=True)

SFT_EXAMPLES = (
    "gedanken train sft --model smollm2 --output-dir runs/sft --system-ids damped_spring --with rows=10",
    "gedanken train sft --task predict --model smollm2 --output-dir runs/p --scenarios pong --with context=2",
    "gedanken train sft --model smollm2 --output-dir runs/sft --system-ids damped_spring --with rows=10 --resume",
)
GRPO_EXAMPLES = (
    "gedanken train grpo --model smollm2 --sft-checkpoint runs/sft --output-dir runs/rl --with rows=10",
    "gedanken train grpo --model Qwen/Qwen2.5-3B-Instruct --sft-checkpoint runs/sft/merged --output-dir runs/rl"
    " --num-steps 200 --num-generations 4 --push-to-hub --hub-repo-id ME/NAME",
)


@app.command(epilog="\n\n".join(SFT_EXAMPLES))
def sft(
    model: ModelOption,
    output_dir: OutputOption,
    task: TaskOption = "discover",
    system_ids: SubjectsOption = None,
    instances_per_system: InstancesOption = 32,
    conditions: ConditionOption = None,
    epochs: Annotated[float, typer.Option(help="Passes over the pairs.")] = 3.0,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Steps, instead of epochs.")] = None,
    batch_size: BatchOption = 4,
    grad_accum: AccumulateOption = 1,
    learning_rate: LearningRateOption = 2e-4,
    warmup_steps: WarmupOption = 10,
    max_seq_length: Annotated[int, typer.Option(min=8, help="Longest example in tokens.")] = 2048,
    lora_r: RankOption = 32,
    lora_alpha: AlphaOption = None,
    lora_dropout: DropoutOption = 0.05,
    optimizer: OptimizerOption = "auto",
    gradient_checkpointing: CheckpointingOption = False,
    seed: SeedOption = 0,
    device: DeviceOption = None,
    dtype: DtypeOption = "auto",
    save_steps: SaveOption = 25,
    eval_steps: EvalStepsOption = 0,
    eval_problems: EvalProblemsOption = 2,
    bench_problems: BenchOption = 1,
    max_new_tokens: LengthOption = 256,
    report_to: TrackerOption = "none",
    resume: ResumeOption = False,
    merge: MergeOption = False,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Supervised warm start on the teacher's answers, the loss on the answers alone."""
    from gedanken.training.sft import SFTOptions, train_sft

    check_push(push_to_hub, hub_repo_id)
    options = SFTOptions(
        model=model,
        output_dir=output_dir,
        task=task,
        subjects=split_names(system_ids),
        instances=instances_per_system,
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
        seed=seed,
        device=device,
        dtype=dtype,
        save_steps=save_steps,
        eval_steps=eval_steps,
        eval_problems=eval_problems,
        bench_problems=bench_problems,
        max_new_tokens=max_new_tokens,
        report_to=report_to,
        resume=resume,
        merge=merge,
    )
    run_training("sft", train_sft, options)
    push_result(output_dir, push_to_hub, hub_repo_id, dry_run)


@app.command(epilog="\n\n".join(GRPO_EXAMPLES))
def grpo(
    model: ModelOption,
    output_dir: OutputOption,
    task: TaskOption = "discover",
    sft_checkpoint: Annotated[
        Path | None, typer.Option(help="Run folder, adapter or merged model of the warm start.")
    ] = None,
    system_ids: SubjectsOption = None,
    instances_per_system: InstancesOption = 32,
    conditions: ConditionOption = None,
    num_steps: Annotated[int, typer.Option(min=1, help="Optimizer steps.")] = 200,
    num_generations: Annotated[int, typer.Option(min=2, help="Answers to each problem, compared with each other.")] = 4,
    batch_size: Annotated[int, typer.Option(min=1, help="Answers that go through the model at once.")] = 4,
    grad_accum: AccumulateOption = 1,
    learning_rate: LearningRateOption = 2e-5,
    warmup_steps: WarmupOption = 10,
    temperature: Annotated[float, typer.Option(min=0, help="Of sampling.")] = 1.0,
    top_p: Annotated[float, typer.Option(min=0, max=1, help="Of sampling.")] = 1.0,
    replace_flat: Annotated[
        int, typer.Option(min=0, help="Other problems tried in place of one whose answers all got one reward.")
    ] = 2,
    scale_rewards: Annotated[
        str, typer.Option(help="What advantages are divided by: the spread of group or batch, or none.")
    ] = "group",
    beta: Annotated[float, typer.Option(min=0, help="Weight of the divergence from the start.")] = 0.0,
    multi_turn: Annotated[
        bool, typer.Option("--multi-turn", help="Play whole episodes; needs a chat template with tools.")
    ] = False,
    vllm: Annotated[str, typer.Option(help="auto, on or off.")] = "auto",
    lora_r: RankOption = 32,
    lora_alpha: AlphaOption = None,
    lora_dropout: DropoutOption = 0.0,
    optimizer: OptimizerOption = "auto",
    gradient_checkpointing: CheckpointingOption = False,
    seed: SeedOption = 0,
    device: DeviceOption = None,
    dtype: DtypeOption = "auto",
    save_steps: SaveOption = 25,
    eval_steps: EvalStepsOption = 0,
    eval_problems: EvalProblemsOption = 2,
    bench_problems: BenchOption = 1,
    max_new_tokens: LengthOption = 256,
    report_to: TrackerOption = "none",
    resume: ResumeOption = False,
    merge: MergeOption = False,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Reinforcement with the simulator's reward: groups of answers to one problem compete."""
    from gedanken.training.grpo import GRPOOptions, train_grpo

    check_push(push_to_hub, hub_repo_id)
    options = GRPOOptions(
        model=model,
        output_dir=output_dir,
        task=task,
        sft_checkpoint=sft_checkpoint,
        subjects=split_names(system_ids),
        instances=instances_per_system,
        conditions=parse_conditions(conditions),
        num_steps=num_steps,
        num_generations=num_generations,
        batch_size=batch_size,
        grad_accum=grad_accum,
        learning_rate=learning_rate,
        warmup_steps=warmup_steps,
        temperature=temperature,
        top_p=top_p,
        replace_flat=replace_flat,
        scale_rewards=scale_rewards,
        beta=beta,
        multi_turn=multi_turn,
        vllm=vllm,
        lora_r=lora_r,
        lora_alpha=lora_alpha,
        lora_dropout=lora_dropout,
        optimizer=optimizer,
        gradient_checkpointing=gradient_checkpointing,
        seed=seed,
        device=device,
        dtype=dtype,
        save_steps=save_steps,
        eval_steps=eval_steps,
        eval_problems=eval_problems,
        bench_problems=bench_problems,
        max_new_tokens=max_new_tokens,
        report_to=report_to,
        resume=resume,
        merge=merge,
    )
    run_training("grpo", train_grpo, options)
    push_result(output_dir, push_to_hub, hub_repo_id, dry_run)


@app.command(epilog="gedanken train evaluate --model smollm2 --model gedanken-discover-135m --with rows=4 --turns 8")
def evaluate(
    model: Annotated[list[str], typer.Option("--model", help="A model; repeatable, for a table of before and after.")],
    task: TaskOption = "discover",
    problems: Annotated[int, typer.Option(min=1, help="Problems of each subject.")] = 10,
    turns: Annotated[int, typer.Option(min=1, help="Answers that a model may give to each.")] = 1,
    conditions: ConditionOption = None,
    batch: Annotated[int, typer.Option(min=1, help="Episodes played side by side.")] = 16,
    max_new_tokens: LengthOption = 256,
    temperature: Annotated[
        float, typer.Option(min=0, help="Of sampling; greedy at 0, which repeats itself where it learns nothing.")
    ] = 0.0,
    device: DeviceOption = None,
    dtype: DtypeOption = "auto",
    grammar: Annotated[bool, typer.Option("--grammar", help="Hold answers to the task's grammar.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the table and for every answer.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Models on the same fixed problems, held-out subjects included, with 95 % intervals."""
    import dataclasses

    import orjson

    from gedanken.models.backends import hf
    from gedanken.training import evaluate as evaluation

    sources = evaluation.evaluation_sources(task, problems, parse_conditions(conditions))
    results = {}
    for name in model:
        player = hf.load(
            name.removeprefix("hf:"),
            device=device,
            dtype=dtype,
            temperature=temperature,
            max_tokens=max_new_tokens,
            grammar=grammar,
        )
        with progress_bar(name) as advance:
            results[name] = evaluation.evaluate(player, sources, turns=turns, batch=batch, progress=advance)
    table = evaluation.render_table(results, turns)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "table.md").write_text(table, encoding="utf-8")
        with (out / "outcomes.jsonl").open("wb") as file:
            for name, outcomes in results.items():
                for outcome in outcomes:
                    file.write(orjson.dumps({"model": name, **dataclasses.asdict(outcome)}) + b"\n")
    if as_json:
        print_json(
            {
                name: {**evaluation.summarise(outcomes), "subjects": evaluation.summarise_subjects(outcomes)}
                for name, outcomes in results.items()
            }
        )
    else:
        print(table, end="")


@app.command(epilog="gedanken train report runs/rl")
def report(run: Annotated[Path, typer.Argument(help="A run's folder.")]) -> None:
    """Write a run's curves and model card again from its measurements."""
    from gedanken.training import curriculum as stages
    from gedanken.training.report import write_report
    from gedanken.training.run import RunFolder

    folder = RunFolder(run)
    write = stages.write_report if folder.config()["kind"] == "curriculum" else write_report
    for path in write(folder):
        print(path)


app.command(epilog="\n\n".join(CURRICULUM_EXAMPLES))(curriculum)
app.command(epilog="\n\n".join(SCRATCH_EXAMPLES))(scratch)
app.command(epilog="\n\n".join(SUBMIT_EXAMPLES))(submit)
