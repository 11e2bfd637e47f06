"""The optimizer of a decoder trained from nothing: Muon for the matrices within layers, AdamW for the rest."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from gedanken.training.scratch.options import TrainerOptions

BETAS = (0.9, 0.95)
MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial that drives all singular values towards 1 (Jordan 2024)."""
ITERATIONS = 5


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


def make_optimizer(model: Any, options: TrainerOptions) -> Optimizers:
    """The optimizer that the options name. Norms and embeddings have no weight decay."""
    import torch

    inner = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    rest = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    rate, decay = options.learning_rate, options.weight_decay
    adam = partial(torch.optim.AdamW, lr=rate, betas=BETAS, fused=True)
    if options.optimizer == "adamw":
        return Optimizers([adam(inner, weight_decay=decay), adam(rest, weight_decay=0.0)])
    # Steps scaled to the size of AdamW's, so that one learning rate serves both (Liu et al. 2025, arXiv 2502.16982).
    return Optimizers([Muon(inner, rate, decay), adam(rest, weight_decay=0.0)])


class Muon:
    """Momentum whose matrices are made orthogonal before each step (K. Jordan 2024, kellerjordan.github.io/posts/muon).

    torch's own works with 16 bits, which a processor without such instructions emulates: there it took half of a run's
    time. This one keeps 32, and takes matrices of one shape together.
    """

    def __init__(self, params: Sequence[Any], rate: float, weight_decay: float):
        import torch

        self.param_groups: list[dict[str, Any]] = [{"params": list(params), "lr": rate, "weight_decay": weight_decay}]
        self._momenta = [torch.zeros_like(param) for param in params]

    def step(self) -> None:
        """One step with the gradients that the parameters hold."""
        import torch

        [group] = self.param_groups
        params, rate = group["params"], group["lr"]
        alike: dict[Any, list[int]] = {}
        for k, param in enumerate(params):
            alike.setdefault(tuple(param.shape), []).append(k)
        with torch.no_grad():
            for shape, members in alike.items():
                updates = []
                for k in members:
                    self._momenta[k].lerp_(params[k].grad, 1 - MOMENTUM)
                    updates.append(params[k].grad.lerp(self._momenta[k], MOMENTUM))
                step = rate * 0.2 * max(shape) ** 0.5
                for k, update in zip(members, orthogonalise(torch.stack(updates)), strict=True):
                    params[k].mul_(1 - rate * group["weight_decay"]).add_(update, alpha=-step)

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {"momenta": self._momenta}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        for momentum, kept in zip(self._momenta, state["momenta"], strict=True):
            momentum.copy_(kept)


def orthogonalise(matrices: Any) -> Any:
    """Matrices with nearly the same singular vectors, whose singular values lie about 1 (0.7 to 1.2).

    Args:
        matrices: shape (n, rows, columns).
    """
    import torch

    tall = matrices.shape[1] > matrices.shape[2]
    found = matrices.transpose(1, 2) if tall else matrices
    found = found / found.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(ITERATIONS):
        gram = found @ found.transpose(1, 2)
        found = torch.baddbmm(found, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), found, beta=a)
    return found.transpose(1, 2) if tall else found
