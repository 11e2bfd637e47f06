"""A curriculum in `predict`: stage by stage more bodies, each stage going on from the last one's adapter.

Stage K trains on level K of the scenarios (2 to 5, 5 to 15, 10 to 30, 20 to 40 and 30 to 50 bodies). After each stage
the model is examined on the levels of all stages, so that what a stage makes it forget is seen. Source of the stages
and the default options: the published adapter alexwortega/LFM_Physics350M, whose stages are numbered from 0.
"""

import gc
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gedanken.errors import PlayerError, UserError
from gedanken.models.backends import hf
from gedanken.tasks.predict.task import PredictTask
from gedanken.training import lora, trainer
from gedanken.training.evaluate import FIRST, evaluate
from gedanken.training.options import CurriculumOptions
from gedanken.training.outcomes import summarise
from gedanken.training.packing import Packed, Packer
from gedanken.training.pairs import Source
from gedanken.training.report import write_report
from gedanken.training.run import CONFIG, END, RunFolder, open_run, require_one_process
from gedanken.training.scenes import PackedSource, PosedScenes, RecordedScenes, Scenes

# Scenes in a row that may be too long: a single one must not end a day's training, many mean a wrong option.
PATIENCE = 8


def train_curriculum(options: CurriculumOptions, progress: trainer.Progress = trainer.silence) -> Path:
    """Train stage after stage; returns the folder of the last stage's adapter or model.

    Stages that are finished already are passed over with `resume`; one that was interrupted goes on from its last
    checkpoint.

    Raises:
        UserError: a library is missing, the model or the data set is unknown, or memory ran out.
        TrainingStopped: the loss became NaN.
    """
    require_one_process("curriculum")
    trainer.require_libraries()
    lora.find_start(options.model, None)
    folder = open_run(options.output_dir, "curriculum", options.pinned(), options.resume)
    finished = {line["step"] for line in folder.metrics("stage")}
    wanted, end = set(range(options.from_stage, options.stages + 1)), folder.end()
    # The folder's model is that of the stage at which the run ended last.
    if options.resume and wanted <= finished and end is not None and end["step"] == options.stages:
        if options.merge and not (folder.path / "merged").is_dir():
            _merge(options, folder)
        return folder.model
    before = options.from_stage - 1
    if before not in finished and folder.stage(before).path.is_dir():
        raise UserError(f"stage {before} of {folder.path} is not finished; go on with it by --resume --from-stage 1")
    for stage in range(options.from_stage, options.stages + 1):
        if stage in finished:
            continue

        def advance(done: int, total: int, note: str, stage: int = stage) -> None:
            progress(done, total, f"stage {stage}: {note}")

        _train_stage(options, folder, stage, finished, advance)
        finished |= {0, stage}
        write_report(folder)
    last = folder.stage(options.stages)
    shutil.copytree(last.model, folder.model, dirs_exist_ok=True)
    if options.merge:
        _merge(options, folder)
    write_report(folder)
    folder.log(options.stages, {"kind": END})
    return folder.model


def _merge(options: CurriculumOptions, folder: RunFolder) -> None:
    weights, _ = lora.find_start(options.model, folder.stage(options.stages).path)
    lora.save_merged(*hf.open_model(weights, device="cpu", dtype=options.dtype), folder)


def _train_stage(
    options: CurriculumOptions, whole: RunFolder, stage: int, finished: set[int], progress: trainer.Progress
) -> None:
    """Train one stage and examine the model on every level."""
    import datasets
    import trl

    before = whole.stage(stage - 1).path if stage - 1 in finished - {0} else None
    weights, base = lora.find_start(options.model, before)
    path = whole.stage(stage).path
    again = (path / CONFIG).is_file()
    own = replace(options, output_dir=path, merge=False, resume=again)
    folder = open_run(path, "curriculum", {**own.pinned(), "stage": stage}, again)
    model, tokenizer = lora.open_trainable(own, weights)
    packer = Packer(tokenizer, options.text_format, _limit(options, model))
    if 0 not in finished and not again:
        progress(0, 1, "examining the start")
        _examine(options, whole, model, packer, 0, progress)
    scenes = open_scenes(options, stage)
    rows = datasets.Dataset.from_dict({"number": range(len(scenes))})
    rows.set_transform(lambda batch: collate([pack_scene(packer, scenes, number) for number in batch["number"]]))
    config = trl.SFTConfig(
        **trainer.arguments(own, folder),
        num_train_epochs=options.epochs,
        max_steps=options.max_steps or -1,
        max_length=None,
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        dataloader_num_workers=options.loader_workers,
        lr_scheduler_type="cosine",
    )
    sft = trl.SFTTrainer(
        model=model,
        args=config,
        train_dataset=rows,
        processing_class=tokenizer,
        callbacks=[trainer.make_callback(folder, progress)],
    )
    trainer.remove_printer(sft)
    trainer.run_trainer(sft, folder, own)
    model = sft.accelerator.unwrap_model(sft.model)
    lora.save_model(model, tokenizer, folder, base)
    write_report(folder)
    with trainer.memory_advice(options):
        _examine(options, whole, model, packer, stage, progress)
    del model, sft
    gc.collect()


def open_scenes(options: CurriculumOptions, level: int) -> Scenes:
    """A stage's training scenes."""
    if options.data is not None:
        return RecordedScenes(options.data, level, options.text_format, options.context, options.subjects)
    subjects = options.subjects or PredictTask().subjects("train")
    return PosedScenes(Source(PredictTask.name, subjects, options.instances, options=_conditions(options, level)))


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
    options: CurriculumOptions, folder: RunFolder, model: Any, packer: Packer, stage: int, progress: trainer.Progress
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
            unseen = Source(PredictTask.name, subjects, instances, "val", FIRST, conditions)
            scenes = PosedScenes(unseen)
            examples = [pack_scene(packer, scenes, number) for number in range(options.eval_examples)]
            measured: dict[str, Any] = {
                "loss": measure_loss(model, examples),
                "examples": len(examples),
                "frames": float(np.mean([len(example.prompt.states) for example in examples])),
            }
            if options.eval_problems:
                longest = max(len(example.answer) for example in examples)
                # Answers of this level are about this long; a quarter more is room for a longer one.
                player = hf.HFPlayer(model, packer.tokenizer, max_tokens=longest + longest // 4)
                problems = PackedSource(
                    PredictTask.name, subjects, instances, "val", FIRST, conditions, packer, options.eval_problems
                )
                try:
                    measured |= summarise(evaluate(player, [problems], batch=options.batch_size))
                except PlayerError as fault:
                    measured["error"] = str(fault)
            levels[str(level)] = measured
    finally:
        packer.tokenizer.padding_side, model.config.use_cache = side, cache
        model.train(training)
    folder.log(stage, {"kind": "stage", "levels": levels})


def _conditions(options: CurriculumOptions, level: int) -> dict[str, Any]:
    return {**options.conditions, "level": level, "format": options.text_format, "context": options.context}


def _limit(options: CurriculumOptions, model: Any) -> int:
    return min(options.max_seq_length, getattr(model.config, "max_position_embeddings", None) or options.max_seq_length)
