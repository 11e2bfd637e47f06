"""The decoder of contacts, and its loss on numbers, which knows that near is nearly right."""

import math
from typing import Any

from gedanken.models.impulses import vocabulary as v
from gedanken.training.scratch.llama import SIZES, make_llama
from gedanken.worlds.rigid.text._quantities import SMALLEST

BELL = (0.05, 0.006)
"""Widths (decades) of the bell over a number's neighbours that is the target: at the start of a run and at its end."""

SMALL_WEIGHT = 0.3
"""Weight of small numbers in the loss, below 0.03 (`NEAR`); a decade further on it is 1."""

NEAR = 0.38
"""Size on `vocabulary.SCALE` of 0.03."""

NUMBER_SCALE = 0.06
"""Size of the first vectors of the numbers."""


def make_decoder(size: str, seed: int) -> Any:
    """A `LlamaForCausalLM` whose numbers begin as smooth functions of their size, and all else at random.

    Raises:
        UserError: there is no such size.
    """
    import torch

    width = SIZES[size].width if size in SIZES else 0
    model = make_llama(size, seed, v.COUNT, v.END, v.PAD)
    with torch.no_grad():
        vectors = model.model.embed_tokens.weight
        vectors[v.NUMBER :] += NUMBER_SCALE * _number_features(width)
        turns = torch.arange(360) * (2 * math.pi / 360)
        for harmonic in range(1, 5):
            columns = slice(2 * harmonic - 2, 2 * harmonic)
            around = torch.stack([torch.cos(harmonic * turns), torch.sin(harmonic * turns)], 1)
            vectors[v.DEGREES : v.DEGREES + 360, columns] += 0.1 * around
    return model


def _number_features(width: int) -> Any:
    """Smooth functions of every number: waves of its logarithm at many lengths, its sign and its size."""
    import torch

    value = torch.from_numpy(v.VALUES).float()
    scale = torch.sign(value) * torch.log10(value.abs().clamp(min=SMALLEST) / SMALLEST)
    waves = (width - 8) // 2
    phases = scale[:, None] * (2 * math.pi * torch.logspace(-1.2, 1.2, waves))
    sizes = [torch.tanh(value / unit) for unit in (0.1, 1.0, 10.0, 100.0, 1000.0)]
    plain = torch.stack([torch.sign(value), scale / 8, scale.abs() / 4 - 1, *sizes], 1)
    return torch.cat([torch.sin(phases), torch.cos(phases), plain], 1)[:, :width]


def bell_width(progress: float) -> float:
    """Width of the targets' bell (decades) when this share of the run is done."""
    wide, narrow = BELL
    return wide * (1.0 - progress) ** 2 + narrow


def measure_loss(model: Any, ids: Any, asked: Any, width: float) -> tuple[Any, float, int]:
    """Weighted sum of the losses of a batch's answers, the weight, and how many numbers there are.

    The target of a number is a bell over its neighbours on a scale even in size and order, so that 312 is nearly right
    where 313 would be. All but the numbers of answers is given at play and not learnt.

    Args:
        model: the decoder.
        ids: shape (texts, tokens), pads behind.
        asked: which tokens are answers, shape (texts, tokens).
        width: of the bell, decades.
    """
    import torch

    hidden = model.model(input_ids=ids[:, :-1]).last_hidden_state
    following, asked = ids[:, 1:], asked[:, 1:]
    spoken = torch.from_numpy(v.NUMBER + v.SAID).to(ids.device)
    place = torch.zeros(v.COUNT - v.NUMBER, dtype=torch.long, device=ids.device)
    place[spoken - v.NUMBER] = torch.arange(len(spoken), device=ids.device)
    targets = place[following[asked] - v.NUMBER]
    logits = (hidden[asked] @ model.lm_head.weight[spoken].T).float()
    losses, weights = weigh_numbers(logits, targets, width)
    return (losses * weights).sum(), float(weights.sum()), len(targets)


def weigh_numbers(logits: Any, targets: Any, width: float) -> tuple[Any, Any]:
    """Loss and weight of each number, from the logits of all numbers of answers.

    Args:
        logits: of the numbers of `vocabulary.SAID`, shape (numbers asked, numbers).
        targets: places of the right ones.
        width: of the bell, decades.
    """
    import torch

    scale = torch.as_tensor(v.SCALE, dtype=torch.float32, device=logits.device)
    size = scale[targets]
    shape = torch.log_softmax(-0.5 * ((scale - size[:, None]) / width) ** 2, 1)
    bell = shape.exp()
    # The divergence from the bell: 0 for an answer that is all that can be said, whatever the bell's width.
    losses = torch.logsumexp(logits, 1) + (bell * (shape - logits)).sum(1)
    weights = SMALL_WEIGHT + (1.0 - SMALL_WEIGHT) * (size.abs() - NEAR).clamp(0.0, 1.0)
    return losses, weights
