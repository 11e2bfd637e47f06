"""Supervised warm start: the teacher's answers, loss on the answers alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gedanken.errors import UserError
from gedanken.models import loading
from gedanken.training import lora, session
from gedanken.training.options import Options
from gedanken.training.pairs import Source, write_pairs
from gedanken.training.run import open_run


@dataclass(frozen=True, kw_only=True)
class SFTOptions(Options):
    """Options of `train sft`.

    Attributes:
        epochs: passes over the pairs.
        max_steps: optimizer steps instead of epochs; None for epochs.
        max_seq_length: longest example in tokens; a longer one is an error, because cutting it would cut the answer.
    """

    epochs: float = 3.0
    max_steps: int | None = None
    max_seq_length: int = 2048


def train_sft(options: SFTOptions, progress: session.Progress = lambda done, total, note: None) -> Path:
    """Train on the teacher's answers; returns the folder of the trained adapter or model.

    Raises:
        UserError: a library is missing, the model is unknown, a problem does not fit, or memory ran out.
        TrainingStopped: the loss became NaN.
    """
    for library in ("torch", "transformers", "trl", "peft", "datasets"):
        loading.require(library)
    session.quiet_libraries()
    if options.max_steps is not None:
        session.check_steps(options.max_steps, "--max-steps")
    if not options.epochs > 0:
        raise UserError(f"--epochs must be positive, not {options.epochs}")
    source = Source(options.task, options.subjects or (), options.instances, options=options.conditions)
    weights, base = lora.find_start(options.model, None)
    folder = open_run(options.output_dir, "sft", options.to_dict(), options.resume)
    import datasets
    import trl

    progress(0, 1, "writing pairs")
    pairs = datasets.Dataset.from_list(list(write_pairs(source)))
    model, tokenizer = lora.open_trainable(options, weights)
    check_lengths(tokenizer, pairs, options.max_seq_length)
    config = trl.SFTConfig(
        **session.arguments(options, folder),
        num_train_epochs=options.epochs,
        max_steps=options.max_steps or -1,
        max_length=options.max_seq_length,
        completion_only_loss=True,
        lr_scheduler_type="cosine",
    )
    trainer = trl.SFTTrainer(
        model=model,
        args=config,
        train_dataset=pairs,
        processing_class=tokenizer,
        callbacks=[session.make_callback(options, folder, tokenizer, progress)],
    )
    session.remove_printer(trainer)
    session.run_trainer(trainer, folder, options)
    return session.finish(trainer, tokenizer, folder, options, base, progress)


def check_lengths(tokenizer: Any, pairs: Any, limit: int) -> None:
    """Refuse examples that would be cut: what is lost is the end, which is the answer.

    Raises:
        UserError: an example has more than `limit` tokens; the message says how many.
    """
    longest = 0
    for pair in pairs:
        text = tokenizer.apply_chat_template([*pair["prompt"], *pair["completion"]], tokenize=False)
        longest = max(longest, len(tokenizer(text, add_special_tokens=False)["input_ids"]))
    if longest > limit:
        raise UserError(
            f"the longest example has {longest} tokens, more than --max-seq-length {limit}; raise it, or show less "
            "(--with rows=10)"
        )
