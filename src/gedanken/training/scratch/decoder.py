"""The decoder: transformers' Llama, small, and its loss on a lesson, whose common beginning is computed once.

The examples of a scene share its header, half of their tokens. The header runs through the model once; its keys and
values, with their gradients, serve every example. That gives the very loss of the examples one by one, at 0.55 of the
tokens. The examples lie side by side in a batch with pads behind them only, so that the one mask is the causal one.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gedanken.errors import UserError
from gedanken.training.scratch.examples import Tokens
from gedanken.training.scratch.tokenizer import END_ID, PAD_ID

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True)
class Size:
    """Width, layers and attention heads."""

    width: int
    layers: int
    heads: int


SIZES = {
    "tiny": Size(32, 2, 2),
    "2M": Size(192, 5, 4),
    "3M": Size(192, 6, 4),
    "6M": Size(256, 8, 4),
    "15M": Size(384, 9, 6),
}
"""Few heads: attention on a CPU costs by the head (2M: 4,600 tokens/s of one core with four, 3,900 with six)."""

ATTENTION = "scratch"
"""Name of `attend` at transformers, for training."""

LONGEST = 8192
"""Positions that the saved model admits to; rotary embeddings have no table to run out of."""


def make_decoder(size: str, tokenizer: "Tokenizer", seed: int) -> Any:
    """A `LlamaForCausalLM` with random weights.

    Raises:
        UserError: there is no such size.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    if size not in SIZES:
        raise UserError(f"there is no size {size!r}; there are {', '.join(SIZES)}")
    shape = SIZES[size]
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=shape.width,
        # Three matrices of 8/3 of the width cost as much as two of four times it (Shazeer 2020); in whole 64s.
        intermediate_size=-(-shape.width * 8 // 3 // 64) * 64,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=LONGEST,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=END_ID,
        pad_token_id=PAD_ID,
    )
    # transformers draws initial weights from torch's global generator: put back what was there.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def use_attention(model: Any, name: str) -> None:
    """Compute attention by `name`: `ATTENTION` for training, `sdpa` for answering."""
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, attend)
    model.set_attn_implementation(name)


def attend(module: Any, query: Any, key: Any, value: Any, mask: Any, scaling: float, **options: Any) -> Any:
    """Causal attention of queries at the end of the keys, in three passes over the scores.

    transformers' own makes seven and torch's fused one has a slow backward pass on a CPU: 4,600 tokens/s of one core
    instead of 3,100 and 3,300. There is no mask but the causal one, so that pads must be behind.
    """
    import torch

    scores = torch.matmul(query * scaling, key.transpose(2, 3))
    rows, columns = scores.shape[2:]
    scores += torch.full((rows, columns), -torch.inf, dtype=scores.dtype, device=scores.device).triu(columns - rows + 1)
    return torch.matmul(torch.softmax(scores, -1), value).transpose(1, 2).contiguous(), None


def measure_loss(model: Any, tokens: Tokens) -> Any:
    """Sum over the lesson's tokens of weight times cross entropy (nats), as a tensor of no dimensions."""
    import torch
    from torch.nn.functional import cross_entropy

    branches = torch.from_numpy(tokens.branches)
    weights = torch.from_numpy(tokens.weights)[:, 1:]
    cache = model.model(input_ids=torch.from_numpy(tokens.opening)[None], use_cache=True).past_key_values
    cache.batch_repeat_interleave(len(branches))
    # The last token of each row predicts nothing.
    hidden = model.model(input_ids=branches[:, :-1], past_key_values=cache, use_cache=True).last_hidden_state
    counted = weights > 0
    logits = model.lm_head(hidden[counted])
    losses = cross_entropy(logits.float(), branches[:, 1:][counted], reduction="none")
    return (losses * weights[counted]).sum()
