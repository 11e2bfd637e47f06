"""Share a prompt among its answers: it goes through the model once for all of them, in generation and in the update.

A prompt of `discover` is ten times as long as its answer, so with four answers a problem most of the work of a step
would be reading the same prompt again.
"""

from collections.abc import Sequence
from typing import Any

from gedanken.models.backends import hf

# Architectures whose tokens affect each other by attention alone, so that a mask keeps the answers apart.
ATTENTION_ONLY = frozenset({"llama", "qwen2", "qwen3"})
IGNORED = -100


def can_share(model: Any) -> bool:
    """Whether a mask alone decides which tokens of this model see each other: full attention in every layer."""
    config = model.config
    kinds = getattr(config, "layer_types", None) or ()
    return (
        config.model_type in ATTENTION_ONLY
        and all(kind == "full_attention" for kind in kinds)
        and config._attn_implementation == "sdpa"
    )


def pack(input_ids: Any, attention_mask: Any, width: int) -> tuple[dict[str, Any], Any, Any]:
    """Rows that begin with the same prompt as one row: the prompt, then every row's answer as a branch of its own.

    A branch begins with the prompt's last token, since that is where its first token is predicted.

    Args:
        input_ids: shape (rows, prompt + width); prompts padded on the left, answers on the right.
        attention_mask: 1 for what counts, same shape.
        width: tokens of the answers.

    Returns:
        The model's inputs, with a mask of shape (groups, 1, length, length) and the tokens to predict as
        `shift_labels`; then for each row its group, and where its branch begins there.
    """
    import torch

    count, total = input_ids.shape
    prompts = [input_ids[row, : total - width][attention_mask[row, : total - width] == 1] for row in range(count)]
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, prompt in enumerate(prompts):
        groups.setdefault(tuple(prompt.tolist()), []).append(row)
    length = max(len(prompt) - 1 + len(rows) * width for prompt, rows in groups.items())
    shape, device = (len(groups), length), input_ids.device
    tokens = torch.zeros(shape, dtype=torch.long, device=device)
    positions = torch.zeros(shape, dtype=torch.long, device=device)
    labels = torch.full(shape, IGNORED, dtype=torch.long, device=device)
    # The branch of each token; -1 for the prompt, -2 for padding.
    branch_of = torch.full(shape, -2, dtype=torch.long, device=device)
    group_of = torch.zeros(count, dtype=torch.long, device=device)
    begin = torch.zeros(count, dtype=torch.long, device=device)
    for group, rows in enumerate(groups.values()):
        prompt = prompts[rows[0]]
        shared = len(prompt) - 1
        tokens[group, :shared] = prompt[:-1]
        positions[group, :shared] = torch.arange(shared, device=device)
        branch_of[group, :shared] = -1
        for branch, row in enumerate(rows):
            at = slice(shared + branch * width, shared + (branch + 1) * width)
            answer, counts = input_ids[row, total - width :], attention_mask[row, total - width :]
            tokens[group, at] = torch.cat([prompt[-1:], answer[:-1]])
            positions[group, at] = torch.arange(shared, shared + width, device=device)
            labels[group, at] = answer.masked_fill(counts == 0, IGNORED)
            branch_of[group, at] = branch
            group_of[row], begin[row] = group, at.start
    earlier = torch.ones((length, length), dtype=torch.bool, device=device).tril()
    query, key = branch_of[:, :, None], branch_of[:, None, :]
    # Padding sees itself: a row of the mask without any entry would make NaN of it.
    mask = earlier & ((key == -1) | (key == query)) | torch.eye(length, dtype=torch.bool, device=device)
    inputs = {
        "input_ids": tokens,
        "attention_mask": mask[:, None],
        "position_ids": positions,
        "shift_labels": labels,
    }
    return inputs, group_of, begin


def unpack(packed: Any, group_of: Any, begin: Any, width: int) -> Any:
    """Values of the rows' answers, shape (rows, width), out of values of packed tokens, shape (groups, length)."""
    import torch

    columns = begin[:, None] + torch.arange(width, device=begin.device)
    return packed[group_of[:, None], columns]


def generate(
    model: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], count: int, **options: Any
) -> list[list[int]]:
    """`count` answers to each prompt as token ids, up to and with the token that ends them; all answers side by side.

    Args:
        model: samples the answers.
        tokenizer: gives padding and end tokens.
        prompts: token ids of each.
        count: answers to each.
        options: as `generate` of transformers takes them.
    """
    import torch

    device = next(model.parameters()).device
    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), tokenizer.pad_token_id, dtype=torch.long, device=device)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt, device=device)
        mask[row, width - len(prompt) :] = 1
    with torch.inference_mode():
        cached: dict[str, Any] = {}
        if can_share(model):
            positions = (mask.cumsum(1) - 1).clamp(min=0)
            cache = model(
                input_ids=ids[:, :-1],
                attention_mask=mask[:, :-1],
                position_ids=positions[:, :-1],
                use_cache=True,
                logits_to_keep=1,
            ).past_key_values
            cache.batch_repeat_interleave(count)
            cached = {"past_key_values": cache}
        written = model.generate(
            input_ids=ids.repeat_interleave(count, 0),
            attention_mask=mask.repeat_interleave(count, 0),
            pad_token_id=tokenizer.pad_token_id,
            **cached,
            **options,
        )
    ends = hf.end_tokens(model, tokenizer)
    return [_up_to_end(row.tolist(), ends) for row in written[:, width:]]


def _up_to_end(ids: list[int], ends: frozenset[int]) -> list[int]:
    stop = next((at for at, token in enumerate(ids) if token in ends), len(ids) - 1)
    return ids[: stop + 1]
