"""A curriculum in `predict`: stage by stage more bodies, each stage going on from the last one's adapter.

Stage K trains on level K of the scenarios (2 to 5, 5 to 15, 10 to 30, 20 to 40 and 30 to 50 bodies). After each stage
the model is examined on the levels of all stages, so that what a stage makes it forget is seen. Source of the stages
and the default options: the published adapter alexwortega/LFM_Physics350M, whose stages are numbered from 0.
"""

import gc
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import UserError
from gedanken.markdown import table
from gedanken.models import loading
from gedanken.models.backends import hf
from gedanken.tasks.predict.task import PredictTask
from gedanken.training import lora, session
from gedanken.training.evaluate import FIRST, evaluate, summarise
from gedanken.training.options import Options
from gedanken.training.packing import Packed, Packer
from gedanken.training.pairs import Source
from gedanken.training.run import CONFIG, RunFolder, open_run
from gedanken.training.scenes import PackedSource, PosedScenes, RecordedScenes, Scenes
from gedanken.worlds.rigid import text
from gedanken.worlds.rigid.scene.scene import LEVELS

# Scenes that may be too long in a row: one is chance and must not end a day's training, more is a wrong option.
PATIENCE = 8
# Conditions of a problem that the curriculum decides itself.
DECIDED = ("level", "format", "context")
# Options that may change when a run goes on: a folder may get more stages later.
FREE = ("stages", "from_stage", "loader_workers")


@dataclass(frozen=True, kw_only=True)
class CurriculumOptions(Options):
    """Options of `train curriculum`; the defaults are those of the published adapter.

    Attributes:
        stages: the last stage.
        from_stage: the first one; it goes on from the adapter of the stage before where the folder has one, else from
            `model` as it is.
        data: folder of a data set with recorded scenes; None to simulate scenes while training.
        instances: scenes of each scenario in a stage; of a data set, all scenes of the level are used.
        format: text of the frames; None for `lfm` with models of that family and `v1` with others.
        context: most frames shown before the one that is asked for; fewer where they do not fit.
        epochs: passes over a stage's scenes.
        max_steps: optimizer steps of a stage instead of epochs; None for epochs.
        max_seq_length: most tokens of an example, answer included.
        eval_problems: problems of each level that the model answers after each stage; 0 for none.
        eval_examples: examples of each level whose loss is taken after each stage.
        loader_workers: processes that make examples while the model trains; 0 makes them in between.
    """

    model: str = "LiquidAI/LFM2-350M"
    task: str = "predict"
    stages: int = 5
    from_stage: int = 1
    data: Path | None = None
    format: str | None = None
    context: int = 10
    instances: int = 2000
    epochs: float = 1.0
    max_steps: int | None = None
    max_seq_length: int = 8192
    grad_accum: int = 8
    lora_alpha: int | None = 64
    eval_problems: int = 8
    eval_examples: int = 32
    loader_workers: int = 0

    def __post_init__(self) -> None:
        Options.__post_init__(self)
        if self.task != "predict":
            raise UserError(f"a curriculum trains predict, not {self.task}")
        if not 1 <= self.from_stage <= self.stages <= max(LEVELS):
            raise UserError(
                f"stages go from 1 to {max(LEVELS)}, and --from-stage is at most --stages; not {self.from_stage} to "
                f"{self.stages}"
            )
        for name in ("context", "max_seq_length", "eval_examples"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not self.epochs > 0:
            raise UserError(f"--epochs must be positive, not {self.epochs}")
        if self.max_steps is not None:
            session.check_steps(self.max_steps, "--max-steps")
        text.load(self.text_format)
        decided = [name for name in DECIDED if name in self.conditions]
        if decided:
            raise UserError(f"the curriculum has its own word for {decided[0]}; leave it out of --with")

    def pinned(self) -> dict[str, Any]:
        """What a run must not change on the way, as JSON-able data."""
        return {name: value for name, value in self.to_dict().items() if name not in FREE}

    @property
    def text_format(self) -> str:
        """The format of the frames."""
        return self.format or ("lfm" if "lfm" in self.model.lower() else "v1")


def train_curriculum(options: CurriculumOptions, progress: session.Progress = lambda done, total, note: None) -> Path:
    """Train stage after stage; returns the folder of the last stage's adapter or model.

    Stages that are finished already are passed over with `resume`; one that was interrupted goes on from its last
    checkpoint.

    Raises:
        UserError: a library is missing, the model or the data set is unknown, or memory ran out.
        TrainingStopped: the loss became NaN.
    """
    for library in ("torch", "transformers", "trl", "peft", "datasets"):
        loading.require(library)
    session.quiet_libraries()
    lora.find_start(options.model, None)
    folder = open_run(options.output_dir, "curriculum", options.pinned(), options.resume)
    finished = {line["step"] for line in folder.metrics() if line.get("kind") == "stage"}
    before = options.from_stage - 1
    if before not in finished and stage_path(folder.path, before).is_dir():
        raise UserError(f"stage {before} of {folder.path} is not finished; go on with it by --resume --from-stage 1")
    for stage in range(options.from_stage, options.stages + 1):
        if stage in finished:
            continue

        def advance(done: int, total: int, note: str, stage: int = stage) -> None:
            progress(done, total, f"stage {stage}: {note}")

        _train_stage(options, folder, stage, finished, advance)
        finished |= {0, stage}
        write_report(folder)
    last = RunFolder(stage_path(folder.path, options.stages))
    shutil.copytree(last.model, folder.model, dirs_exist_ok=True)
    if options.merge:
        weights, _ = lora.find_start(options.model, last.path)
        lora.save_merged(*hf.open_model(weights, device="cpu", dtype=options.dtype), folder)
    write_report(folder)
    return folder.model


def stage_path(folder: Path, stage: int) -> Path:
    """The folder of one stage's run."""
    return folder / f"stage-{stage}"


def _train_stage(
    options: CurriculumOptions, whole: RunFolder, stage: int, finished: set[int], progress: session.Progress
) -> None:
    """Train one stage and examine the model on every level."""
    import datasets
    import trl

    before = stage_path(whole.path, stage - 1) if stage - 1 in finished - {0} else None
    weights, base = lora.find_start(options.model, before)
    path = stage_path(whole.path, stage)
    again = (path / CONFIG).is_file()
    # Stages have an examination of their own.
    own = replace(options, output_dir=path, eval_problems=0, eval_steps=0, bench_problems=0, merge=False, resume=again)
    folder = open_run(path, "curriculum", {**own.pinned(), "stage": stage}, again)
    model, tokenizer = lora.open_trainable(own, weights)
    packer = Packer(tokenizer, options.text_format, _limit(options, model))
    if 0 not in finished and not again:
        progress(0, 1, "examining the start")
        _examine(options, whole, model, packer, 0, progress)
    scenes = open_scenes(options, stage)
    rows = datasets.Dataset.from_dict({"number": range(len(scenes))})
    rows.set_transform(lambda asked: collate([pack_scene(packer, scenes, number) for number in asked["number"]]))
    config = trl.SFTConfig(
        **session.arguments(own, folder),
        num_train_epochs=options.epochs,
        max_steps=options.max_steps or -1,
        max_length=None,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        dataloader_num_workers=options.loader_workers,
        lr_scheduler_type="cosine",
    )
    trainer = trl.SFTTrainer(
        model=model,
        args=config,
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=[session.make_callback(own, folder, tokenizer, progress)],
    )
    session.remove_printer(trainer)
    session.run_trainer(trainer, folder, own)
    session.finish(trainer, tokenizer, folder, own, base, progress)
    model = trainer.accelerator.unwrap_model(trainer.model)
    with session.memory_advice(options):
        _examine(options, whole, model, packer, stage, progress)
    del model, trainer
    gc.collect()


def open_scenes(options: CurriculumOptions, level: int) -> Scenes:
    """A stage's training scenes."""
    if options.data is not None:
        return RecordedScenes(options.data, level, options.text_format, options.context, options.subjects)
    subjects = options.subjects or PredictTask().subjects("train")
    return PosedScenes(Source("predict", subjects, options.instances, options=_conditions(options, level)))


def pack_scene(packer: Packer, scenes: Scenes, number: int) -> Packed:
    """The example of one scene. One that is too long with a single frame gives its place to the next that fits.

    Raises:
        UserError: `PATIENCE` scenes in a row do not fit.
    """
    for attempt in range(PATIENCE):
        try:
            return packer.pack(*scenes[(number + attempt) % len(scenes)])
        except UserError:
            if attempt == PATIENCE - 1:
                raise
    raise AssertionError


def collate(examples: Sequence[Packed]) -> dict[str, list[list[int]]]:
    """Examples as columns; the question carries no loss."""
    return {
        "input_ids": [example.question + example.answer for example in examples],
        "labels": [[-100] * len(example.question) + example.answer for example in examples],
    }


def measure_loss(model: Any, examples: Sequence[Packed]) -> float:
    """Mean negative log likelihood of the answers' tokens (nats), all tokens alike."""
    import torch

    total = tokens = 0.0
    device = next(model.parameters()).device
    with torch.inference_mode():
        for example in examples:
            ids = torch.tensor([example.question + example.answer], device=device)
            # Of a long example, only the answer's logits are made.
            logits = model(input_ids=ids, logits_to_keep=len(example.answer) + 1).logits[0, :-1].float()
            target = torch.tensor(example.answer, device=device)
            total += float(torch.nn.functional.cross_entropy(logits, target, reduction="sum"))
            tokens += len(example.answer)
    return total / tokens


def _examine(
    options: CurriculumOptions, folder: RunFolder, model: Any, packer: Packer, stage: int, progress: session.Progress
) -> None:
    """Loss and answers on scenes of every stage's level that none trains on; recorded as one measurement."""
    subjects = options.subjects or PredictTask().subjects("train")
    training, cache, side = model.training, model.config.use_cache, packer.tokenizer.padding_side
    model.eval()
    model.config.use_cache = True
    levels: dict[str, Any] = {}
    try:
        for level in range(1, options.stages + 1):
            progress(level - 1, options.stages, f"examining level {level}")
            conditions = _conditions(options, level)
            instances = -(-max(options.eval_examples, options.eval_problems) // len(subjects))
            unseen = Source("predict", subjects, instances, "val", FIRST, conditions)
            scenes = PosedScenes(unseen)
            examples = [pack_scene(packer, scenes, number) for number in range(options.eval_examples)]
            found: dict[str, Any] = {
                "loss": measure_loss(model, examples),
                "examples": len(examples),
                "frames": float(np.mean([len(example.prompt.states) for example in examples])),
            }
            if options.eval_problems:
                longest = max(len(example.answer) for example in examples)
                # Answers of this level are about this long; a quarter more is room for a longer one.
                player = hf.HFPlayer(model, packer.tokenizer, max_tokens=longest + longest // 4)
                asked = PackedSource(
                    "predict", subjects, instances, "val", FIRST, conditions, packer, options.eval_problems
                )
                found |= summarise(evaluate(player, [asked], batch=options.batch_size))
            levels[str(level)] = found
    finally:
        packer.tokenizer.padding_side, model.config.use_cache = side, cache
        model.train(training)
    folder.log(stage, {"kind": "stage", "levels": levels})


def _conditions(options: CurriculumOptions, level: int) -> dict[str, Any]:
    return {**options.conditions, "level": level, "format": options.text_format, "context": options.context}


def _limit(options: CurriculumOptions, model: Any) -> int:
    return min(options.max_seq_length, getattr(model.config, "max_position_embeddings", None) or options.max_seq_length)


def write_report(folder: RunFolder) -> list[Path]:
    """Write `curves.png` and `README.md`, with a table of every stage on every level; returns their paths."""
    from gedanken.training.report import write_card

    card = folder.path / "README.md"
    head, options = write_card(folder).split("\n## Options", 1)
    tables = render_stages(folder)
    pictures = ["![curves](curves.png)", ""] if tables else []
    card.write_text("\n".join([head.rstrip(), "", tables, *pictures, "## Options" + options]), encoding="utf-8")
    return [plot_stages(folder), card] if tables else [card]


def render_stages(folder: RunFolder) -> str:
    """Markdown tables, a row for each stage and a column for each level: loss, and what came of the answers."""
    lines = [line for line in folder.metrics() if line.get("kind") == "stage"]
    if not lines:
        return ""
    # A run that got more stages later has fewer levels in its first lines.
    levels = list(lines[-1]["levels"])
    first = lines[-1]["levels"][levels[0]]
    measures: list[tuple[str, int | None, Callable[[Mapping[str, Any]], str]]] = [
        ("Loss per answer token (nats)", first["examples"], lambda found: f"{found['loss']:.3f}"),
        ("Readable answers (%)", first.get("n"), lambda found: f"{found['valid']['rate']:.0f}"),
        ("Mean skill", first.get("n"), lambda found: f"{found['match']['mean']:.3f}"),
    ]
    parts = []
    for title, count, show in measures:
        if count is None:
            continue
        head = ["after stage", *(f"level {level}" for level in levels)]
        rows = [
            [
                line["step"] or "none",
                *(show(line["levels"][level]) if level in line["levels"] else "" for level in levels),
            ]
            for line in lines
        ]
        parts += [f"## {title} on unseen scenes (n = {count} a level)", "", *table(head, rows), ""]
    return "\n".join(parts)


def plot_stages(folder: RunFolder) -> Path:
    """Training loss through all stages, and the loss on unseen scenes of every level after each."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from gedanken.training.report import smooth

    figure = Figure(figsize=(9.0, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    training, examined = (figure.add_subplot(1, 2, place) for place in (1, 2))
    passed = 0
    for stage in LEVELS:
        own = RunFolder(stage_path(folder.path, stage))
        train = [line for line in own.metrics() if line.get("kind") == "train"]
        if train:
            steps = passed + np.array([line["step"] for line in train])
            training.plot(steps, smooth([line["loss"] for line in train]), label=f"stage {stage}")
            passed = int(steps[-1])
    lines = [line for line in folder.metrics() if line.get("kind") == "stage"]
    for level in lines[-1]["levels"]:
        measured = [(line["step"], line["levels"][level]["loss"]) for line in lines if level in line["levels"]]
        examined.plot(*zip(*measured, strict=True), marker="o", ms=3, label=f"level {level}")
    for axes, title, label in ((training, "training loss", "step"), (examined, "loss on unseen scenes", "after stage")):
        axes.set_title(title)
        axes.set_xlabel(label)
        axes.grid(alpha=0.3)
        if axes.has_data():
            axes.legend(fontsize=8)
    path = folder.path / "curves.png"
    figure.savefig(path, dpi=110)
    return path
