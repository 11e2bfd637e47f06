"""The decoder of laws, and its loss: near is nearly right for a number, and for a word only the word is."""

import math
from pathlib import Path
from typing import Any

from gedanken.errors import UserError
from gedanken.models.laws import vocabulary as v
from gedanken.models.laws.vocabulary import Vocabulary
from gedanken.training.scratch.llama import make_llama

BELL = (0.05, 0.004)
"""Widths (decades) of the bell over a number's neighbours that is the target: at the start of a run and at its end."""

NUMBER_SCALE, NUMBER_NOISE = 0.06, 0.002
"""Size of the first vectors of the numbers, and of what is random in them."""

TOLD_SIZES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
"""Sizes that the first vectors of the numbers tell them to be below or above."""


def make_decoder(size: str, seed: int, vocabulary: Vocabulary) -> Any:
    """A `LlamaForCausalLM` whose numbers begin as smooth functions of their size, and all else at random.

    Raises:
        UserError: there is no such size.
    """
    import torch

    model = make_llama(size, seed, vocabulary.count, v.END, v.PAD)
    with torch.no_grad():
        vectors = model.model.embed_tokens.weight
        noise = torch.randn(len(v.VALUES), vectors.shape[1], generator=torch.Generator().manual_seed(seed))
        vectors[vocabulary.number :] = NUMBER_NOISE * noise + NUMBER_SCALE * _number_features(vectors.shape[1])
    return model


def begin_with(model: Any, vocabulary: Vocabulary, folder: Path) -> None:
    """Give a decoder the weights of another one of its size; words that this one did not know keep their first vectors.

    Raises:
        UserError: the folder holds no model of laws, or one of another size.
    """
    import torch
    from transformers import LlamaForCausalLM

    known = Vocabulary.load(folder)
    other = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32)
    shape, wanted = (
        (config.hidden_size, config.num_hidden_layers, config.num_attention_heads)
        for config in (other.config, model.config)
    )
    if shape != wanted:
        raise UserError(f"the model in {folder} has width, layers and heads {shape}, not {wanted}: say --size")
    inner = {name: value for name, value in other.model.state_dict().items() if not name.startswith("embed_tokens")}
    with torch.no_grad():
        model.model.load_state_dict(inner, strict=False)
        vectors, others = model.model.embed_tokens.weight, other.model.embed_tokens.weight
        vectors[vocabulary.number :] = others[known.number :]
        for token in range(vocabulary.number):
            if vocabulary.piece(token) in known:
                vectors[token] = others[known.encode([vocabulary.piece(token)])[0]]


def _number_features(width: int) -> Any:
    """Smooth functions of every number: waves of its logarithm, with and without its sign, and sizes."""
    import torch

    value = torch.from_numpy(v.VALUES).float()
    scale = torch.log10(value.abs().clamp(min=10.0**v.FIRST_DECADE))
    sign = torch.sign(value)
    plain = [sign, scale / 6, *(torch.tanh(value / unit) for unit in TOLD_SIZES)]
    waves = (width - len(plain)) // 4
    phases = scale[:, None] * (2 * math.pi * torch.logspace(-1.2, 1.0, waves))
    both = [torch.sin(phases), torch.cos(phases)]
    found = torch.cat([*both, *(sign[:, None] * wave for wave in both), torch.stack(plain, 1)], 1)
    return torch.nn.functional.pad(found, (0, width - found.shape[1]))


def measure_loss(model: Any, ids: Any, asked: Any, number: int, progress: float) -> tuple[Any, float, int]:
    """Sum of the losses of a batch's answers, and over how many tokens it is.

    Args:
        model: the decoder.
        ids: shape (texts, tokens), pads behind.
        asked: which tokens are answers, shape (texts, tokens).
        number: the first number token.
        progress: share of the run that is done.
    """
    hidden = model.model(input_ids=ids[:, :-1]).last_hidden_state
    following, asked = ids[:, 1:], asked[:, 1:]
    targets = following[asked]
    losses = weigh_tokens((hidden[asked] @ model.lm_head.weight.T).float(), targets, number, progress)
    return losses.sum(), float(len(targets)), len(targets)


def weigh_tokens(logits: Any, targets: Any, number: int, progress: float) -> Any:
    """Loss of each token of answers.

    The target of a number is a bell over its neighbours of the same sign on a logarithmic scale, which narrows during
    a run; that of a word is the word.

    Args:
        logits: of all tokens, shape (tokens asked, tokens).
        targets: the right ones.
        number: see `measure_loss`.
        progress: see there.
    """
    import torch

    shares = torch.log_softmax(logits, 1)
    # Zero has no neighbours on a logarithmic scale: it is learnt like a word.
    sized = targets > number
    losses = -shares.gather(1, targets[:, None])[:, 0]
    place = targets[sized] - number - 1
    scale = torch.log10(torch.from_numpy(v.VALUES[1 : 1 + v.SIZES]).float()).to(logits.device)
    wide, narrow = BELL
    width = wide * (1.0 - progress) ** 2 + narrow
    # Above a power of ten numbers lie ten times as far apart as below it: each stands for a stretch of the scale.
    stretches = torch.log((scale[1:] - scale[:-1]).unfold(0, 2, 1).mean(1))
    stretches = torch.cat([stretches[:1], stretches, stretches[-1:]])
    bell = torch.log_softmax(stretches - 0.5 * ((scale - scale[place % v.SIZES][:, None]) / width) ** 2, 1)
    positive, negative = shares[sized][:, number + 1 :].split(v.SIZES, 1)
    said = torch.where((place >= v.SIZES)[:, None], negative, positive)
    losses = losses.masked_scatter(sized, (bell.exp() * (bell - said)).sum(1))
    return losses
