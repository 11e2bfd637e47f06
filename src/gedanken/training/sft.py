"""Supervised warm start: the teacher's answers, loss on the answers alone."""

from pathlib import Path
from typing import Any

from gedanken.errors import UserError
from gedanken.training import lora, session, trainer
from gedanken.training.options import SFTOptions
from gedanken.training.pairs import Source, write_pairs
from gedanken.training.run import open_run


def train_sft(options: SFTOptions, progress: trainer.Progress = trainer.silence) -> Path:
    """Train on the teacher's answers; returns the folder of the trained adapter or model.

    A run that has come to its end is left as it is.

    Raises:
        UserError: a library is missing, the model is unknown, a problem does not fit, or memory ran out.
        TrainingStopped: the loss became NaN.
    """
    trainer.require_libraries()
    source = Source(options.task, options.subjects or (), options.instances, options=options.conditions)
    weights, base = lora.find_start(options.model, None)
    folder = open_run(options.output_dir, "sft", options.to_dict(), options.resume)
    if finished := session.find_finished(options, folder, base):
        return finished
    import datasets
    import trl

    progress(0, 1, "writing pairs")
    pairs = datasets.Dataset.from_list(list(write_pairs(source, options.mistakes or (), options.recoveries)))
    model, tokenizer = lora.open_trainable(options, weights)
    check_lengths(tokenizer, pairs, options.max_seq_length)
    config = trl.SFTConfig(
        **trainer.arguments(options, folder),
        num_train_epochs=options.epochs,
        max_steps=options.max_steps or -1,
        max_length=options.max_seq_length,
        completion_only_loss=True,
        lr_scheduler_type="cosine",
    )
    sft = trl.SFTTrainer(
        model=model,
        args=config,
        train_dataset=pairs,
        processing_class=tokenizer,
        callbacks=[session.make_recorder(options, folder, tokenizer, progress)],
    )
    trainer.remove_printer(sft)
    trainer.run_trainer(sft, folder, options)
    return session.finish(sft, tokenizer, folder, options, base, progress)


def check_lengths(tokenizer: Any, pairs: Any, limit: int) -> None:
    """Refuse examples that would be cut at their end, which is the answer.

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
