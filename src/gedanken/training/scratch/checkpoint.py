"""Checkpoints of a run from nothing, which survive a kill at any moment, and the model's folder beside them."""

import io
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from gedanken.errors import UserError
from gedanken.files import staged_folder, write_atomically
from gedanken.training.run import CONFIG, LIBRARIES, METRICS, machine
from gedanken.training.scratch.optimizer import Optimizers
from gedanken.training.scratch.options import TrainerOptions
from gedanken.versions import versions

CHECKPOINT = "checkpoint.pt"


@dataclass
class Run:
    """How far a run is. A checkpoint keeps it beside the weights and the state of the optimizer.

    Attributes:
        step: optimizer steps taken.
        pool: the loader's place; see `loader.Batch`.
        batch: see `pool`.
        tokens: tokens seen.
        seconds: time trained, evaluations included.
        waiting: seconds of it spent waiting for data.
    """

    step: int = 0
    pool: int = 0
    batch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    waiting: float = 0.0


def begin(options: TrainerOptions, kind: str, model: Any, optimizer: Optimizers, data: Mapping[str, Any]) -> Run:
    """Make a new run's folder, or load the run that is there into model and optimizer.

    Args:
        options: of the run.
        kind: of the run.
        model: with its first weights.
        optimizer: of the model.
        data: what the run learns from, for the folder's `config.json`.

    Raises:
        UserError: the folder holds a run, and `resume` is off or the options differ.
    """
    import torch

    folder = options.output_dir
    checkpoint = folder / CHECKPOINT
    written = orjson.loads(orjson.dumps(asdict(options), default=str))
    if checkpoint.is_file():
        if not options.resume:
            raise UserError(f"{folder} holds a run; go on with it (resume) or choose another folder")
        # Our own file, and plain containers only: nothing in it is executed.
        state = torch.load(checkpoint, weights_only=True, map_location="cpu")
        before = state["options"]
        changed = [name for name, value in written.items() if name not in options.free and before.get(name) != value]
        if changed:
            raise UserError(f"the run in {folder} was begun with other options: {', '.join(changed)}")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        run = Run(**state["run"])
        if options.progress(run.step, run.seconds) < 1.0:
            config = {**orjson.loads((folder / CONFIG).read_bytes()), "options": written}
            write_atomically(folder / CONFIG, orjson.dumps(config, option=orjson.OPT_INDENT_2))
        return run
    folder.mkdir(parents=True, exist_ok=True)
    (folder / METRICS).unlink(missing_ok=True)
    config = {
        "kind": kind,
        "options": written,
        **data,
        "parameters": sum(p.numel() for p in model.parameters()),
        "versions": versions(*LIBRARIES),
        "machine": machine(),
    }
    write_atomically(folder / CONFIG, orjson.dumps(config, option=orjson.OPT_INDENT_2))
    return Run()


def save(
    options: TrainerOptions, run: Run, model: Any, optimizer: Optimizers, save_words: Callable[[Path], None]
) -> None:
    """Write checkpoint and model, so that a kill leaves each complete or as it was before.

    The model's folder has 16-bit weights, a third of a percent of each; the checkpoint has all bits. `save_words`
    writes the vocabulary beside them.
    """
    import torch

    folder = options.output_dir
    state = {
        "options": orjson.loads(orjson.dumps(asdict(options), default=str)),
        "run": asdict(run),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(folder / CHECKPOINT, buffer.getvalue())
    with staged_folder(options.folder.model) as staged:
        save_model(model, staged)
        save_words(staged)


def save_model(model: Any, folder: Path) -> None:
    """Write a model's weights with 16 bits, and its configuration; its head is its embedding and not written twice."""
    import torch

    weights = {name: value.to(torch.bfloat16).cpu() for name, value in model.state_dict().items()}
    weights.pop("lm_head.weight")
    model.save_pretrained(folder, state_dict=weights)
