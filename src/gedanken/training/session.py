"""What a run measures of its model: held-out problems while it trains, and some of a frozen suite at its end."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from gedanken import tasks
from gedanken.errors import PlayerError
from gedanken.models.backends import hf
from gedanken.training import lora
from gedanken.training.dead import DeadWatch
from gedanken.training.evaluate import evaluate, evaluation_sources
from gedanken.training.options import GRPOOptions, MeasuredOptions
from gedanken.training.outcomes import Outcome, summarise, summarise_bands, summarise_subjects
from gedanken.training.report import write_report
from gedanken.training.run import END, RunFolder, is_first
from gedanken.training.samples import SAMPLES
from gedanken.training.trainer import Progress, make_callback, memory_advice


def run_evaluation(options: MeasuredOptions, folder: RunFolder, model: Any, tokenizer: Any, step: int) -> None:
    """Play the fixed test problems, held-out subjects included, with the model as it is, and record the results."""
    if not options.eval_problems:
        return
    training = model.training
    model.eval()
    side, cache = tokenizer.padding_side, model.config.use_cache
    model.config.use_cache = True
    try:
        player = hf.HFPlayer(model, tokenizer, max_tokens=options.max_new_tokens)
        outcomes = evaluate(player, evaluation_sources(options.task, options.eval_problems, options.conditions))
    except PlayerError as fault:
        # Hours of training must not be lost because the test problems do not fit into the model's context.
        folder.log(step, {"kind": "eval", "error": str(fault)})
        return
    finally:
        tokenizer.padding_side, model.config.use_cache = side, cache
        model.train(training)
    folder.log(step, {"kind": "eval", **_summarise_groups(outcomes)})
    if not is_first():
        return
    with (folder.path / SAMPLES).open("ab") as file:
        for outcome in outcomes:
            file.write(orjson.dumps({"step": step, "kind": "eval", **outcome.to_dict()}) + b"\n")


def _summarise_groups(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The summary of all outcomes, of the trained and the held-out subjects, by difficulty, and by subject."""
    groups = {
        "trained": [outcome for outcome in outcomes if not outcome.held_out],
        "held_out": [outcome for outcome in outcomes if outcome.held_out],
    }
    parts = {name: summarise(some) for name, some in groups.items() if some}
    shown = {"bands": summarise_bands(outcomes), "subjects": summarise_subjects(outcomes)}
    return {**summarise(outcomes), **parts, **shown}


def make_recorder(options: MeasuredOptions, folder: RunFolder, tokenizer: Any, progress: Progress) -> Any:
    """A trainer's callback that records every step, and evaluates every `eval_steps`."""

    def evaluate_at(model: Any, step: int) -> None:
        if options.eval_steps and step % options.eval_steps == 0:
            run_evaluation(options, folder, model, tokenizer, step)

    if isinstance(options, GRPOOptions):
        watch = DeadWatch(folder, options.dead_steps, options.stop_when_dead, options.to_dict())
        return make_callback(folder, progress, evaluate_at, watch)
    return make_callback(folder, progress, evaluate_at)


def find_finished(options: MeasuredOptions, folder: RunFolder, base: str) -> Path | None:
    """The model of a run that came to its end, where nothing is left to do; None for any other run.

    A merged model that was not asked for before is written now.
    """
    if not options.resume or folder.end() is None or not folder.model.is_dir():
        return None
    if options.merge and not (folder.path / "merged").is_dir():
        weights, _ = lora.find_start(base, folder.path)
        lora.save_merged(*hf.open_model(weights, device="cpu", dtype=options.dtype), folder)
    return folder.model


def finish(
    trainer: Any, tokenizer: Any, folder: RunFolder, options: MeasuredOptions, base: str, progress: Progress
) -> Path:
    """Save what was trained, evaluate it, play the frozen suite, and write curves and model card.

    Of several processes that trained together the first one does.

    Returns:
        The folder of the trained adapter or model.
    """
    if not is_first():
        return folder.model
    model = trainer.accelerator.unwrap_model(trainer.model)
    step = trainer.state.global_step
    progress(step, trainer.state.max_steps, "saving")
    saved = lora.save_model(model, tokenizer, folder, base)
    if not options.eval_steps or step % options.eval_steps:
        progress(step, trainer.state.max_steps, "evaluating")
        with memory_advice(options):
            run_evaluation(options, folder, model, tokenizer, step)
    if options.merge:
        lora.save_merged(model, tokenizer, folder)
    if options.bench_problems:
        progress(step, trainer.state.max_steps, "benchmark")
        with memory_advice(options):
            run_bench(options, folder, saved, base)
    write_report(folder)
    folder.log(step, {"kind": END})
    return saved


def run_bench(options: MeasuredOptions, folder: RunFolder, saved: Path, base: str) -> None:
    """Play some of the task's frozen suite with the trained model, as `gedanken bench` does; rows go to `bench/`.

    If the model cannot play it (ten frames may not fit into its context), the reason is recorded instead.
    """
    suite = tasks.load(options.task).suite
    if not suite:
        return
    benchmark = importlib.import_module(f"gedanken.bench.{options.task}")
    player = f"hf:{base}+{saved}" if (saved / "adapter_config.json").is_file() else f"hf:{saved}"
    line: dict[str, Any] = {"kind": "bench", "suite": suite}
    last = max((each["step"] for each in folder.metrics()), default=0)
    try:
        line |= benchmark.play_sample(player, suite, options.bench_problems, options.conditions, folder.path / "bench")
    except PlayerError as fault:
        line["error"] = str(fault)
    folder.log(last, line)
