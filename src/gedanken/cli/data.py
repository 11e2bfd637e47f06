"""`gedanken data`: the rigid world's data set."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gedanken.cli._options import FORMATS, OptionalAddress, RayOption, WorkersOption, choose_crew

app = typer.Typer(help="Generate, check, read and publish recordings of the rigid world.", no_args_is_help=True)

FoldersArgument = Annotated[list[Path], typer.Argument(help="Folders of data sets.", show_default=False)]
FolderArgument = Annotated[Path, typer.Argument(help="A data set's folder.", show_default=False)]
TokenizerOption = Annotated[
    str | None,
    typer.Option(help="Count tokens with this tokenizer (a tokenizer.json, its folder, or a name on the Hub)."),
]
LONG_RUN = 2000
"""Scenes from which on a run says beforehand what it will take."""

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command(
    cls=OptionalAddress,
    epilog="gedanken data generate --split train --scenes 10000 --out data/train --workers 2\n\n"
    "gedanken data generate --split test --scenes 600 --scenarios heldout --levels 1,2 --out data/heldout\n\n"
    "gedanken data generate --scenes 20000 --out data/train --resume\n\n"
    "gedanken data generate --scenarios my_scene.py --scenes 500 --out data/mine\n\n"
    "gedanken data generate --split train --scenes 900000 --out data/train --ray 10.0.0.1:6379 --resume",
)
def generate(
    scenes: Annotated[int, typer.Option(help="How many scenes.")],
    out: Annotated[
        str,
        typer.Option(help="Folder for the shards and their manifest; s3://, gs://, ... with the extra `remote`."),
    ],
    split: Annotated[str, typer.Option(help="train, val or test; part of every scene's key.")] = "train",
    scenarios: Annotated[
        list[str] | None,
        typer.Option(help="Names, categories, seen, heldout, all, .py files; with commas, or repeated. Default: seen."),
    ] = None,
    levels: Annotated[str, typer.Option(help="Levels, with commas.")] = "1,2,3,4,5",
    frames: Annotated[int, typer.Option(help="Frames of a scene, after frame 0.")] = 200,
    labels: Annotated[str, typer.Option(help="pushed, or raw: the simulator's own positions.")] = "pushed",
    workers: WorkersOption = None,
    ray: RayOption = None,
    shard_scenes: Annotated[int, typer.Option(help="Scenes of a shard.")] = 500,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where a run of the same plan stopped, or of one with fewer scenes."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate scenes into Parquet shards; killed at any moment, it goes on with --resume to the same bytes.

    Before a long run it says how much room and time all of it will take, and stops where the disk has less. A set of
    fewer scenes grows with --resume and more --scenes.
    """
    import sys

    from gedanken.cli._show import print_json, progress_bar
    from gedanken.data.generate import estimate, make_plan
    from gedanken.data.generate import generate as run
    from gedanken.data.local import Processes
    from gedanken.data.places import place
    from gedanken.data.ray import ClusterWorkers
    from gedanken.errors import UserError

    crew = choose_crew(workers, ray)
    names = [name.strip() for entry in scenarios or [] for name in entry.split(",") if name.strip()]
    try:
        numbers = [int(word) for word in levels.split(",")]
    except ValueError:
        raise UserError(f"--levels wants whole numbers with commas between, not {levels!r}") from None
    plan = make_plan(split, scenes, names, numbers, frames=frames, labels=labels, shard_scenes=shard_scenes)
    folder = place(out)
    if ray is not None and any(name.endswith(".py") for name in plan.scenarios):
        raise UserError("a cluster's workers do not have your file; scenarios of your own are made by --workers")
    makers: Any = Processes(crew) if isinstance(crew, int) else ClusterWorkers(crew)
    if scenes >= LONG_RUN:
        told = estimate(plan, folder)
        room = "" if told.free is None else f"; {told.free / 1e9:,.1f} GB are free"
        print(
            f"about {told.bytes / 1e9:,.2f} GB in {plan.shards:,} shards, {told.seconds / 60:,.0f} minutes of one "
            f"processor{room}",
            file=sys.stderr,
        )
        if told.free is not None and told.bytes > told.free and not resume:
            raise UserError(f"{out} has room for {told.free / 1e9:,.1f} GB; free some, or ask for fewer --scenes")
    with progress_bar(f"{split}, {scenes:,} scenes") as advance:
        done = run(plan, folder, makers, resume=resume, progress=advance)
    if as_json:
        print_json({"folder": str(out), "scenes": done.scenes, "shards": len(done.shards), "bytes": done.bytes})
    else:
        print(f"{out}: {done.scenes:,} scenes in {len(done.shards):,} shards, {done.bytes / 1e6:,.1f} MB")


@app.command(epilog="gedanken data verify data/train data/val data/test --sample 200")
def verify(
    folders: FoldersArgument,
    sample: Annotated[int, typer.Option(help="Scenes of each that are simulated again and compared.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Check files against checksums, a sample against a new simulation, and that no scene is there twice."""
    from gedanken.cli._show import print_json, progress_bar
    from gedanken.data.verify import verify as run

    with progress_bar("simulating again") as advance:
        found = run(folders, sample, progress=advance)
    if as_json:
        print_json(found)
    else:
        for report in found["data_sets"]:
            print(
                f"{report['folder']}: {len(report['faults']) or 'no'} faults; {report['scenes']:,} scenes in "
                f"{report['shards']:,} shards, {report['simulated_again']} of them simulated again"
            )
            for fault in report["faults"]:
                print(f"  {fault}")
    if not found["ok"]:
        raise typer.Exit(1)


@app.command(
    epilog="gedanken data text data/train --format v1 --context 10 --out train.jsonl\n\n"
    "gedanken data text data/train --format lfm --out - | head -40"
)
def text(
    folder: FolderArgument,
    format: Annotated[str, typer.Option(help=f"Text format: {FORMATS}.")] = "v1",
    out: Annotated[str, typer.Option(help="A .jsonl file, any other file for plain text, or - for plain text.")] = "-",
    context: Annotated[
        int | None, typer.Option(help="Frames of context: prompts with their answers instead of whole scenes.")
    ] = None,
    examples: Annotated[int, typer.Option(help="With --context: examples a scene.")] = 1,
    max_tokens: Annotated[
        int | None,
        typer.Option(help="With --context: most tokens of a prompt with its answer; the oldest frames go first."),
    ] = None,
    tokenizer: TokenizerOption = None,
) -> None:
    """Write training text: whole scenes, or with --context a prompt and its answer a line.

    Without --tokenizer, tokens are estimated: 1.8 characters each.
    """
    import sys

    from gedanken.cli._show import progress_bar
    from gedanken.data.dataset import Dataset
    from gedanken.data.training import Writer, estimate_tokens, load_tokenizer, write
    from gedanken.errors import UserError
    from gedanken.files import staged_file

    if "://" in out:
        raise UserError(f"--out {out} is no file of this machine; write to - and pipe it where it should go")
    tokens = estimate_tokens if tokenizer is None else load_tokenizer(tokenizer)
    data, writer = Dataset(folder), Writer(format, context, examples, max_tokens, tokens)
    if out == "-":
        written = write(writer, data, sys.stdout.buffer, as_json=context is not None)
    else:
        with progress_bar(f"{format} text") as advance, staged_file(Path(out)) as file:
            as_json = context is not None or out.endswith(".jsonl")
            written = write(writer, data, file, as_json=as_json, progress=advance)
    if max_tokens is not None and written < (asked := len(data) * examples):
        print(f"{asked - written} of {asked} examples do not fit {max_tokens} tokens", file=sys.stderr)


@app.command(epilog="gedanken data info data/train\n\ngedanken data info data/train --format lfm --json | jq .text")
def info(
    folder: FolderArgument,
    format: Annotated[str, typer.Option(help=f"Format of the text that is counted: {FORMATS}.")] = "v1",
    context: Annotated[int, typer.Option(help="Frames of a prompt.")] = 10,
    tokenizer: TokenizerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what is in a data set: scenes by scenario and level, bytes, and the tokens of its text."""
    from gedanken.cli._show import print_json
    from gedanken.data.info import describe
    from gedanken.data.training import estimate_tokens, load_tokenizer

    told = describe(folder, format, context, estimate_tokens if tokenizer is None else load_tokenizer(tokenizer))
    if as_json:
        print_json(told)
        return
    bodies, text = told["bodies"], told["text"]
    state = "" if told["complete"] else ", unfinished"
    print(f"{told['folder']}: {told['scenes']:,} scenes in {told['shards']:,} shards, split {told['split']}{state}")
    print(f"{told['bytes'] / 1e6:,.1f} MB, {told['bytes_a_scene'] / 1e3:.1f} KB a scene; {told['frames']:,} frames")
    print(f"bodies {bodies['least']} to {bodies['most']}, {bodies['mean']:.1f} in the mean")
    print("levels " + ", ".join(f"{level}: {count:,}" for level, count in told["levels"].items()))
    print("scenarios " + ", ".join(f"{name} {count:,}" for name, count in told["scenarios"].items()))
    if "reason" in text:
        print(f"text {format}: {text['reason']}")
    else:
        about = "about " if text["estimated"] else ""
        print(
            f"text {format}, {context} frames of context: {about}{text['tokens']:,.0f} tokens a prompt and answer, "
            f"{text['tokens_p95']:,.0f} in the 95th percentile; {text['more_than_8192']:.0%} have more than 8,192"
        )


@app.command(epilog="gedanken data plain data/train --out plain")
def plain(
    folder: FolderArgument,
    out: Annotated[Path, typer.Option(help="A new folder for scenes.parquet, bodies.parquet and frames.parquet.")],
    as_json: JsonOption = False,
) -> None:
    """Write plain tables for DuckDB, pandas and the like: a row a body and frame, in px and seconds."""
    from gedanken.cli._show import print_json, progress_bar
    from gedanken.data.dataset import Dataset
    from gedanken.data.plain import write

    with progress_bar("plain tables") as advance:
        rows = write(Dataset(folder), out, advance)
    if as_json:
        print_json({"folder": str(out), "rows": rows})
    else:
        print(f"{out}: " + ", ".join(f"{name}.parquet {count:,} rows" for name, count in rows.items()))


@app.command(epilog="gedanken data nearest data/test data/train")
def nearest(
    test: Annotated[Path, typer.Argument(help="The data set whose scenes are looked at.", show_default=False)],
    train: Annotated[Path, typer.Argument(help="The data set in which the nearest are sought.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Measure near-duplicates: how far each scene of a split is from the nearest one of another."""
    from rich.console import Console
    from rich.table import Table

    from gedanken.cli._show import print_json
    from gedanken.data.nearest import measure

    found = measure(test, train)
    if as_json:
        print_json(found)
        return
    table = Table(box=None, pad_edge=False)
    columns = ("scenario", "scenes", "start: least", "median", "recording: least", "p5", "median (px)")
    for name in columns:
        table.add_column(name, justify="left" if name == "scenario" else "right")
    for name, row in found.items():
        start, whole = row["start"], row["recording"]
        numbers = (start["least"], start["median"], whole["least"], whole["p5"], whole["median"])
        table.add_row(name, str(row["scenes"]), *(f"{number:.1f}" for number in numbers))
    Console().print(table, highlight=False)


@app.command(
    "import",
    epilog="gedanken data import scenes/ --out data/imported\n\n"
    "gedanken data import scenes.tar.gz --assume 'wall_radius=2, iterations=10, damping=1' --out data/imported",
)
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="JSONL recordings, one scene a file; packed (.gz), in archives or in folders.", show_default=False
        ),
    ],
    out: Annotated[str, typer.Option(help="Folder for the shards and their manifest.")],
    assume: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="What the recordings do not tell: wall_radius, iterations, damping; the scenes can then be simulated.",
        ),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse all if one file cannot be read.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an import of the same files stopped.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read PhysicsLLMEngine's JSONL into the same columns; what the files do not tell is marked as unknown.

    A file that cannot be read, say a truncated one among many, is named and left out.
    """
    import sys

    from gedanken.cli._show import print_json, progress_bar
    from gedanken.data.importers import Skipped, import_jsonl
    from gedanken.data.places import place
    from gedanken.worlds.rigid.foreign import Assumptions

    skipped: list[Skipped] = []

    def skip(one: Skipped) -> None:
        skipped.append(one)
        print(f"left out: {one.reason}", file=sys.stderr)

    assumed = None if assume is None else Assumptions.parse(assume)
    with progress_bar("importing") as advance:
        done = import_jsonl(files, place(out), resume, advance, assumed, None if strict else skip)
    if as_json:
        told = {"folder": out, "scenes": done.scenes, "shards": len(done.shards), "bytes": done.bytes}
        print_json(told | {"skipped": [one.to_dict() for one in skipped]})
    else:
        left = f", {len(skipped)} files left out" if skipped else ""
        print(f"{out}: {done.scenes:,} scenes, {done.bytes / 1e6:,.1f} MB{left}")


@app.command(epilog="gedanken data push data/train data/test --repo me/rigid-scenes --dry-run")
def push(
    folders: FoldersArgument,
    repo: Annotated[str, typer.Option(help="OWNER/NAME on the Hugging Face Hub.")],
    license: Annotated[str, typer.Option(help="License named on the data card.")] = "mit",
    private: Annotated[bool, typer.Option("--private", help="Make the repository private.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be uploaded; no network.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Upload data sets, one a split, with a data card."""
    from gedanken import hub
    from gedanken.cli._show import print_json
    from gedanken.data import card

    if dry_run:
        files = card.list_files(folders, repo, license)
        if as_json:
            listed = [{"path": name, "bytes": hub.size(content)} for name, content in files.items()]
            print_json({"repo": repo, "files": listed, "card": card.write_card(folders, repo, license)})
            return
        print("\n".join(hub.describe(files, f"would go to {repo}")))
        return
    address = card.push(folders, repo, license, private)
    if as_json:
        print_json({"repo": repo, "address": address})
    else:
        print(address)
