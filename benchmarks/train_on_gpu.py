"""Train a decoder from nothing on one GPU within a time limit, from data to a few files that can be carried away.

python benchmarks/train_on_gpu.py --out out --minutes 8                     # contacts; one H100, 14 loaders
python benchmarks/train_on_gpu.py --out out --minutes 6 --reinforce-minutes 2 --what laws --batch-tokens 98304
python benchmarks/train_on_gpu.py --out out --minutes 1 --device cpu --scenes 90 --size tiny --workers 1

Of contacts, scenes of every training scenario and level are drawn, and loaders simulate them and write them as tokens;
of laws, loaders pose problems and judge wrong answers to them, and what was learnt can be reinforced over turns. The
model trains until the clock says so, and `--out` gets at most eight files of at most 16 MiB: `run.tar.gz`
(configuration, metrics, card, curves, tokenizer) and `model.safetensors`, in parts if it is larger. Where it
was made, or elsewhere:

cat model.safetensors.part* > model.safetensors

A machine whose image has torch and transformers needs pymunk, orjson and pydantic besides, and no installation of this
package: PYTHONPATH=src.
"""

import argparse
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

LARGEST = 15 * 2**20
"""Bytes of a part."""

REINFORCED = "rl"
"""Folder of a run's reinforcement within the run's."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="Folder for the files.")
    parser.add_argument("--what", choices=["contacts", "laws"], default="contacts")
    parser.add_argument("--minutes", type=float, default=8.0, help="Of training; data and validation come on top.")
    parser.add_argument("--reinforce-minutes", type=float, default=0.0, help="Of laws, after that: GRPO over turns.")
    parser.add_argument("--problems", type=int, default=32, help="Of a step of reinforcement.")
    parser.add_argument("--validation-problems", type=int, default=4, help="Of laws: of each default system.")
    parser.add_argument("--size", default="3M")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--workers", type=int, default=14, help="Loaders.")
    parser.add_argument("--scenes", type=int, default=38_000)
    parser.add_argument("--batch-tokens", type=int, default=49_152)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--most-rows", type=int, default=96)
    given = parser.parse_args()

    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        run = Path(made, "run")
        common = {
            "output_dir": run,
            "size": given.size,
            "minutes": given.minutes,
            "batch_tokens": given.batch_tokens,
            "learning_rate": given.learning_rate,
            "loader_workers": given.workers,
            "device": given.device,
            "log_steps": 50,
            "checkpoint_steps": 1000,
            "validation_minutes": max(given.minutes / 4, 0.5),
        }
        train = train_contacts if given.what == "contacts" else train_laws
        train(given, Path(made, "data"), common, begun)
        written = pack(run, given.out)
    print(f"{', '.join(written)} after {time.monotonic() - begun:.0f} s", file=sys.stderr)


def tell(done: int, total: int, note: str) -> None:
    print(f"{done} of {total} s: {note}", flush=True)


def train_contacts(given: argparse.Namespace, data: Path, common: dict[str, Any], begun: float) -> None:
    from gedanken.data.generate import generate
    from gedanken.data.local import Processes
    from gedanken.data.shards import Plan
    from gedanken.training.scratch.contacts.lesson import train_scratch
    from gedanken.training.scratch.contacts.options import ScratchOptions
    from gedanken.worlds.rigid import scenarios

    names = tuple(name for name in scenarios.names() if name not in scenarios.HELD_OUT)
    generate(Plan("train", given.scenes, names, (1, 2, 3, 4, 5), frames=1), data, Processes(given.workers))
    print(f"{given.scenes} scenes after {time.monotonic() - begun:.0f} s", flush=True)
    train_scratch(ScratchOptions(data=data, most_rows=given.most_rows, **common), tell)


def train_laws(given: argparse.Namespace, data: Path, common: dict[str, Any], begun: float) -> None:
    from gedanken.training.scratch.laws.lesson import train_laws
    from gedanken.training.scratch.laws.options import LawOptions

    trained = train_laws(LawOptions(validation_problems=given.validation_problems, **common), tell)
    if given.reinforce_minutes:
        reinforce(given, trained)


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
