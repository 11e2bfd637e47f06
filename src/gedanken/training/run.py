"""A run's folder: its options and versions, its measurements, its checkpoints and its model."""

import os
import platform
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from gedanken.errors import UserError
from gedanken.versions import versions

# Everything that a run's result may depend on.
LIBRARIES = (
    "gedanken",
    "python",
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "datasets",
    "numpy",
    "pymunk",
    "numba",
)
CONFIG, METRICS = "config.json", "metrics.jsonl"
# Kind of the measurement that a run records when it has come to its end.
END = "end"
# Options that may differ when a run is resumed.
FREE = frozenset({"output_dir", "resume", "report_to", "save_steps", "merge", "dead_steps", "stop_when_dead"})


def processes() -> int:
    """How many processes train together: as many as `accelerate launch` or `torchrun` started, else one."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this is the process that writes: the only one, or the first of several that train together."""
    return int(os.environ.get("RANK", "0")) == 0


def require_one_process(kind: str) -> None:
    """Refuse to train in several processes what cannot be.

    Raises:
        UserError: this is one of several.
    """
    if processes() > 1:
        raise UserError(f"train {kind} runs in one process; train sft and train grpo run in several")


@dataclass(frozen=True)
class RunFolder:
    """The folder of one training run.

    `config.json` holds the kind of run, its options and the versions; `metrics.jsonl` one object a measurement, with
    `step` and `seconds`; `checkpoints/` what a run resumes from; `model/` what came out.
    """

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Where the trainer keeps its checkpoints."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The trained adapter or model."""
        return self.path / "model"

    def stage(self, stage: int) -> "RunFolder":
        """The folder of one stage of a curriculum, a run of its own."""
        return RunFolder(self.path / f"stage-{stage}")

    def config(self) -> dict[str, Any]:
        """What `open_run` wrote.

        Raises:
            UserError: this is not a run's folder.
        """
        try:
            config: dict[str, Any] = orjson.loads((self.path / CONFIG).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            raise UserError(f"{self.path} is not the folder of a training run: {CONFIG} is missing") from None
        return config

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        """Append one line to the metrics. Numbers that are not finite are written as null, as orjson does.

        Of several processes that train together the first one writes; to the others the line is lost.
        """
        if not is_first():
            return
        with (self.path / METRICS).open("ab") as file:
            file.write(orjson.dumps({"step": step, "time": round(time.time(), 3), **values}) + b"\n")

    def metrics(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Measurements of a kind, or all, oldest first. Of a step that was run twice (after a kill), the later one."""
        lines = list(self._lines())
        latest = {(line["step"], line.get("kind", "")): k for k, line in enumerate(lines)}
        return [
            line
            for k, line in enumerate(lines)
            if latest[line["step"], line.get("kind", "")] == k and kind in (None, line.get("kind"))
        ]

    def end(self) -> dict[str, Any] | None:
        """What the run recorded when it last came to its end: `step` and `time`; None if it has not.

        A run that was resumed and found nothing left to do keeps the record that it has.
        """
        ends = self.metrics(END)
        return ends[-1] if ends else None

    def _lines(self) -> Iterator[dict[str, Any]]:
        path = self.path / METRICS
        if not path.is_file():
            return
        for line in path.read_bytes().splitlines():
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                continue  # the last line of a killed run

    def last_checkpoint(self) -> Path | None:
        """The newest whole checkpoint; one that was being written when the run was killed is passed over."""
        numbered = sorted(
            (int(path.name.rpartition("-")[2]), path)
            for path in self.checkpoints.glob("checkpoint-*")
            if path.name.rpartition("-")[2].isdigit() and (path / "trainer_state.json").is_file()
        )
        return numbered[-1][1] if numbered else None


def open_run(path: Path, kind: str, options: Mapping[str, Any], resume: bool = False) -> RunFolder:
    """Make a run's folder, or open it again to resume.

    Args:
        path: where.
        kind: what is trained how: `sft`, `grpo`, `curriculum` or `scratch`.
        options: of the run.
        resume: go on with a run of the same kind and options.

    Raises:
        UserError: the folder holds a run already and `resume` is off, or a run of other options.
    """
    folder = RunFolder(path)
    if not is_first():
        return folder
    written = orjson.loads(orjson.dumps(dict(options), default=str))
    if (path / CONFIG).is_file():
        config = folder.config()
        if not resume:
            raise UserError(f"{path} holds a run already; go on with it by --resume, or choose another --output-dir")
        old = config["options"]
        changed = sorted(name for name in {*old, *written} - FREE if old.get(name, None) != written.get(name, None))
        if config["kind"] != kind or changed:
            what = f"its {changed[0]} was {old.get(changed[0])!r}" if changed else f"it is a run of {config['kind']}"
            raise UserError(f"{path} cannot be resumed with these options: {what}")
        return folder
    path.mkdir(parents=True, exist_ok=True)
    config = {"kind": kind, "options": written, "versions": versions(*LIBRARIES), "machine": machine()}
    unfinished = path / f".{CONFIG}.{os.getpid()}"
    unfinished.write_bytes(orjson.dumps(config, option=orjson.OPT_INDENT_2))
    unfinished.replace(path / CONFIG)
    return folder


def _processor() -> str:
    """Number of cores and the processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} cores of {names[0]}" if names else platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """What a run ran on."""
    import torch

    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else _processor()
    threads, system = torch.get_num_threads(), platform.platform()
    return {"device": device, "threads": threads, "processes": processes(), "platform": system}
