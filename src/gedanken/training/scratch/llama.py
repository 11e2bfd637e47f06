"""Small Llamas of transformers' making, and their attention on a CPU."""

from dataclasses import dataclass
from typing import Any

from gedanken.errors import UserError


@dataclass(frozen=True)
class Size:
    """Width, layers and attention heads."""

    width: int
    layers: int
    heads: int


SIZES = {
    "tiny": Size(32, 2, 2),
    "0.4M": Size(96, 4, 4),
    "1M": Size(160, 4, 4),
    "3M": Size(192, 6, 4),
    "6M": Size(256, 8, 4),
    "13M": Size(320, 10, 5),
}
"""By the parameters of their layers; the vectors of the tokens come on top (15,000 to 21,000 times the width)."""

ATTENTION = "scratch"
"""Name of `attend` at transformers, for training on a CPU."""

LONGEST = 8192
"""Positions that the saved model admits to; rotary embeddings have no table to run out of."""


def make_llama(size: str, seed: int, tokens: int, end: int, pad: int) -> Any:
    """A `LlamaForCausalLM` with random weights, whose head is its embedding.

    Args:
        size: of `SIZES`.
        seed: of the weights.
        tokens: size of the vocabulary.
        end: the token that ends an answer.
        pad: the token behind short texts.

    Raises:
        UserError: there is no such size.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    if size not in SIZES:
        raise UserError(f"there is no size {size!r}; there are {', '.join(SIZES)}")
    shape = SIZES[size]
    config = LlamaConfig(
        vocab_size=tokens,
        hidden_size=shape.width,
        # Three matrices of 8/3 of the width cost as much as two of four times it (Shazeer 2020); in whole 64s.
        intermediate_size=-(-shape.width * 8 // 3 // 64) * 64,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=pad,
    )
    # transformers draws initial weights from torch's global generator: put back what was there.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def use_attention(model: Any, name: str) -> None:
    """Compute attention by `name`: `ATTENTION` for training on a CPU, `sdpa` elsewhere."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, attend)
    model.set_attn_implementation(name)


def attend(module: Any, query: Any, key: Any, value: Any, mask: Any, scaling: float, **options: Any) -> Any:
    """Causal attention, in three passes over the scores.

    transformers' own makes seven and torch's fused one has a slow backward pass on a CPU: 4,600 tokens/s of one core
    instead of 3,100 and 3,300. There is no mask but the causal one, so that pads must be behind.
    """
    import torch

    scores = torch.matmul(query * scaling, key.transpose(2, 3))
    rows, columns = scores.shape[2:]
    scores += torch.full((rows, columns), -torch.inf, dtype=scores.dtype, device=scores.device).triu(columns - rows + 1)
    return torch.matmul(torch.softmax(scores, -1), value).transpose(1, 2).contiguous(), None
