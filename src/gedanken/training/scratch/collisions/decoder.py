"""The decoder of collisions, and its loss: near is nearly right for a direction, a depth and a place."""

import math
from typing import Any

from gedanken.models.collisions import vocabulary as v
from gedanken.training.scratch.llama import make_llama

BELL = (4.0, 0.7)
"""Widths (tokens) of the bell over a number's neighbours that is the target: at the start of a run and at its end."""

GAP_WEIGHT, TOUCH_WEIGHT = 3.0, 2.0
"""Weights of how far two shapes are apart, and of whether they touch, against that of a number that says where."""

FIRST_SIZE = 0.06
"""Size of the first vectors of numbers."""


def make_decoder(size: str, seed: int) -> Any:
    """A `LlamaForCausalLM` whose numbers begin as smooth functions of what they say, and all else at random.

    Raises:
        UserError: there is no such size.
    """
    import torch

    model = make_llama(size, seed, v.COUNT, v.END, v.PAD)
    with torch.no_grad():
        vectors = model.model.embed_tokens.weight
        width = vectors.shape[1]
        lengths = torch.from_numpy(v.LENGTHS).float()
        degrees = torch.arange(v.DIRECTIONS).float() * (360 / v.DIRECTIONS)
        # On the scale of their tokens amounts are evenly spaced.
        amounts = torch.arange(-v.STEPS, v.STEPS + 1).float() / v.STEPS_OF_E
        for first, values, waves in (
            (v.LENGTH, lengths, _waves(width, 0.6, 2000.0)),
            (v.DIRECTION, degrees, 360 / torch.arange(1, width // 2 + 1)),
            (v.AMOUNT, amounts, _waves(width, 0.2, 40.0)),
        ):
            phases = values[:, None] * (2 * math.pi / waves)
            features = torch.cat([torch.sin(phases), torch.cos(phases)], 1)
            vectors[first : first + len(values)] = FIRST_SIZE * features
        vectors[v.LENGTH : v.DIRECTION, 0] = FIRST_SIZE * (lengths / 50).clamp(-4, 4)
        vectors[v.LENGTH : v.DIRECTION, 1] = FIRST_SIZE * torch.tanh(lengths / 20)
    return model


def _waves(width: int, shortest: float, longest: float) -> Any:
    """Wavelengths, evenly spaced by their logarithms."""
    import torch

    return torch.logspace(math.log10(shortest), math.log10(longest), width // 2)


def measure_loss(model: Any, ids: Any, asked: Any, progress: float) -> tuple[Any, float, int]:
    """Weighted sum of the losses of a batch's answers, the weight, and how many tokens they have.

    Args:
        model: the decoder.
        ids: shape (texts, tokens), pads behind.
        asked: which tokens are answers, shape (texts, tokens).
        progress: share of the run that is done.
    """
    import torch

    hidden = model.model(input_ids=ids[:, :-1]).last_hidden_state
    following, asked = ids[:, 1:], asked[:, 1:]
    states, targets = hidden[asked], following[asked]
    weights = torch.where((ids[:, :-1] == v.GAP)[asked], GAP_WEIGHT, 1.0)
    weights[targets < v.KIND] = TOUCH_WEIGHT
    wide, narrow = BELL
    width = wide * (1.0 - progress) ** 2 + narrow
    total = torch.zeros((), device=ids.device)
    for first, end in ((v.NONE, v.TWO + 1), (v.DIRECTION, v.AMOUNT), (v.AMOUNT, v.COUNT)):
        chosen = (targets >= first) & (targets < end)
        if not chosen.any():
            continue
        logits = (states[chosen] @ model.lm_head.weight[first:end].T).float()
        said = torch.log_softmax(logits, 1)
        place = targets[chosen] - first
        if first == v.NONE:
            losses = -said.gather(1, place[:, None])[:, 0]
        else:
            apart = (torch.arange(end - first, device=ids.device) - place[:, None]).abs()
            if first == v.DIRECTION:
                apart = torch.minimum(apart, v.DIRECTIONS - apart)
            bell = torch.log_softmax(-0.5 * (apart / width) ** 2, 1)
            losses = (bell.exp() * (bell - said)).sum(1)
        total = total + (losses * weights[chosen]).sum()
    return total, float(weights.sum()), len(targets)
