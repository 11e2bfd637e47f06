"""The optimizer of a decoder trained from nothing: Muon for the matrices within layers, AdamW for the rest."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from gedanken.training.scratch.options import ScratchOptions

BETAS = (0.9, 0.95)


class Optimizers:
    """Several optimizers as one."""

    def __init__(self, members: Sequence[Any]):
        self._members = members

    def step(self, rate: float) -> None:
        """One step of each at a learning rate."""
        for member in self._members:
            for group in member.param_groups:
                group["lr"] = rate
            member.step()

    def state_dict(self) -> list[Any]:
        """What `load_state_dict` takes."""
        return [member.state_dict() for member in self._members]

    def load_state_dict(self, states: list[Any]) -> None:
        """Go on from there."""
        for member, state in zip(self._members, states, strict=True):
            member.load_state_dict(state)


def make_optimizer(model: Any, options: ScratchOptions) -> Optimizers:
    """The optimizer that the options name. Norms and embeddings have no weight decay."""
    import torch

    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    rate, decay = options.learning_rate, options.weight_decay
    adam = partial(torch.optim.AdamW, lr=rate, betas=BETAS, fused=True)
    if options.optimizer == "adamw":
        return Optimizers([adam(inner, weight_decay=decay), adam(rest, weight_decay=0.0)])
    # Steps scaled to the size of AdamW's, so that one learning rate serves both (Liu et al. 2025, arXiv 2502.16982).
    muon = torch.optim.Muon(inner, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
    return Optimizers([muon, adam(rest, weight_decay=0.0)])
