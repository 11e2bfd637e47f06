"""`gedanken data`: the rigid world's data set."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gedanken.cli._options import FORMATS

app = typer.Typer(help="Generate, check, read and publish recordings of the rigid world.", no_args_is_help=True)

FoldersArgument = Annotated[list[Path], typer.Argument(help="Folders of data sets.", show_default=False)]
FolderArgument = Annotated[Path, typer.Argument(help="A data set's folder.", show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object.")]


class OptionalAddress(typer.core.TyperCommand):
    """`--ray` may stand without an address, which Typer has no word for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the word `local` behind a bare `--ray`."""
        told = []
        for word, following in zip(args, [*args[1:], "-"], strict=True):
            told += [word, "local"] if word == "--ray" and following.startswith("-") else [word]
        return list(super().parse_args(ctx, told))


@app.command(
    cls=OptionalAddress,
    epilog="gedanken data generate --split train --scenes 10000 --out data/train --workers 2\n\n"
    "gedanken data generate --split test --scenes 600 --scenarios heldout --levels 1,2 --out data/heldout\n\n"
    "gedanken data generate --split train --scenes 900000 --out data/train --ray 10.0.0.1:6379 --resume",
)
def generate(
    scenes: Annotated[int, typer.Option(help="How many scenes.")],
    out: Annotated[Path, typer.Option(help="Folder for the shards and their manifest.")],
    split: Annotated[str, typer.Option(help="train, val or test; part of every scene's key.")] = "train",
    scenarios: Annotated[
        list[str] | None,
        typer.Option(help="Names or categories, or seen, heldout, all; with commas, or repeated. Default: seen."),
    ] = None,
    levels: Annotated[str, typer.Option(help="Levels, with commas.")] = "1,2,3,4,5",
    frames: Annotated[int, typer.Option(help="Frames of a scene, after frame 0.")] = 200,
    labels: Annotated[str, typer.Option(help="pushed, or raw: the simulator's own positions.")] = "pushed",
    workers: Annotated[int | None, typer.Option(help="Processes; as many as processors by default.")] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="[ADDRESS]", help="Use a Ray cluster; without an address the one of this machine."),
    ] = None,
    shard_scenes: Annotated[int, typer.Option(help="Scenes of a shard.")] = 500,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run of the same plan stopped.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Simulate scenes into Parquet shards; killed at any moment, it goes on with --resume to the same bytes."""
    import os

    from gedanken.cli._show import print_json, progress_bar
    from gedanken.data.generate import generate as run
    from gedanken.data.generate import make_plan
    from gedanken.data.local import Processes
    from gedanken.data.ray import Cluster
    from gedanken.errors import UserError

    if ray is not None and workers is not None:
        raise UserError("--workers and --ray exclude each other: a cluster has the workers that it has")
    names = [name.strip() for entry in scenarios or [] for name in entry.split(",") if name.strip()]
    try:
        numbers = [int(word) for word in levels.split(",")]
    except ValueError:
        raise UserError(f"--levels wants whole numbers with commas between, not {levels!r}") from None
    plan = make_plan(split, scenes, names, numbers, frames=frames, labels=labels, shard_scenes=shard_scenes)
    if ray is None:
        # Not every system tells how many processors this process may use.
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        crew: Any = Processes(usable if workers is None else workers)
    else:
        crew = Cluster(None if ray == "local" else ray)
    with progress_bar(f"{split}, {scenes:,} scenes") as advance:
        done = run(plan, out, crew, resume=resume, progress=advance)
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
) -> None:
    """Write training text: whole scenes, or with --context a prompt and its answer a line."""
    import sys

    from gedanken.cli._show import progress_bar
    from gedanken.data.dataset import Dataset
    from gedanken.data.training import Writer, write
    from gedanken.files import staged_file

    data, writer = Dataset(folder), Writer(format, context, examples)
    if out == "-":
        write(writer, data, sys.stdout.buffer, as_json=context is not None)
        return
    with progress_bar(f"{format} text") as advance, staged_file(Path(out)) as file:
        write(writer, data, file, as_json=context is not None or out.endswith(".jsonl"), progress=advance)


@app.command("import", epilog="gedanken data import scenes/*.jsonl --out data/imported")
def import_(
    files: Annotated[list[Path], typer.Argument(help="JSONL recordings, one scene a file.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder for the shards and their manifest.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on where an import of the same files stopped.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read PhysicsLLMEngine's JSONL into the same columns; what the files do not tell is marked as unknown."""
    from gedanken.cli._show import print_json, progress_bar
    from gedanken.data.importers import import_jsonl

    with progress_bar("importing") as advance:
        done = import_jsonl(files, out, resume=resume, progress=advance)
    if as_json:
        print_json({"folder": str(out), "scenes": done.scenes, "shards": len(done.shards), "bytes": done.bytes})
    else:
        print(f"{out}: {done.scenes:,} scenes, {done.bytes / 1e6:,.1f} MB")


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
