"""A tokenizer made for the rigid world's text: digits one by one, words and punctuation whole, no text impossible.

Text falls into pieces that never reach over the end of a line. A piece that the vocabulary knows is one token, any
other is its bytes. No pair is ever merged, so that a prompt and its answer have the same tokens together and apart.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gedanken.worlds.rigid import scenarios
from gedanken.worlds.rigid.text import corrections

if TYPE_CHECKING:
    from tokenizers import Tokenizer

END = "<|end|>"
"""Ends an answer."""

PAD = "<|pad|>"

PAD_ID, END_ID = 0, 1

PIECES = r"\n|: |\d| ?[A-Za-z_]+ (?=[-\d])| ?[A-Za-z_]+(?:=\(?)?|\) [a-z]+=\(?|."
"""Line break; `: `; digit; word and blank before a number (` v `, `Frame `); word; key with `=` or `=(`; character."""

SCENES = 8
"""Scenes of a scenario whose words the vocabulary learns: what a scenario may say shows in a few."""


def build(texts: Iterable[str] | None = None) -> "Tokenizer":
    """The tokenizer whose whole pieces are those of `texts`: by default what the training scenarios can say."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    # Both stages work on the text as it is; the second only renames bytes to printable characters.
    split = pre_tokenizers.Split(Regex(PIECES), "isolated")
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    cut = pre_tokenizers.Sequence([split, to_bytes])
    found = {piece for text in (_vocabulary() if texts is None else texts) for piece, _ in cut.pre_tokenize_str(text)}
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = [PAD, END, *alphabet, *sorted(found - set(alphabet))]
    vocabulary = {name: number for number, name in enumerate(names)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = cut
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([PAD, END])
    return tokenizer


def _vocabulary() -> Iterable[str]:
    for name in scenarios.names():
        if name in scenarios.HELD_OUT:
            continue
        for index in range(SCENES):
            yield corrections.write_header(corrections.Header.of(scenarios.pose(name, 1 + index % 5, index=index)))
    # An answer may begin a body with any of its fields, and say only one.
    yield "Frame 2 corrections\n0: p 0.0,-0.0 v 0.0,0.0 a 0.0 w 0.0\nend\nPredict frame 3:\n"
    yield "".join(f"0: {field} 0.0\n" for field in "pvaw")


def wrap(tokenizer: "Tokenizer") -> Any:
    """The tokenizer as transformers loads it: plain text in and out, no chat template, nothing added in front."""
    import transformers

    make: Any = transformers.PreTrainedTokenizerFast
    return make(tokenizer_object=tokenizer, eos_token=END, pad_token=PAD, clean_up_tokenization_spaces=False)
