"""Train a decoder from nothing on one GPU within a time limit, from data to a few files that can be carried away.

python benchmarks/train_on_gpu.py --out out --minutes 8                     # contacts; one H100, 14 loaders
python benchmarks/train_on_gpu.py --out out --minutes 6 --reinforce-minutes 2 --what laws --batch-tokens 98304
python benchmarks/train_on_gpu.py --out out --minutes 1 --device cpu --size tiny --workers 1
python benchmarks/train_on_gpu.py --make-stock stock --minutes 60 --workers 2            # where no GPU is
python benchmarks/train_on_gpu.py --out out --minutes 8 --stock stock --stock-share 0.7

Of contacts and collisions, loaders pose scenes of every training scenario and level, simulate them and write them as
tokens; of laws, they pose problems and judge wrong answers to them, and what was learnt can be reinforced over turns. A
core makes some ten thousand tokens a second: `--make-stock` makes examples ahead, on any machine, and `--stock` mixes
them with fresh ones. The model trains until the clock says so, and `--out` gets at most eight files of at most 16 MiB:
`run.tar.gz` (configuration, metrics, card, curves, tokenizer) and `model.safetensors`, in parts if it is larger. Where
it was made, or elsewhere:

cat model.safetensors.part* > model.safetensors

A machine whose image has torch and transformers needs pymunk, orjson and pydantic besides, and no installation of this
package: PYTHONPATH=src.
"""

import argparse
import multiprocessing
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from gedanken.training.scratch.lesson import Lesson
from gedanken.training.scratch.loader import Source
from gedanken.training.scratch.stock import FIRST_POOL, Stock, write_part

LARGEST = 15 * 2**20
"""Bytes of a part."""

PART = 4
"""Pools of a file of a stock."""

REINFORCED = "rl"
"""Folder of a run's reinforcement within the run's."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--out", type=Path, help="Folder for the files of a training run.")
    asked.add_argument("--make-stock", type=Path, metavar="FOLDER", help="Make examples ahead for so many minutes.")
    parser.add_argument("--what", choices=["contacts", "collisions", "laws"], default="contacts")
    parser.add_argument("--minutes", type=float, default=8.0, help="Of training; data and validation come on top.")
    parser.add_argument("--reinforce-minutes", type=float, default=0.0, help="Of laws, after that: GRPO over turns.")
    parser.add_argument("--problems", type=int, default=32, help="Of a step of reinforcement.")
    parser.add_argument("--validation-problems", type=int, default=4, help="Of laws: of each default system.")
    parser.add_argument("--size", default="3M")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--workers", type=int, default=14, help="Loaders.")
    parser.add_argument("--run-folder", type=Path, help="Where the run itself lies and stays; else it is not kept.")
    parser.add_argument("--validation-minutes", type=float, help="Between evaluations; 0 for one at the end.")
    parser.add_argument("--stock", type=Path, help="Examples made ahead, to be learnt from besides.")
    parser.add_argument("--stock-share", type=float, default=0.5, help="Share of the examples that come from there.")
    parser.add_argument("--pools", type=int, default=4, help="Pools of examples that are cut into batches together.")
    parser.add_argument("--favoured", type=float, default=0.5, help="Of laws: share about the default systems.")
    parser.add_argument("--drawn", type=float, default=0.2, help="Of laws: share about laws drawn at random.")
    parser.add_argument("--batch-tokens", type=int, default=49_152)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--most-rows", type=int, default=96)
    given = parser.parse_args()

    begun = time.monotonic()
    if given.make_stock is not None:
        make_stock(given, begun)
        return
    with tempfile.TemporaryDirectory() as made:
        run = given.run_folder or Path(made, "run")
        often = max(given.minutes / 4, 0.5) if given.validation_minutes is None else given.validation_minutes
        common = {
            "output_dir": run,
            "size": given.size,
            "minutes": given.minutes,
            "batch_tokens": given.batch_tokens,
            "learning_rate": given.learning_rate,
            "loader_workers": given.workers,
            "pools": given.pools,
            "stock": given.stock,
            "stock_share": given.stock_share,
            "device": given.device,
            "log_steps": 50,
            "checkpoint_steps": 1000,
            "validation_minutes": often,
        }
        {"contacts": train_contacts, "collisions": train_collisions, "laws": train_laws}[given.what](given, common)
        written = pack(run, given.out)
    print(f"{', '.join(written)} after {time.monotonic() - begun:.0f} s", file=sys.stderr)


def tell(done: int, total: int, note: str) -> None:
    print(f"{done} of {total} s: {note}", flush=True)


def train_contacts(given: argparse.Namespace, common: dict[str, Any]) -> None:
    from gedanken.training.scratch.contacts.lesson import train_scratch
    from gedanken.training.scratch.contacts.options import ScratchOptions

    train_scratch(ScratchOptions(most_rows=given.most_rows, **common), tell)


def train_collisions(given: argparse.Namespace, common: dict[str, Any]) -> None:
    from gedanken.training.scratch.collisions import lesson
    from gedanken.training.scratch.collisions.options import CollisionOptions

    lesson.train_collisions(CollisionOptions(**common), tell)


def train_laws(given: argparse.Namespace, common: dict[str, Any]) -> None:
    from gedanken.training.scratch.laws.lesson import train_laws
    from gedanken.training.scratch.laws.options import LawOptions

    shares = {"favoured": given.favoured, "drawn": given.drawn}
    trained = train_laws(LawOptions(validation_problems=given.validation_problems, **shares, **common), tell)
    if given.reinforce_minutes:
        reinforce(given, trained)


def open_lesson(given: argparse.Namespace) -> Lesson:
    """What a run with the same options would learn."""
    common = {"output_dir": given.make_stock, "minutes": given.minutes}
    if given.what == "contacts":
        from gedanken.training.scratch.contacts.lesson import ContactLesson
        from gedanken.training.scratch.contacts.options import ScratchOptions

        return ContactLesson(ScratchOptions(most_rows=given.most_rows, **common))
    if given.what == "collisions":
        from gedanken.training.scratch.collisions.lesson import CollisionLesson
        from gedanken.training.scratch.collisions.options import CollisionOptions

        return CollisionLesson(CollisionOptions(**common))
    from gedanken.training.scratch.laws.lesson import LawLesson
    from gedanken.training.scratch.laws.options import LawOptions

    return LawLesson(LawOptions(favoured=given.favoured, drawn=given.drawn, **common), tell)


def make_stock(given: argparse.Namespace, begun: float) -> None:
    """Write files of a stock until the time is over; those that are there already are gone past."""
    lesson = open_lesson(given)
    source, seconds = lesson.source, begun + 60 * given.minutes - time.monotonic()
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=fill, args=(source, given.make_stock, k, given.workers, lesson.vocabulary, seconds))
        for k in range(given.workers)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a process that makes examples died; those that are written stay")
    stock = Stock(given.make_stock, lesson.vocabulary)
    print(f"{len(stock)} examples, {stock.tokens} tokens in {given.make_stock}", file=sys.stderr)


def fill(source: Source, folder: Path, worker: int, workers: int, vocabulary: str, seconds: float) -> None:
    """Write every so many-th file; each process goes on for so many seconds, and to the end of a file."""
    end, part = time.monotonic() + seconds, worker
    while True:
        path = write_part(source, folder, FIRST_POOL + part * PART, PART, vocabulary)
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB", flush=True)
        part += workers
        if time.monotonic() > end:
            return


def reinforce(given: argparse.Namespace, trained: Path) -> None:
    from gedanken.training.scratch.laws.options import ReinforceOptions
    from gedanken.training.scratch.laws.reinforce import reinforce_laws

    minutes, folder = given.reinforce_minutes, trained.parent / REINFORCED
    options = ReinforceOptions(
        model=str(trained), output_dir=folder, minutes=minutes, device=given.device, problems=given.problems,
        validation_problems=given.validation_problems,
    )  # fmt: skip
    reinforce_laws(options, tell)


def pack(run: Path, out: Path) -> list[str]:
    """Write a run's folder as few files: all but the checkpoint and the weights in an archive, the weights in parts."""
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(out / "run.tar.gz", "w:gz") as archive:
        for path in sorted(run.rglob("*")):
            if path.is_file() and path.name not in ("checkpoint.pt", "model.safetensors"):
                archive.add(path, path.relative_to(run))
    last = run / REINFORCED if (run / REINFORCED).is_dir() else run
    weights = (last / "model" / "model.safetensors").read_bytes()
    parts = [weights[begin : begin + LARGEST] for begin in range(0, len(weights), LARGEST)]
    names = ["model.safetensors"] if len(parts) == 1 else [f"model.safetensors.part{k}" for k in range(len(parts))]
    for name, part in zip(names, parts, strict=True):
        (out / name).write_bytes(part)
    return ["run.tar.gz", *names]


if __name__ == "__main__":
    main()
