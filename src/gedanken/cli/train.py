"""`gedanken train`: teach language models the tasks, with the simulator's answers and then with its reward."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from gedanken.cli._dataclass_options import options_of
from gedanken.cli._options import ConditionOption, parse_conditions
from gedanken.cli._show import print_json, progress_bar
from gedanken.cli._train_submit import SUBMIT_EXAMPLES, submit
from gedanken.errors import UserError
from gedanken.training.options import MACHINE, PROBLEMS, SAMPLING, CurriculumOptions, GRPOOptions, SFTOptions
from gedanken.training.run import RunFolder, is_first
from gedanken.training.scratch.collisions.options import CollisionOptions
from gedanken.training.scratch.contacts.options import ScratchOptions
from gedanken.training.scratch.laws.options import LawOptions, ReinforceOptions

app = typer.Typer(help="Train language models: sft, grpo, curriculum, evaluate, report, ...", no_args_is_help=True)

UPLOAD = "Upload"
PushOption = Annotated[bool, typer.Option("--push-to-hub", help="Upload the result.", rich_help_panel=UPLOAD)]
RepositoryOption = Annotated[
    str | None, typer.Option("--hub-repo-id", help="OWNER/NAME on the Hub.", rich_help_panel=UPLOAD)
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="With --push-to-hub: say what would be sent.", rich_help_panel=UPLOAD)
]

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
CURRICULUM_EXAMPLES = (
    "gedanken train curriculum --output-dir runs/curriculum --stages 5 --optimizer adamw_8bit",
    "gedanken train curriculum --model smollm2 --format v1 --output-dir runs/c --stages 2 --scenarios pong --context 2",
    "gedanken train curriculum --data data/train --output-dir runs/curriculum --resume",
)
EVALUATE_EXAMPLES = (
    "gedanken train evaluate --model smollm2 --model gedanken-discover-135m --with rows=4 --turns 8",
    "gedanken train evaluate --model gedanken-discover-135m --with rows=4 --subjects free_fall,spring_mass --samples 8"
    " --temperature 0.8",
    "gedanken train evaluate --model laws:runs/laws/model --with rows=16 --turns 8",
)
SCRATCH_EXAMPLES = (
    "gedanken train scratch --output-dir runs/scratch --size 3M --minutes 60",
    "gedanken train scratch --output-dir runs/scratch --size 3M --minutes 120 --resume",
    "gedanken bench predict --suite heldout6 --player impulses:runs/scratch/model",
)
COLLISION_EXAMPLES = (
    "gedanken train collisions --output-dir runs/collisions --size 0.4M --minutes 30 --batch-tokens 1500",
    "gedanken bench predict --suite heldout6 --player collisions:runs/collisions/model",
)
LAW_EXAMPLES = (
    "gedanken train laws --output-dir runs/laws --size 3M --minutes 60",
    "gedanken train laws --output-dir runs/laws --size 3M --minutes 120 --resume",
    "gedanken bench discover --suite seed8 --player laws:runs/laws/model --turns 8 --rows 16",
)
LAW_RL_EXAMPLES = (
    "gedanken train laws-rl --model gedanken-laws --output-dir runs/laws-rl --minutes 30",
    "gedanken train laws-rl --model runs/laws/model --output-dir runs/laws-rl --minutes 60 --turns 4 --resume",
    "gedanken train evaluate --model gedanken-laws --model laws:runs/laws-rl/model --with rows=16 --turns 8",
)


@app.command(epilog="\n\n".join(SFT_EXAMPLES))
@options_of(SFTOptions)
def sft(
    options: SFTOptions,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Supervised warm start on the teacher's answers, the loss on the answers alone."""
    from gedanken.training.sft import train_sft

    _train(train_sft, options, push_to_hub, hub_repo_id, dry_run)


@app.command(epilog="\n\n".join(GRPO_EXAMPLES))
@options_of(GRPOOptions)
def grpo(
    options: GRPOOptions,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Reinforcement with the simulator's reward: groups of answers to one problem compete."""
    from gedanken.training.grpo import train_grpo

    _train(train_grpo, options, push_to_hub, hub_repo_id, dry_run)


@app.command(epilog="\n\n".join(CURRICULUM_EXAMPLES))
@options_of(CurriculumOptions)
def curriculum(
    options: CurriculumOptions,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Next-frame prediction in stages of more and more bodies, examined on every stage's level after each."""
    from gedanken.training.curriculum import train_curriculum

    _train(train_curriculum, options, push_to_hub, hub_repo_id, dry_run)


@app.command(epilog="\n\n".join(SCRATCH_EXAMPLES))
@options_of(ScratchOptions)
def scratch(
    options: ScratchOptions,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """A small Llama from nothing on contacts and their impulses, one token a number; it plays without torch."""
    from gedanken.training.scratch.contacts.lesson import train_scratch

    _train(train_scratch, options, push_to_hub, hub_repo_id, dry_run)


@app.command(epilog="\n\n".join(COLLISION_EXAMPLES))
@options_of(CollisionOptions)
def collisions(
    options: CollisionOptions,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """A small Llama from nothing on whether and where two shapes touch; it plays without torch."""
    from gedanken.training.scratch.collisions.lesson import train_collisions

    _train(train_collisions, options, push_to_hub, hub_repo_id, dry_run)


@app.command(epilog="\n\n".join(LAW_EXAMPLES))
@options_of(LawOptions)
def laws(
    options: LawOptions,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """A small Llama from nothing on laws and on what follows wrong ones, one token a number; it plays without torch."""
    from gedanken.training.scratch.laws.lesson import train_laws

    _train(train_laws, options, push_to_hub, hub_repo_id, dry_run)


@app.command("laws-rl", epilog="\n\n".join(LAW_RL_EXAMPLES))
@options_of(ReinforceOptions)
def laws_rl(
    options: ReinforceOptions,
    push_to_hub: PushOption = False,
    hub_repo_id: RepositoryOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Reinforcement of a small decoder of laws over turns, with the simulator's reward: groups of answers compete."""
    from gedanken.training.scratch.laws.reinforce import reinforce_laws

    _train(reinforce_laws, options, push_to_hub, hub_repo_id, dry_run)


@app.command(epilog="\n\n".join(EVALUATE_EXAMPLES))
def evaluate(
    model: Annotated[
        list[str],
        typer.Option(
            "--model",
            help="A model, or a player (laws:FOLDER, openai:MODEL); repeatable, for a table of before and after.",
        ),
    ],
    task: Annotated[str, typer.Option(help="discover or predict.")] = "discover",
    problems: Annotated[
        int, typer.Option(min=1, metavar="<int>", help="Problems of each subject.", rich_help_panel=PROBLEMS)
    ] = 10,
    subjects: Annotated[
        list[str] | None,
        typer.Option(
            help="Systems or scenarios, separated by commas; repeatable. The task's own choice if not given.",
            rich_help_panel=PROBLEMS,
        ),
    ] = None,
    levels: Annotated[
        str | None,
        typer.Option(help="Levels of difficulty, separated by commas.", rich_help_panel=PROBLEMS),
    ] = None,
    conditions: ConditionOption = None,
    split: Annotated[
        str,
        typer.Option(
            help="test; or train, for what a model gets wrong (train sft --mistakes).", rich_help_panel=PROBLEMS
        ),
    ] = "test",
    turns: Annotated[
        int,
        typer.Option(min=1, metavar="<int>", help="Answers that a model may give to each.", rich_help_panel=SAMPLING),
    ] = 1,
    samples: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="<int>",
            help="Independent episodes of each problem, for pass@k; needs a temperature.",
            rich_help_panel=SAMPLING,
        ),
    ] = 1,
    batch: Annotated[
        int, typer.Option(min=1, metavar="<int>", help="Episodes played side by side.", rich_help_panel=SAMPLING)
    ] = 16,
    max_new_tokens: Annotated[
        int, typer.Option(min=1, metavar="<int>", help="Longest answer in tokens.", rich_help_panel=SAMPLING)
    ] = 256,
    temperature: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="<float>",
            help="Of sampling; greedy at 0, which repeats itself where it learns nothing.",
            rich_help_panel=SAMPLING,
        ),
    ] = 0.0,
    grammar: Annotated[
        bool, typer.Option("--grammar", help="Hold answers to the task's grammar.", rich_help_panel=SAMPLING)
    ] = False,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, ...; the best there is by default.", rich_help_panel=MACHINE)
    ] = None,
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16 or float16.", rich_help_panel=MACHINE)] = "auto",
    out: Annotated[Path | None, typer.Option(help="Folder for the table and for every answer.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Models on the same fixed problems, held-out subjects included, with 95 % intervals."""
    import orjson

    from gedanken.players import is_player, load_player, share_options
    from gedanken.training import outcomes as results_of
    from gedanken.training.evaluate import evaluate as play_all
    from gedanken.training.evaluate import evaluation_sources

    if samples > 1 and not temperature:
        raise UserError("--samples of a greedy model are all the same; give a --temperature, such as 0.8")
    names = [name for part in subjects or () for name in part.split(",") if name]
    sources = evaluation_sources(task, problems, parse_conditions(conditions), names, _read_levels(levels), split)
    specs = {name: name if is_player(name, task) else f"hf:{name}" for name in model}
    # A player without a model beside a model knows no device; what none of them knows is refused before any plays.
    options = share_options(
        specs.values(), task, device=device, temperature=temperature or None, grammar=grammar or None
    )
    results: dict[str, list[results_of.Outcome]] = {}
    for name, spec in specs.items():
        results[name] = []
        with progress_bar(name) as advance:
            for sample in range(samples):

                def advance_sample(done: int, total: int, note: str, sample: int = sample) -> None:
                    advance(sample * total + done, samples * total, note)

                # The weights stay loaded; the seed makes the samples differ.
                offered = {"dtype": dtype, "max_tokens": max_new_tokens, "seed": sample}
                player = load_player(spec, task, offered, **options[spec])
                results[name] += play_all(
                    player, sources, turns=turns, batch=batch, sample=sample, progress=advance_sample
                )
        # What has been played is kept, whatever becomes of the next model.
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / "table.md").write_text(results_of.render_table(results, turns), encoding="utf-8")
            lines = [{"model": each, **row.to_dict()} for each, outcomes in results.items() for row in outcomes]
            (out / "outcomes.jsonl").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    if as_json:
        print_json(
            {
                name: {
                    **results_of.summarise(outcomes),
                    "bands": results_of.summarise_bands(outcomes),
                    "subjects": results_of.summarise_subjects(outcomes),
                }
                for name, outcomes in results.items()
            }
        )
    else:
        print(results_of.render_table(results, turns), end="")


def _read_levels(levels: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in levels.split(",")) if levels else ()
    except ValueError:
        raise UserError(f"--levels wants whole numbers with commas between, not {levels!r}") from None


@app.command(epilog="gedanken train report runs/rl")
def report(run: Annotated[Path, typer.Argument(help="A run's folder.")]) -> None:
    """Write a run's curves and model card again from its measurements."""
    from gedanken.training.report import write_report

    for path in write_report(RunFolder(run)):
        print(path)


app.command(epilog="\n\n".join(SUBMIT_EXAMPLES))(submit)


def _train(train: Callable[..., Path], options: Any, push: bool, repository: str | None, dry_run: bool) -> None:
    """Train under a progress bar, say where the result is, and upload it where that was asked for."""
    # Before hours of training, not after.
    if push and not repository:
        raise UserError("--push-to-hub needs --hub-repo-id OWNER/NAME")
    folder = RunFolder(options.output_dir)
    if not is_first():
        # One of several processes that train together: the first one tells.
        train(options)
        return
    before, merged = folder.end(), folder.path / "merged"
    was_merged = merged.is_dir()
    with progress_bar(train.__name__.removeprefix("train_")) as advance:
        saved = train(options, advance)
    if before is not None and folder.end() == before:
        print(f"{options.output_dir} is finished already, at step {before['step']}; its model is {saved}")
        if merged.is_dir() and not was_merged:
            print(f"wrote {merged}")
    else:
        print(f"wrote {saved}; curves and model card are in {options.output_dir}")
    if push and repository:
        from gedanken.training import publish

        for line in publish.push(options.output_dir, repository, dry_run=dry_run):
            print(line)
