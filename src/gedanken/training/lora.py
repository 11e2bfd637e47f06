"""The model that is trained: a base with a LoRA adapter, opened, saved and merged."""

from pathlib import Path
from typing import Any

from gedanken.errors import UserError
from gedanken.models import loading
from gedanken.models.backends import hf
from gedanken.seeding import digest
from gedanken.training.options import Options
from gedanken.training.run import RunFolder


def open_trainable(options: Options, weights: loading.Weights) -> tuple[Any, Any]:
    """Model and tokenizer, ready to be trained: a new adapter of the options' rank, or the one that `weights` names.

    Raises:
        UserError: the model or the adapter cannot be loaded.
    """
    model, tokenizer = hf.open_model(weights, device=options.device, dtype=options.dtype, trainable=True)
    if weights.adapter is None and options.lora_r:
        peft, torch = loading.require("peft"), loading.require("torch")
        torch.manual_seed(digest("adapter", options.seed) % 2**63)  # its first matrix is drawn
        config = peft.LoraConfig(
            r=options.lora_r,
            lora_alpha=2 * options.lora_r if options.lora_alpha is None else options.lora_alpha,
            lora_dropout=options.lora_dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        model = peft.get_peft_model(model, config)
    return model, tokenizer


def save_model(model: Any, tokenizer: Any, folder: RunFolder, base: str) -> Path:
    """Write what was trained: the adapter in bfloat16, under the base's portable name, or the whole model.

    Half precision halves the file; it rounds each entry by at most 0.4 %, well below what one step changes.
    """
    target = folder.model
    if hasattr(model, "peft_config"):
        import torch
        from peft import get_peft_model_state_dict

        for config in model.peft_config.values():
            config.base_model_name_or_path = base
        state = {name: tensor.to(torch.bfloat16) for name, tensor in get_peft_model_state_dict(model).items()}
        model.save_pretrained(target, state_dict=state)
        (target / "README.md").unlink(missing_ok=True)  # the library's empty template; ours is written from the run
    else:
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
    return target


def save_merged(model: Any, tokenizer: Any, folder: RunFolder) -> Path:
    """Write base and adapter as one model, which any tool loads."""
    target = folder.path / "merged"
    whole = model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
    whole.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return target


def find_start(model: str, checkpoint: Path | None) -> tuple[loading.Weights, str]:
    """The weights to start from, and the portable name of their base.

    Args:
        model: the base.
        checkpoint: a run's folder, its adapter or its merged model to go on from; None to start from the base.

    Raises:
        UserError: there is nothing to go on from.
    """
    if checkpoint is None:
        weights = loading.find(model)
        return weights, model.removeprefix("hf:").partition("+")[0]
    start = next((path for path in (checkpoint, checkpoint / "model", checkpoint / "merged") if _is_model(path)), None)
    if start is None:
        raise UserError(f"{checkpoint} holds neither an adapter nor a model to go on from")
    if (start / "adapter_config.json").is_file():
        base = model.removeprefix("hf:").partition("+")[0]
        return loading.find(f"{base}+{start}"), base
    return loading.find(str(start)), str(start)


def _is_model(path: Path) -> bool:
    whole = (path / "config.json").is_file() and any(path.glob("*.safetensors"))
    return whole or (path / "adapter_config.json").is_file()
