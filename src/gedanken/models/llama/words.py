"""A list of words as a tokenizer of transformers."""

from collections.abc import Sequence
from typing import Any


def wrap(words: Sequence[str], end: str, pad: str) -> Any:
    """The tokenizer that transformers loads: words between blanks, one token each, numbered as in the list."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words)}, unk_token=pad))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    make: Any = transformers.PreTrainedTokenizerFast
    return make(tokenizer_object=tokenizer, eos_token=end, pad_token=pad, clean_up_tokenization_spaces=False)
